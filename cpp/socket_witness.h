// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/detail/socket_tap.h>

#include "qkeepalive/src/bridge.rs.h"

#include <QtCore/qbasictimer.h>
#include <QtNetwork/qabstractsocket.h>

#include <optional>

namespace ka::detail {

/// Hears the signals of one socket for one guard, and owns the duplicate descriptor.
///
/// It is a child of the socket: whatever the program does (`sock->disconnect();
/// sock->deleteLater();` included) the duplicate goes with the socket, and a duplicate that stayed
/// behind would hold back the FIN. Its presence also marks the socket as guarded.
class SocketWitness : public QObject
{
    Q_OBJECT

public:
    SocketWitness(QAbstractSocket *socket, SocketTap *guard);
    ~SocketWitness() override;

    static SocketWitness *of(const QAbstractSocket *socket);

    QAbstractSocket *socket() const { return m_socket; }

    /// Takes the connection under guard if there is one that is not yet. Returns its descriptor if
    /// so, otherwise −1.
    std::int64_t adopt();
    /// The descriptor of the guarded connection, −1 for none.
    std::int64_t descriptor() const;
    void dropDuplicate();

    /// The guard is going: says nothing more to it.
    void leave();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void listen();
    void onStateChanged(QAbstractSocket::SocketState state);
    void onError(QAbstractSocket::SocketError error);
    void takeUnderGuard();
    void endConnection();
    bool guardIsHere();
    std::int64_t evidence() const;

    QAbstractSocket *const m_socket;
    SocketTap *m_guard;
    std::optional<rust::Box<qkeepalive::bridge::MaybeWitness>> m_duplicate;
    QMetaObject::Connection m_listening;
    QBasicTimer m_look;
    bool m_adopted = false;
};

} // namespace ka::detail
