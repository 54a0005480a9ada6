// SPDX-License-Identifier: MIT OR Apache-2.0

// Generated lives of guarded connections on the real kernel, side by side; see life/plan.h.

#include <QtCore/QProcess>
#include <QtCore/QThread>
#include <QtTest/QtTest>

#include <algorithm>
#include <memory>
#include <vector>

namespace {

constexpr int length = 25; // seconds

using Process = std::unique_ptr<QProcess>;

/// A process that takes all that it can get of a processor until its input ends.
Process busyLoop()
{
    auto process = std::make_unique<QProcess>();
    // The loop is a child of the one that reads, which ends it however this program ends.
    process->start(QStringLiteral("sh"),
                   {QStringLiteral("-c"), QStringLiteral("(while :; do :; done) & loop=$!; "
                                                         "trap 'kill $loop' EXIT; cat")});
    process->waitForStarted();
    return process;
}

} // namespace

class tst_Lives : public QObject
{
    Q_OBJECT

private slots:
    void generatedLivesGoRight();
    void underTwoBusyLoopsLateIsAllowedWrongIsNot();

private:
    void live(int firstSeed, int lives);
};

void tst_Lives::live(int firstSeed, int lives)
{
    std::vector<Process> all;
    for (int i = 0; i < lives; ++i) {
        auto process = std::make_unique<QProcess>();
        process->setProcessChannelMode(QProcess::MergedChannels);
        process->start(QStringLiteral(LIFE),
                       {QString::number(firstSeed + i), QString::number(length)});
        all.push_back(std::move(process));
        // To start one takes the processor, and to live it does not.
        QTest::qWait(150);
    }
    for (const Process &process : all) {
        if (process->state() != QProcess::NotRunning)
            QVERIFY(process->waitForFinished(100000));
        const QByteArray said = process->readAll();
        QVERIFY2(process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0,
                 said.constData());
        // Also what is right: the seeds, and how much has happened.
        qInfo("%s", said.trimmed().split('\n').last().constData());
    }
}

void tst_Lives::generatedLivesGoRight()
{
    live(1, 24);
}

void tst_Lives::underTwoBusyLoopsLateIsAllowedWrongIsNot()
{
    std::vector<Process> loops;
    for (int i = 0; i < std::max(2, QThread::idealThreadCount()); ++i)
        loops.push_back(busyLoop());
    live(101, 6);
    for (const Process &loop : loops) {
        loop->closeWriteChannel();
        QVERIFY(loop->waitForFinished());
    }
}

QTEST_GUILESS_MAIN(tst_Lives)
#include "tst_lives.moc"
