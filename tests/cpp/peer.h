// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/qglobal.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

/// The other end of a connection, on loopback and without Qt, so that a test decides to the byte
/// what it does.
class Peer
{
public:
    explicit Peer(int protocol = IPPROTO_TCP)
    {
        m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        const bool listening
                = ::bind(m_listener, reinterpret_cast<sockaddr *>(&address), length) == 0
               && ::listen(m_listener, 16) == 0
               && ::getsockname(m_listener, reinterpret_cast<sockaddr *>(&address), &length) == 0;
        Q_ASSERT_X(listening, "Peer", "cannot listen on loopback");
        m_port = listening ? ntohs(address.sin_port) : 0;
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

    bool send(const char *text) { return ::send(m_connection, text, std::strlen(text), 0) > 0; }

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
};
