// SPDX-License-Identifier: MIT OR Apache-2.0

// Quick Test with a C++ backend that owns the socket, as QML programs have it.

#include "../../cpp/peer.h"

#include <ka/keepalive.h>

#include <QtCore/QMetaEnum>
#include <QtCore/QVariantMap>
#include <QtNetwork/QTcpSocket>
#include <QtQml/QQmlContext>
#include <QtQml/QQmlEngine>
#include <QtQml/QQmlError>
#include <QtQuickTest/quicktest.h>

/// Qt 5 compiles no QML.
static const QMetaObject *namedAfterTheNamespace()
{
#if QT_VERSION_MAJOR >= 6
    return QMetaType::fromName("ka").metaObject();
#else
    return &ka::staticMetaObject;
#endif
}

class Backend : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QAbstractSocket *socket READ socket NOTIFY socketChanged)
    // A guard of the program's own, and one that it is given.
    Q_PROPERTY(ka::KeepAlive *guard READ guard CONSTANT)
    Q_PROPERTY(ka::KeepAlive *shown MEMBER m_shown NOTIFY shownChanged)

public:
    explicit Backend(QQmlEngine *engine)
    {
        connect(engine, &QQmlEngine::warnings, this, [this](const QList<QQmlError> &errors) {
            for (const QQmlError &error : errors)
                m_warnings << error.toString();
        });
    }

    QAbstractSocket *socket() const { return m_socket; }
    ka::KeepAlive *guard() { return &m_guard; }

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
        return valuesOf(type->property(type->indexOfProperty(property.toLatin1())).enumerator());
    }
    /// The same for the enum's name, as QML finds them that was compiled (KeysForQmlCompiler).
    Q_INVOKABLE QVariantMap compiledKeysOf(const QString &name) const
    {
        const QMetaObject *type = namedAfterTheNamespace();
        return valuesOf(type->enumerator(type->indexOfEnumerator(name.toLatin1())));
    }
    /// Another socket, which is not connected.
    Q_INVOKABLE QObject *otherSocket() { return m_other; }
    /// The idle time that the connection has, in seconds.
    Q_INVOKABLE int idleInKernel() const
    {
        int seconds = -1;
        socklen_t length = sizeof seconds;
        ::getsockopt(int(m_socket->socketDescriptor()), IPPROTO_TCP, TCP_KEEPIDLE, &seconds,
                     &length);
        return seconds;
    }
    /// For what a page has to say.
    Q_INVOKABLE void told(const QString &words) { m_warnings << words; }
    /// What was told, and what QML has warned of with file and line.
    Q_INVOKABLE QStringList warnings() const { return m_warnings; }
    Q_INVOKABLE void forgetWarnings() { m_warnings.clear(); }
    Q_INVOKABLE void exchangeSocket()
    {
        QTcpSocket *old = m_socket;
        m_socket = new QTcpSocket(this);
        Q_EMIT socketChanged();
        delete old;
    }

Q_SIGNALS:
    void socketChanged();
    void shownChanged();

private:
    static QVariantMap valuesOf(const QMetaEnum &keys)
    {
        QVariantMap values;
        for (int i = 0; i < keys.keyCount(); ++i)
            values.insert(QLatin1String(keys.key(i)), keys.value(i));
        return values;
    }

    Peer m_peer;
    QStringList m_warnings;
    QTcpSocket *m_other = new QTcpSocket(this);
    ka::KeepAlive m_guard;
    ka::KeepAlive *m_shown = nullptr;
    QTcpSocket *m_socket = new QTcpSocket(this);
};

class Setup : public QObject
{
    Q_OBJECT

public slots:
    void qmlEngineAvailable(QQmlEngine *engine)
    {
        engine->rootContext()->setContextProperty(QStringLiteral("context_backend"),
                                                  new Backend(engine));
    }
};

QUICK_TEST_MAIN_WITH_SETUP(backed, Setup)
#include "main.moc"
