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
/// connected later; link->socket() is the connection, the guard its child. On Linux the values are
/// given to the listening socket, and what it accepts inherits them without a call; elsewhere they
/// are applied to each connection. `detectWithin` has the range of Config::detectWithin() (Linux: 2
/// s to 65534 s).
///
/// Call it in the server's thread, before or after listen(), and before connecting a slot to
/// newConnection() that moves connections elsewhere. Works with every server that hands out its
/// connections with addPendingConnection() as its children (QTcpServer, QSslServer, most that
/// override incomingConnection()). Ends with the server. What is wrong with `detectWithin` is
/// thrown as ka::Error, and nothing is guarded then.
KA_EXPORT void guardConnections(QTcpServer *server, std::chrono::milliseconds detectWithin,
                                std::function<void(KeepAlive *link)> setUp = {});

} // namespace ka
