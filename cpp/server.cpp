// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/server.h>

#include <ka/socket.h>

#include "bridge.h"
#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qlist.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qtcpserver.h>

#include <utility>

namespace ka {

namespace detail {

/// Guards what one server accepts; a child of the server.
class ServerGuard : public QObject
{
public:
    ServerGuard(QTcpServer *server, std::chrono::milliseconds detectWithin,
                std::function<void(KeepAlive *)> setUp)
        : QObject(server)
        , m_server(server)
        , m_config(Config::detectWithin(detectWithin))
        , m_detectWithin(detectWithin)
        , m_setUp(std::move(setUp))
    {
        configureListener();
        server->installEventFilter(this);
        connect(server, &QTcpServer::newConnection, this, &ServerGuard::guardNew,
                Qt::DirectConnection);
    }

private:
    /// A server may listen later, stop, and listen again with another descriptor.
    void configureListener()
    {
        const qintptr descriptor = m_server->socketDescriptor();
        if (!m_mayListenAnew || descriptor == -1)
            return;
        m_mayListenAnew = false;
        m_inherits = false;
        std::error_code error;
        apply(descriptor, m_config, error); // if refused, the connections will say why
        if (!error) {
            qkeepalive::bridge::limit_accepted_retransmissions(descriptor,
                                                               qkeepalive::bridge::lower(m_config));
        }
    }

    /// A descriptor's number may come again. At each listen() Qt makes an engine as the server's
    /// child, but while that is made it does not say yet of what class it is.
    void noticeEngines()
    {
        for (const QPointer<QObject> &child : std::as_const(m_newChildren))
            m_mayListenAnew |= child && child->inherits("QAbstractSocketEngine");
        m_newChildren.clear();
    }

    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (event->type() == QEvent::ChildAdded)
            m_newChildren.append(static_cast<QChildEvent *>(event)->child());
        return QObject::eventFilter(watched, event);
    }

    /// The connections that wait to be taken are the server's last children.
    void guardNew()
    {
        noticeEngines();
        configureListener();
        QList<QAbstractSocket *> fresh;
        const QObjectList &children = m_server->children();
        for (auto child = children.crbegin(); child != children.crend(); ++child) {
            auto *socket = qobject_cast<QAbstractSocket *>(*child);
            if (socket && SocketWitness::of(socket))
                break;
            if (socket)
                fresh.prepend(socket);
        }
        for (QAbstractSocket *socket : std::as_const(fresh)) {
            auto *link = new KeepAlive;
            link->setDetectWithin(int(m_detectWithin.count()));
            static_cast<SocketTap *>(link)->m_inherits = inherits(socket->socketDescriptor());
            link->setSocket(socket);
            link->setParent(socket);
            if (m_setUp)
                m_setUp(link);
        }
    }

    /// Connections that came before the listener had its values do not have them. They are taken in
    /// the order in which they came: after the first that has them all have.
    bool inherits(qintptr descriptor)
    {
        if (!m_inherits) {
            std::error_code error;
            const Config found = query(descriptor, error);
            m_inherits = !error && found.enabled && found.idle == m_config.idle
                      && found.interval == m_config.interval && found.count == m_config.count;
        }
        return m_inherits;
    }

    QTcpServer *const m_server;
    const Config m_config;
    const std::chrono::milliseconds m_detectWithin;
    const std::function<void(KeepAlive *)> m_setUp;
    QList<QPointer<QObject>> m_newChildren;
    bool m_mayListenAnew = true;
    bool m_inherits = false;
};

} // namespace detail

void guardConnections(QTcpServer *server, std::chrono::milliseconds detectWithin,
                      std::function<void(KeepAlive *)> setUp)
{
    new detail::ServerGuard(server, detectWithin, std::move(setUp));
}

} // namespace ka
