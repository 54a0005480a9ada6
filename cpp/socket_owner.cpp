// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_owner.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtNetwork/qabstractsocket.h>

namespace ka::detail {

SocketOwner::SocketOwner(QObject *owner, SocketTap *guard)
    : QObject(guard)
    , m_owner(owner)
    , m_guard(guard)
{
    owner->installEventFilter(this);
    connect(owner, &QObject::destroyed, this, [this] {
        m_owner = nullptr;
        m_guard->ownerGone();
    });
}

QAbstractSocket *SocketOwner::newest(const QObject *owner)
{
    const QObjectList &children = owner->children();
    for (auto child = children.crbegin(); child != children.crend(); ++child) {
        if (auto *socket = qobject_cast<QAbstractSocket *>(*child))
            return socket;
    }
    return nullptr;
}

bool SocketOwner::isKnown(const QObject *object)
{
    // A QLocalSocket owns one from the start, on systems where it is made of one.
    return object->inherits("QWebSocket") || (object->inherits("QLocalSocket") && newest(object));
}

QIODevice *SocketOwner::device() const
{
    return m_owner->inherits("QLocalSocket") ? qobject_cast<QIODevice *>(m_owner) : nullptr;
}

bool SocketOwner::eventFilter(QObject *watched, QEvent *event)
{
    // At this moment the child is no more than a QObject. It cannot connect before the event loop
    // turns either.
    if (watched == m_owner && event->type() == QEvent::ChildAdded)
        QMetaObject::invokeMethod(
                this, [this] { m_guard->takeNewest(); }, Qt::QueuedConnection);
    return QObject::eventFilter(watched, event);
}

} // namespace ka::detail
