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
/// `setUp` is called with each guard before the server's newConnection() reaches slots that are
/// connected later; link->socket() is the connection, the guard its child. A guard that the program
/// deletes does not come back, and a socket of the program's own that has the server for its parent
/// gets none. Where the server tells of no connection (its signals are blocked or disconnected, or its
/// class makes the socket later), the event loop has to turn first. `detectWithin` has the range of
/// Config::detectWithin() (Linux: 2 s to 65534 s); what is wrong with it is thrown as ka::Error, and
/// nothing has changed then.
///
/// Returns an object that is a child of the server. Delete it to guard no more new connections; the
/// guards that are there stay. A second call on the same server takes the place of the first, with
/// its value and its `setUp`, for the connections that come from then on. The object of the first is
/// without effect then, and may be deleted or left.
///
/// Call it in the server's thread, before or after listen(), and before connecting a slot to
/// newConnection() that moves connections elsewhere. It goes on when the server stops and listens
/// again. Works with every server that hands out its connections as its children (QTcpServer,
/// QSslServer, most that override incomingConnection()), and with the QTcpServer whose connections
/// are given to QWebSocketServer::handleConnection().
///
/// On Linux the values are given to the listening socket, and what it accepts inherits them without
/// a call. Its options are put back as they were found when the returned object is deleted, except
/// those that the program has changed itself meanwhile. They stay the guard's until then: what
/// ka::apply() writes on the listening socket is noticed at the next connection, and what
/// `setsockopt` writes within a second. Connections made before it had the values, those of an
/// MPTCP listener, and those of other systems are given the values one by one.
KA_EXPORT QObject *guardConnections(QTcpServer *server, std::chrono::milliseconds detectWithin,
                                    std::function<void(KeepAlive *link)> setUp = {});

} // namespace ka
