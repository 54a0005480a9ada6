// SPDX-License-Identifier: MIT OR Apache-2.0

// Which end of a connection is a loss, and of what kind. What takes a network to fail is tested in
// tests/system.

#include "guarded.h"

#include <QtTest/QtTest>

#include <fcntl.h>

using ka::KeepAlive;
using ka::LossReason;

class tst_Loss : public QObject
{
    Q_OBJECT

private slots:
    void finIsPeerClosedAndResetIsPeerReset_data();
    void finIsPeerClosedAndResetIsPeerReset();
    void aHalfCloseIsPeerClosedAndReceivedDataStaysReadable();
    void aResetMetByAWriteIsPeerReset();
    void aGuardThatComesAfterTheEndKnowsTheReason();
    void theDetailIsASentenceForAPerson();
    void theSignalsComeInOrderAndOnce();

    void anOwnCloseIsNoLoss_data();
    void anOwnCloseIsNoLoss();
    void anOwnCloseIsNoLossAlthoughThePeerIsGoneAlready_data();
    void anOwnCloseIsNoLossAlthoughThePeerIsGoneAlready();
    void anOwnCloseAfterAnEarlierLossIsNoLoss();
    void anExpiredWaitIsNoLoss();
    void aConnectThatNeverSucceededIsNoLoss();
    void theLossStandsUntilTheNextConnect();
    void whatLedToTheLossIsThereUntilTheNextConnect();
};

void tst_Loss::finIsPeerClosedAndResetIsPeerReset_data()
{
    QTest::addColumn<bool>("hard");
    QTest::addColumn<bool>("unreadData");
    QTest::newRow("FIN") << false << false;
    QTest::newRow("FIN behind data") << false << true;
    QTest::newRow("RST") << true << false;
    QTest::newRow("RST behind data") << true << true;
}

void tst_Loss::finIsPeerClosedAndResetIsPeerReset()
{
    QFETCH(bool, hard);
    QFETCH(bool, unreadData);
    Guarded it;
    QVERIFY(it.connect());
    if (unreadData)
        QVERIFY(it.peer.send("last words"));
    if (hard)
        it.peer.reset();
    else
        it.peer.finish();
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    const LossReason expected = hard ? LossReason::PeerReset : LossReason::PeerClosed;
    QCOMPARE(it.reason(), expected);
    QCOMPARE(it.guard.lossReason(), expected);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
}

void tst_Loss::aHalfCloseIsPeerClosedAndReceivedDataStaysReadable()
{
    Guarded it;
    QVERIFY(it.connect());
    QByteArray read;
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] { read = it.socket.readAll(); });
    QVERIFY(it.peer.send("last words"));
    it.peer.halfClose();
    QTRY_COMPARE(it.reason(), LossReason::PeerClosed);
    QCOMPARE(read, QByteArray("last words"));
}

void tst_Loss::aResetMetByAWriteIsPeerReset()
{
    Guarded it;
    QVERIFY(it.connect());
    it.peer.reset();
    QTest::qSleep(20);
    it.socket.write("x");
    it.socket.flush();
    QTRY_COMPARE(it.reason(), LossReason::PeerReset);
}

void tst_Loss::aGuardThatComesAfterTheEndKnowsTheReason()
{
    // The kernel knows of it, and Qt has not heard yet.
    for (const bool hard : {false, true}) {
        Peer peer;
        QTcpSocket socket;
        socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket.waitForConnected() && peer.accept());
        if (hard)
            peer.reset();
        else
            peer.finish();
        QThread::msleep(50);
        KeepAlive guard(&socket);
        QSignalSpy lost(&guard, &KeepAlive::connectionLost);
        QCOMPARE(guard.errorString(), QString());
        QTRY_COMPARE(lost.size(), 1);
        QCOMPARE(guard.lossReason(), hard ? LossReason::PeerReset : LossReason::PeerClosed);
        QTest::qWait(20);
        QCOMPARE(lost.size(), 1);
    }
}

void tst_Loss::theDetailIsASentenceForAPerson()
{
    Guarded it;
    QVERIFY(it.connect());
    it.peer.finish();
    QTRY_COMPARE(it.lost.size(), 1);
    QCOMPARE(it.lost.first().last().toString(), QStringLiteral("the peer closed the connection"));
}

void tst_Loss::theSignalsComeInOrderAndOnce()
{
    Guarded it;
    QVERIFY(it.connect());
    QStringList order;
    const auto note = [&](const char *what) { order << QLatin1String(what); };
    connect(&it.guard, &KeepAlive::stateChanged, this, [&] { note("state"); });
    connect(&it.guard, &KeepAlive::lossReasonChanged, this, [&] { note("reason"); });
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] { note("lost"); });
    connect(&it.socket, &QTcpSocket::disconnected, this, [&] { note("disconnected"); });
    it.peer.finish();
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QTest::qWait(20);
    QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("state reason lost disconnected"));
}

void tst_Loss::anOwnCloseIsNoLoss_data()
{
    QTest::addColumn<int>("way");
    QTest::newRow("close()") << 0;
    QTest::newRow("disconnectFromHost()") << 1;
    QTest::newRow("disconnectFromHost() with data to send") << 2;
    QTest::newRow("abort()") << 3;
}

static void closeIn(int way, QTcpSocket &socket)
{
    switch (way) {
    case 0:
        socket.close();
        break;
    case 2:
        socket.write(QByteArray(100000, 'x'));
        Q_FALLTHROUGH();
    case 1:
        socket.disconnectFromHost();
        break;
    default:
        socket.abort();
        break;
    }
}

void tst_Loss::anOwnCloseIsNoLoss()
{
    QFETCH(int, way);
    Guarded it;
    QVERIFY(it.connect());
    closeIn(way, it.socket);
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QTest::qWait(20);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    QCOMPARE(it.guard.lossReason(), LossReason::NoLoss);
}

void tst_Loss::anOwnCloseIsNoLossAlthoughThePeerIsGoneAlready_data()
{
    QTest::addColumn<bool>("hard");
    QTest::addColumn<int>("way");
    for (const bool hard : {false, true}) {
        for (const int way : {0, 1, 3})
            QTest::addRow("%s, way %d", hard ? "RST" : "FIN", way) << hard << way;
    }
}

void tst_Loss::anOwnCloseIsNoLossAlthoughThePeerIsGoneAlready()
{
    QFETCH(bool, hard);
    QFETCH(int, way);
    Guarded it;
    QVERIFY(it.connect());
    if (hard)
        it.peer.reset();
    else
        it.peer.finish();
    // The segment is there; Qt has not looked yet, and the program closes.
    QTest::qSleep(20);
    closeIn(way, it.socket);
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QTest::qWait(20);
    QCOMPARE(it.lost.size(), 0);
}

void tst_Loss::anOwnCloseAfterAnEarlierLossIsNoLoss()
{
    Guarded it;
    for (const bool peerGone : {false, true}) {
        QVERIFY(it.connect());
        it.peer.finish();
        QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
        it.lost.clear();
        // The error of that loss is an old one now.
        QVERIFY(it.connect());
        if (peerGone) {
            it.peer.finish();
            QTest::qSleep(20);
        }
        it.socket.abort();
        QCOMPARE(it.lost.size(), 0);
        QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    }
}

void tst_Loss::anExpiredWaitIsNoLoss()
{
    Guarded it;
    QVERIFY(it.connect());
    QVERIFY(!it.socket.waitForReadyRead(20));
    QCOMPARE(it.socket.error(), QAbstractSocket::SocketTimeoutError);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    it.socket.close();
    QCOMPARE(it.lost.size(), 0);
    // And what comes after one is told like any other.
    QVERIFY(it.connect());
    QVERIFY(!it.socket.waitForReadyRead(20));
    it.peer.reset();
    QTRY_COMPARE(it.reason(), LossReason::PeerReset);
}

void tst_Loss::aConnectThatNeverSucceededIsNoLoss()
{
    Guarded it;
    it.peer.stopListening();
    QSignalSpy failed(&it.socket, &QTcpSocket::errorOccurred);
    it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    QTRY_COMPARE(failed.size(), 1);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
}

void tst_Loss::theLossStandsUntilTheNextConnect()
{
    Guarded it;
    QVERIFY(it.connect());
    it.peer.reset();
    QTRY_COMPARE(it.reason(), LossReason::PeerReset);
    const quint16 port = it.peer.port();
    it.socket.connectToHost(QStringLiteral("127.0.0.1"), port);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QVERIFY(it.socket.waitForConnected());
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.guard.lossReason(), LossReason::NoLoss);
}

void tst_Loss::whatLedToTheLossIsThereUntilTheNextConnect()
{
    const QString title = QStringLiteral("qkeepalive history 1\n0 state ");
    Guarded it;
    QCOMPARE(it.guard.history(), QString());
    QVERIFY(it.connect());
    // All is well: no more than the state.
    QVERIFY2(it.guard.history().startsWith(title), qPrintable(it.guard.history()));
    QCOMPARE(it.guard.history().count(QLatin1Char('\n')), 2);
    QString told;
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] { told = it.guard.history(); });
    it.peer.reset();
    QTRY_COMPARE(it.reason(), LossReason::PeerReset);
    QVERIFY2(told.startsWith(title) && told.contains(QLatin1String(" lost reason=1\n")),
             qPrintable(told));
    QCOMPARE(it.guard.history(), told);
    it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    QVERIFY(it.socket.waitForConnected());
    QCOMPARE(it.guard.history().count(QLatin1Char('\n')), 2);
    it.guard.setSocket(nullptr);
    QCOMPARE(it.guard.history(), QString());
}

QTEST_GUILESS_MAIN(tst_Loss)
#include "tst_loss.moc"
