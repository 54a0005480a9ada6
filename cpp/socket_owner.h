// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "socket_guard.h"

#include <QtCore/qiodevice.h>
#include <QtCore/qpointer.h>

#include <memory>

namespace ka::detail {

/// What ties a SocketOwner to its mark, wherever each of them lives.
struct OwnerTie;

/// Watches an object that owns sockets as its children, and tells the guard when it gets another
/// one, or dies. A QWebSocket makes a new socket at each open().
class SocketOwner : public QObject
{
    Q_OBJECT

public:
    SocketOwner(QObject *owner, SocketGuard *guard);
    ~SocketOwner() override;

    /// Null from when it is being destroyed.
    QObject *object() const { return m_owner; }
    /// What takes bytes as they are, or null where the owner frames what it sends.
    QIODevice *device() const;

    /// The TCP socket among the direct children of this object that came last, or null.
    static QAbstractSocket *newest(const QObject *owner);
    /// Whether it is of a class that is made to own one, and will do so even if it does not yet.
    static bool isKnown(const QObject *object);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    class Mark;

    void gone();

    const QPointer<QObject> m_owner;
    SocketGuard *const m_guard;
    const std::shared_ptr<OwnerTie> m_tie;
};

} // namespace ka::detail
