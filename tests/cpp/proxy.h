// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "loopback.h"

#include <QtCore/qbytearray.h>

#include <poll.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

/// A proxy on loopback in a thread of its own, without Qt: no more than a client needs to get through.
class Proxy
{
public:
    enum Kind { Socks5, Http };

    explicit Proxy(Kind kind)
        : m_kind(kind)
        , m_listener(loopback::listen())
        , m_thread([this] { serve(); })
    {
    }
    ~Proxy()
    {
        m_stop = true;
        m_thread.join();
        ::close(m_listener);
    }
    Q_DISABLE_COPY_MOVE(Proxy)

    quint16 port() const { return loopback::port(m_listener); }

private:
    void serve()
    {
        std::map<int, int> relayed; // both ways
        while (!m_stop) {
            std::vector<pollfd> open{{m_listener, POLLIN, 0}};
            for (const auto &[from, to] : relayed)
                open.push_back({from, POLLIN, 0});
            ::poll(open.data(), nfds_t(open.size()), 10);
            for (std::size_t i = 1; i < open.size(); ++i) {
                const auto found = open[i].revents ? relayed.find(open[i].fd) : relayed.end();
                if (found == relayed.end())
                    continue;
                const auto [from, to] = *found;
                char bytes[4096];
                const ssize_t got = ::read(from, bytes, sizeof bytes);
                if (got > 0) {
                    send(to, QByteArray(bytes, int(got)));
                    continue;
                }
                relayed.erase(from);
                relayed.erase(to);
                ::close(from);
                ::close(to);
            }
            if (!open.front().revents)
                continue;
            const int client = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
            const int beyond = m_kind == Socks5 ? admitSocks(client) : admitHttp(client);
            relayed[client] = beyond;
            relayed[beyond] = client;
        }
        for (const auto &[from, to] : relayed)
            ::close(from);
    }

    static int admitSocks(int client)
    {
        receive(client, receive(client, 2).at(1)); // the ways to say who one is
        send(client, QByteArray("\5\0", 2)); // it does not matter
        const QByteArray wanted = receive(client, 10); // version, connect, 0, IPv4, address, port
        const int beyond = dial(quint16(quint8(wanted.at(8)) << 8 | quint8(wanted.at(9))));
        // The address of the other side's end is one that this proxy does not care to tell.
        send(client, QByteArray("\5\0\0\1\x7f\0\0\1\0\7", 10));
        return beyond;
    }

    static int admitHttp(int client)
    {
        QByteArray head;
        while (!head.endsWith("\r\n\r\n"))
            head += receive(client, 1);
        const QByteArray target = head.split(' ').at(1); // CONNECT host:port HTTP/1.1
        const int beyond = dial(target.mid(target.lastIndexOf(':') + 1).toUShort());
        send(client, "HTTP/1.1 200 OK\r\n\r\n");
        return beyond;
    }

    static int dial(quint16 port)
    {
        const int beyond = loopback::dial(port);
        Q_ASSERT_X(beyond != -1, "proxy", "nobody listens beyond it");
        return beyond;
    }

    static QByteArray receive(int from, int size)
    {
        QByteArray bytes(size, '\0');
        ::recv(from, bytes.data(), std::size_t(size), MSG_WAITALL);
        return bytes;
    }
    static void send(int to, const QByteArray &bytes)
    {
        (void)!::send(to, bytes.constData(), std::size_t(bytes.size()), MSG_NOSIGNAL);
    }

    const Kind m_kind;
    const int m_listener;
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};
