// SPDX-License-Identifier: MIT OR Apache-2.0

// silence, unansweredProbes and roundTripTime: live when they are read, told about ten times a second
// while somebody listens, and costing nothing otherwise.

#include "guarded.h"

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QElapsedTimer>
#include <QtCore/QPointer>
#include <QtTest/QtTest>

#include <algorithm>
#include <memory>
#include <thread>

using ka::KeepAlive;

namespace {

/// Of its own, or of what is behind it.
bool hasTimer(const KeepAlive *guard)
{
    QObjectList objects = guard->children();
    objects.append(const_cast<KeepAlive *>(guard));
    return std::any_of(objects.begin(), objects.end(), [](QObject *object) {
        return !QAbstractEventDispatcher::instance()->registeredTimers(object).isEmpty();
    });
}

/// Counts what wakes one object up.
class Counter : public QObject
{
public:
    int events = 0;

protected:
    bool eventFilter(QObject *, QEvent *event) override
    {
        events += event->type() == QEvent::Timer || event->type() == QEvent::MetaCall;
        return false;
    }
};

} // namespace

class tst_Display : public QObject
{
    Q_OBJECT

private slots:
    void withoutAConnectionThereIsNothingToShow();
    void theValuesAreThoseOfTheMomentTheyAreRead();
    void withoutAListenerNothingRuns();
    void aListenerIsToldTenTimesASecond();
    void aValueThatStaysIsToldOnce();
    void withTheLastListenerTheTimerStops();
    void withTheConnectionTheTimerStops();
    void aListenerMayComeFromAnotherThread();
    void aListenerMayDeleteTheGuardOrTheSocket_data();
    void aListenerMayDeleteTheGuardOrTheSocket();
};

void tst_Display::withoutAConnectionThereIsNothingToShow()
{
    Guarded it;
    const auto showsNothing = [&] {
        return it.guard.silence() == -1 && it.guard.unansweredProbes() == -1
            && it.guard.roundTripTime() == -1;
    };
    QVERIFY(showsNothing());
    QVERIFY(it.connect());
    QVERIFY(!showsNothing());
    it.peer.reset();
    QTRY_COMPARE(it.lost.size(), 1);
    QVERIFY(showsNothing());
    it.guard.setSocket(nullptr);
    QVERIFY(showsNothing());
}

void tst_Display::theValuesAreThoseOfTheMomentTheyAreRead()
{
    Guarded it;
    QVERIFY(it.connect());
    QVERIFY(it.peer.send("x"));
    QTRY_COMPARE(it.socket.bytesAvailable(), 1);
    const int before = it.guard.silence();
    QVERIFY2(before >= 0 && before <= 100, qPrintable(QString::number(before)));
    QTest::qSleep(300);
    const int after = it.guard.silence();
    QVERIFY2(after >= before + 280 && after <= before + 450, qPrintable(QString::number(after)));
    QVERIFY(it.peer.send("x"));
    QVERIFY2(it.guard.silence() <= 100, "no event loop needs to turn");
    QCOMPARE(it.guard.unansweredProbes(), 0);
    const int roundTrip = it.guard.roundTripTime();
    QVERIFY2(roundTrip >= 0 && roundTrip <= 50, qPrintable(QString::number(roundTrip)));
}

void tst_Display::withoutAListenerNothingRuns()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    Counter counter;
    QVERIFY(it.connect());
    QTest::qWait(20);
    it.guard.installEventFilter(&counter);
    for (QObject *child : it.guard.children() + it.socket.children())
        child->installEventFilter(&counter);
    // Somebody who listens to something else is no reason.
    QSignalSpy state(&it.guard, &KeepAlive::stateChanged);
    QSignalSpy suspect(&it.guard, &KeepAlive::connectionSuspect);
    QTest::qWait(500);
    QVERIFY(it.guard.silence() >= 0);
    QVERIFY(!hasTimer(&it.guard));
    QCOMPARE(counter.events, 0);
}

void tst_Display::aListenerIsToldTenTimesASecond()
{
    Guarded it;
    QVERIFY(it.connect());
    QSignalSpy changed(&it.guard, &KeepAlive::silenceChanged);
    QElapsedTimer time;
    time.start();
    QTest::qWait(1000);
    const qint64 elapsed = time.elapsed();
    QVERIFY2(changed.size() >= 7 && changed.size() <= 1 + elapsed / 95,
             qPrintable(QString::number(changed.size())));
}

void tst_Display::aValueThatStaysIsToldOnce()
{
    Guarded it;
    QSignalSpy changed(&it.guard, &KeepAlive::unansweredProbesChanged);
    QVERIFY(it.connect());
    QTest::qWait(500);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(it.guard.unansweredProbes(), 0);
    it.socket.close();
    QTRY_COMPARE(changed.size(), 2);
    QCOMPARE(it.guard.unansweredProbes(), -1);
}

void tst_Display::withTheLastListenerTheTimerStops()
{
    Guarded it;
    QVERIFY(it.connect());
    auto silence = std::make_unique<QSignalSpy>(&it.guard, &KeepAlive::silenceChanged);
    auto probes = std::make_unique<QSignalSpy>(&it.guard, &KeepAlive::unansweredProbesChanged);
    QTRY_VERIFY(silence->size() >= 2);
    QVERIFY(hasTimer(&it.guard));
    silence.reset();
    QTest::qWait(250);
    QVERIFY(hasTimer(&it.guard));
    probes.reset();
    QTRY_VERIFY(!hasTimer(&it.guard));
    // And the next one is told again.
    QSignalSpy again(&it.guard, &KeepAlive::silenceChanged);
    QTRY_VERIFY(again.size() >= 2);
}

void tst_Display::withTheConnectionTheTimerStops()
{
    Guarded it;
    QSignalSpy changed(&it.guard, &KeepAlive::silenceChanged);
    QTest::qWait(20);
    QVERIFY(!hasTimer(&it.guard));
    for (int round = 0; round < 2; ++round) {
        QVERIFY(it.connect());
        changed.clear();
        QTRY_VERIFY(changed.size() >= 3);
        QVERIFY(hasTimer(&it.guard));
        it.peer.finish();
        QTRY_COMPARE(it.lost.size(), round + 1);
        QTRY_VERIFY(!hasTimer(&it.guard));
        QCOMPARE(it.guard.silence(), -1);
        changed.clear();
        QTest::qWait(250);
        QCOMPARE(changed.size(), 0);
    }
}

void tst_Display::aListenerMayComeFromAnotherThread()
{
    Guarded it;
    QVERIFY(it.connect());
    std::atomic_int calls = 0;
    std::thread([&] {
        connect(&it.guard, &KeepAlive::silenceChanged, &it.guard, [&calls] { ++calls; });
    }).join();
    QTRY_VERIFY(calls >= 3);
}

void tst_Display::aListenerMayDeleteTheGuardOrTheSocket_data()
{
    QTest::addColumn<bool>("socket");
    QTest::newRow("the guard") << false;
    QTest::newRow("the socket") << true;
}

void tst_Display::aListenerMayDeleteTheGuardOrTheSocket()
{
    QFETCH(bool, socket);
    for (const bool child : {true, false}) {
        Peer peer;
        QPointer<QTcpSocket> guarded(new QTcpSocket);
        QPointer<KeepAlive> guard(new KeepAlive(child ? guarded : nullptr));
        guard->setSocket(guarded);
        guarded->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(guarded->waitForConnected() && peer.accept());
        int calls = 0;
        connect(guard, &KeepAlive::silenceChanged, this, [&] {
            if (++calls != 3)
                return;
            if (socket)
                delete guarded;
            else
                delete guard;
        });
        QTRY_VERIFY(calls >= 3);
        QTest::qWait(150);
        QCOMPARE(guard.isNull(), !socket || child);
        // Without the socket there was one more thing to tell: that there is nothing any more.
        QVERIFY(calls <= 4);
        delete guard;
        delete guarded;
    }
}

QTEST_GUILESS_MAIN(tst_Display)
#include "tst_display.moc"
