// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "socket_guard.h"

#include "qkeepalive/src/bridge.rs.h"

#include "look_timer.h"

#include <QtCore/qmutex.h>
#include <QtNetwork/qabstractsocket.h>

#include <chrono>
#include <memory>

namespace ka::detail {

/// What ties a guard to its witness. Both live in one thread, unless the program has moved one of
/// them alone: for that case each asks here, under the mutex, whether the other is there and near.
struct Tie
{
    QMutex mutex;
    SocketGuard *guard = nullptr;
    SocketWitness *witness = nullptr;
};

/// A socket as long as it is one, or null: while it is being destroyed, and its children with it, it is
/// no more than a QObject. Where the program has silenced it, no signal has told of the end by then.
/// (A QPointer would say the same, for a heap block a guard.)
class LivingSocket
{
public:
    explicit LivingSocket(QAbstractSocket *socket)
        : m_object(socket)
    {
    }

    QAbstractSocket *data() const { return qobject_cast<QAbstractSocket *>(m_object); }
    operator QAbstractSocket *() const { return data(); }
    QAbstractSocket *operator->() const { return data(); }

private:
    QObject *const m_object;
};

/// Hears the signals of one socket for one guard, and owns the duplicate descriptor.
///
/// It is a child of the socket: whatever the program does (`sock->disconnect();
/// sock->deleteLater();` included) the duplicate goes with the socket, and a duplicate that stayed
/// behind would hold back the FIN. Its presence also marks the socket as guarded.
class SocketWitness : public QObject, public LookPlace
{
    Q_OBJECT

public:
    SocketWitness(QAbstractSocket *socket, std::shared_ptr<Tie> tie);
    ~SocketWitness() override;

    static SocketWitness *of(const QAbstractSocket *socket);

    /// Null from when it is being destroyed.
    QAbstractSocket *socket() const { return m_socket; }

    /// The guard, if it lives in this thread, as the caller does.
    SocketGuard *guardNearby() const;
    /// Takes the connection under guard if there is one that is not yet, and if its descriptor is
    /// known, or Qt has nothing more to say of it (`settled`). Returns descriptor() if so, otherwise −1.
    std::int64_t adopt(bool settled = false);
    /// The descriptor of the guarded connection, which is its own beyond doubt; noDescriptor where it
    /// has none, −1 where there is no connection. The only way to it.
    std::int64_t descriptor() const;
    /// Closes the duplicate.
    void letGo();
    static constexpr std::chrono::milliseconds never = std::chrono::milliseconds::max();
    /// Looks at the connection after this time.
    void lookIn(std::chrono::milliseconds after, std::chrono::milliseconds lateness);
    void look();
    void hearReceived(bool hear);
    /// How many bytes Qt holds that it has not given to the kernel yet.
    std::int64_t queued() const;
    /// Keeps what was found on the socket, to be put back by restore().
    void hold(const std::array<std::int64_t, 6> &found);
    /// The guard lets go of the living connection.
    void restore();
    /// How many connections of the socket were taken under guard: tells one from the next.
    unsigned connections() const { return m_connections; }
    /// Whether it is this one of them that is under guard.
    bool guards(unsigned connection) const { return m_adopted && m_connections == connection; }
    /// Whether the socket has another connection than the guarded one, or none, and no signal has told
    /// so. `descriptor` is what descriptor() has just said.
    bool isBehind(std::int64_t descriptor) const;
    /// Has catchUp() called when the event loop turns.
    void catchUpSoon();
    /// The guard is gone, and lived in another thread.
    void retire();
    /// Ends the guarded connection, and no other, at once and with nothing more sent. With a `why` it
    /// is an error of the socket's.
    void abort(const QString &why);

protected:
    bool event(QEvent *event) override;

private Q_SLOTS:
    void onError(QAbstractSocket::SocketError error);
    void takeUnderGuard();
    void settle();
    void onReadyRead();

private:
    class Ear;
    using Clock = std::chrono::steady_clock;
    /// Kept in Rust. Null for a connection without a descriptor.
    struct Free
    {
        void operator()(qkeepalive::bridge::MaybeWitness *it) const
        {
            ::rust::Box<qkeepalive::bridge::MaybeWitness>::from_raw(it);
        }
    };

    void listen();
    void onStateChanged(QAbstractSocket::SocketState state);
    void takeUnderGuard(bool settled);
    void catchUp();
    void endConnection(bool own = false);
    void endUntold();
    bool isOwn(qintptr descriptor) const;
    bool isStray() const;
    bool asks() const;
    int available() const;
    bool isExpiredWait(QAbstractSocket::SocketError error) const;
    bool fail(const QString &why);
    SocketGuard *guard();
    static void tell(SocketGuard *guard, const std::shared_ptr<Tie> &tie, const QString &why);
    std::int64_t evidence() const;

    // The small ones first: they fit behind those of LookPlace.
    bool m_adopted = false;
    bool m_hears = false;
    bool m_settling = false;
    const LivingSocket m_socket;
    const std::shared_ptr<Tie> m_tie;
    std::unique_ptr<qkeepalive::bridge::MaybeWitness, Free> m_kept;
    QMetaObject::Connection m_listening;
    /// When the guard wants to look.
    Clock::time_point m_due = Clock::time_point::max();
    std::chrono::duration<std::int32_t, std::milli> m_lateness{0};
    std::chrono::duration<std::int32_t, std::milli> m_strayEvery{0};
    unsigned m_connections = 0;
    /// The last of them whose end the socket was made to tell as an error.
    unsigned m_failed = 0;
    /// What was available() at the last look, where Qt alone hears of data.
    int m_available = 0;
    const bool m_encrypts = false;
    bool m_catchesUp = false;
};

} // namespace ka::detail
