// SPDX-License-Identifier: MIT OR Apache-2.0

// What the library writes by Qt's logging: refusals and losses as warnings, the rest when it is
// asked for.

#include "guarded.h"

#include <ka/socket.h>

#include <QtCore/QLoggingCategory>
#include <QtNetwork/QLocalServer>
#include <QtNetwork/QLocalSocket>
#include <QtTest/QtTest>

using ka::KeepAlive;

namespace {

/// The lines of the library's categories, as "category type: text".
QStringList lines;
QtMessageHandler before = nullptr;

void hear(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    const QString category = QString::fromLatin1(context.category);
    if (!category.startsWith(QLatin1String("qkeepalive"))) {
        before(type, context, text);
        return;
    }
    const char *name = type == QtWarningMsg ? "warning" : type == QtInfoMsg ? "info" : "debug";
    lines << QStringLiteral("%1 %2: %3").arg(category, QLatin1String(name), text);
}

} // namespace

class tst_Log : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { before = qInstallMessageHandler(hear); }
    void cleanupTestCase() { qInstallMessageHandler(before); }
    void init()
    {
        QLoggingCategory::setFilterRules({});
        lines.clear();
    }

    void eachRefusalIsOneWarning()
    {
        KeepAlive guard;
        guard.setCount(1000);
        QCOMPARE(lines, QStringList{QStringLiteral(
                                "qkeepalive warning: ka::KeepAlive: TCP_KEEPCNT: 1000 is not "
                                "within 1..127")});
        guard.setCount(1000);
        QCOMPARE(lines.size(), 2);
        guard.setCount(3);
        QCOMPARE(lines.size(), 2);
    }

    void aGuardIsCalledByItsName()
    {
        KeepAlive guard;
        guard.setObjectName(QStringLiteral("pump"));
        QTimer timer;
        guard.setSocket(&timer);
        QCOMPARE(lines, QStringList{QStringLiteral(
                                "qkeepalive warning: ka::KeepAlive \"pump\": socket: QTimer is not "
                                "a QAbstractSocket and owns none")});
    }

    void timesThatWereMeantAsSecondsAreDoubted()
    {
        KeepAlive guard;
        guard.setIdle(10);
        QCOMPARE(lines, QStringList{QStringLiteral(
                                "qkeepalive warning: ka::KeepAlive: idle: 10 is taken for "
                                "milliseconds, as all times here are; 10 s are 10000")});
        guard.setIdle(10);
        guard.setIdle(1000);
        guard.setIdle(0);
        QCOMPARE(lines.size(), 1);
        guard.setInterval(5);
        guard.setUserTimeout(30);
        QCOMPARE(lines.size(), 3);
        guard.setUserTimeout(0);
        guard.setUserTimeout(-1);
        QCOMPARE(lines.size(), 3);
        QCOMPARE(guard.errorString(), QString());
        guard.setDetectWithin(6);
        QCOMPARE(lines.size(), 4);
        QVERIFY2(lines.last().contains(QLatin1String("6 ms is not within 2..")),
                 qPrintable(lines.last()));
        QCOMPARE(guard.detectWithin(), 0);
    }

    void aGuardWhoseParentIsNoSocketSaysThatItGuardsNothing()
    {
        QObject window;
        QTcpSocket socket;
        (new KeepAlive(&window))->setSocket(&socket);
        auto *forgotten = new KeepAlive(&window);
        QCOMPARE(lines, QStringList());
        QCoreApplication::processEvents();
        QCOMPARE(lines, QStringList{QStringLiteral(
                                "qkeepalive warning: ka::KeepAlive: guards nothing: its parent is "
                                "a QObject and no socket; pass the socket to the constructor, or "
                                "call setSocket()")});
        QCOMPARE(forgotten->state(), ka::State::Detached);
    }

    void whatIsWrittenIsWhatIsTold()
    {
        KeepAlive guard;
        QSignalSpy failed(&guard, &KeepAlive::applyFailed);
        QTcpSocket socket;
        const KeepAlive first(&socket);
        guard.setSocket(&socket);
        guard.setHeartbeatInterval(-1);
        guard.setHeartbeatPayload(QByteArray(100000, 'x'));
        QCOMPARE(failed.size(), 3);
        QCOMPARE(lines.size(), 3);
        for (int i = 0; i < 3; ++i)
            QVERIFY2(lines.at(i).endsWith(failed.at(i).first().toString()),
                     qPrintable(lines.at(i)));
    }

    void aLossIsAWarningWithPeerAndReason_data()
    {
        QTest::addColumn<bool>("ipv4ByIpv6");
        QTest::newRow("IPv4") << false;
        QTest::newRow("IPv4 as a server for both families sees it") << true;
    }
    void aLossIsAWarningWithPeerAndReason()
    {
        QFETCH(bool, ipv4ByIpv6);
        Guarded it;
        if (ipv4ByIpv6)
            it.socket.connectToHost(QHostAddress(QStringLiteral("::ffff:127.0.0.1")),
                                    it.peer.port());
        QVERIFY(ipv4ByIpv6 ? it.socket.waitForConnected() && it.peer.accept() : it.connect());
        QCOMPARE(lines, QStringList());
        it.peer.reset();
        QTRY_COMPARE(it.lost.size(), 1);
        QCOMPARE(lines, QStringList{QStringLiteral("qkeepalive.verdict warning: ka::KeepAlive: "
                                                   "127.0.0.1:%1 lost: PeerReset: the peer reset "
                                                   "the connection")
                                            .arg(it.peer.port())});
    }

    /// A QLocalSocket has a QTcpSocket within, whose peer Qt makes up of the path's bytes.
    void theConnectionOfALocalSocketHasNoAddress()
    {
        QLocalServer server;
        const QString name
                = QStringLiteral("qkeepalive-log-%1").arg(QCoreApplication::applicationPid());
        QVERIFY(server.listen(name));
        QLocalSocket socket;
        KeepAlive guard;
        guard.setSocket(&socket);
        socket.connectToServer(name);
        QVERIFY(socket.waitForConnected());
        QTRY_COMPARE(guard.state(), KeepAlive::State::Healthy);
        QTRY_VERIFY(server.hasPendingConnections());
        QSignalSpy lost(&guard, &KeepAlive::connectionLost);
        delete server.nextPendingConnection();
        QTRY_COMPARE(lost.size(), 1);
        QCOMPARE(lines.size(), 1);
        QVERIFY2(lines.first().startsWith(QLatin1String(
                         "qkeepalive.verdict warning: ka::KeepAlive: the connection lost: ")),
                 qPrintable(lines.first()));
    }

    void aVerdictOfOurOwnIsToldOnce()
    {
        Guarded it;
        it.setHeartbeat(50, 120, "ping\n");
        QVERIFY(it.connect());
        QTRY_COMPARE(it.lost.size(), 1);
        QTest::qWait(50);
        QCOMPARE(lines.size(), 1);
        QVERIFY2(
                lines.first().contains(
                        QStringLiteral("127.0.0.1:%1 lost: HeartbeatMissed: ").arg(it.peer.port())),
                qPrintable(lines.first()));
    }

    void whatBecomesOfAConnectionIsToldWhereItIsAskedFor()
    {
        QLoggingCategory::setFilterRules(QStringLiteral("qkeepalive.verdict=true"));
        {
            Guarded it;
            QVERIFY(it.connect());
            it.guard.setSocket(nullptr);
        }
        const QString guard = QStringLiteral("qkeepalive.verdict debug: ka::KeepAlive: ");
        const QStringList expected{
                guard + QStringLiteral("guards QTcpSocket"), guard + QStringLiteral("Waiting"),
                guard + QStringLiteral("Healthy"), guard + QStringLiteral("guards nothing"),
                guard + QStringLiteral("Detached")};
        QCOMPARE(lines, expected);
    }

    void whatLedToALossIsToldWhereItIsAskedFor()
    {
        QLoggingCategory::setFilterRules(QStringLiteral("qkeepalive.verdict.debug=true"));
        Guarded it;
        QVERIFY(it.connect());
        it.peer.reset();
        QTRY_COMPARE(it.lost.size(), 1);
        const QString history
                = QStringLiteral("qkeepalive.verdict debug: ka::KeepAlive: ") + it.guard.history();
        QCOMPARE(lines.count(history), 1);
    }

    void aWarningComesBeforeTheLossAndAsInformation()
    {
        QLoggingCategory::setFilterRules(QStringLiteral("qkeepalive.verdict.info=true"));
        Guarded it;
        it.setHeartbeat(400, 900, "ping\n");
        QVERIFY(it.connect());
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Suspect);
        it.peer.send("pong\n");
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
        const QString guard = QStringLiteral("qkeepalive.verdict info: ka::KeepAlive: ");
        const QStringList expected{guard + QStringLiteral("an answer of the peer is overdue"),
                                   guard + QStringLiteral("the peer was heard again")};
        QCOMPARE(lines, expected);
    }

    void theCategoriesCanBeSwitchedOff()
    {
        QLoggingCategory::setFilterRules(QStringLiteral("qkeepalive*=false"));
        Guarded it;
        it.guard.setCount(1000);
        QVERIFY(it.connect());
        it.peer.reset();
        QTRY_COMPARE(it.lost.size(), 1);
        QCOMPARE(lines, QStringList());
    }

    void whatReturnsAnErrorWritesNothing()
    {
        std::error_code error;
        ka::apply(-1, {}, error);
        QVERIFY(error);
        QCOMPARE(lines, QStringList());
    }

    void theGuardMayBeDeletedWhereItIsHeard()
    {
        auto *guard = new KeepAlive;
        connect(guard, &KeepAlive::applyFailed, this, [guard] { delete guard; });
        guard->setCount(1000);
        QCOMPARE(lines.size(), 1);
    }
};

QTEST_GUILESS_MAIN(tst_Log)
#include "tst_log.moc"
