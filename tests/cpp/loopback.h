// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/qglobal.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/// Sockets on loopback, without Qt.
namespace loopback {

inline sockaddr_in address(quint16 port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

/// A listening socket on a port of its own.
inline int listen(int protocol = IPPROTO_TCP, int flags = 0, int backlog = 16)
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, protocol);
    const sockaddr_in any = address(0);
    const bool listening
            = ::bind(listener, reinterpret_cast<const sockaddr *>(&any), sizeof any) == 0
           && ::listen(listener, backlog) == 0;
    Q_ASSERT_X(listening, "loopback", "cannot listen");
    Q_UNUSED(listening)
    return listener;
}

inline quint16 port(int socket)
{
    sockaddr_in own{};
    socklen_t length = sizeof own;
    const bool known = ::getsockname(socket, reinterpret_cast<sockaddr *>(&own), &length) == 0;
    return known ? ntohs(own.sin_port) : 0;
}

/// A socket that is connected to this port; −1 if nobody listens there, or there is no descriptor.
inline int dial(quint16 port, int protocol = IPPROTO_TCP)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
    const sockaddr_in there = address(port);
    if (socket == -1
        || ::connect(socket, reinterpret_cast<const sockaddr *>(&there), sizeof there) == 0)
        return socket;
    ::close(socket);
    return -1;
}

} // namespace loopback
