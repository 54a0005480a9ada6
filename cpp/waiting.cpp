// SPDX-License-Identifier: MIT OR Apache-2.0
#include "waiting.h"

#include "socket_witness.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>

namespace ka::detail {

Waiting::Waiting(QObject *object, QAbstractSocket *socket, SocketGuard *guard)
    : QObject(guard)
    , m_guard(guard)
    , m_object(object)
{
    if (object != socket)
        object->installEventFilter(this);
    watch(socket);
}

void Waiting::watch(QAbstractSocket *socket)
{
    if (m_socket == socket)
        return;
    if (m_socket) {
        m_socket->removeEventFilter(this);
        m_socket->disconnect(this);
    }
    m_socket = socket;
    if (socket) {
        socket->installEventFilter(this);
        connect(socket, &QObject::destroyed, this, &Waiting::tryLater);
    }
}

void Waiting::tellAfter(std::chrono::milliseconds time)
{
    m_patience.start(int(time.count()), this);
}

void Waiting::stop()
{
    m_patience.stop();
    watch(nullptr);
    if (m_object)
        m_object->removeEventFilter(this);
    m_object = nullptr;
    deleteLater();
}

bool Waiting::eventFilter(QObject *watched, QEvent *event)
{
    switch (event->type()) {
    case QEvent::ChildRemoved:
        // The other guard's witness was a child of the socket.
        if (watched == m_socket && !SocketWitness::of(m_socket))
            tryLater();
        break;
    case QEvent::ChildAdded:
        if (watched == m_object && watched != m_socket) // the owner may have made another socket
            tryLater();
        break;
    case QEvent::ThreadChange:
        m_guard->stopWaiting(); // it goes away to another thread
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

/// Not now: the other guard is in the midst of something. And after what else is due: the other may
/// be about to take the next socket of their owner.
void Waiting::tryLater()
{
    if (!m_tries)
        QCoreApplication::postEvent(this, new QEvent(QEvent::User), Qt::LowEventPriority);
    m_tries = true;
}

bool Waiting::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange) {
        m_guard->stopWaiting();
    } else if (event->type() == QEvent::User) {
        m_tries = false;
        if (m_object)
            m_guard->tryAgain();
        return true;
    }
    return QObject::event(event);
}

void Waiting::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_patience.timerId()) {
        QObject::timerEvent(event);
        return;
    }
    m_patience.stop();
    if (m_object)
        m_guard->refuseAnothers();
}

} // namespace ka::detail
