// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/server.h>

#include "listener.h"
#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qlist.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#if QT_CONFIG(ssl)
#    include <QtNetwork/qsslsocket.h>
#endif
#include <QtNetwork/qtcpserver.h>

#include <algorithm>
#include <utility>

namespace ka {

namespace detail {

/// Guards what one server accepts; a child of the server. One that another has taken the place of
/// stays as an object, because the program may still hold and delete it, and does nothing more.
class ServerGuard : public QObject
{
public:
    ServerGuard(QTcpServer *server, const Config &config, std::chrono::milliseconds detectWithin,
                std::function<void(KeepAlive *)> setUp, ServerGuard *before)
        : QObject(server)
        , m_server(server)
        , m_listener(before ? before->m_listener : Listener(server, config))
        , m_detectWithin(detectWithin)
        , m_setUp(std::move(setUp))
    {
        if (before) {
            m_newChildren = std::exchange(before->m_newChildren, {});
            before->retire();
            noticeEngines();
            m_listener.change(config);
            guardSoon();
        }
        m_listener.bringUpToDate();
        server->installEventFilter(this);
        connect(
                server, &QTcpServer::newConnection, this, [this] { guardNew(true); },
                Qt::DirectConnection);
    }

    /// Without a server it is being destroyed, and this with it.
    ~ServerGuard() override
    {
        if (m_server && !m_retired)
            m_listener.putBack();
    }

    /// The one at work on this server, if any.
    static ServerGuard *of(const QTcpServer *server)
    {
        const QObjectList &children = server->children();
        for (QObject *child : children) {
            auto *guard = dynamic_cast<ServerGuard *>(child);
            if (guard && !guard->m_retired)
                return guard;
        }
        return nullptr;
    }

private:
    void retire()
    {
        m_retired = true;
        m_server->removeEventFilter(this);
        m_server->disconnect(this);
        m_setUp = {};
    }

    /// Nothing is asked of the server here: it may be about to make its engine.
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() != QEvent::ChildAdded && event->type() != QEvent::ChildRemoved)
            return QObject::eventFilter(watched, event);
        QObject *child = static_cast<QChildEvent *>(event)->child();
        if (event->type() == QEvent::ChildAdded) {
            m_newChildren.append(child);
        } else {
            const auto gone = [child](const QPointer<QObject> &it) { return !it || it == child; };
            m_newChildren.erase(std::remove_if(m_newChildren.begin(), m_newChildren.end(), gone),
                                m_newChildren.end());
            if (child == m_listener.engine())
                m_listener.forget();
        }
        // The server need not tell of a connection: its signals may be blocked, or disconnected, and a
        // class of the program's may make the socket later. After newConnection() nothing is left.
        if (event->type() == QEvent::ChildAdded)
            guardSoon();
        // It may listen later, or again: then it has a descriptor when the event loop turns.
        if (m_listener.isNew())
            QMetaObject::invokeMethod(this, &ServerGuard::bringUpToDate, Qt::QueuedConnection);
        return QObject::eventFilter(watched, event);
    }

    /// Qt deletes an engine later than it makes the next one, so the newest counts.
    void noticeEngines()
    {
        const auto engine = std::find_if(
                m_newChildren.crbegin(), m_newChildren.crend(), [](const QPointer<QObject> &child) {
                    return child && child->inherits("QAbstractSocketEngine");
                });
        if (engine != m_newChildren.crend() && *engine != m_listener.engine())
            m_listener.forget();
    }

    void bringUpToDate()
    {
        noticeEngines();
        m_listener.bringUpToDate();
    }

    /// What newConnection() did not tell of until then.
    void guardSoon()
    {
        if (std::exchange(m_guardsSoon, true))
            return;
        QMetaObject::invokeMethod(
                this,
                [this] {
                    m_guardsSoon = false;
                    guardNew(false);
                },
                Qt::QueuedConnection);
    }

    /// Each that has become the server's child since the last time, and was accepted by it. While it
    /// was added it did not say yet of what class it is. Unless the server has just `told` of one, what
    /// is under way is left for later.
    void guardNew(bool told)
    {
        if (m_retired || (!told && m_newChildren.isEmpty()))
            return;
        bringUpToDate();
        const QPointer<ServerGuard> alive(this);
        QList<QPointer<QAbstractSocket>> accepted;
        for (const QPointer<QObject> &child : std::exchange(m_newChildren, {})) {
            auto *socket = qobject_cast<QAbstractSocket *>(child.data());
            if (!socket)
                continue;
            disconnect(socket, nullptr, this, nullptr);
            if (!told && isUnderWay(socket))
                waitFor(socket);
            else if (isAccepted(socket))
                accepted.append(socket);
        }
        for (const QPointer<QAbstractSocket> &socket : std::as_const(accepted)) {
            if (socket)
                guard(socket);
            if (!alive)
                return;
        }
    }

    /// Whether it has yet to be given its connection, or is in the midst of its handshake: a QSslServer
    /// tells of it after that.
    static bool isUnderWay(const QAbstractSocket *socket)
    {
#if QT_CONFIG(ssl)
        const auto *encrypting = qobject_cast<const QSslSocket *>(socket);
        if (encrypting && encrypting->mode() != QSslSocket::UnencryptedMode
            && !encrypting->isEncrypted())
            return true;
#endif
        return socket->state() == QAbstractSocket::UnconnectedState;
    }

    void waitFor(QAbstractSocket *socket)
    {
        m_newChildren.append(socket);
        connect(socket, &QAbstractSocket::stateChanged, this, &ServerGuard::guardSoon);
#if QT_CONFIG(ssl)
        if (const auto *encrypting = qobject_cast<const QSslSocket *>(socket))
            connect(encrypting, &QSslSocket::encrypted, this, &ServerGuard::guardSoon);
#endif
    }

    /// The program's own sockets may have the server for their parent, too. Only those that it
    /// connects itself have the name of their peer.
    static bool isAccepted(const QAbstractSocket *socket)
    {
        return socket->state() == QAbstractSocket::ConnectedState && socket->peerName().isEmpty()
            && !SocketWitness::of(socket);
    }

    void guard(QAbstractSocket *socket)
    {
        auto *link = new KeepAlive;
        link->setDetectWithin(m_detectWithin);
        if (m_listener.handsDownTo(socket->socketDescriptor())) {
            const auto found = qkeepalive::bridge::found_numbers(m_listener.found());
            SocketGuard::of(link)->rare().inherited
                    = std::make_unique<std::array<std::int64_t, 6>>(found);
        }
        link->setSocket(socket);
        link->setParent(socket);
        // A copy: it may delete this, or have another take its place.
        if (const auto setUp = m_setUp)
            setUp(link);
    }

    const QPointer<QTcpServer> m_server;
    Listener m_listener;
    const std::chrono::milliseconds m_detectWithin;
    std::function<void(KeepAlive *)> m_setUp;
    QList<QPointer<QObject>> m_newChildren;
    bool m_retired = false;
    bool m_guardsSoon = false;
};

} // namespace detail

QObject *guardConnections(QTcpServer *server, std::chrono::milliseconds detectWithin,
                          std::function<void(KeepAlive *)> setUp)
{
    const Config config = Config::detectWithin(detectWithin);
    return new detail::ServerGuard(server, config, detectWithin, std::move(setUp),
                                   detail::ServerGuard::of(server));
}

} // namespace ka
