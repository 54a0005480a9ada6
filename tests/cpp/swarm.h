// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "loopback.h"

#include <ka/keepalive.h>

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>

#include <poll.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

/// The other ends of many connections, in a thread of their own. Each does as the first byte says
/// that it gets: F closes, R resets, H hangs until the connection is gone.
class Counterparts
{
public:
    Counterparts()
        : m_listener(loopback::listen(IPPROTO_TCP, SOCK_NONBLOCK, 1024))
        , m_thread([this] { serve(); })
    {
    }
    ~Counterparts()
    {
        m_stop = true;
        m_thread.join();
        ::close(m_listener);
    }
    Q_DISABLE_COPY_MOVE(Counterparts)

    quint16 port() const { return loopback::port(m_listener); }
    int connections() const { return m_connections; }

private:
    void serve()
    {
        std::vector<pollfd> open{{m_listener, POLLIN, 0}};
        while (!m_stop) {
            ::poll(open.data(), nfds_t(open.size()), 20);
            for (std::size_t i = open.size(); i-- > 1;) {
                if (open[i].revents && !goesOn(open[i].fd)) {
                    open[i] = open.back();
                    open.pop_back();
                }
            }
            for (;;) {
                const int fd
                        = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd == -1)
                    break;
                open.push_back({fd, POLLIN, 0});
            }
            m_connections = int(open.size()) - 1;
        }
        for (std::size_t i = 1; i < open.size(); ++i)
            ::close(open[i].fd);
    }

    static bool goesOn(int fd)
    {
        char order = 'F';
        const ssize_t got = ::recv(fd, &order, 1, 0);
        if (got == 1 && order == 'H')
            return true;
        if (got == 1 && order == 'R') {
            const linger hard{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        ::close(fd);
        return false;
    }

    const int m_listener;
    std::atomic_int m_connections = 0;
    std::atomic_bool m_stop = false;
    std::thread m_thread;
};

/// So many guarded sockets at a time, that connect and lose their peers until it was so many times.
class Swarm
{
public:
    Swarm(quint16 port, int sockets, int rounds)
        : m_port(port)
        , m_rounds(rounds)
    {
        for (int i = 0; i < sockets; ++i)
            m_members.push_back(std::make_unique<Member>());
    }

    /// Returns what was wrong; empty if nothing was.
    QString run()
    {
        for (const auto &member : m_members) {
            Member *const it = member.get();
            QObject::connect(&it->socket, &QTcpSocket::connected, &it->socket,
                             [it] { it->socket.write(&it->order, 1); });
            QObject::connect(&it->guard, &ka::KeepAlive::connectionLost, &it->socket,
                             [this, it](ka::LossReason reason) { lost(it, reason); });
            QObject::connect(
                    &it->socket, &QTcpSocket::disconnected, &it->socket, [this, it] { ended(it); },
                    Qt::QueuedConnection);
            next(it);
        }
        QTimer::singleShot(50000, &m_loop, [this] { fail(QStringLiteral("it takes too long")); });
        m_loop.exec();
        return m_wrong;
    }

    int losses() const { return m_losses; }

private:
    struct Member
    {
        QTcpSocket socket;
        ka::KeepAlive guard{&socket};
        char order = 'F';
        int told = 0;
    };

    void next(Member *it)
    {
        if (m_begun == m_rounds)
            return;
        it->order = "FRH"[m_begun++ % 3];
        it->told = 0;
        it->guard.setHeartbeatInterval(it->order == 'H' ? 20 : 0);
        it->socket.connectToHost(QStringLiteral("127.0.0.1"), m_port);
    }

    void lost(Member *it, ka::LossReason reason)
    {
        const ka::LossReason expected = it->order == 'F' ? ka::LossReason::PeerClosed
                                      : it->order == 'R' ? ka::LossReason::PeerReset
                                                         : ka::LossReason::HeartbeatMissed;
        ++m_losses;
        ++it->told;
        if (reason != expected)
            fail(QStringLiteral("%1: reason %2").arg(QLatin1Char(it->order)).arg(int(reason)));
    }

    void ended(Member *it)
    {
        if (it->told != 1)
            fail(QStringLiteral("%1: told %2 times").arg(QLatin1Char(it->order)).arg(it->told));
        if (++m_ended == m_rounds)
            m_loop.quit();
        next(it);
    }

    void fail(const QString &what)
    {
        if (m_wrong.isEmpty())
            m_wrong = what;
        m_loop.quit();
    }

    const quint16 m_port;
    const int m_rounds;
    int m_begun = 0;
    int m_ended = 0;
    int m_losses = 0;
    QString m_wrong;
    QEventLoop m_loop;
    std::vector<std::unique_ptr<Member>> m_members;
};
