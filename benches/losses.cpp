// SPDX-License-Identifier: MIT OR Apache-2.0

// 10,000 connections lost at once.
//
// The peer resets one half of them and closes the other half in good order. Only when all of that
// has reached this machine's end does the event loop turn again, so that what is counted is the work
// of this process: from there to the last disconnected(), with guards and without, in turns, each in
// a process of its own. Every guard must have told its loss, once, with the right reason.

#include "measure.h"
#include "peer.h"
#include "task.h"

#include <ka/keepalive.h>

#include <QtCore/QCoreApplication>
#include <QtNetwork/QTcpSocket>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int spareDescriptors = 50;

struct Found
{
    double time; // milliseconds to the last disconnected()
    double processorTime;
    int right; // losses told exactly once and with the right reason
};

/// Both ends know by the port which connections are reset. Its lowest bit is the same for most.
bool isReset(int port)
{
    return port & 2;
}

void breakAll(int listener, int line, int connections)
{
    bench::descriptors();
    const std::vector<int> held = bench::Peer::accept(listener, connections);
    bench::Peer::tell(line, 'a');
    bench::Peer::hear(line);
    for (const int connection : held) {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        bench::require(getpeername(connection, reinterpret_cast<sockaddr *>(&address), &length)
                               == 0,
                       "getpeername");
        const linger hard{isReset(ntohs(address.sin_port)), 0};
        bench::require(setsockopt(connection, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0,
                       "setsockopt");
        close(connection);
    }
    bench::Peer::tell(line, 'z');
    bench::Peer::untilGone(line);
}

Found lose(bool guarded, int connections)
{
    const bench::Peer peer([=](int listener, int line) { breakAll(listener, line, connections); });
    bench::descriptors();
    int argc = 0;
    QCoreApplication application(argc, nullptr);

    struct Loss
    {
        int told = 0;
        bool right = false;
    };
    std::vector<Loss> losses(std::size_t(connections), Loss{});
    std::vector<std::unique_ptr<QTcpSocket>> sockets;
    int disconnected = 0;
    for (int i = 0; i < connections; ++i) {
        sockets.push_back(std::make_unique<QTcpSocket>());
        QTcpSocket *socket = sockets.back().get();
        bench::require(socket->setSocketDescriptor(peer.connect(i)), "setSocketDescriptor");
        QObject::connect(socket, &QTcpSocket::disconnected, &application,
                         [&disconnected] { ++disconnected; });
        if (!guarded)
            continue;
        auto *guard = new ka::KeepAlive(socket);
        guard->setDetectWithin(30000);
        const ka::LossReason expected = isReset(socket->localPort()) ? ka::LossReason::PeerReset
                                                                     : ka::LossReason::PeerClosed;
        Loss &loss = losses[std::size_t(i)];
        QObject::connect(guard, &ka::KeepAlive::connectionLost, &application,
                         [&loss, expected](ka::LossReason reason) {
                             ++loss.told;
                             loss.right = reason == expected;
                         });
    }
    bench::Peer::hear(peer.line()); // it has them all
    bench::run(200);
    bench::Peer::tell(peer.line(), 'b');
    bench::Peer::hear(peer.line()); // all are broken, and the kernel knows

    const double start = bench::now();
    const double startOfWork = bench::processorTime();
    bench::run(60000, [&] { return disconnected >= connections; });
    Found found{bench::now() - start, bench::processorTime() - startOfWork, 0};
    errno = ETIMEDOUT;
    bench::require(disconnected == connections, "disconnected()");
    bench::run(500); // time for a second signal
    found.right = int(std::count_if(losses.begin(), losses.end(),
                                    [](const Loss &loss) { return loss.told == 1 && loss.right; }));
    return found;
}

} // namespace

/// Arguments: how many connections, and the number of rounds.
int main(int argc, char **argv)
{
    const int wanted = argc > 1 ? std::atoi(argv[1]) : 10000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
    // A guard holds a second descriptor, until half of them are in use: without it Qt's word is all
    // there is of a reason.
    const int connections = std::min(wanted, (bench::descriptors() - 2 * spareDescriptors) / 4);

    std::vector<double> plainTimes;
    std::vector<double> guardedTimes;
    int right = connections;
    for (int round = 0; round < rounds; ++round) {
        for (const bool guarded : {round % 2 == 0, round % 2 != 0}) {
            bench::Task<Found> task([=] { return lose(guarded, connections); });
            const Found found = task.result();
            (guarded ? guardedTimes : plainTimes).push_back(found.time);
            if (guarded)
                right = std::min(right, found.right);
        }
    }

    const QString what
            = QStringLiteral("%1 lost at once%2: ")
                      .arg(connections)
                      .arg(connections < wanted ? QStringLiteral(" (the limit of descriptors)")
                                                : QString());
    bench::row(what + QStringLiteral("told once, with the right reason"),
               QStringLiteral("%1 (worst of %2 rounds)").arg(right).arg(rounds),
               QString::number(connections), bench::metIf(right == connections));
    const double plain = bench::quantile(plainTimes, 0.5);
    const double guarded = bench::quantile(guardedTimes, 0.5);
    bench::row(what + QStringLiteral("time to the last disconnected()"),
               QStringLiteral("%1 x = %2 / %3 ms (medians)")
                       .arg(bench::number(guarded / plain, 2), bench::number(guarded, 0),
                            bench::number(plain, 0)),
               QStringLiteral("<= 2 x"), bench::metIf(guarded <= 2 * plain));
}
