// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "socket_guard.h"

#include <QtCore/qbasictimer.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qabstractsocket.h>

#include <chrono>

namespace ka::detail {

/// Waits for a socket that another guard has, and has its own guard try again when that one may have
/// let go. The guard that came last tries first.
class Waiting : public QObject
{
public:
    /// For the socket `socket` of `object`, which is that socket itself or its owner.
    Waiting(QObject *object, QAbstractSocket *socket, SocketGuard *guard);

    /// What is to be guarded; null if it died.
    QObject *object() const { return m_object; }
    /// What another guard has; null where nobody is known to have it.
    QAbstractSocket *socket() const { return m_socket; }
    /// Waits for this one from now on.
    void watch(QAbstractSocket *socket);
    /// If it still waits after this time, the guard tells that it was refused.
    void tellAfter(std::chrono::milliseconds time);
    /// Waits no more. Deletes this, later: one of its own events may be under way.
    void stop();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    bool event(QEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    void tryLater();

    SocketGuard *const m_guard;
    QPointer<QObject> m_object;
    QPointer<QAbstractSocket> m_socket;
    QBasicTimer m_patience;
    bool m_tries = false;
};

} // namespace ka::detail
