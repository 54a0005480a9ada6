// SPDX-License-Identifier: MIT OR Apache-2.0

// A loss that the guard finds before the kernel does, or that Qt would not find: what becomes of the
// socket, with abortOnLoss and without.

#include "guarded.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QThread>
#include <QtTest/QtTest>

#include <sys/ioctl.h>

using ka::KeepAlive;
using ka::LossReason;

class tst_Abort : public QObject
{
    Q_OBJECT

private slots:
    void aLostConnectionIsAborted();
    void nothingQueuedReachesThePeerAfterTheLoss();
    void withBlockedSignalsOfTheSocketTheLossIsToldAllTheSame();

    void withoutAbortTheSocketIsLeftAsItIs();
    void withoutAbortTheLossIsToldOnce_data();
    void withoutAbortTheLossIsToldOnce();
    void withoutAbortALaterFinIsNotHeldBack();
    void withoutAbortTheSlotMayAbortAndReconnect();

    void aFullReadBufferHidesNoEnd_data();
    void aFullReadBufferHidesNoEnd();
    void anEndBehindAFullReadBufferIsToldOnce();

private:
    /// Lets the guard look at its connection again: it does so in each thread that it comes to.
    static void lookAgain(Guarded &it);
};

void tst_Abort::lookAgain(Guarded &it)
{
    ScopedThread thread;
    thread.start();
    QThread *const here = QThread::currentThread();
    it.socket.moveToThread(&thread);
    QTest::qWait(100);
    QMetaObject::invokeMethod(
            &it.socket, [&] { it.socket.moveToThread(here); }, Qt::BlockingQueuedConnection);
    thread.quit();
    QVERIFY(thread.wait());
    QTest::qWait(100);
}

void tst_Abort::aLostConnectionIsAborted()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    QVERIFY(it.connect());
    QStringList order;
    connect(&it.guard, &KeepAlive::connectionLost, this, [&](LossReason reason) {
        order << QStringLiteral("lost");
        QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
        QCOMPARE(it.guard.lossReason(), reason);
        QCOMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    });
    connect(&it.socket, &QTcpSocket::disconnected, this,
            [&] { order << QStringLiteral("disconnected"); });
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY(it.peer.seesReset());
    QTest::qWait(20);
    QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("lost disconnected"));
}

void tst_Abort::nothingQueuedReachesThePeerAfterTheLoss()
{
    Guarded it;
    it.peer.receiveLittle();
    it.setHeartbeat(50, 150, "ping\n");
    QVERIFY(it.connect());
    const QByteArray data(1 << 20, 'x');
    it.socket.write(data);
    int arrivedBefore = -1;
    connect(&it.guard, &KeepAlive::connectionLost, this,
            [&] { ::ioctl(it.peer.descriptor(), FIONREAD, &arrivedBefore); });
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY(it.peer.seesReset());
    QVERIFY(arrivedBefore > 0);
    qsizetype arrived = 0;
    while (const qsizetype more = it.peer.take().size())
        arrived += more;
    QCOMPARE(arrived, qsizetype(arrivedBefore));
    QVERIFY(arrived < data.size() / 2);
}

void tst_Abort::withBlockedSignalsOfTheSocketTheLossIsToldAllTheSame()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    QVERIFY(it.connect());
    it.socket.blockSignals(true);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QCOMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    it.socket.blockSignals(false);
    QVERIFY(it.connect());
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

void tst_Abort::withoutAbortTheSocketIsLeftAsItIs()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    it.guard.setAbortOnLoss(false);
    QVERIFY(it.connect());
    QSignalSpy disconnected(&it.socket, &QTcpSocket::disconnected);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QCOMPARE(it.socket.state(), QAbstractSocket::ConnectedState);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QCOMPARE(it.guard.detectionTime(), -1);
    // No more beats, and the program may still talk.
    it.peer.forget();
    QVERIFY(it.peer.send("sorry\n"));
    QTRY_COMPARE(it.socket.bytesAvailable(), 6);
    QCOMPARE(it.socket.readAll(), QByteArray("sorry\n"));
    it.socket.write("too late\n");
    QTest::qWait(200);
    QCOMPARE(it.peer.received(), QByteArray("too late\n"));
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QCOMPARE(disconnected.size(), 0);
    QCOMPARE(it.lost.size(), 1);
}

void tst_Abort::withoutAbortTheLossIsToldOnce_data()
{
    QTest::addColumn<int>("then");
    QTest::newRow("the program closes") << 0;
    QTest::newRow("the program aborts") << 1;
    QTest::newRow("the peer closes") << 2;
    QTest::newRow("the peer resets") << 3;
    QTest::newRow("the guard looks again") << 4;
    QTest::newRow("the settings change") << 5;
}

void tst_Abort::withoutAbortTheLossIsToldOnce()
{
    QFETCH(int, then);
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    it.guard.setAbortOnLoss(false);
    QVERIFY(it.connect());
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    switch (then) {
    case 0:
        it.socket.close();
        break;
    case 1:
        it.socket.abort();
        break;
    case 2:
        it.peer.finish();
        break;
    case 3:
        it.peer.reset();
        break;
    case 4:
        lookAgain(it);
        break;
    default:
        it.guard.setDetectWithin(2000);
        it.guard.setHeartbeatInterval(40);
        it.guard.setEnabled(false);
        it.guard.setEnabled(true);
        break;
    }
    if (then < 4)
        QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QTest::qWait(250);
    QCOMPARE(it.lost.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QCOMPARE(it.guard.lossReason(), LossReason::HeartbeatMissed);
    // The next connection is guarded as if nothing had been.
    it.socket.abort();
    QVERIFY(it.connect());
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    it.peer.reset();
    QTRY_COMPARE(it.lost.size(), 2);
}

void tst_Abort::withoutAbortALaterFinIsNotHeldBack()
{
    Guarded it;
    it.setHeartbeat(50, 150);
    it.guard.setAbortOnLoss(false);
    QVERIFY(it.connect());
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    it.socket.close();
    QVERIFY(it.peer.seesFin());
}

void tst_Abort::withoutAbortTheSlotMayAbortAndReconnect()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    it.guard.setAbortOnLoss(false);
    QVERIFY(it.connect());
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] {
        if (it.lost.size() > 1)
            return;
        it.socket.abort();
        it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    });
    QTRY_COMPARE(it.lost.size(), 1);
    QVERIFY(it.peer.accept());
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QTRY_COMPARE(it.lost.size(), 2);
    QTest::qWait(200);
    QCOMPARE(it.lost.size(), 2);
    QCOMPARE(it.socket.state(), QAbstractSocket::ConnectedState);
}

void tst_Abort::aFullReadBufferHidesNoEnd_data()
{
    QTest::addColumn<bool>("reset");
    QTest::newRow("FIN") << false;
    QTest::newRow("RST") << true;
}

/// With a full buffer Qt does not read, and does not find out.
void tst_Abort::aFullReadBufferHidesNoEnd()
{
    QFETCH(bool, reset);
    Guarded it;
    it.guard.setDetectWithin(2000);
    it.socket.setReadBufferSize(16);
    QVERIFY(it.connect());
    QVERIFY(it.peer.send(QByteArray(10000, 'x')));
    QTRY_COMPARE(it.socket.bytesAvailable(), 16);
    QElapsedTimer time;
    time.start();
    if (reset)
        it.peer.reset();
    else
        it.peer.halfClose();
    QTRY_COMPARE(it.lost.size(), 1);
    QVERIFY2(time.elapsed() <= 2000 + 350, qPrintable(QString::number(time.elapsed())));
    QCOMPARE(it.reason(), reset ? LossReason::PeerReset : LossReason::PeerClosed);
    if (!reset) {
        // What came before the FIN is the program's.
        QCOMPARE(it.socket.state(), QAbstractSocket::ConnectedState);
        it.socket.setReadBufferSize(0);
        QTRY_COMPARE(it.socket.bytesAvailable(), 10000);
    }
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QTest::qWait(50);
    QCOMPARE(it.lost.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
}

void tst_Abort::anEndBehindAFullReadBufferIsToldOnce()
{
    Guarded it;
    it.setHeartbeat(100, 250);
    it.socket.setReadBufferSize(16);
    QVERIFY(it.connect());
    QVERIFY(it.peer.send(QByteArray(10000, 'x')));
    QTRY_COMPARE(it.socket.bytesAvailable(), 16);
    it.peer.halfClose();
    QTRY_COMPARE(it.reason(), LossReason::PeerClosed);
    lookAgain(it);
    QTest::qWait(500);
    QCOMPARE(it.lost.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QCOMPARE(it.socket.state(), QAbstractSocket::ConnectedState);
}

QTEST_GUILESS_MAIN(tst_Abort)
#include "tst_abort.moc"
