// SPDX-License-Identifier: MIT OR Apache-2.0

// What 20,000 healthy guarded connections cost: processor time and memory.
//
// The same program runs with guards, with what is written by hand instead (a QTimer and a ping for each
// connection), and with neither, side by side, each in processes of its own and each with its own peer.
// Connections are opened one after the other over one idle period, as they would
// be in a server, so that they do not all fall due together. Then processor time is counted; the
// kernel's own keepalive timers are not in it, for they run in no process's name. Memory is what the
// heap has handed out (and, for orientation, resident memory), with guards less without.
//
// A guard holds a second descriptor. Where the limit of descriptors is too low for all of them in one
// process, several share them, and their times are added up.

#include "measure.h"
#include "peer.h"
#include "task.h"

#include <ka/keepalive.h>
#include <ka/socket.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <malloc.h>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace {

constexpr int detectWithin = 30000;
constexpr int spareDescriptors = 50;

/// What watches over each connection.
enum class Watch { Nothing, Ping, Guard };

struct Found
{
    double processorTime = 0;
    double heap = 0;
    double resident = 0;

    void add(const Found &other)
    {
        processorTime += other.processorTime;
        heap += other.heap;
        resident += other.resident;
    }
};

double heapInUse()
{
    const struct mallinfo2 info = mallinfo2();
    return double(info.uordblks) + double(info.hblkhd);
}

/// Anonymous memory that is really there.
double resident()
{
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kibibytes = 0;
        if (word == "RssAnon:" && status >> kibibytes)
            return kibibytes * 1024;
    }
    bench::require(false, "/proc/self/status");
    return 0;
}

/// Sends back what comes, until the line is closed.
void answer(int listener, int line, int connections)
{
    bench::descriptors();
    const int all = epoll_create1(EPOLL_CLOEXEC);
    bench::require(all >= 0, "epoll_create1");
    const auto add = [all](int descriptor) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        bench::require(epoll_ctl(all, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll_ctl");
    };
    add(line);
    for (const int descriptor : bench::Peer::accept(listener, connections))
        add(descriptor);
    for (;;) {
        std::array<epoll_event, 64> events;
        const int ready = epoll_wait(all, events.data(), int(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const int descriptor = events[std::size_t(i)].data.fd;
            if (descriptor == line)
                return;
            std::array<char, 64> bytes;
            const ssize_t count = recv(descriptor, bytes.data(), bytes.size(), 0);
            if (count <= 0)
                return; // the other side is gone, with all of them
            bench::require(send(descriptor, bytes.data(), std::size_t(count), MSG_NOSIGNAL)
                                   == count,
                           "send");
        }
    }
}

/// As it is written by hand: whoever has not answered when the next ping is due is gone.
void ping(QTcpSocket *socket, int interval)
{
    auto *timer = new QTimer(socket);
    const auto answered = std::make_shared<bool>(true);
    QObject::connect(timer, &QTimer::timeout, socket, [socket, answered] {
        if (!std::exchange(*answered, false))
            return socket->abort();
        socket->write(".", 1);
    });
    QObject::connect(socket, &QTcpSocket::readyRead, timer, [socket, answered] {
        *answered = socket->skip(socket->bytesAvailable()) > 0;
    });
    timer->start(interval);
}

Found measure(Watch watch, int connections, int seconds)
{
    const bench::Peer peer([=](int listener, int line) { answer(listener, line, connections); });
    bench::descriptors();
    int argc = 0;
    QCoreApplication application(argc, nullptr);
    const auto idle = double(
            ka::Config::detectWithin(std::chrono::milliseconds(detectWithin)).idle->count());

    std::vector<std::unique_ptr<QTcpSocket>> sockets;
    sockets.reserve(std::size_t(connections));
    int lost = 0;
    const double start = bench::now();
    while (int(sockets.size()) < connections) {
        const double due = double(connections) * (bench::now() - start) / idle;
        while (int(sockets.size()) < connections && double(sockets.size()) < due) {
            auto socket = std::make_unique<QTcpSocket>();
            const int descriptor = peer.connect(int(sockets.size()));
            bench::require(socket->setSocketDescriptor(descriptor), "setSocketDescriptor");
            QObject::connect(socket.get(), &QTcpSocket::disconnected, &application,
                             [&lost] { ++lost; });
            if (watch == Watch::Guard)
                (new ka::KeepAlive(socket.get()))->setDetectWithin(detectWithin);
            if (watch == Watch::Ping)
                ping(socket.get(), int(idle));
            sockets.push_back(std::move(socket));
        }
        bench::run(20);
    }
    // The first look at each was planned when there were few, and few are looked at in time; from
    // the second on thousands share their wake-ups.
    bench::run(25000);

    const double before = bench::processorTime();
    bench::run(double(seconds) * 1e3);
    const Found found{bench::processorTime() - before, heapInUse(), resident()};
    errno = ECONNABORTED;
    bench::require(lost == 0, "a healthy connection was lost");
    return found;
}

} // namespace

/// Arguments: how many connections, and for how many seconds to count.
int main(int argc, char **argv)
{
    const int connections = argc > 1 ? std::atoi(argv[1]) : 20000;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
    const int most = (bench::descriptors() - spareDescriptors) / 2;
    const int processes = (connections + most - 1) / most;

    std::vector<std::unique_ptr<bench::Task<Found>>> tasks;
    for (int process = 0; process < processes; ++process) {
        const int part = connections / processes + (process < connections % processes ? 1 : 0);
        for (const Watch watch : {Watch::Nothing, Watch::Ping, Watch::Guard}) {
            tasks.push_back(std::make_unique<bench::Task<Found>>(
                    [=] { return measure(watch, part, seconds); }));
        }
    }
    std::array<Found, 3> found; // in that order
    for (std::size_t i = 0; i < tasks.size(); ++i)
        found[i % found.size()].add(tasks[i]->result());
    const auto [plain, pinged, guarded] = found;

    const auto percent
            = [seconds](const Found &found) { return found.processorTime / 10 / seconds; };
    const auto each = [connections](double bytes) { return bytes / connections; };
    const QString what = QStringLiteral("%1 healthy connections, detectWithin %2 s: ")
                                 .arg(connections)
                                 .arg(detectWithin / 1000);
    QString measured
            = QStringLiteral("%1 % of a core (%2 % without guards)")
                      .arg(bench::number(percent(guarded), 2), bench::number(percent(plain), 2));
    if (processes > 1)
        measured += QStringLiteral("; in %1 processes").arg(processes);
    bench::row(what + QStringLiteral("processor"), measured, QStringLiteral("<= 1 %"),
               bench::metIf(percent(guarded) <= 1));
    const double share = guarded.processorTime / pinged.processorTime;
    bench::row(what + QStringLiteral("against a QTimer and a ping each"),
               QStringLiteral("%1 x (%2 % of a core)")
                       .arg(bench::number(share, 3), bench::number(percent(pinged), 2)),
               QStringLiteral("<= 0.1 x"), bench::metIf(share <= 0.1));
    const double heap = each(guarded.heap - plain.heap);
    bench::row(what + QStringLiteral("memory per guard"),
               QStringLiteral("%1 KiB of heap (resident: %2 KiB; a socket alone: %3 KiB of heap)")
                       .arg(bench::number(heap / 1024, 2),
                            bench::number(each(guarded.resident - plain.resident) / 1024, 2),
                            bench::number(each(plain.heap) / 1024, 2)),
               QStringLiteral("<= 1.6 KiB"), bench::metIf(heap <= 1638));
}
