// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// ka::guardConnections(): guards every connection that a server accepts.

#include <ka/export.h>
#include <ka/keepalive.h>

#include <chrono>
#include <functional>

QT_BEGIN_NAMESPACE
class QTcpServer;
QT_END_NAMESPACE

namespace ka {

/// Gives a KeepAlive with this detectWithin to every connection that the server accepts from now
/// on.
///
/// \code
/// ka::guardConnections(server, 6s, [](ka::KeepAlive *link) {
///     QObject::connect(link, &ka::KeepAlive::connectionLost, link, [link](auto reason, auto detail) {
///         qInfo() << link->socket() << reason << detail;
///     });
/// });
/// \endcode
///
/// **Call it** in the server's thread, before or after listen(). Call it before you connect a slot
/// to newConnection() that moves connections elsewhere. It goes on when the server stops and
/// listens again.
///
/// **Returns** a child of the server. Delete it to guard no more new connections; the existing
/// guards stay. A second call on the same server replaces the first, value and `setUp`, for the
/// connections that come from then on. The object of the first call then does nothing, and may be
/// deleted or left.
///
/// **`detectWithin`** has the range of Config::detectWithin() (Linux: 2 s to 65534 s). A wrong
/// value throws ka::Error, and changes nothing.
///
/// **`setUp`** is called with each new guard, before newConnection() reaches slots that are
/// connected later. link->socket() is the connection, and the guard is its child. If the server
/// emits no newConnection() (its signals are blocked or disconnected, or its class makes the socket
/// later), the guard comes when the event loop turns.
///
/// **Not guarded** are a connection whose guard the program has deleted, and a socket of the
/// program's own whose parent is the server.
///
/// **Works with** every server whose connections are its children: QTcpServer, QSslServer, most
/// that override incomingConnection(), and the QTcpServer whose connections go to
/// QWebSocketServer::handleConnection().
///
/// **On Linux** the listening socket gets the values, and accepted connections inherit them without
/// a call. When the returned object is deleted, the options of the listening socket are restored,
/// except those that the program has changed since. Until then they belong to the guard: it notices
/// what ka::apply() writes there at the next connection, and what `setsockopt` writes within a
/// second. Connections made before that, those of an MPTCP listener, and those of other systems get
/// the values one by one.
KA_EXPORT QObject *guardConnections(QTcpServer *server, std::chrono::milliseconds detectWithin,
                                    std::function<void(KeepAlive *link)> setUp = {});

} // namespace ka
