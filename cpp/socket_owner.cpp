// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_owner.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qmutex.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qabstractsocket.h>

#include <utility>

namespace ka::detail {

/// The two live in one thread, unless the program has moved the owner or the guard alone.
struct OwnerTie
{
    QMutex mutex;
    SocketOwner *watcher = nullptr;
    QObject *mark = nullptr;
};

/// A child of the owner: it dies with it, and tells so. The owner's destroyed() would not where the
/// program has said `owner->disconnect()`.
class SocketOwner::Mark : public QObject
{
public:
    Mark(QObject *owner, std::shared_ptr<OwnerTie> tie)
        : QObject(owner)
        , m_tie(std::move(tie))
    {
    }
    ~Mark() override
    {
        SocketOwner *near = nullptr;
        {
            const QMutexLocker lock(&m_tie->mutex);
            m_tie->mark = nullptr;
            SocketOwner *watcher = m_tie->watcher;
            if (!watcher || watcher->object()) // the program may delete children
                return;
            if (watcher->thread() == QThread::currentThread())
                near = watcher;
            else
                QMetaObject::invokeMethod(watcher, &SocketOwner::gone, Qt::QueuedConnection);
        }
        if (near)
            near->gone();
    }

private:
    const std::shared_ptr<OwnerTie> m_tie;
};

SocketOwner::SocketOwner(QObject *owner, SocketGuard *guard)
    : QObject(guard)
    , m_owner(owner)
    , m_guard(guard)
    , m_tie(std::make_shared<OwnerTie>())
{
    m_tie->watcher = this;
    m_tie->mark = new Mark(owner, m_tie);
    owner->installEventFilter(this);
}

SocketOwner::~SocketOwner()
{
    QObject *mark = nullptr;
    {
        const QMutexLocker lock(&m_tie->mutex);
        m_tie->watcher = nullptr;
        mark = m_tie->mark;
        if (mark && mark->thread() != QThread::currentThread())
            std::exchange(mark, nullptr)->deleteLater();
    }
    delete mark;
}

/// The owner is being destroyed. Its sockets may be there yet.
void SocketOwner::gone()
{
    m_guard->ownerGone(this);
}

QAbstractSocket *SocketOwner::newest(const QObject *owner)
{
    if (!owner)
        return nullptr;
    const QObjectList &children = owner->children();
    for (auto child = children.crbegin(); child != children.crend(); ++child) {
        auto *socket = qobject_cast<QAbstractSocket *>(*child);
        if (socket && socket->socketType() == QAbstractSocket::TcpSocket)
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
    auto *device = qobject_cast<QIODevice *>(m_owner.data());
    return device && device->inherits("QLocalSocket") ? device : nullptr;
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
