// SPDX-License-Identifier: MIT OR Apache-2.0

// QSslSocket shows its descriptor later than QTcpSocket does, and its peer can end the session
// before it ends the connection.

#include "tls_server.h"

#include <ka/keepalive.h>
#include <ka/socket.h>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

class tst_Tls : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        QVERIFY2(QSslSocket::supportsSsl(), "Qt finds no TLS library");
        m_server = std::make_unique<TlsServer>();
        m_socket = std::make_unique<QSslSocket>();
        m_socket->setPeerVerifyMode(QSslSocket::VerifyNone);
        m_guard = new KeepAlive(m_socket.get());
        m_guard->setDetectWithin(6000);
        m_lost = std::make_unique<QSignalSpy>(m_guard, &KeepAlive::connectionLost);
    }

    void theOptionsAreAppliedInEventStyle()
    {
        connectEncrypted();
        QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
        QCOMPARE(m_guard->detectionTime(), 6000);
        QVERIFY(ka::query(m_socket->socketDescriptor()).idle == 3s);
    }

    void theOptionsAreAppliedAfterAReconnect()
    {
        connectEncrypted();
        m_socket->abort();
        QCOMPARE(m_lost->size(), 0);
        connectEncrypted();
        QVERIFY(ka::query(m_socket->socketDescriptor()).idle == 3s);
    }

    void aPeerThatClosesIsPeerClosed()
    {
        connectEncrypted();
        m_server->peer->disconnectFromHost();
        QTRY_COMPARE(m_lost->size(), 1);
        QCOMPARE(m_lost->first().first().value<LossReason>(), LossReason::PeerClosed);
    }

    void aPeerThatResetsIsPeerReset()
    {
        connectEncrypted();
        const linger hard{1, 0};
        QCOMPARE(::setsockopt(int(m_server->peer->socketDescriptor()), SOL_SOCKET, SO_LINGER, &hard,
                              sizeof hard),
                 0);
        m_server->peer->abort();
        QTRY_COMPARE(m_lost->size(), 1);
        QCOMPARE(m_lost->first().first().value<LossReason>(), LossReason::PeerReset);
    }

    void anOwnCloseIsNoLoss()
    {
        connectEncrypted();
        m_socket->disconnectFromHost();
        QTRY_COMPARE(m_socket->state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(20);
        QCOMPARE(m_lost->size(), 0);
    }

    /// As Qt's own example does it: a dialog in a slot of sslErrors().
    void aHandshakeThatWaitsForAPersonIsNotDisturbedByTheHeartbeat()
    {
        m_socket->setPeerVerifyMode(QSslSocket::VerifyPeer);
        m_guard->setHeartbeatInterval(50);
        m_guard->setHeartbeatTimeout(150);
        m_guard->setHeartbeatPayload("ping\n");
        int asked = 0;
        QSignalSpy due(m_guard, &KeepAlive::heartbeatDue);
        connect(m_socket.get(), QOverload<const QList<QSslError> &>::of(&QSslSocket::sslErrors),
                this, [&] {
                    ++asked;
                    QTest::qWait(600);
                    m_socket->ignoreSslErrors();
                });
        m_socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), m_server->serverPort());
        QTRY_VERIFY(m_socket->isEncrypted());
        QCOMPARE(asked, 1);
        QCOMPARE(m_lost->size(), 0);
        // From now on its program is asked, and does not answer.
        QTRY_COMPARE(m_lost->size(), 1);
        QCOMPARE(m_lost->first().first().value<LossReason>(), LossReason::HeartbeatMissed);
    }

    void theHeartbeatGoesThroughTheSession()
    {
        m_guard->setHeartbeatInterval(50);
        m_guard->setHeartbeatTimeout(300);
        m_guard->setHeartbeatPayload("ping\n");
        connectEncrypted();
        QByteArray got;
        bool answers = true;
        connect(m_server->peer, &QSslSocket::readyRead, this, [&] {
            got += m_server->peer->readAll();
            if (answers)
                m_server->peer->write("pong\n");
        });
        QTRY_VERIFY(got.startsWith("ping\nping\nping\nping\nping\nping\nping\nping\n"));
        QCOMPARE(m_lost->size(), 0);
        answers = false;
        QStringList order;
        QStringList words;
        const auto note = [&](const char *what) {
            order << QLatin1String(what);
            words << m_socket->errorString();
        };
        connect(m_socket.get(), &QSslSocket::errorOccurred, this, [&] { note("error"); });
        connect(m_socket.get(), &QSslSocket::stateChanged, this, [&] { note("state"); });
        connect(m_guard, &KeepAlive::connectionLost, this, [&] { note("lost"); });
        connect(m_socket.get(), &QSslSocket::disconnected, this, [&] { note("disconnected"); });
        QTRY_COMPARE(m_lost->size(), 1);
        QCOMPARE(m_lost->first().first().value<LossReason>(), LossReason::HeartbeatMissed);
        QTRY_COMPARE(m_socket->state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(20);
        QCOMPARE(m_lost->size(), 1);
        // The socket says so, too, and goes on saying it.
        QCOMPARE(m_socket->error(), QAbstractSocket::SocketTimeoutError);
        const QString why = m_lost->first().last().toString();
        QCOMPARE(m_socket->errorString(), why);
        QCOMPARE(order.first(), QStringLiteral("error"));
        QCOMPARE(order.count(QStringLiteral("error")), 1);
        QCOMPARE(order.last(), QStringLiteral("disconnected"));
        QVERIFY(order.indexOf(QStringLiteral("lost")) > 0);
        QVERIFY2(words.count(why) == words.size(), qPrintable(words.join(QLatin1Char('|'))));
    }

    void aRefusedCertificateIsNoLoss()
    {
        m_socket->setPeerVerifyMode(QSslSocket::VerifyPeer);
        QSignalSpy failed(m_socket.get(), &QSslSocket::errorOccurred);
        m_socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), m_server->serverPort());
        QTRY_VERIFY(!failed.isEmpty());
        QTRY_COMPARE(m_socket->state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(20);
        QCOMPARE(m_lost->size(), 0);
    }

private:
    void connectEncrypted()
    {
        m_socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), m_server->serverPort());
        QTRY_VERIFY(m_socket->isEncrypted());
        QTRY_VERIFY(m_server->peer && m_server->peer->isEncrypted());
    }

    std::unique_ptr<TlsServer> m_server;
    std::unique_ptr<QSslSocket> m_socket;
    KeepAlive *m_guard = nullptr;
    std::unique_ptr<QSignalSpy> m_lost;
};

QTEST_GUILESS_MAIN(tst_Tls)
#include "tst_tls.moc"
