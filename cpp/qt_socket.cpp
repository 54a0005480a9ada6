// SPDX-License-Identifier: MIT OR Apache-2.0

// What <ka/socket.h> does for a socket of Qt.

#include <ka/socket.h>

#include "own_descriptor.h"

#include <QtNetwork/qabstractsocket.h>

namespace ka {

namespace {

/// Why there is nothing to write to; empty if there is.
std::string objection(const QAbstractSocket &socket, qintptr descriptor)
{
    if (descriptor != -1)
        return {};
    if (socket.socketDescriptor() == -1) {
        return "the socket is not connected, so it has no descriptor yet; apply the values when "
               "it is, or use ka::KeepAlive, which does that at every connect";
    }
    return "the socket's descriptor is not that of its own connection (it goes through a SOCKS "
           "proxy, or is not connected), so nothing was written to it";
}

/// Only one that is shown to be this connection's.
qintptr descriptorOf(const QAbstractSocket &socket)
{
    return socket.state() == QAbstractSocket::BoundState ? socket.socketDescriptor()
                                                         : detail::ownDescriptor(&socket);
}

} // namespace

Config apply(const QAbstractSocket &socket, const Config &config)
{
    const qintptr descriptor = descriptorOf(socket);
    const std::string why = objection(socket, descriptor);
    if (!why.empty())
        throw Error(errc::NoDescriptor, "", why);
    return apply(descriptor, config);
}

Config apply(const QAbstractSocket &socket, const Config &config, std::error_code &error) noexcept
{
    return apply(descriptorOf(socket), config, error);
}

} // namespace ka
