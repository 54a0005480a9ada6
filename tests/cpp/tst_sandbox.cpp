// SPDX-License-Identifier: MIT OR Apache-2.0

// A sandbox, or a kernel that somebody only plays, that does not answer what the guard asks. What is
// refused is named by QKA_REFUSED; each is a test of its own in CMakeLists.txt.

#include "guarded.h"

#include <ka/socket.h>

#include <QtTest/QtTest>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

using ka::KeepAlive;
using ka::LossReason;
using namespace std::chrono_literals;

namespace {

/// From here on getsockopt() answers this option with EPERM, until the process ends.
bool refuse(unsigned level, unsigned option)
{
    sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 5),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, level, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, option, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{sizeof filter / sizeof *filter, filter};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

} // namespace

class tst_Sandbox : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void whatIsMissingIsSaid();
    void theHeartbeatWorksByBytes();
    void aHungProgramIsFound();
    void anOwnCloseIsNoLoss();
    void anOwnCloseAfterAnExpiredWaitIsNoLoss_data();
    void anOwnCloseAfterAnExpiredWaitIsNoLoss();
    void anOwnCloseAfterACallOutOfPlaceIsNoLoss();
    void aLossOfThePeersDoingIsTold();

private:
    QByteArray m_refused;
    bool m_blind = false;
};

void tst_Sandbox::initTestCase()
{
    m_refused = qgetenv("QKA_REFUSED");
    m_blind = m_refused == "TCP_INFO";
    if (m_blind)
        QVERIFY(refuse(IPPROTO_TCP, TCP_INFO));
    else if (m_refused == "SO_COOKIE")
        QVERIFY(refuse(SOL_SOCKET, SO_COOKIE));
    else if (m_refused == "TCP_KEEPIDLE")
        QVERIFY(refuse(IPPROTO_TCP, TCP_KEEPIDLE));
    else
        QFAIL("QKA_REFUSED names what is refused: TCP_INFO, SO_COOKIE or TCP_KEEPIDLE");
}

void tst_Sandbox::whatIsMissingIsSaid()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QSignalSpy failed(&it.guard, &KeepAlive::applyFailed);
    QVERIFY(it.connect());
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.guard.detectionTime(), 6000);
    QCOMPARE(failed.size(), m_blind ? 1 : 0);
    QCOMPARE(it.guard.errorString().startsWith(QLatin1String("TCP_INFO: ")), m_blind);
    for (const char *name : {"deadline", "earlyWarning", "lossReason", "probesCounter"})
        QCOMPARE(it.guard.capabilities().value(QLatin1String(name)).toBool(), !m_blind);
    int interval = 0;
    socklen_t length = sizeof interval;
    QCOMPARE(::getsockopt(int(it.socket.socketDescriptor()), IPPROTO_TCP, TCP_KEEPINTVL, &interval,
                          &length),
             0);
    QCOMPARE(interval, 1); // the values are in force all the same
    it.socket.abort();
    QVERIFY(it.guard.capabilities().value(QStringLiteral("deadline")).toBool());
}

void tst_Sandbox::theHeartbeatWorksByBytes()
{
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    QVERIFY(it.connect());
    QTimer answers;
    connect(&answers, &QTimer::timeout, this, [&] {
        if (!it.peer.take().isEmpty())
            it.peer.send("pong\n");
    });
    answers.start(5);
    QTest::qWait(1000);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

void tst_Sandbox::aHungProgramIsFound()
{
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    QVERIFY(it.connect());
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QCOMPARE(it.peer.received(), QByteArray("ping\n"));
}

void tst_Sandbox::anOwnCloseIsNoLoss()
{
    for (const bool aborts : {true, false}) {
        Guarded it;
        it.guard.setDetectWithin(6000);
        QVERIFY(it.connect());
        // An expired wait before it leaves an error in the socket.
        QVERIFY(!it.socket.waitForReadyRead(10));
        QTest::qWait(400);
        if (aborts)
            it.socket.abort();
        else
            it.socket.disconnectFromHost();
        QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
        QTest::qWait(50);
        QCOMPARE(it.lost.size(), 0);
        QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    }
}

void tst_Sandbox::anOwnCloseAfterAnExpiredWaitIsNoLoss_data()
{
    QTest::addColumn<int>("later");
    QTest::addColumn<bool>("blocks");
    QTest::newRow("at once") << 0 << false;
    QTest::newRow("100 ms later") << 100 << false;
    QTest::newRow("a second later") << 1000 << false;
    QTest::newRow("in a program without an event loop") << 0 << true;
}

/// Where the kernel tells nothing, the error that the wait leaves could be taken for a loss.
void tst_Sandbox::anOwnCloseAfterAnExpiredWaitIsNoLoss()
{
    QFETCH(int, later);
    QFETCH(bool, blocks);
    Guarded it;
    it.guard.setDetectWithin(6000);
    for (int round = 0; round < 2; ++round) {
        QVERIFY(it.connect());
        QVERIFY(!it.socket.waitForReadyRead(20));
        if (!blocks)
            QTest::qWait(later);
        it.socket.close();
        QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    }
    // A loss is told as before.
    QVERIFY(it.connect());
    QVERIFY(!it.socket.waitForReadyRead(20));
    QCOMPARE(it.lost.size(), 0);
    it.peer.reset();
    QVERIFY(!blocks || !it.socket.waitForReadyRead(1000));
    QTRY_COMPARE(it.lost.size(), 1);
}

void tst_Sandbox::anOwnCloseAfterACallOutOfPlaceIsNoLoss()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("connectToHost")));
    it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    QCOMPARE(it.socket.error(), QAbstractSocket::OperationError);
    it.socket.close();
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
}

void tst_Sandbox::aLossOfThePeersDoingIsTold()
{
    for (const bool resets : {true, false}) {
        Guarded it;
        it.guard.setDetectWithin(6000);
        QVERIFY(it.connect());
        if (resets)
            it.peer.reset();
        else
            it.peer.finish();
        QTRY_COMPARE(it.lost.size(), 1);
        const LossReason seen = resets ? LossReason::PeerReset : LossReason::PeerClosed;
        QCOMPARE(it.reason(), m_blind ? LossReason::UnknownLoss : seen);
    }
}

QTEST_GUILESS_MAIN(tst_Sandbox)
#include "tst_sandbox.moc"
