// SPDX-License-Identifier: MIT OR Apache-2.0

// A QWebSocket makes a new socket at each open(), and frames what is sent: its heart-beat is its own
// ping, and a pong is an answer.

#include <ka/keepalive.h>
#include <ka/server.h>

#include <QtCore/QPointer>
#include <QtNetwork/QTcpServer>
#include <QtTest/QtTest>
#include <QtWebSockets/QWebSocket>
#include <QtWebSockets/QWebSocketServer>

using ka::KeepAlive;
using ka::LossReason;

class tst_WebSocket : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_server = std::make_unique<QWebSocketServer>(QString(), QWebSocketServer::NonSecureMode);
        QVERIFY(m_server->listen(QHostAddress::LocalHost));
        m_client = std::make_unique<QWebSocket>();
        m_guard = new KeepAlive(m_client.get());
        m_lost = std::make_unique<QSignalSpy>(m_guard, &KeepAlive::connectionLost);
        m_pongs = std::make_unique<QSignalSpy>(m_client.get(), &QWebSocket::pong);
    }
    void cleanup()
    {
        m_client.reset();
        m_server.reset();
    }

    void itIsGuardedBeforeItHasASocket()
    {
        QCOMPARE(m_guard->socket(), m_client.get());
        QCOMPARE(m_guard->state(), KeepAlive::State::Waiting);
        QCOMPARE(m_guard->errorString(), QString());
    }

    void eachOpenIsGuarded()
    {
        m_guard->setDetectWithin(6000);
        for (int round = 1; round <= 3; ++round) {
            open();
            QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
            QCOMPARE(m_guard->detectionTime(), 6000);
            m_peer->abort();
            QTRY_COMPARE(m_lost->size(), round);
            QTRY_COMPARE(m_client->state(), QAbstractSocket::UnconnectedState);
        }
    }

    void aCloseOfThisSideIsNoLoss()
    {
        open();
        m_client->close();
        QTRY_COMPARE(m_client->state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(50);
        QCOMPARE(m_lost->size(), 0);
    }

    void aPongIsAnAnswer()
    {
        beat(50, 200);
        open();
        QTest::qWait(800);
        QVERIFY(m_pongs->size() >= 8);
        QCOMPARE(m_lost->size(), 0);
        QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
    }

    void aPeerWhoseProgramHangsIsLost()
    {
        beat(50, 200);
        open();
        QTRY_VERIFY(m_pongs->size() >= 2);
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
        QSignalSpy failed(m_client.get(), &QWebSocket::errorOccurred);
#else
        QSignalSpy failed(m_client.get(), SIGNAL(error(QAbstractSocket::SocketError)));
#endif
        hang();
        QTRY_COMPARE(m_lost->size(), 1);
        QCOMPARE(m_lost->first().first().value<LossReason>(), LossReason::HeartbeatMissed);
        QTRY_COMPARE(m_client->state(), QAbstractSocket::UnconnectedState);
        // It says so itself.
        QCOMPARE(failed.size(), 1);
        QCOMPARE(m_client->error(), QAbstractSocket::SocketTimeoutError);
        QCOMPARE(m_client->errorString(), m_lost->first().last().toString());
        // The next one beats again.
        const qsizetype pongs = m_pongs->size();
        open();
        QTRY_VERIFY(m_pongs->size() >= pongs + 2);
        QCOMPARE(m_lost->size(), 1);
    }

    void itMayBeOpenedAgainInTheLostSlot()
    {
        beat(50, 200);
        open();
        connect(
                m_guard, &KeepAlive::connectionLost, m_client.get(),
                [this] { m_client->open(m_server->serverUrl()); }, Qt::QueuedConnection);
        hang();
        QTRY_COMPARE(m_lost->size(), 1);
        const qsizetype pongs = m_pongs->size();
        QTRY_VERIFY(m_pongs->size() >= pongs + 4);
        QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
        QCOMPARE(m_lost->size(), 1);
    }

    void aRawPayloadFromBeforeIsNotWritten()
    {
        KeepAlive guard;
        m_guard->setSocket(nullptr);
        guard.setHeartbeatPayload("ping");
        guard.setHeartbeatInterval(50);
        guard.setHeartbeatTimeout(60000);
        guard.setSocket(m_client.get());
        QCOMPARE(guard.socket(), m_client.get());
        QVERIFY(guard.errorString().startsWith(QLatin1String("heartbeatPayload: QWebSocket")));
        QSignalSpy due(&guard, &KeepAlive::heartbeatDue);
        open();
        QTRY_VERIFY(due.size() >= 3);
        QCOMPARE(m_client->state(), QAbstractSocket::ConnectedState);
        guard.setSocket(nullptr);
    }

    void aServersConnectionsAreGuardedByTheServerThatItMakes()
    {
        auto *server = m_server->findChild<QTcpServer *>();
        QVERIFY(server);
        int calls = 0;
        ka::guardConnections(server, std::chrono::seconds(6), [&](const KeepAlive *link) {
            QCOMPARE(link->state(), KeepAlive::State::Healthy);
            ++calls;
        });
        open();
        QCOMPARE(calls, 1);
    }

    void connectionsThatAServerIsHandedAreGuarded()
    {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        QList<KeepAlive *> links;
        ka::guardConnections(&server, std::chrono::seconds(6),
                             [&](KeepAlive *link) { links << link; });
        connect(&server, &QTcpServer::newConnection, m_server.get(),
                [&] { m_server->handleConnection(server.nextPendingConnection()); });
        m_client->open(QUrl(QStringLiteral("ws://127.0.0.1:%1").arg(server.serverPort())));
        QTRY_COMPARE(m_client->state(), QAbstractSocket::ConnectedState);
        QTRY_COMPARE(links.size(), 1);
        QCOMPARE(links.first()->state(), KeepAlive::State::Healthy);
        QSignalSpy lost(links.first(), &KeepAlive::connectionLost);
        m_client->abort();
        QTRY_COMPARE(lost.size(), 1);
    }

    void aRawPayloadIsRefused()
    {
        m_guard->setHeartbeatPayload("ping");
        QCOMPARE(m_guard->heartbeatPayload(), QByteArray());
        QVERIFY(!m_guard->errorString().isEmpty());
    }

private:
    void open()
    {
        m_client->open(m_server->serverUrl());
        QTRY_VERIFY(m_server->hasPendingConnections());
        m_peer = m_server->nextPendingConnection();
        QTRY_COMPARE(m_client->state(), QAbstractSocket::ConnectedState);
    }

    void beat(int interval, int timeout)
    {
        m_guard->setHeartbeatInterval(interval);
        m_guard->setHeartbeatTimeout(timeout);
        connect(m_guard, &KeepAlive::heartbeatDue, m_client.get(), [this] { m_client->ping(); });
    }

    /// The peer's program reads nothing more; its kernel does as before.
    void hang()
    {
        const auto sockets = m_server->findChildren<QAbstractSocket *>();
        QVERIFY(!sockets.isEmpty());
        for (QAbstractSocket *socket : sockets)
            socket->disconnect(SIGNAL(readyRead()));
    }

    std::unique_ptr<QWebSocketServer> m_server;
    std::unique_ptr<QWebSocket> m_client;
    QWebSocket *m_peer = nullptr;
    KeepAlive *m_guard = nullptr;
    std::unique_ptr<QSignalSpy> m_lost;
    std::unique_ptr<QSignalSpy> m_pongs;
};

QTEST_GUILESS_MAIN(tst_WebSocket)
#include "tst_websocket.moc"
