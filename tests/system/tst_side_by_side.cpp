// SPDX-License-Identifier: MIT OR Apache-2.0

// A peer that vanishes, seen by two sockets side by side: one with Qt's own keepalive options, which
// it has since 6.11, and one with this library. And by both on one socket.

#include "client.h"
#include "main.h"

#include <netlab.h>

#include <QtTest/QtTest>

using ka::LossReason;

namespace {

constexpr int within = 4000;
/// The kernel tells its times in steps of some milliseconds.
constexpr int resolution = 10;
/// Its timers are late by up to an eighth.
constexpr int withinOfKernel = within + within / 8 + 100;

/// The same four seconds as `within`, in Qt's words.
void setByQt(QAbstractSocket &socket)
{
    socket.setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    socket.setSocketOption(QAbstractSocket::KeepAliveIdleOption, 1);
    socket.setSocketOption(QAbstractSocket::KeepAliveIntervalOption, 1);
    socket.setSocketOption(QAbstractSocket::KeepAliveCountOption, 3);
}

} // namespace

class tst_SideBySide : public QObject
{
    Q_OBJECT

private slots:
    void anIdlePeerVanishes();
    void aPeerVanishesWithDataInFlight();
    void bothOnOneSocket_data();
    void bothOnOneSocket();
};

void tst_SideBySide::anIdlePeerVanishes()
{
    NetLab lab;
    const QString trouble = lab.start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    Client ours(false, within);
    QVERIFY(ours.connectTo(lab));
    QTcpSocket theirs;
    theirs.connectToHost(lab.serverAddress(), lab.serverPort());
    QVERIFY(theirs.waitForConnected());
    setByQt(theirs);

    ours.forgetEvents();
    const qint64 from = ours.now();
    lab.cut();
    ours.forgetLateness();
    QTRY_VERIFY_WITH_TIMEOUT(ours.events().contains(QStringLiteral("lost")), 2 * within);
    QVERIFY(ours.lostAt() >= ours.lastLife() + within - resolution);
    QVERIFY(ours.lostAt() <= ours.lastLife() + within + 100 + ours.lateness());
    QCOMPARE(ours.reason(), LossReason::ProbesUnanswered);
    // Qt hears it of the kernel, which is later, and without a reason.
    QTRY_COMPARE_WITH_TIMEOUT(theirs.state(), QAbstractSocket::UnconnectedState, withinOfKernel);
    QCOMPARE(theirs.error(), QAbstractSocket::SocketTimeoutError);
    qInfo("told after %lld ms; Qt alone after %lld ms", ours.lostAt() - from, ours.now() - from);
}

void tst_SideBySide::aPeerVanishesWithDataInFlight()
{
    NetLab lab;
    const QString trouble = lab.start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    Client ours(false, within);
    QVERIFY(ours.connectTo(lab));
    QTcpSocket theirs;
    theirs.connectToHost(lab.serverAddress(), lab.serverPort());
    QVERIFY(theirs.waitForConnected());
    setByQt(theirs);

    QVERIFY(ours.begin(Traffic::InFlight, lab));
    ours.forgetEvents();
    lab.cut();
    ours.forgetLateness();
    QVERIFY(theirs.write("one more") > 0);
    QTRY_VERIFY_WITH_TIMEOUT(ours.events().contains(QStringLiteral("lost")), 2 * within);
    QVERIFY(ours.lostAt() >= ours.lastLife() + within - resolution);
    QVERIFY(ours.lostAt() <= ours.lastLife() + within + 100 + ours.lateness());
    QCOMPARE(ours.reason(), LossReason::DataUnacknowledged);
    // The kernel sends no probe while data waits for an answer.
    QTest::qWait(2 * within);
    QCOMPARE(theirs.state(), QAbstractSocket::ConnectedState);
}

void tst_SideBySide::bothOnOneSocket_data()
{
    QTest::addColumn<bool>("guardFirst");
    QTest::newRow("Qt's values, then a guard") << false;
    QTest::newRow("a guard, then Qt's values") << true;
}

/// The values are Qt's, the verdict and its reason are the guard's.
void tst_SideBySide::bothOnOneSocket()
{
    QFETCH(bool, guardFirst);
    NetLab lab;
    const QString trouble = lab.start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    QTcpSocket socket;
    ka::KeepAlive guard;
    QSignalSpy lost(&guard, &ka::KeepAlive::connectionLost);
    QSignalSpy disconnected(&socket, &QTcpSocket::disconnected);
    if (guardFirst)
        guard.setSocket(&socket);
    socket.connectToHost(lab.serverAddress(), lab.serverPort());
    QVERIFY(socket.waitForConnected());
    setByQt(socket);
    guard.setSocket(&socket);

    lab.cut();
    QTRY_COMPARE_WITH_TIMEOUT(disconnected.size(), 1, withinOfKernel);
    QCOMPARE(lost.size(), 1);
    QCOMPARE(lost.first().first().value<LossReason>(), LossReason::ProbesUnanswered);
    QCOMPARE(guard.state(), ka::State::Lost);
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_SideBySide>(argc, argv);
}

#include "tst_side_by_side.moc"
