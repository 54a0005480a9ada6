// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/detail/socket_tap.h>

#include "qkeepalive/src/bridge.rs.h"

#include "look_timer.h"

#include <QtCore/qmutex.h>
#include <QtNetwork/qabstractsocket.h>

#include <memory>
#include <optional>

namespace ka::detail {

/// What ties a guard to its witness. Both live in one thread, unless the program has moved one of
/// them alone: for that case each asks here, under the mutex, whether the other is there and near.
struct Tie
{
    QMutex mutex;
    SocketTap *guard = nullptr;
    SocketWitness *witness = nullptr;
};

/// Hears the signals of one socket for one guard, and owns the duplicate descriptor.
///
/// It is a child of the socket: whatever the program does (`sock->disconnect();
/// sock->deleteLater();` included) the duplicate goes with the socket, and a duplicate that stayed
/// behind would hold back the FIN. Its presence also marks the socket as guarded.
class SocketWitness : public QObject
{
    Q_OBJECT

public:
    SocketWitness(QAbstractSocket *socket, std::shared_ptr<Tie> tie);
    ~SocketWitness() override;

    static SocketWitness *of(const QAbstractSocket *socket);

    QAbstractSocket *socket() const { return m_socket; }

    /// Takes the connection under guard if there is one that is not yet. Returns its descriptor if
    /// so, otherwise −1.
    std::int64_t adopt();
    /// The descriptor of the guarded connection, −1 for none.
    std::int64_t descriptor() const;
    void dropDuplicate();
    /// Looks at the connection after this time, or at the latest when a stray is looked for.
    void lookIn(std::chrono::milliseconds after, std::chrono::milliseconds lateness);
    void look();
    void hearReceived(bool hear);
    /// How many bytes Qt holds that it has not given to the kernel yet.
    std::int64_t queued() const;
    void limitRetransmissions(std::int64_t milliseconds);
    /// The guard lets go of the living connection.
    void restore();
    /// How many connections of the socket were taken under guard: tells one from the next.
    unsigned connections() const { return m_connections; }
    /// Whether it is this one of them that is under guard.
    bool guards(unsigned connection) const { return m_adopted && m_connections == connection; }
    /// Ends the guarded connection, and no other, at once and with nothing more sent.
    void abort();

protected:
    bool event(QEvent *event) override;

private Q_SLOTS:
    void onStateChanged(QAbstractSocket::SocketState state);
    void onError(QAbstractSocket::SocketError error);
    void takeUnderGuard();
    void onReadyRead();

private:
    void listen();
    void endConnection();
    bool isStray() const;
    SocketTap *guard();
    static void tell(SocketTap *guard, const std::shared_ptr<Tie> &tie, const QString &why);
    std::int64_t evidence() const;

    QAbstractSocket *const m_socket;
    const std::shared_ptr<Tie> m_tie;
    const bool m_encrypts = false;
    std::optional<::rust::Box<qkeepalive::bridge::MaybeWitness>> m_duplicate;
    QMetaObject::Connection m_listening;
    LookPlace m_place{this};
    unsigned m_connections = 0;
    bool m_adopted = false;
    bool m_hears = false;
};

} // namespace ka::detail
