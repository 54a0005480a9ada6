// SPDX-License-Identifier: MIT OR Apache-2.0

// Peers that are alive, whatever it looks like: none may ever be condemned, and each connection has
// to work at the end.

#include "client.h"
#include "main.h"

#include <faults.h>
#include <netlab.h>

#include <QtCore/QElapsedTimer>
#include <QtTest/QtTest>

#include <csignal>
#include <functional>

using ka::LossReason;

namespace {

constexpr int within = 4000;
/// Where an outage of 0.8 T has to leave time for what comes after it.
constexpr int withinLong = 6000;
constexpr int outage = withinLong * 8 / 10;
/// One way of the long way: 1.5 s there and back.
constexpr int longDelay = 750;

} // namespace

class tst_Live : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_lab = std::make_unique<NetLab>(); }
    void cleanup();

    void anIdlePeer();
    void anIdlePeerOfTls();
    void aBusyPeer();
    void aBusyPeerOfTls();
    void aPeerThatDoesNotRead();
    void aPeerThatDoesNotReadOfTls();
    void aPeerThatSendsWhatThisSideDoesNotRead();
    void anOutageWhileIdle();
    void anOutageInFlight();
    void anOutageInFlightOfTlsIpv6();
    void anOutageThatSwallowsAZeroWindowProbe();
    void aLongWayWhileIdle();
    void aLongWayInFlight();
    void aLongWayOfTlsIpv6();
    void randomLossWhileIdle();
    void randomLossInFlight();
    void randomLossOfTlsIpv6();
    void aStoppedPeerWhileIdle();
    void aStoppedPeerInFlight();
    void thisProgramStoppedWhileIdle();
    void thisProgramStoppedInFlight();
    void aFirewallThatForgotAndForwards();
    void aHungProgramMissesItsHeartbeat();
    void aProgramThatAnswersItsHeartbeat();
    void aBeatThatDoesNotGetOutOfThisHostIsNotOwed();
    void aDeadlineThatIsRaisedWhileSuspect();
    void aDeadlineThatIsDraggedDownOverALongWay();
    void aGuardThatIsSwitchedOffWhileSuspectAndOnAgain();
    void anOwnCloseOfADeadPeerEndsInTime();
    /// Ten minutes, for the soak: not one of ./dev test.
    void soakAPeerThatDoesNotRead();

private:
    enum Kind { Tcp4, Tcp6, Tls4, Tls6 };

    void connectTo(
            Kind kind, int detectWithin, NetLab::Way way = NetLab::Way::Cable,
            const std::function<void()> &prepareLab = [] {});
    void begin(Traffic traffic);
    int cutForAnOutage();
    void outageDuring(Kind kind, Traffic traffic);
    void longWay(Kind kind, Traffic traffic);
    void randomLoss(Kind kind, Traffic traffic);
    void doNotRead(Kind kind, int milliseconds);
    void stoppedPeer(Kind kind, Traffic traffic);
    void stoppedProgram(Kind kind, Traffic traffic);
    void staysAlive(int milliseconds);
    void isStillOfUse();

    std::unique_ptr<NetLab> m_lab;
    std::unique_ptr<Client> m_client;
};

void tst_Live::cleanup()
{
    m_client.reset();
    const QString trouble = m_lab->trouble();
    m_lab.reset();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_Live::connectTo(Kind kind, int detectWithin, NetLab::Way way,
                         const std::function<void()> &prepareLab)
{
    const bool ipv6 = kind == Tcp6 || kind == Tls6;
    m_client = std::make_unique<Client>(kind == Tls4 || kind == Tls6, detectWithin);
    const QString trouble = m_lab->start({way, ipv6, longDelay});
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    prepareLab();
    QVERIFY2(m_client->connectTo(*m_lab), qPrintable(m_client->socket().errorString()));
    m_lab->echo();
    QCOMPARE(m_client->guard().detectionTime(), detectWithin);
}

void tst_Live::begin(Traffic traffic)
{
    if (QTest::currentTestFailed())
        return; // without a connection there is nothing to wait for
    QVERIFY(m_client->begin(traffic, *m_lab));
    m_client->forgetEvents();
}

/// Waits, and sees to it that nobody is condemned meanwhile.
void tst_Live::staysAlive(int milliseconds)
{
    if (QTest::currentTestFailed())
        return;
    const bool lost = QTest::qWaitFor(
            [this] { return m_client->events().contains(QStringLiteral("lost")); }, milliseconds);
    QVERIFY2(!lost, qPrintable(QVariant::fromValue(m_client->reason()).toString()
                               + QStringLiteral(": ") + m_client->detail()));
    QCOMPARE(m_client->socket().state(), QAbstractSocket::ConnectedState);
}

/// A connection that is alive carries data both ways, and its guard says so.
void tst_Live::isStillOfUse()
{
    if (QTest::currentTestFailed())
        return;
    m_client->beQuiet();
    QVERIFY(m_client->isAnswered(20000));
    QTRY_COMPARE(m_client->guard().state(), ka::State::Healthy);
    const QStringList events = m_client->events();
    qInfo("%s: longest silence %lld ms; %s", QTest::currentTestFunction(),
          m_client->longestSilence(), qPrintable(events.join(QLatin1Char(' '))));
    QVERIFY(!events.contains(QStringLiteral("lost")));
    QVERIFY(!events.contains(QStringLiteral("disconnected")));
    QCOMPARE(events.count(QStringLiteral("suspect")), events.count(QStringLiteral("recovered")));
}

void tst_Live::anIdlePeer()
{
    connectTo(Tcp4, within);
    begin(Traffic::Idle);
    staysAlive(3 * within);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

void tst_Live::anIdlePeerOfTls()
{
    connectTo(Tls6, within);
    begin(Traffic::Idle);
    staysAlive(3 * within);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

void tst_Live::aBusyPeer()
{
    connectTo(Tcp6, within);
    begin(Traffic::BothWays);
    staysAlive(3 * within);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

void tst_Live::aBusyPeerOfTls()
{
    connectTo(Tls4, within);
    begin(Traffic::BothWays);
    staysAlive(3 * within);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

/// The probes of a closed window come twice as seldom each time, until the silence between two of
/// them, each answered, is many times T.
void tst_Live::doNotRead(Kind kind, int milliseconds)
{
    connectTo(kind, 2000);
    begin(Traffic::QueueFull);
    staysAlive(milliseconds);
    // It has really not read a byte.
    QVERIFY(m_client->snapshot().unsent.value_or(0) > 0);
    QVERIFY(m_client->waiting() > 0);
    m_lab->read();
    QVERIFY(m_client->waitUntilAcknowledged(150000)); // the next probe may be two minutes off
    isStillOfUse();
}

void tst_Live::aPeerThatDoesNotRead()
{
    doNotRead(Tcp4, 40000);
}

void tst_Live::aPeerThatDoesNotReadOfTls()
{
    doNotRead(Tls6, 40000);
}

void tst_Live::soakAPeerThatDoesNotRead()
{
    doNotRead(Tcp6, 600000);
}

/// The other way round: here it is the peer that asks whether the window is still closed.
void tst_Live::aPeerThatSendsWhatThisSideDoesNotRead()
{
    connectTo(Tcp4, within);
    begin(Traffic::BufferFull);
    m_lab->send(8 * 1024 * 1024);
    staysAlive(5 * within);
    QCOMPARE(m_client->socket().bytesAvailable(), qint64(1024));
    m_client->readOn();
    isStillOfUse();
}

/// The way is gone until the peer has been silent for 0.8 T. Mending takes the lab as long as cutting
/// did, on a busy machine a good part of what is left of T, and begins that much earlier. Returns how
/// much that was.
int tst_Live::cutForAnOutage()
{
    QElapsedTimer cutting;
    cutting.start();
    m_lab->cut();
    const int taken = int(cutting.elapsed());
    // The silence counts from the last sign of life, so the outage does too.
    const auto silence = m_client->snapshot().silence();
    staysAlive(outage - int(silence.value_or(std::chrono::milliseconds(0)).count()) - taken);
    return taken;
}

void tst_Live::outageDuring(Kind kind, Traffic traffic)
{
    connectTo(kind, withinLong);
    begin(traffic);
    const int taken = cutForAnOutage();
    m_lab->heal();
    staysAlive(2 * withinLong);
    // It really was as long as that.
    QVERIFY2(m_client->longestSilence() >= outage - taken - 100,
             qPrintable(QString::number(m_client->longestSilence())));
    isStillOfUse();
    QCOMPARE(m_client->events(),
             (QStringList{QStringLiteral("suspect"), QStringLiteral("recovered")}));
}

void tst_Live::anOutageWhileIdle()
{
    outageDuring(Tcp4, Traffic::Idle);
}

void tst_Live::anOutageInFlight()
{
    outageDuring(Tcp4, Traffic::InFlight);
}

void tst_Live::anOutageInFlightOfTlsIpv6()
{
    outageDuring(Tls6, Traffic::InFlight);
}

/// Probes of a closed window come seldom: where one is swallowed, the next may be a long time off
/// after the way has healed.
void tst_Live::anOutageThatSwallowsAZeroWindowProbe()
{
    connectTo(Tcp6, withinLong);
    begin(Traffic::QueueFull);
    // Let them become seldom, as far as they do.
    for (int i = 0; i < 12 && m_client->longestSilence() < outage; ++i)
        staysAlive(1000);
    const auto silence = [this] { return int(m_client->snapshot().silence()->count()); };
    if (m_client->longestSilence() < outage) {
        // The way is gone for 0.8 T after an answer, in which several go unanswered.
        QTRY_VERIFY_WITH_TIMEOUT(silence() < 100, outage);
        cutForAnOutage();
    } else {
        // It is gone when the next one comes, though the silence between two is long anyway.
        m_lab->cut();
        staysAlive(outage);
    }
    QVERIFY(m_client->snapshot().probes.value_or(0) > 0);
    m_lab->heal();
    staysAlive(3 * withinLong);
    m_lab->read();
    QVERIFY(m_client->waitUntilAcknowledged(60000));
    isStillOfUse();
}

void tst_Live::longWay(Kind kind, Traffic traffic)
{
    connectTo(kind, withinLong, NetLab::Way::Long);
    begin(traffic);
    staysAlive(5 * withinLong);
    // The kernel counts this round trip in whole milliseconds: on a quiet machine it is no longer than
    // the way itself.
    const auto roundTrip
            = m_client->snapshot().roundTripTime.value_or(std::chrono::microseconds(-1));
    QVERIFY2(roundTrip >= std::chrono::milliseconds(2 * longDelay),
             qPrintable(QString::number(roundTrip.count()) + QStringLiteral(" µs")));
    isStillOfUse();
}

void tst_Live::aLongWayWhileIdle()
{
    longWay(Tcp4, Traffic::Idle);
}

void tst_Live::aLongWayInFlight()
{
    longWay(Tcp4, Traffic::InFlight);
}

void tst_Live::aLongWayOfTlsIpv6()
{
    longWay(Tls6, Traffic::InFlight);
}

void tst_Live::randomLoss(Kind kind, Traffic traffic)
{
    connectTo(kind, within);
    loseAtRandom(*m_lab, 0.02);
    begin(traffic);
    staysAlive(8 * within);
    if (traffic != Traffic::Idle)
        QVERIFY(m_client->snapshot().totalRetransmits > 0);
    isStillOfUse();
}

void tst_Live::randomLossWhileIdle()
{
    randomLoss(Tcp6, Traffic::Idle);
}

void tst_Live::randomLossInFlight()
{
    randomLoss(Tcp4, Traffic::BothWays);
}

void tst_Live::randomLossOfTlsIpv6()
{
    randomLoss(Tls6, Traffic::BothWays);
}

/// Its kernel answers in its stead; only a heart-beat would tell the difference.
void tst_Live::stoppedPeer(Kind kind, Traffic traffic)
{
    connectTo(kind, within);
    begin(traffic);
    m_lab->stopProgram();
    staysAlive(3 * within);
    m_lab->continueProgram();
    isStillOfUse();
}

void tst_Live::aStoppedPeerWhileIdle()
{
    stoppedPeer(Tls4, Traffic::Idle);
}

void tst_Live::aStoppedPeerInFlight()
{
    stoppedPeer(Tcp6, Traffic::InFlight);
}

/// When it goes on, its timers are long due and its knowledge is old.
void tst_Live::stoppedProgram(Kind kind, Traffic traffic)
{
    connectTo(kind, within);
    begin(traffic);
    for (int i = 0; i < 2; ++i) {
        QProcess waker;
        waker.start(QStringLiteral("sh"),
                    {QStringLiteral("-c"), QStringLiteral("echo ready; sleep %1; kill -CONT %2")
                                                   .arg(within * 3 / 2 / 1000)
                                                   .arg(QCoreApplication::applicationPid())});
        QVERIFY(waker.waitForReadyRead(5000));
        QElapsedTimer stopped;
        stopped.start();
        ::raise(SIGSTOP);
        QVERIFY(stopped.elapsed() > within);
        staysAlive(within / 2);
        QTRY_COMPARE(waker.state(), QProcess::NotRunning);
    }
    isStillOfUse();
}

void tst_Live::thisProgramStoppedWhileIdle()
{
    stoppedProgram(Tcp4, Traffic::Idle);
}

void tst_Live::thisProgramStoppedInFlight()
{
    stoppedProgram(Tls6, Traffic::BothWays);
}

/// Without address translation nothing is lost when a firewall forgets.
void tst_Live::aFirewallThatForgotAndForwards()
{
    connectTo(Tcp4, within, NetLab::Way::Router, [this] {
        m_lab->middle().run(
                QStringLiteral("iptables -A FORWARD -m conntrack --ctstate INVALID -j ACCEPT"));
        m_lab->middle().set(QStringLiteral("netfilter/nf_conntrack_tcp_loose"),
                            QStringLiteral("0"));
    });
    begin(Traffic::InFlight);
    forgetConnections(*m_lab);
    staysAlive(2 * within);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

void tst_Live::aHungProgramMissesItsHeartbeat()
{
    connectTo(Tcp4, within);
    QVERIFY(m_client->guard().setProperty("heartbeatPayload", QByteArray("beat")));
    QVERIFY(m_client->guard().setProperty("heartbeatTimeout", 2000));
    QVERIFY(m_client->guard().setProperty("heartbeatInterval", 500));
    begin(Traffic::Idle);
    staysAlive(4000);
    QVERIFY(m_client->events().isEmpty());
    m_lab->stopProgram();
    const qint64 stopped = m_client->now();
    QTRY_VERIFY_WITH_TIMEOUT(m_client->events().contains(QStringLiteral("disconnected")), 5000);
    QCOMPARE(m_client->reason(), LossReason::HeartbeatMissed);
    // The last byte came up to one beat before.
    const qint64 after = m_client->lostAt() - stopped;
    QVERIFY2(after >= 1400 && after <= 2200 + m_client->lateness(),
             qPrintable(QString::number(after)));
    QTest::qWait(200);
    QCOMPARE(m_client->events().count(QStringLiteral("lost")), 1);
    QCOMPARE(m_client->events().mid(m_client->events().size() - 2),
             (QStringList{QStringLiteral("lost"), QStringLiteral("disconnected")}));
}

void tst_Live::aProgramThatAnswersItsHeartbeat()
{
    connectTo(Tls6, within);
    QVERIFY(m_client->guard().setProperty("heartbeatPayload", QByteArray("beat")));
    QVERIFY(m_client->guard().setProperty("heartbeatTimeout", 1500));
    QVERIFY(m_client->guard().setProperty("heartbeatInterval", 500));
    begin(Traffic::Idle);
    const unsigned sent = m_client->snapshot().dataSegmentsSent.value_or(0);
    staysAlive(3 * within);
    QVERIFY(m_client->snapshot().dataSegmentsSent.value_or(0) >= sent + 20);
    isStillOfUse();
    QVERIFY(m_client->events().isEmpty());
}

/// The kernel counts each attempt as bytes sent, and none of them leaves.
void tst_Live::aBeatThatDoesNotGetOutOfThisHostIsNotOwed()
{
    connectTo(Tcp4, withinLong);
    QVERIFY(m_client->guard().setProperty("heartbeatPayload", QByteArray("beat")));
    QVERIFY(m_client->guard().setProperty("heartbeatTimeout", 3000));
    QVERIFY(m_client->guard().setProperty("heartbeatInterval", 2000));
    begin(Traffic::Idle);
    staysAlive(2100); // an answer has come, so the next beat is due 2 s after the first
    const QString route = QStringLiteral("route %1 unreachable %2/32");
    m_lab->near().ip({route.arg(QStringLiteral("add"), m_lab->serverAddress())});
    // The next beat is tried again. It is owed for a second, or may wait for three.
    QTRY_VERIFY(m_client->snapshot().dataSegmentsSent.value_or(0) >= 3);
    staysAlive(1000);
    m_lab->near().ip({route.arg(QStringLiteral("del"), m_lab->serverAddress())});
    staysAlive(4000);
    isStillOfUse();
}

/// Three probes are out, and the kernel counts them on.
void tst_Live::aDeadlineThatIsRaisedWhileSuspect()
{
    connectTo(Tcp4, withinLong);
    begin(Traffic::Idle);
    m_lab->cut();
    QVERIFY(QTest::qWaitFor([this] { return m_client->guard().unansweredProbes() >= 3; },
                            withinLong));
    m_client->guard().setDetectWithin(12000);
    QCOMPARE(m_client->guard().detectionTime(), 12000);
    staysAlive(3000);
    m_lab->heal();
    staysAlive(2 * withinLong);
    isStillOfUse();
    QCOMPARE(m_client->events(),
             (QStringList{QStringLiteral("suspect"), QStringLiteral("recovered")}));
}

/// Each step is shorter than the silence by then, and the answer to a probe takes longer than a step.
void tst_Live::aDeadlineThatIsDraggedDownOverALongWay()
{
    connectTo(Tcp4, 30000, NetLab::Way::Long);
    begin(Traffic::Idle);
    staysAlive(9000);
    for (int milliseconds = 30000; milliseconds >= withinLong; milliseconds -= 500) {
        m_client->guard().setDetectWithin(milliseconds);
        staysAlive(16);
    }
    QCOMPARE(m_client->guard().detectionTime(), withinLong);
    staysAlive(2 * withinLong);
    isStillOfUse();
}

/// Nobody sends anything meanwhile, so the kernel's count of unanswered probes stays.
void tst_Live::aGuardThatIsSwitchedOffWhileSuspectAndOnAgain()
{
    connectTo(Tcp4, within);
    begin(Traffic::Idle);
    m_lab->cut();
    QVERIFY(QTest::qWaitFor([this] { return m_client->guard().unansweredProbes() >= 2; }, within));
    m_client->guard().setEnabled(false);
    m_lab->heal();
    staysAlive(3000);
    m_client->guard().setEnabled(true);
    m_client->forgetEvents(); // nobody has to hear of the end of what was switched off
    QCOMPARE(m_client->guard().detectionTime(), within);
    staysAlive(2 * within);
    isStillOfUse();
}

/// Qt waits until what was written has left; nothing can leave.
void tst_Live::anOwnCloseOfADeadPeerEndsInTime()
{
    connectTo(Tcp4, within);
    begin(Traffic::QueueFull);
    m_lab->cut();
    QVERIFY(QTest::qWaitFor(
            [this] { return m_client->guard().state() == ka::KeepAlive::State::Suspect; },
            2 * within));
    m_client->socket().disconnectFromHost();
    QCOMPARE(m_client->socket().state(), QAbstractSocket::ClosingState);
    QVERIFY(QTest::qWaitFor(
            [this] { return m_client->socket().state() == QAbstractSocket::UnconnectedState; },
            within + 1000 + int(m_client->lateness())));
    QVERIFY(!m_client->events().contains(QStringLiteral("lost")));
    QCOMPARE(m_client->guard().state(), ka::KeepAlive::State::Waiting);
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_Live>(argc, argv);
}

#include "tst_live.moc"
