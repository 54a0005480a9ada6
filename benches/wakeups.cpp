// SPDX-License-Identifier: MIT OR Apache-2.0

// How often a guard wakes its thread for traffic, which should be never.
//
// A peer sends one message each millisecond and waits for the answer, so that each costs the event
// loop the same number of turns. The same is done with a guard and without, side by side in two
// processes, and the turns are counted (QAbstractEventDispatcher::awake). A guard may look at its
// connection about once in each idle period, whether or not there is traffic; what it does for each
// message would show ten-thousandfold.

#include "measure.h"
#include "peer.h"
#include "task.h"

#include <ka/keepalive.h>
#include <ka/socket.h>

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <thread>

namespace {

constexpr auto detectWithin = std::chrono::seconds(4);

struct Found
{
    double turns;
    double seconds;
};

void sendMessages(int listener, int messages)
{
    using namespace std::chrono;
    const int connection = bench::Peer::accept(listener, 1).front();
    auto due = steady_clock::now();
    for (int message = 0; message < messages; ++message) {
        bench::Peer::tell(connection, 'm');
        bench::Peer::hear(connection);
        due += milliseconds(1);
        std::this_thread::sleep_until(due);
    }
}

Found answerMessages(bool guarded, int messages)
{
    const bench::Peer peer([messages](int listener, int) { sendMessages(listener, messages); });
    int argc = 0;
    QCoreApplication application(argc, nullptr);
    QTcpSocket socket;
    bench::require(socket.setSocketDescriptor(peer.connect()), "setSocketDescriptor");
    std::unique_ptr<ka::KeepAlive> guard;
    if (guarded) {
        guard = std::make_unique<ka::KeepAlive>(&socket);
        guard->setDetectWithin(int(std::chrono::milliseconds(detectWithin).count()));
    }
    QEventLoop loop;
    int turns = 0;
    QObject::connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::awake, &loop,
                     [&turns] { ++turns; });
    int answered = 0;
    QObject::connect(&socket, &QTcpSocket::readyRead, &loop, [&] {
        const QByteArray got = socket.readAll();
        socket.write(got);
        answered += int(got.size());
        if (answered >= messages)
            loop.quit();
    });
    const double start = bench::now();
    loop.exec();
    const Found found{double(turns), (bench::now() - start) / 1e3};
    socket.flush(); // the peer waits for the last answer
    bench::Peer::untilGone(peer.line());
    return found;
}

} // namespace

/// Argument: the number of messages.
int main(int argc, char **argv)
{
    const int messages = argc > 1 ? std::atoi(argv[1]) : 10000;
    bench::Task<Found> plainTask([messages] { return answerMessages(false, messages); });
    bench::Task<Found> guardedTask([messages] { return answerMessages(true, messages); });
    const Found plain = plainTask.result();
    const Found guarded = guardedTask.result();

    const double idle = double(ka::Config::detectWithin(detectWithin).idle->count()) / 1e3;
    const double periods = guarded.seconds / idle;
    const double extra = guarded.turns - plain.turns;
    // A look can take a turn for its timer and one for what it posts.
    const double allowed = 2 * std::ceil(periods) + 2;
    bench::row(QStringLiteral("wake-ups for traffic: more than unguarded"),
               QStringLiteral("%1 in %2 messages (%3 without a guard) and %4 idle periods")
                       .arg(bench::number(extra, 0))
                       .arg(messages)
                       .arg(bench::number(plain.turns, 0), bench::number(periods, 1)),
               QStringLiteral("0 for traffic; <= %1, looks").arg(bench::number(allowed, 0)),
               bench::metIf(extra <= allowed));
}
