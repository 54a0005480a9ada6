// SPDX-License-Identifier: MIT OR Apache-2.0

// Real faults of a real network: each is told once, with its reason, and within the time that the
// kernel's own rule gives.

#include <ka/keepalive.h>
#include <ka/socket.h>

#include <netlab.h>

#include <QtNetwork/QTcpSocket>
#include <QtTest/QtTest>

#include <cstdio>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using ka::KeepAlive;
using ka::LossReason;

namespace {

/// 1 s idle, three probes a second apart.
constexpr int idleTotal = 4000;
constexpr int userTimeout = 3000;
/// The first retransmission comes about 0.4 s after the data, and the user timeout after that.
constexpr int inFlightTotal = userTimeout + 400;
/// Data behind a link that has just lost its carrier is tried again each half second, twice at
/// most, before the retransmissions begin.
constexpr int withoutCarrier = 1000;
/// The kernel fires late by up to an eighth.
constexpr double lateness = 1.15;

/// Milliseconds of scheduling and of starting the programs that make a fault.
constexpr int slack = 150;

} // namespace

class tst_Faults : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void vanishIdle();
    void vanishIdleIpv6();
    void vanishInFlight();
    void vanishHeals();
    void unreachableIdle();
    void unreachableInFlight();
    void nearLinkDownIdle();
    void nearLinkDownInFlight();
    void farLinkDownIdle();
    void farLinkDownInFlight();
    void fin();
    void halfClose();
    void reset();
    void rebootIdle();
    void rebootInFlight();
    void systemDefaultsAreSetInThisNamespace();
    void rawDescriptorsAreRefused();

private:
    void connectGuarded(bool ipv6 = false);
    void write() { QCOMPARE(m_socket->write("ping"), qint64(4)); }
    void expect(LossReason reason, int earliest, int latest);

    std::unique_ptr<NetLab> m_lab;
    std::unique_ptr<QTcpSocket> m_socket;
    KeepAlive *m_guard = nullptr;
    QElapsedTimer m_sinceLife;
    QStringList m_events;
    LossReason m_reason = LossReason::NoLoss;
    qint64 m_lostAt = -1;
    QString m_detail;
};

void tst_Faults::init()
{
    m_lab = std::make_unique<NetLab>();
    const QString trouble = m_lab->start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_Faults::cleanup()
{
    m_socket.reset();
    m_events.clear();
    QVERIFY2(m_lab->trouble().isEmpty(), qPrintable(m_lab->trouble()));
    m_lab.reset();
}

void tst_Faults::connectGuarded(bool ipv6)
{
    m_socket = std::make_unique<QTcpSocket>();
    m_guard = new KeepAlive(m_socket.get());
    m_guard->setDetectWithin(idleTotal);
    connect(m_guard, &KeepAlive::connectionLost, this, [this](auto reason, const QString &detail) {
        m_lostAt = m_sinceLife.elapsed();
        m_reason = reason;
        m_detail = detail;
        m_events << QStringLiteral("lost");
    });
    connect(m_socket.get(), &QTcpSocket::disconnected, this,
            [this] { m_events << QStringLiteral("disconnected"); });
    m_socket->connectToHost(m_lab->serverAddress(ipv6), m_lab->serverPort());
    QTRY_COMPARE(m_socket->state(), QAbstractSocket::ConnectedState);
    m_sinceLife.start();
    QCOMPARE(m_guard->detectionTime(), idleTotal);
    QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
}

/// Times are counted from the last sign of life.
void tst_Faults::expect(LossReason reason, int earliest, int latest)
{
    QTRY_VERIFY_WITH_TIMEOUT(m_events.contains(QStringLiteral("disconnected")), latest + 5000);
    QTest::qWait(50);
    QCOMPARE(m_events.join(QLatin1Char(' ')), QStringLiteral("lost disconnected"));
    QCOMPARE(m_reason, reason);
    QCOMPARE(m_guard->state(), KeepAlive::State::Lost);
    QVERIFY(!m_detail.isEmpty());
    qInfo("%s after %lld ms: %s", QTest::currentTestFunction(), m_lostAt, qPrintable(m_detail));
    QVERIFY2(m_lostAt >= earliest && m_lostAt <= latest,
             qPrintable(QStringLiteral("told after %1 ms, expected within %2..%3 ms")
                                .arg(m_lostAt)
                                .arg(earliest)
                                .arg(latest)));
}

void tst_Faults::vanishIdle()
{
    connectGuarded();
    m_lab->cut();
    expect(LossReason::ProbesUnanswered, idleTotal, int(idleTotal * lateness) + slack);
}

void tst_Faults::vanishIdleIpv6()
{
    connectGuarded(true);
    m_lab->cut();
    expect(LossReason::ProbesUnanswered, idleTotal, int(idleTotal * lateness) + slack);
}

void tst_Faults::vanishInFlight()
{
    connectGuarded();
    m_guard->setUserTimeout(userTimeout);
    m_lab->cut();
    write();
    m_sinceLife.start();
    expect(LossReason::DataUnacknowledged, userTimeout, int(inFlightTotal * lateness) + slack);
}

void tst_Faults::vanishHeals()
{
    connectGuarded();
    m_lab->cut();
    // Two of three probes are lost.
    QTest::qWait(2600);
    m_lab->heal();
    QTest::qWait(3000);
    QCOMPARE(m_events.size(), 0);
    QCOMPARE(m_guard->state(), KeepAlive::State::Healthy);
    QCOMPARE(m_socket->state(), QAbstractSocket::ConnectedState);
}

void tst_Faults::unreachableIdle()
{
    connectGuarded();
    m_lab->reject();
    // The kernel does not believe ICMP in answer to a probe.
    expect(LossReason::ProbesUnanswered, idleTotal, int(idleTotal * lateness) + slack);
}

void tst_Faults::unreachableInFlight()
{
    connectGuarded();
    m_guard->setUserTimeout(userTimeout);
    m_lab->reject();
    write();
    m_sinceLife.start();
    expect(LossReason::NetworkUnreachable, userTimeout, int(inFlightTotal * lateness) + slack);
}

void tst_Faults::nearLinkDownIdle()
{
    connectGuarded();
    m_lab->setLink(NetLab::Near, false);
    expect(LossReason::ProbesUnanswered, idleTotal, int(idleTotal * lateness) + slack);
}

void tst_Faults::nearLinkDownInFlight()
{
    connectGuarded();
    m_guard->setUserTimeout(userTimeout);
    m_lab->setLink(NetLab::Near, false);
    write();
    m_sinceLife.start();
    expect(LossReason::DataUnacknowledged, userTimeout,
           int((inFlightTotal + withoutCarrier) * lateness) + slack);
}

void tst_Faults::farLinkDownIdle()
{
    connectGuarded();
    m_lab->setLink(NetLab::Far, false);
    expect(LossReason::ProbesUnanswered, idleTotal, int(idleTotal * lateness) + slack);
}

void tst_Faults::farLinkDownInFlight()
{
    connectGuarded();
    m_guard->setUserTimeout(userTimeout);
    m_lab->setLink(NetLab::Far, false);
    write();
    m_sinceLife.start();
    expect(LossReason::DataUnacknowledged, userTimeout,
           int((inFlightTotal + withoutCarrier) * lateness) + slack);
}

void tst_Faults::fin()
{
    connectGuarded();
    m_sinceLife.start();
    m_lab->finish();
    expect(LossReason::PeerClosed, 0, 1000);
}

void tst_Faults::halfClose()
{
    connectGuarded();
    m_lab->send(10);
    m_sinceLife.start();
    m_lab->halfClose();
    expect(LossReason::PeerClosed, 0, 1000);
    QCOMPARE(m_socket->readAll().size(), 10);
}

void tst_Faults::reset()
{
    connectGuarded();
    m_sinceLife.start();
    m_lab->reset();
    expect(LossReason::PeerReset, 0, 1000);
}

void tst_Faults::rebootIdle()
{
    connectGuarded();
    m_lab->reboot();
    // The first probe meets a host that does not know the connection.
    expect(LossReason::PeerReset, 1000, int(1000 * lateness) + slack);
}

void tst_Faults::rebootInFlight()
{
    connectGuarded();
    m_lab->reboot();
    write();
    expect(LossReason::PeerReset, 0, 1000);
}

void tst_Faults::systemDefaultsAreSetInThisNamespace()
{
    using namespace std::chrono_literals;
    const ka::Config before = ka::systemDefaults();
    ka::Config wanted;
    wanted.idle = 299500ms;
    wanted.count = 4;
    const ka::Config given = ka::setSystemDefaults(wanted);
    QVERIFY(given.idle == 300s && given.count == 4 && !given.interval);
    const ka::Config now = ka::systemDefaults();
    QVERIFY(now.idle == 300s && now.count == 4 && now.interval == before.interval);
    // A new socket has them.
    connectGuarded();
    m_guard->setSocket(nullptr);
    QTcpSocket other;
    other.connectToHost(m_lab->serverAddress(), m_lab->serverPort());
    QTRY_COMPARE(other.state(), QAbstractSocket::ConnectedState);
    QVERIFY(ka::query(other.socketDescriptor()).idle == 300s);
    ka::setSystemDefaults(before);
}

/// Here because raw sockets take the privileges that this process has in its namespace.
void tst_Faults::rawDescriptorsAreRefused()
{
    const int raw = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
    QVERIFY(raw != -1);
    std::error_code error;
    ka::apply(raw, ka::Config::detectWithin(std::chrono::seconds(6)), error);
    QVERIFY(error == ka::errc::NotTcp);
    ka::apply(raw, ka::Config(), error);
    QVERIFY(error == ka::errc::NotTcp);
    int on = -1;
    socklen_t length = sizeof on;
    QCOMPARE(::getsockopt(raw, SOL_SOCKET, SO_KEEPALIVE, &on, &length), 0);
    QCOMPARE(on, 0);
    ::close(raw);
}

int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    const QString trouble = NetLab::enter();
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "tst_faults: %s\n", qPrintable(trouble));
        return 1;
    }
    QCoreApplication application(argc, argv);
    tst_Faults test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_faults.moc"
