// SPDX-License-Identifier: MIT OR Apache-2.0

// Threads that are not Qt's, and have no event loop, or get one late.

#include "guarded.h"

#include <ka/socket.h>

#include <QtCore/QEventLoop>
#include <QtCore/QMutex>
#include <QtCore/QTimer>
#include <QtTest/QtTest>

#include <thread>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

namespace {

QMutex mutex;
QStringList warnings;

void note(QtMsgType type, const QMessageLogContext &, const QString &words)
{
    const QMutexLocker lock(&mutex);
    if (type != QtDebugMsg && type != QtInfoMsg)
        warnings << words;
}

/// Runs this in a thread that Qt knows nothing of, and returns what Qt warned of meanwhile.
template<typename Work>
QStringList inAThread(Work work)
{
    warnings.clear();
    const QtMessageHandler before = qInstallMessageHandler(note);
    std::thread(work).join();
    qInstallMessageHandler(before);
    // Of its own sockets Qt says this itself.
    return warnings.filter(QRegularExpression(QStringLiteral("^(?!QSocketNotifier)")));
}

} // namespace

class tst_Threads : public QObject
{
    Q_OBJECT

private slots:
    void aThreadThatBlocksIsServedWithoutAWarning();
    void aLoopThatComesLaterBringsTheVerdicts();
};

void tst_Threads::aThreadThatBlocksIsServedWithoutAWarning()
{
    bool applied = false;
    const QStringList said = inAThread([&] {
        Guarded it;
        it.guard.setDetectWithin(6000);
        it.setHeartbeat(50, 150, "ping\n");
        for (int round = 0; round < 2; ++round) {
            if (!it.connect())
                return;
            const ka::Config now = ka::query(it.socket.socketDescriptor());
            applied = now.enabled && now.idle == 3s;
            it.socket.waitForReadyRead(50);
            it.guard.setDetectWithin(6000 + round);
            it.socket.abort();
        }
    });
    QVERIFY(applied);
    QCOMPARE(said.join(QLatin1Char('\n')), QString());
}

void tst_Threads::aLoopThatComesLaterBringsTheVerdicts()
{
    LossReason reason = LossReason::NoLoss;
    const QStringList said = inAThread([&] {
        Guarded it;
        it.setHeartbeat(50, 150, "ping\n");
        if (!it.connect())
            return;
        it.socket.waitForReadyRead(20);
        QEventLoop loop;
        QObject::connect(&it.guard, &KeepAlive::connectionLost, &loop, &QEventLoop::quit);
        QTimer::singleShot(3000, &loop, &QEventLoop::quit);
        loop.exec();
        reason = it.reason();
    });
    QCOMPARE(reason, LossReason::HeartbeatMissed);
    QCOMPARE(said.join(QLatin1Char('\n')), QString());
}

QTEST_GUILESS_MAIN(tst_Threads)
#include "tst_threads.moc"
