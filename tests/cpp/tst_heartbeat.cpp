// SPDX-License-Identifier: MIT OR Apache-2.0

// The heart-beat: what is accepted, when beats are sent, what counts as an answer, and when the
// verdict falls. What slots may do meanwhile is in tst_heartbeat_slots.cpp, what a program that does
// not run for a while sees in tst_pause.cpp.

#include "guarded.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>
#include <QtTest/QtTest>

using ka::KeepAlive;
using ka::LossReason;

namespace {

/// Lets a peer answer whatever comes.
class Answering
{
public:
    explicit Answering(Peer &peer)
    {
        QObject::connect(&m_timer, &QTimer::timeout, [this, &peer] {
            const qsizetype now = peer.received().size();
            if (now != m_seen)
                peer.send("pong\n");
            m_seen = now;
        });
        m_timer.start(2);
    }

private:
    QTimer m_timer;
    qsizetype m_seen = 0;
};

} // namespace

class tst_Heartbeat : public QObject
{
    Q_OBJECT

private slots:
    void aTimeoutThatIsNotLongerThanTheIntervalIsRefused();
    void aPayloadThatIsNoBeatIsRefused();
    void detectionTimeIsThatOfTheFasterOfTheTwo();

    void thePayloadIsWrittenAtEachBeat();
    void withoutAPayloadTheProgramIsAskedToWrite();
    void withoutAnIntervalThereAreNoBeats();
    void oneBeatAtATimeIsUnderWay();
    void aLivingPeerLivesBesideTrafficOfAnyRhythm_data();
    void aLivingPeerLivesBesideTrafficOfAnyRhythm();
    void aHungProgramIsFoundBesideTrafficOfAnyRhythm_data();
    void aHungProgramIsFoundBesideTrafficOfAnyRhythm();
    void disablingStopsTheBeatsAndTheVerdict();
    void beatsAreNotQueuedBehindDataThatCannotLeave();

    void anAnsweringPeerLives();
    void aByteThatTheProgramHasNotReadCounts();
    void aPeerThatSlowlyTakesOurDataLivesUntilItStops();
    void aSilentProgramIsSuspectAndThenLost_data();
    void aSilentProgramIsSuspectAndThenLost();
    void aPeerThatAnswersInTimeRecovers();
    void withoutATimeoutItIsTwiceTheInterval();
};

void tst_Heartbeat::aTimeoutThatIsNotLongerThanTheIntervalIsRefused()
{
    KeepAlive guard;
    QSignalSpy failed(&guard, &KeepAlive::applyFailed);
    guard.setHeartbeatInterval(100);
    guard.setHeartbeatTimeout(100);
    QCOMPARE(guard.heartbeatTimeout(), 0);
    QCOMPARE(guard.errorString(),
             QStringLiteral("heartbeatTimeout: 100 ms is not within 101..2147483647 ms"));
    guard.setHeartbeatTimeout(101);
    QCOMPARE(guard.heartbeatTimeout(), 101);
    QCOMPARE(guard.errorString(), QString());
    guard.setHeartbeatInterval(101);
    QCOMPARE(guard.heartbeatInterval(), 100);
    QCOMPARE(guard.errorString(),
             QStringLiteral("heartbeatTimeout: 101 ms is not within 102..2147483647 ms"));
    QCOMPARE(failed.size(), 2);
    // A return to "twice the interval" fits any interval.
    guard.setHeartbeatTimeout(0);
    guard.setHeartbeatInterval(std::numeric_limits<int>::max());
    QCOMPARE(guard.heartbeatInterval(), std::numeric_limits<int>::max());
    QCOMPARE(guard.errorString(), QString());
    // While the heart-beat is off, the timeout waits for its interval.
    guard.setHeartbeatInterval(0);
    guard.setHeartbeatTimeout(1);
    QCOMPARE(guard.errorString(), QString());
    QCOMPARE(failed.size(), 2);
}

void tst_Heartbeat::aPayloadThatIsNoBeatIsRefused()
{
    KeepAlive guard;
    guard.setHeartbeatPayload("ping");
    QSignalSpy failed(&guard, &KeepAlive::applyFailed);
    QSignalSpy changed(&guard, &KeepAlive::heartbeatPayloadChanged);
    guard.setHeartbeatPayload(QByteArray(64 << 20, 'x'));
    QCOMPARE(guard.errorString(),
             QStringLiteral("heartbeatPayload: 67108864 is not within 0..65536 bytes"));
    guard.setHeartbeatPayload(QByteArray(65537, 'x'));
    QCOMPARE(failed.size(), 2);
    QCOMPARE(changed.size(), 0);
    QCOMPARE(guard.heartbeatPayload(), QByteArray("ping"));
    guard.setHeartbeatPayload(QByteArray(65536, '\0'));
    QCOMPARE(guard.heartbeatPayload(), QByteArray(65536, '\0'));
    QCOMPARE(guard.errorString(), QString());
}

void tst_Heartbeat::detectionTimeIsThatOfTheFasterOfTheTwo()
{
    Guarded it;
    it.setHeartbeat(1000, 3000, "ping\n");
    QVERIFY(it.connect());
    QCOMPARE(it.guard.detectionTime(), 3000);
    it.guard.setDetectWithin(2000);
    QCOMPARE(it.guard.detectionTime(), 2000);
    it.guard.setDetectWithin(6000);
    QCOMPARE(it.guard.detectionTime(), 3000);
    it.guard.setHeartbeatInterval(0);
    QCOMPARE(it.guard.detectionTime(), 6000);
}

void tst_Heartbeat::thePayloadIsWrittenAtEachBeat()
{
    Guarded it;
    it.setHeartbeat(50, 10000, "ping\n");
    QSignalSpy due(&it.guard, &KeepAlive::heartbeatDue);
    QVERIFY(it.connect());
    const Answering answers(it.peer);
    QElapsedTimer time;
    time.start();
    QTRY_VERIFY(it.peer.received().size() >= 6 * 5);
    const qint64 elapsed = time.elapsed();
    QVERIFY2(elapsed >= 6 * 50 - 10 && elapsed <= 6 * 50 + 200,
             qPrintable(QString::number(elapsed)));
    QVERIFY(it.peer.received().startsWith("ping\nping\nping\nping\nping\nping\n"));
    QCOMPARE(due.size(), 0);
    // Another payload takes its place without a beat of its own.
    it.peer.forget();
    it.guard.setHeartbeatPayload("hello\n");
    QTRY_VERIFY(!it.peer.received().isEmpty());
    QVERIFY(it.peer.received().startsWith("hello\n"));
}

void tst_Heartbeat::withoutAPayloadTheProgramIsAskedToWrite()
{
    Guarded it;
    it.setHeartbeat(50, 10000);
    QSignalSpy due(&it.guard, &KeepAlive::heartbeatDue);
    QVERIFY(it.connect());
    QTimer talk;
    connect(&talk, &QTimer::timeout, this, [&] { it.peer.send("x"); });
    talk.start(5);
    QElapsedTimer time;
    time.start();
    QTRY_VERIFY(due.size() >= 4); // two can come between two looks
    QVERIFY2(time.elapsed() >= 190 && time.elapsed() <= 400,
             qPrintable(QString::number(time.elapsed())));
    QCOMPARE(it.peer.take(), QByteArray());
}

void tst_Heartbeat::withoutAnIntervalThereAreNoBeats()
{
    Guarded it;
    it.guard.setHeartbeatPayload("ping\n");
    it.guard.setHeartbeatTimeout(50);
    QVERIFY(it.connect());
    QTest::qWait(200);
    QCOMPARE(it.peer.take(), QByteArray());
    QCOMPARE(it.lost.size(), 0);
    // Set while connected, it begins at once, and the peer has its full time from here.
    it.guard.setHeartbeatTimeout(0);
    it.guard.setHeartbeatInterval(50);
    QTRY_VERIFY(it.peer.received().startsWith("ping\n"));
    QCOMPARE(it.lost.size(), 0);
}

void tst_Heartbeat::oneBeatAtATimeIsUnderWay()
{
    Guarded it;
    it.setHeartbeat(50, 10000, "ping\n");
    QVERIFY(it.connect());
    QTest::qWait(500);
    QCOMPARE(it.peer.received(), QByteArray("ping\n"));
    QVERIFY(it.peer.send("pong\n"));
    QTRY_COMPARE(it.peer.received(), QByteArray("ping\nping\n"));
}

void tst_Heartbeat::aLivingPeerLivesBesideTrafficOfAnyRhythm_data()
{
    QTest::addColumn<int>("every");
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("noDelay");
    for (const int every : {0, 1, 10, 50, 100, 101}) {
        for (const int size : {1, 10, 100000}) {
            // As fast as it goes is no rhythm that a peer has to keep up with.
            if (every >= 10 || size < 100000) {
                QTest::addRow("%d bytes each %d ms", size, every) << every << size << false;
                QTest::addRow("%d bytes each %d ms, no delay", size, every) << every << size << true;
            }
        }
    }
}

/// Data that the program writes is in front of a beat, or behind it, at each moment.
void tst_Heartbeat::aLivingPeerLivesBesideTrafficOfAnyRhythm()
{
    QFETCH(int, every);
    QFETCH(int, size);
    QFETCH(bool, noDelay);
    Guarded it;
    it.setHeartbeat(100, 200, "ping\n");
    QVERIFY(it.connect());
    it.socket.setSocketOption(QAbstractSocket::LowDelayOption, noDelay ? 1 : 0);
    int pings = 0;
    QTimer peer;
    connect(&peer, &QTimer::timeout, this, [&] {
        const int come = int(it.peer.take().count('p'));
        pings += come;
        if (come > 0)
            it.peer.send("pong\n");
    });
    peer.start(2);
    const QByteArray data(size, 'x');
    QTimer writer;
    writer.setTimerType(Qt::PreciseTimer);
    connect(&writer, &QTimer::timeout, this, [&] { it.socket.write(data); });
    writer.start(every);
    QTest::qWait(1000);
    QCOMPARE(it.lost.size(), 0);
    QVERIFY2(pings >= 5, qPrintable(QString::number(pings)));
}

void tst_Heartbeat::aHungProgramIsFoundBesideTrafficOfAnyRhythm_data()
{
    aLivingPeerLivesBesideTrafficOfAnyRhythm_data();
}

/// Its kernel acknowledges what this side writes.
void tst_Heartbeat::aHungProgramIsFoundBesideTrafficOfAnyRhythm()
{
    QFETCH(int, every);
    QFETCH(int, size);
    QFETCH(bool, noDelay);
    Guarded it;
    it.setHeartbeat(100, 200, "ping\n");
    QVERIFY(it.connect());
    it.socket.setSocketOption(QAbstractSocket::LowDelayOption, noDelay ? 1 : 0);
    const QByteArray data(size, 'x');
    QTimer writer;
    writer.setTimerType(Qt::PreciseTimer);
    connect(&writer, &QTimer::timeout, this, [&] { it.socket.write(data); });
    writer.start(every);
    QElapsedTimer time;
    time.start();
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    // The timeout and one interval, and what a busy machine adds.
    QVERIFY2(time.elapsed() >= 195 && time.elapsed() <= 200 + 100 + 200,
             qPrintable(QString::number(time.elapsed())));
}

void tst_Heartbeat::disablingStopsTheBeatsAndTheVerdict()
{
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    QVERIFY(it.connect());
    QTRY_VERIFY(it.peer.received().startsWith("ping\n"));
    it.guard.setEnabled(false);
    it.peer.forget();
    QTest::qWait(400);
    QCOMPARE(it.peer.received(), QByteArray());
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    it.guard.setEnabled(true);
    QElapsedTimer time;
    time.start();
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY2(time.elapsed() >= 150, "the peer has its full time anew");
    QVERIFY(it.peer.received().startsWith("ping\n"));
}

void tst_Heartbeat::beatsAreNotQueuedBehindDataThatCannotLeave()
{
    Guarded it;
    it.peer.receiveLittle();
    it.setHeartbeat(50, 60000, "ping\n");
    QVERIFY(it.connect());
    const QByteArray data(4 << 20, 'x');
    it.socket.write(data);
    QTest::qWait(600); // the time of twelve beats
    qsizetype arrived = 0;
    qsizetype beats = 0;
    QElapsedTimer reading;
    reading.start();
    while (arrived < data.size() && reading.elapsed() < 5000) {
        const QByteArray got = it.peer.take();
        arrived += got.count('x');
        beats += got.count('\n');
        QCoreApplication::processEvents();
    }
    QCOMPARE(arrived, qsizetype(data.size()));
    const qint64 took = reading.elapsed();
    QTest::qWait(5);
    beats += it.peer.take().count('\n');
    // Those that came due while this was read may have been sent behind the data.
    QVERIFY2(beats <= 2 + took / 50, qPrintable(QString::number(beats)));
    // And they go on.
    it.peer.forget();
    it.peer.send("pong\n");
    QTRY_VERIFY(it.peer.received().contains("ping\n"));
    QCOMPARE(it.lost.size(), 0);
}

void tst_Heartbeat::anAnsweringPeerLives()
{
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    QVERIFY(it.connect());
    QSignalSpy suspect(&it.guard, &KeepAlive::connectionSuspect);
    QTimer answers;
    connect(&answers, &QTimer::timeout, this, [&] {
        if (!it.peer.take().isEmpty())
            it.peer.send("pong\n");
    });
    answers.start(5);
    QTest::qWait(1000);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(suspect.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

void tst_Heartbeat::aByteThatTheProgramHasNotReadCounts()
{
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    it.socket.setReadBufferSize(4);
    QVERIFY(it.connect());
    QTimer talk;
    connect(&talk, &QTimer::timeout, this, [&] { it.peer.send("x"); });
    talk.start(40);
    QTest::qWait(800);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.socket.bytesAvailable(), 4);
    it.peer.send("x");
    talk.stop();
    QElapsedTimer time;
    time.start();
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY2(time.elapsed() >= 195 && time.elapsed() <= 350,
             qPrintable(QString::number(time.elapsed())));
}

void tst_Heartbeat::aPeerThatSlowlyTakesOurDataLivesUntilItStops()
{
    Guarded it;
    it.peer.receiveLittle();
    it.setHeartbeat(50, 300, "ping\n");
    QVERIFY(it.connect());
    it.socket.write(QByteArray(4 << 20, 'x'));
    QTimer reading;
    connect(&reading, &QTimer::timeout, this, [&] { it.peer.take(2000); });
    reading.start(20);
    QTest::qWait(1500);
    QCOMPARE(it.lost.size(), 0);
    reading.stop();
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
}

void tst_Heartbeat::aSilentProgramIsSuspectAndThenLost_data()
{
    QTest::addColumn<int>("interval");
    QTest::addColumn<int>("timeout");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<int>("answers");
    for (const int answers : {0, 30}) {
        QTest::addRow("50 / 200 ms, payload, %d answers", answers)
                << 50 << 200 << QByteArray("ping\n") << answers;
        QTest::addRow("50 / 215 ms, payload, %d answers", answers)
                << 50 << 215 << QByteArray("ping\n") << answers;
    }
    QTest::newRow("50 / 200 ms, asked") << 50 << 200 << QByteArray() << 0;
    QTest::newRow("300 / 1000 ms, payload") << 300 << 1000 << QByteArray("ping\n") << 0;
}

/// Its kernel acknowledges every beat; the longer the two have talked before, the later, because it
/// then expects an answer that it could add the acknowledgement to.
void tst_Heartbeat::aSilentProgramIsSuspectAndThenLost()
{
    QFETCH(int, interval);
    QFETCH(int, timeout);
    QFETCH(QByteArray, payload);
    QFETCH(int, answers);
    Guarded it;
    it.setHeartbeat(interval, timeout, payload);
    QStringList order;
    const auto note = [&](const char *what) { order << QLatin1String(what); };
    connect(&it.guard, &KeepAlive::connectionSuspect, this, [&] { note("suspect"); });
    connect(&it.guard, &KeepAlive::connectionRecovered, this, [&] { note("recovered"); });
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] { note("lost"); });
    connect(&it.socket, &QTcpSocket::disconnected, this, [&] { note("disconnected"); });
    QVERIFY(it.connect());
    QElapsedTimer time;
    time.start();
    while (answers > 0) {
        QTest::qWait(1);
        if (it.peer.take().isEmpty())
            continue;
        QVERIFY(it.peer.send("pong\n"));
        --answers;
        time.restart();
    }
    QTRY_COMPARE(it.lost.size(), 1);
    const qint64 elapsed = time.elapsed();
    QVERIFY2(elapsed >= timeout - 5 && elapsed <= timeout + 150,
             qPrintable(QString::number(elapsed)));
    QCOMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY(!it.lost.first().last().toString().isEmpty());
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
    QTest::qWait(50);
    QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("suspect lost disconnected"));
    QCOMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
}

void tst_Heartbeat::aPeerThatAnswersInTimeRecovers()
{
    Guarded it;
    it.setHeartbeat(100, 1000, "ping\n");
    QSignalSpy suspect(&it.guard, &KeepAlive::connectionSuspect);
    QSignalSpy recovered(&it.guard, &KeepAlive::connectionRecovered);
    QVERIFY(it.connect());
    QTRY_COMPARE(suspect.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Suspect);
    QVERIFY(it.peer.send("pong\n"));
    QTRY_COMPARE(recovered.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.lost.size(), 0);
}

void tst_Heartbeat::withoutATimeoutItIsTwiceTheInterval()
{
    Guarded it;
    it.guard.setHeartbeatInterval(150);
    QVERIFY(it.connect());
    QCOMPARE(it.guard.detectionTime(), 300);
    QElapsedTimer time;
    time.start();
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY2(time.elapsed() >= 295 && time.elapsed() <= 450,
             qPrintable(QString::number(time.elapsed())));
}

QTEST_GUILESS_MAIN(tst_Heartbeat)
#include "tst_heartbeat.moc"
