// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "loopback.h"

#include <QtCore/qbytearray.h>

#include <netinet/tcp.h>
#include <poll.h>

#include <cstring>

/// The other end of a connection, on loopback and without Qt, so that a test decides to the byte
/// what it does.
class Peer
{
public:
    explicit Peer(int protocol = IPPROTO_TCP)
        : m_listener(loopback::listen(protocol))
        , m_port(loopback::port(m_listener))
    {
    }
    ~Peer()
    {
        finish();
        stopListening();
    }
    Q_DISABLE_COPY_MOVE(Peer)

    quint16 port() const { return m_port; }

    /// Takes the next connection; false if none comes within two seconds.
    bool accept()
    {
        finish();
        m_received.clear();
        pollfd ready{m_listener, POLLIN, 0};
        if (::poll(&ready, 1, 2000) == 1)
            m_connection = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
        return m_connection != -1;
    }

    void stopListening()
    {
        if (m_listener != -1)
            ::close(m_listener);
        m_listener = -1;
    }

    bool send(const char *text) { return send(QByteArray(text)); }
    bool send(const QByteArray &bytes)
    {
        return ::send(m_connection, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL)
            == bytes.size();
    }

    /// What has arrived and was not taken yet; waits for none.
    QByteArray take(int most = 1 << 20)
    {
        QByteArray bytes(most, Qt::Uninitialized);
        const ssize_t got = ::recv(m_connection, bytes.data(), size_t(most), MSG_DONTWAIT);
        bytes.truncate(got > 0 ? int(got) : 0);
        return bytes;
    }

    /// All that has arrived since accept() or forget().
    const QByteArray &received()
    {
        m_received += take();
        return m_received;
    }
    void forget()
    {
        take();
        m_received.clear();
    }

    /// Keeps the window of the connections that come from now on small.
    void receiveLittle()
    {
        const int bytes = 4096;
        ::setsockopt(m_listener, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }

    int descriptor() const { return m_connection; }

    /// FIN.
    void finish()
    {
        if (m_connection != -1)
            ::close(m_connection);
        m_connection = -1;
    }

    /// FIN, and stays ready to receive.
    void halfClose() { ::shutdown(m_connection, SHUT_WR); }

    /// RST.
    void reset()
    {
        const linger hard{1, 0};
        ::setsockopt(m_connection, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        finish();
    }

    /// Whether this end sees the other one's RST within two seconds, whatever came before it.
    bool seesReset()
    {
        pollfd ready{m_connection, 0, 0};
        return ::poll(&ready, 1, 2000) == 1 && (ready.revents & POLLERR);
    }

    /// Whether this end sees the other one's FIN within two seconds.
    bool seesFin()
    {
        pollfd ready{m_connection, POLLIN, 0};
        char byte;
        return ::poll(&ready, 1, 2000) == 1 && ::recv(m_connection, &byte, 1, 0) == 0;
    }

private:
    int m_listener = -1;
    int m_connection = -1;
    quint16 m_port = 0;
    QByteArray m_received;
};
