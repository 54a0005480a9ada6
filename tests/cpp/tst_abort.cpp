// SPDX-License-Identifier: MIT OR Apache-2.0

// A loss that the guard finds before the kernel does, or that Qt would not find: what becomes of the
// socket, with abortOnLoss and without.

#include "guarded.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>
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

    void theSocketSaysWhy();
    void aSlotOfTheErrorMayDoAnything_data();
    void aSlotOfTheErrorMayDoAnything();
    void aGuardThatGoesWithTheErrorLeavesNoOpenSocket();

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
    QCOMPARE(it.socket.error(), QAbstractSocket::SocketTimeoutError);
    QCOMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    it.socket.blockSignals(false);
    QVERIFY(it.connect());
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

/// A program that listens only to its socket hears of it as of any other failure.
void tst_Abort::theSocketSaysWhy()
{
    Peer peer;
    QTcpSocket socket;
    QStringList order;
    QStringList words;
    const auto note = [&](const QString &what) {
        order << what;
        words << socket.errorString();
        QCOMPARE(socket.error(), QAbstractSocket::SocketTimeoutError);
    };
    const auto listen = [&] {
        connect(&socket, &QTcpSocket::errorOccurred, this, [&](QAbstractSocket::SocketError error) {
            note(QStringLiteral("error"));
            QCOMPARE(error, QAbstractSocket::SocketTimeoutError);
            QCOMPARE(socket.state(), QAbstractSocket::ConnectedState);
        });
        connect(&socket, &QTcpSocket::stateChanged, this, [&](QAbstractSocket::SocketState state) {
            if (state == QAbstractSocket::UnconnectedState)
                note(QStringLiteral("unconnected"));
        });
        connect(&socket, &QTcpSocket::disconnected, this,
                [&] { note(QStringLiteral("disconnected")); });
    };
    // Before the guard, and after it.
    listen();
    KeepAlive guard(&socket);
    listen();
    guard.setHeartbeatInterval(50);
    guard.setHeartbeatTimeout(150);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    connect(&guard, &KeepAlive::connectionLost, this, [&] { note(QStringLiteral("lost")); });
    for (int round = 1; round <= 2; ++round) {
        order.clear();
        words.clear();
        socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket.waitForConnected() && peer.accept());
        QTRY_COMPARE(lost.size(), round);
        QTest::qWait(20);
        QCOMPARE(lost.last().first().value<LossReason>(), LossReason::HeartbeatMissed);
        QCOMPARE(order.join(QLatin1Char(' ')),
                 QStringLiteral("error error unconnected lost unconnected disconnected "
                                "disconnected"));
        const QString why = lost.last().last().toString();
        QVERIFY(!why.isEmpty());
        QCOMPARE(words, QStringList(QVector<QString>(7, why).toList()));
        QCOMPARE(socket.errorString(), why);
        QVERIFY(!socket.isOpen());
    }
}

void tst_Abort::aSlotOfTheErrorMayDoAnything_data()
{
    QTest::addColumn<int>("deed");
    QTest::addColumn<bool>("guardFirst");
    const char *const deeds[] = {
            "abort",
            "close",
            "connect",
            "abort and connect",
            "run an event loop",
            "delete the socket later",
            "disconnect all and abort",
            "set properties",
    };
    for (const bool first : {false, true}) {
        for (int deed = 0; deed < 8; ++deed)
            QTest::addRow("%s, %s", deeds[deed], first ? "guard first" : "slot first")
                    << deed << first;
    }
}

void tst_Abort::aSlotOfTheErrorMayDoAnything()
{
    QFETCH(int, deed);
    QFETCH(bool, guardFirst);
    Peer peer;
    QPointer<QTcpSocket> socket(new QTcpSocket);
    KeepAlive guard;
    int errors = 0;
    if (guardFirst)
        guard.setSocket(socket);
    connect(socket, &QTcpSocket::errorOccurred, this, [&] {
        if (errors++ > 0)
            return;
        switch (deed) {
        case 0:
            socket->abort();
            break;
        case 1:
            socket->close();
            break;
        case 2:
            socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
            break;
        case 3:
            socket->abort();
            socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
            break;
        case 4:
            QTest::qWait(200);
            break;
        case 5:
            socket->deleteLater();
            break;
        case 6:
            socket->disconnect();
            socket->abort();
            break;
        default:
            guard.setHeartbeatInterval(40);
            guard.setDetectWithin(4000);
            guard.setAbortOnLoss(false);
            break;
        }
    });
    if (!guardFirst)
        guard.setSocket(socket);
    guard.setHeartbeatInterval(50);
    guard.setHeartbeatTimeout(150);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket->waitForConnected() && peer.accept());
    QTRY_COMPARE(lost.size(), 1);
    QCOMPARE(lost.first().first().value<LossReason>(), LossReason::HeartbeatMissed);
    QCOMPARE(errors, deed == 2 ? 2 : 1); // to connect a connected socket is an error of its own
    QVERIFY(!socket || deed == 3 || socket->error() == QAbstractSocket::SocketTimeoutError);
    if (deed == 3) {
        QVERIFY(peer.accept());
        QTRY_COMPARE(socket->state(), QAbstractSocket::ConnectedState);
        QCOMPARE(guard.state(), KeepAlive::State::Healthy);
        peer.reset();
        QTRY_COMPARE(lost.size(), 2);
        QCOMPARE(lost.last().first().value<LossReason>(), LossReason::PeerReset);
    } else {
        QTest::qWait(300);
        QCOMPARE(lost.size(), 1);
        QVERIFY(!socket || socket->state() == QAbstractSocket::UnconnectedState);
    }
    delete socket;
}

/// The socket has said that it failed. Whoever waits for its end is not to wait for ever.
void tst_Abort::aGuardThatGoesWithTheErrorLeavesNoOpenSocket()
{
    for (int deed = 0; deed < 3; ++deed) {
        Peer peer;
        QPointer<QTcpSocket> socket(new QTcpSocket);
        QPointer<KeepAlive> guard(new KeepAlive);
        guard->setSocket(socket);
        guard->setHeartbeatInterval(50);
        guard->setHeartbeatTimeout(150);
        int lost = 0;
        int disconnected = 0;
        connect(guard, &KeepAlive::connectionLost, this, [&] { ++lost; });
        connect(socket, &QTcpSocket::disconnected, this, [&] { ++disconnected; });
        connect(socket, &QTcpSocket::errorOccurred, this, [&] {
            if (deed == 0)
                delete guard;
            else if (deed == 1)
                guard->setSocket(nullptr);
            else
                delete socket;
        });
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        QTRY_VERIFY(disconnected == 1 || !socket);
        QVERIFY(!socket || socket->state() == QAbstractSocket::UnconnectedState);
        QCOMPARE(lost, deed == 2 ? 1 : 0); // in the first two cases it does not guard any more
        delete guard;
        delete socket;
    }
}

void tst_Abort::withoutAbortTheSocketIsLeftAsItIs()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    it.guard.setAbortOnLoss(false);
    QVERIFY(it.connect());
    QSignalSpy disconnected(&it.socket, &QTcpSocket::disconnected);
    QSignalSpy failed(&it.socket, &QTcpSocket::errorOccurred);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QCOMPARE(failed.size(), 0);
    QCOMPARE(it.socket.error(), QAbstractSocket::UnknownSocketError);
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
