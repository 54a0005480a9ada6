// SPDX-License-Identifier: MIT OR Apache-2.0

// Quick Test with a C++ backend that owns the socket, as QML programs have it.

#include "../../cpp/peer.h"

#include <QtCore/QMetaEnum>
#include <QtCore/QVariantMap>
#include <QtNetwork/QTcpSocket>
#include <QtQml/QQmlContext>
#include <QtQml/QQmlEngine>
#include <QtQuickTest/quicktest.h>

class Backend : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QAbstractSocket *socket READ socket NOTIFY socketChanged)

public:
    QAbstractSocket *socket() const { return m_socket; }

    Q_INVOKABLE bool connectToPeer()
    {
        m_socket->connectToHost(QStringLiteral("127.0.0.1"), m_peer.port());
        return m_socket->waitForConnected() && m_peer.accept();
    }
    Q_INVOKABLE void peerCloses() { m_peer.finish(); }
    Q_INVOKABLE void peerResets() { m_peer.reset(); }
    /// The keys of the enum that a property has, with their values.
    Q_INVOKABLE QVariantMap keysOf(QObject *object, const QString &property) const
    {
        const QMetaObject *type = object->metaObject();
        const QMetaEnum keys
                = type->property(type->indexOfProperty(property.toLatin1())).enumerator();
        QVariantMap values;
        for (int i = 0; i < keys.keyCount(); ++i)
            values.insert(QLatin1String(keys.key(i)), keys.value(i));
        return values;
    }
    Q_INVOKABLE void exchangeSocket()
    {
        QTcpSocket *old = m_socket;
        m_socket = new QTcpSocket(this);
        Q_EMIT socketChanged();
        delete old;
    }

Q_SIGNALS:
    void socketChanged();

private:
    Peer m_peer;
    QTcpSocket *m_socket = new QTcpSocket(this);
};

class Setup : public QObject
{
    Q_OBJECT

public slots:
    void qmlEngineAvailable(QQmlEngine *engine)
    {
        engine->rootContext()->setContextProperty(QStringLiteral("context_backend"), new Backend);
    }
};

QUICK_TEST_MAIN_WITH_SETUP(backed, Setup)
#include "main.moc"
