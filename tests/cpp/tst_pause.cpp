// SPDX-License-Identifier: MIT OR Apache-2.0

// A program that does not run for a while, or is late at every turn, must not take its peer for
// lost, and must still find one that is.

#include "guarded.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtTest/QtTest>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

using ka::KeepAlive;
using ka::LossReason;

namespace {

constexpr int interval = 50;
constexpr int timeout = 200;

/// Answers each beat until it is told not to. It has a thread of its own: it runs while the program
/// does not.
class AnsweringPeer
{
public:
    explicit AnsweringPeer(Peer &peer)
        : m_thread([this, &peer] {
            while (!m_stop) {
                if (!peer.take().isEmpty())
                    peer.send("pong\n");
                QThread::msleep(2);
            }
        })
    {
    }
    ~AnsweringPeer() { stop(); }
    Q_DISABLE_COPY_MOVE(AnsweringPeer)

    void stop()
    {
        m_stop = true;
        if (m_thread.joinable())
            m_thread.join();
    }

private:
    std::atomic_bool m_stop = false;
    std::thread m_thread;
};

} // namespace

class tst_Pause : public QObject
{
    Q_OBJECT

private slots:
    void aBlockedEventLoopGivesNoFalseLoss();
    void anEventLoopThatIsLateAtEveryTurnGivesNoFalseLoss();
    void anEventLoopThatIsLateAtEveryTurnStillFindsASilentPeer_data();
    void anEventLoopThatIsLateAtEveryTurnStillFindsASilentPeer();
    void aStoppedProcessDoesNotLoseItsPeer();
};

void tst_Pause::aBlockedEventLoopGivesNoFalseLoss()
{
    Guarded it;
    it.setHeartbeat(interval, timeout, "ping\n");
    QVERIFY(it.connect());
    AnsweringPeer answers(it.peer);
    for (int i = 0; i < 3; ++i) {
        QTest::qWait(120);
        QThread::msleep(3 * timeout);
    }
    QTest::qWait(3 * timeout);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

void tst_Pause::anEventLoopThatIsLateAtEveryTurnGivesNoFalseLoss()
{
    Guarded it;
    it.setHeartbeat(interval, timeout, "ping\n");
    QVERIFY(it.connect());
    AnsweringPeer answers(it.peer);
    QTimer work;
    connect(&work, &QTimer::timeout, this, [] { QThread::msleep(90); });
    work.start(0);
    QTest::qWait(1500);
    work.stop();
    QCOMPARE(it.lost.size(), 0);
}

void tst_Pause::anEventLoopThatIsLateAtEveryTurnStillFindsASilentPeer_data()
{
    QTest::addColumn<int>("busy");
    QTest::newRow("by a quarter of the interval") << interval / 4;
    QTest::newRow("by nearly two intervals") << 90;
}

void tst_Pause::anEventLoopThatIsLateAtEveryTurnStillFindsASilentPeer()
{
    QFETCH(int, busy);
    Guarded it;
    it.setHeartbeat(interval, timeout, "ping\n");
    QVERIFY(it.connect());
    QTimer work;
    connect(&work, &QTimer::timeout, this, [busy] { QThread::msleep(busy); });
    work.start(0);
    QTRY_COMPARE_WITH_TIMEOUT(it.lost.size(), 1, 10 * timeout);
    work.stop();
    QCOMPARE(it.reason(), LossReason::HeartbeatMissed);
}

void tst_Pause::aStoppedProcessDoesNotLoseItsPeer()
{
    Peer peer;
    QProcess client;
    client.start(QCoreApplication::applicationFilePath(),
                 {QStringLiteral("guarded-client"), QString::number(peer.port())});
    QVERIFY(client.waitForStarted());
    QVERIFY(peer.accept());
    AnsweringPeer answers(peer);
    for (int i = 0; i < 2; ++i) {
        QTest::qWait(2 * timeout);
        QCOMPARE(::kill(pid_t(client.processId()), SIGSTOP), 0);
        QTest::qWait(4 * timeout);
        QCOMPARE(::kill(pid_t(client.processId()), SIGCONT), 0);
    }
    QTest::qWait(2 * timeout);
    QCOMPARE(client.readAllStandardOutput(), QByteArray());
    QCOMPARE(client.state(), QProcess::Running);
    answers.stop();
    QElapsedTimer time;
    time.start();
    QTRY_COMPARE(client.state(), QProcess::NotRunning);
    QVERIFY2(time.elapsed() <= timeout + 300, qPrintable(QString::number(time.elapsed())));
    QCOMPARE(client.readAllStandardOutput(), QByteArray("HeartbeatMissed\n"));
}

/// The client of aStoppedProcessDoesNotLoseItsPeer(): says why it lost its peer, and ends.
static int guardedClient(QCoreApplication &app, quint16 port)
{
    QTcpSocket socket;
    KeepAlive guard(&socket);
    guard.setHeartbeatInterval(interval);
    guard.setHeartbeatTimeout(timeout);
    guard.setHeartbeatPayload("ping\n");
    QObject::connect(&guard, &KeepAlive::connectionLost, &app, [&app](LossReason reason) {
        std::puts(qPrintable(QVariant::fromValue(reason).toString()));
        app.quit();
    });
    socket.connectToHost(QStringLiteral("127.0.0.1"), port);
    return app.exec();
}

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    const QStringList arguments = app.arguments();
    if (arguments.value(1) == QLatin1String("guarded-client"))
        return guardedClient(app, quint16(arguments.value(2).toUInt()));
    tst_Pause test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_pause.moc"
