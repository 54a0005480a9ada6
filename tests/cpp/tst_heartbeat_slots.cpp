// SPDX-License-Identifier: MIT OR Apache-2.0

// What slots may do while the guard beats, suspects, and loses a peer.

#include "guarded.h"

#include <QtCore/QPointer>
#include <QtTest/QtTest>

using ka::KeepAlive;
using ka::LossReason;

using Signal = void (KeepAlive::*)();
Q_DECLARE_METATYPE(Signal)

class tst_HeartbeatSlots : public QObject
{
    Q_OBJECT

private slots:
    void aSlotMayDeleteTheGuardOrTheSocket_data();
    void aSlotMayDeleteTheGuardOrTheSocket();
    void aSlotMayChangeTheHeartbeat_data();
    void aSlotMayChangeTheHeartbeat();
    void aSlotMayCloseTheSocket_data();
    void aSlotMayCloseTheSocket();
    void aSlotOfTheBeatMayExchangeTheSocket();
    void aReconnectAfterAMissedHeartbeatIsGuarded();

private:
    static void signalRows();
};

void tst_HeartbeatSlots::signalRows()
{
    QTest::addColumn<Signal>("signal");
    QTest::newRow("heartbeatDue") << Signal(&KeepAlive::heartbeatDue);
    QTest::newRow("connectionSuspect") << Signal(&KeepAlive::connectionSuspect);
    QTest::newRow("stateChanged") << Signal(&KeepAlive::stateChanged);
}

void tst_HeartbeatSlots::aSlotMayDeleteTheGuardOrTheSocket_data()
{
    QTest::addColumn<QByteArray>("when");
    QTest::addColumn<int>("what");
    for (const char *when : {"heartbeatDue", "connectionSuspect", "connectionLost"}) {
        QTest::addRow("%s: delete the guard", when) << QByteArray(when) << 0;
        QTest::addRow("%s: delete the socket later", when) << QByteArray(when) << 1;
        QTest::addRow("%s: delete both", when) << QByteArray(when) << 2;
    }
    // The socket signals nothing at these two.
    QTest::newRow("heartbeatDue: delete the socket") << QByteArray("heartbeatDue") << 3;
    QTest::newRow("connectionSuspect: delete the socket") << QByteArray("connectionSuspect") << 3;
}

void tst_HeartbeatSlots::aSlotMayDeleteTheGuardOrTheSocket()
{
    QFETCH(QByteArray, when);
    QFETCH(int, what);
    for (const bool child : {true, false}) {
        Peer peer;
        QPointer<QTcpSocket> socket(new QTcpSocket);
        QPointer<KeepAlive> guard(new KeepAlive(child ? socket : nullptr));
        guard->setSocket(socket);
        guard->setHeartbeatInterval(30);
        guard->setHeartbeatTimeout(100);
        int calls = 0;
        const auto deed = [&] {
            ++calls;
            if (what == 0 || what == 2)
                delete guard;
            if (what == 1 || what == 2)
                socket->deleteLater();
            if (what == 3)
                delete socket;
        };
        if (when == "heartbeatDue")
            connect(guard, &KeepAlive::heartbeatDue, this, deed);
        else if (when == "connectionSuspect")
            connect(guard, &KeepAlive::connectionSuspect, this, deed);
        else
            connect(guard, &KeepAlive::connectionLost, this, deed);
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        QTRY_VERIFY(calls > 0);
        QTest::qWait(150); // the time of a verdict, had anything been left behind
        QCOMPARE(calls, 1);
        if (what != 0)
            QVERIFY(!socket);
        delete guard;
        delete socket;
    }
}

void tst_HeartbeatSlots::aSlotMayChangeTheHeartbeat_data()
{
    signalRows();
}

void tst_HeartbeatSlots::aSlotMayChangeTheHeartbeat()
{
    QFETCH(Signal, signal);
    Guarded it;
    it.setHeartbeat(40, 120);
    QVERIFY(it.connect());
    bool done = false;
    connect(&it.guard, signal, this, [&] {
        if (std::exchange(done, true))
            return;
        it.guard.setHeartbeatTimeout(10000);
        it.guard.setHeartbeatInterval(60);
        it.guard.setHeartbeatPayload("ping\n");
        it.guard.setAbortOnLoss(false);
    });
    QTRY_VERIFY(done);
    {
        const Answering answers(it.peer);
        QTRY_VERIFY(it.peer.received().contains("ping\nping\n"));
    }
    QTest::qWait(200);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.detectionTime(), 10000);
    // And to the contrary.
    it.guard.setHeartbeatTimeout(100);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
}

void tst_HeartbeatSlots::aSlotMayCloseTheSocket_data()
{
    signalRows();
}

void tst_HeartbeatSlots::aSlotMayCloseTheSocket()
{
    QFETCH(Signal, signal);
    for (const bool payload : {false, true}) {
        if (payload && signal == Signal(&KeepAlive::heartbeatDue))
            continue;
        Guarded it;
        it.setHeartbeat(40, 120, payload ? "ping\n" : "");
        QVERIFY(it.connect());
        connect(&it.guard, signal, &it.socket, [&] { it.socket.abort(); });
        QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(150);
        QCOMPARE(it.lost.size(), 0);
        QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    }
}

void tst_HeartbeatSlots::aSlotOfTheBeatMayExchangeTheSocket()
{
    Guarded it;
    it.setHeartbeat(40, 120);
    QVERIFY(it.connect());
    Peer peer;
    QTcpSocket other;
    other.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(other.waitForConnected() && peer.accept());
    connect(&it.guard, &KeepAlive::connectionSuspect, this, [&] {
        it.guard.setHeartbeatPayload("ping\n");
        it.guard.setSocket(&other);
    });
    QTRY_COMPARE(it.guard.socket(), &other);
    QTRY_VERIFY(peer.received().startsWith("ping\n"));
    QCOMPARE(it.peer.take(), QByteArray());
    QCOMPARE(it.socket.state(), QAbstractSocket::ConnectedState);
    it.guard.setSocket(nullptr);
}

void tst_HeartbeatSlots::aReconnectAfterAMissedHeartbeatIsGuarded()
{
    Guarded it;
    it.setHeartbeat(40, 120, "ping\n");
    QVERIFY(it.connect());
    QSignalSpy disconnected(&it.socket, &QTcpSocket::disconnected);
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] {
        QCOMPARE(disconnected.size(), it.lost.size() - 1);
        if (it.lost.size() < 3)
            it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    });
    for (int round = 1; round <= 3; ++round) {
        QTRY_COMPARE(it.lost.size(), round);
        QCOMPARE(it.lost.last().first().value<LossReason>(), LossReason::HeartbeatMissed);
        QTRY_COMPARE(disconnected.size(), round);
        if (round == 3)
            break;
        QVERIFY(it.peer.accept());
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
        QTRY_VERIFY(it.peer.received().startsWith("ping\n"));
    }
    QTest::qWait(150);
    QCOMPARE(it.lost.size(), 3);
}

QTEST_GUILESS_MAIN(tst_HeartbeatSlots)
#include "tst_heartbeat_slots.moc"
