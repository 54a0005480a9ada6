// SPDX-License-Identifier: MIT OR Apache-2.0

// Bytes per second on a busy connection, with and without a guard.
//
// Three loopback connections to one peer take turns in random order, each for a few milliseconds in
// which a fixed number of bytes goes as fast as it can: one is guarded, two are not. Whatever else
// the machine does hits all of them alike, and compared is only what happened within one such round:
// each unguarded one with the guarded one. After some rounds come three fresh connections. One
// unguarded connection against the other shows how exact the whole is.

#include "measure.h"
#include "peer.h"

#include <ka/keepalive.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>
#include <QtNetwork/QTcpSocket>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr qint64 amount = 4 << 20;
constexpr int chunk = 64 << 10;
constexpr int roundsWithTheSame = 50;
constexpr int warmingUp = 3;

enum Role { Plain, Again, Guarded };
using Roles = std::array<Role, 3>;
constexpr Roles roles = {Plain, Again, Guarded};

/// Takes or gives the bytes, as a letter on the connection asks. False once it is closed.
bool serve(int connection)
{
    static char buffer[chunk];
    char order = 0;
    if (recv(connection, &order, 1, 0) != 1)
        return false;
    for (qint64 left = amount; left > 0;) {
        const auto size = std::size_t(std::min<qint64>(left, chunk));
        const ssize_t moved = order == 'r' ? send(connection, buffer, size, MSG_NOSIGNAL)
                                           : recv(connection, buffer, size, 0);
        if (moved <= 0)
            return false;
        left -= moved;
    }
    if (order != 'r')
        bench::Peer::tell(connection, 'k');
    return true;
}

void serveAll(int listener, int)
{
    bench::pinToProcessor(false);
    for (;;) {
        std::vector<pollfd> waiting;
        for (const int connection : bench::Peer::accept(listener, int(roles.size())))
            waiting.push_back({connection, POLLIN, 0});
        while (!waiting.empty()) {
            bench::require(poll(waiting.data(), waiting.size(), -1) > 0, "poll");
            const auto ended = [](const pollfd &one) {
                if (!one.revents || serve(one.fd))
                    return false;
                close(one.fd);
                return true;
            };
            waiting.erase(std::remove_if(waiting.begin(), waiting.end(), ended), waiting.end());
        }
    }
}

/// A program with one connection.
class Program
{
public:
    Program(const bench::Peer &peer, bool guarded)
    {
        bench::require(m_socket.setSocketDescriptor(peer.connect()), "setSocketDescriptor");
        if (guarded) {
            m_guard = std::make_unique<ka::KeepAlive>(&m_socket);
            m_guard->setDetectWithin(4000);
        }
        QObject::connect(&m_socket, &QTcpSocket::readyRead, &m_loop, [this] { take(); });
        QObject::connect(&m_socket, &QTcpSocket::bytesWritten, &m_loop, [this] { give(); });
    }

    /// Milliseconds to move the bytes.
    double transfer(bool receive)
    {
        (receive ? m_toTake : m_toGive) = amount;
        if (!receive)
            m_toTake = 1; // the peer's word that it has everything
        const double start = bench::now();
        m_socket.write(receive ? "r" : "s", 1);
        give();
        m_loop.exec();
        return bench::now() - start;
    }

private:
    void take()
    {
        for (qint64 got = 0; (got = m_socket.read(m_buffer.data(), chunk)) > 0;)
            m_toTake -= got;
        if (m_toTake <= 0)
            m_loop.quit();
    }

    void give()
    {
        while (m_toGive > 0 && m_socket.bytesToWrite() < 4 * chunk)
            m_toGive -= m_socket.write(m_buffer.data(), std::min<qint64>(m_toGive, chunk));
    }

    QTcpSocket m_socket;
    std::unique_ptr<ka::KeepAlive> m_guard;
    QEventLoop m_loop;
    std::vector<char> m_buffer = std::vector<char>(chunk);
    qint64 m_toTake = 0;
    qint64 m_toGive = 0;
};

/// How far the median may be off: two standard errors, taken from how much the sets of connections
/// differ. What the machine's other work can explain is no miss.
double doubtOf(const std::vector<double> &sets)
{
    if (sets.size() < 2)
        return 1;
    const double count = double(sets.size());
    const double mean = std::accumulate(sets.begin(), sets.end(), 0.0) / count;
    double squares = 0;
    for (const double ratio : sets)
        squares += (ratio - mean) * (ratio - mean);
    return 2 * std::sqrt(squares / (count - 1) / count);
}

void compare(const bench::Peer &peer, bool receive, double seconds)
{
    std::vector<double> ratios;
    std::vector<double> ratiosOfSets;
    std::vector<double> ratiosOfTheSame;
    std::vector<double> rates;
    std::mt19937 random;
    const double end = bench::now() + seconds * 1e3;
    while (rates.empty() || bench::now() < end) {
        std::array<std::unique_ptr<Program>, roles.size()> programs;
        Roles order = roles;
        std::shuffle(order.begin(), order.end(), random); // which connects first
        for (const Role role : order)
            programs[role] = std::make_unique<Program>(peer, role == Guarded);
        const std::size_t before = ratios.size();
        for (int round = 0; round < warmingUp + roundsWithTheSame; ++round) {
            std::shuffle(order.begin(), order.end(), random);
            std::array<double, roles.size()> times = {};
            for (const Role role : order)
                times[role] = programs[role]->transfer(receive);
            if (round < warmingUp)
                continue;
            // Both, one by one: the mean of two would be the worse for the outliers of either.
            ratios.push_back(times[Plain] / times[Guarded]);
            ratios.push_back(times[Again] / times[Guarded]);
            ratiosOfTheSame.push_back(times[Plain] / times[Again]);
            rates.push_back(double(amount) / double(1 << 20) / (times[Plain] / 1e3));
        }
        ratiosOfSets.push_back(bench::quantile(
                std::vector<double>(ratios.begin() + std::ptrdiff_t(before), ratios.end()), 0.5));
    }
    const double ratio = bench::quantile(ratios, 0.5);
    const double error = doubtOf(ratiosOfSets);
    bench::row(QStringLiteral("bytes per second, guarded against unguarded: ")
                       + (receive ? QStringLiteral("receiving") : QStringLiteral("sending")),
               QStringLiteral("%1 x ± %2 (unguarded against itself: %3 x), at %4 MiB/s; medians")
                       .arg(bench::number(ratio, 3), bench::number(error, 3),
                            bench::number(bench::quantile(ratiosOfTheSame, 0.5), 3),
                            bench::number(bench::quantile(rates, 0.5), 0)),
               QStringLiteral(">= 0.99 x"), bench::metIf(ratio + error >= 0.99));
}

} // namespace

/// Argument: the seconds for each direction.
int main(int argc, char **argv)
{
    const bench::Peer peer(serveAll);
    QCoreApplication application(argc, argv);
    bench::pinToProcessor(true);
    const double seconds = argc > 1 ? std::atof(argv[1]) : 20;
    for (const bool receive : {true, false})
        compare(peer, receive, seconds);
}
