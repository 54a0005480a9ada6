// SPDX-License-Identifier: MIT OR Apache-2.0

// The command-line tool on a network that really fails, and with the rights of a namespace of its own.

#include "main.h"

#include <ka/socket.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryFile>
#include <QtTest/QtTest>

class tst_Qka : public QObject
{
    Q_OBJECT

private slots:
    void aPeerThatVanishesIsWatchedToItsEnd();
    void anOutageThatEndsInTimeIsNoLoss();
    void systemDefaultsAreSetForThisNamespace();
    void systemDefaultsAreKeptInAFile();
    void aMissingDirectoryIsToldInWords();
    void valuesOfAContainerAreToldInWords();
    void aMissingProcIsToldInWords();

private:
    /// What led to the loss is written there.
    QTemporaryFile m_history;

    void watch(QProcess &qka, const NetLab &lab, const char *within);
    static QByteArray line(QProcess &qka);
    static void run(QProcess &shell, const QByteArray &script);
};

void tst_Qka::watch(QProcess &qka, const NetLab &lab, const char *within)
{
    QVERIFY(m_history.isOpen() || m_history.open());
    qka.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    qka.start(QStringLiteral(QKA),
              {QStringLiteral("watch"),
               QStringLiteral("%1:%2").arg(lab.serverAddress()).arg(lab.serverPort()),
               QStringLiteral("--within"), QString::fromLatin1(within), QStringLiteral("--history"),
               m_history.fileName()});
    QVERIFY2(line(qka).contains("Healthy"), "it did not connect");
}

/// The next line that it prints; empty if none comes.
QByteArray tst_Qka::line(QProcess &qka)
{
    QElapsedTimer waiting;
    waiting.start();
    while (!qka.canReadLine() && waiting.elapsed() < 20000 && qka.state() != QProcess::NotRunning)
        qka.waitForReadyRead(1000);
    return qka.readLine().trimmed();
}

void tst_Qka::aPeerThatVanishesIsWatchedToItsEnd()
{
    NetLab lab;
    QVERIFY2(lab.start().isEmpty(), qPrintable(lab.trouble()));
    QProcess qka;
    watch(qka, lab, "4s");
    if (QTest::currentTestFailed())
        return;
    QElapsedTimer gone;
    lab.cut();
    gone.start();
    QVERIFY(line(qka).contains("Suspect"));
    const QByteArray last = line(qka);
    QVERIFY2(last.contains("Lost") && last.contains("ProbesUnanswered: "), last);
    // From the last sign of life, which was up to one idle time of 1 s and a little before the cut.
    QVERIFY2(gone.elapsed() >= 2500 && gone.elapsed() <= 4600,
             qPrintable(QString::number(gone.elapsed())));
    QVERIFY(qka.waitForFinished());
    QCOMPARE(qka.exitCode(), 12);
    QVERIFY2(lab.trouble().isEmpty(), qPrintable(lab.trouble()));
    // The same guard comes to the same verdict once more.
    qka.start(QStringLiteral(QKA), {QStringLiteral("replay"), m_history.fileName()});
    QVERIFY(qka.waitForFinished());
    QCOMPARE(qka.exitCode(), 0);
    const QByteArray replayed = qka.readAll();
    QVERIFY2(replayed.contains("ProbesUnanswered") && replayed.contains("tells of the same end"),
             replayed);
}

void tst_Qka::anOutageThatEndsInTimeIsNoLoss()
{
    NetLab lab;
    QVERIFY2(lab.start().isEmpty(), qPrintable(lab.trouble()));
    QProcess qka;
    watch(qka, lab, "6s");
    if (QTest::currentTestFailed())
        return;
    lab.cut();
    QVERIFY(line(qka).contains("Suspect"));
    lab.heal();
    QVERIFY(line(qka).contains("Healthy"));
    lab.finish();
    QVERIFY(line(qka).contains("PeerClosed: "));
    QVERIFY(qka.waitForFinished());
    QCOMPARE(qka.exitCode(), 10);
}

void tst_Qka::systemDefaultsAreSetForThisNamespace()
{
    using namespace std::chrono_literals;
    const ka::Config before = ka::systemDefaults();
    QProcess qka;
    qka.start(QStringLiteral(QKA),
              {QStringLiteral("defaults"), QStringLiteral("set"), QStringLiteral("--idle"),
               QStringLiteral("100"), QStringLiteral("--count"), QStringLiteral("1")});
    QVERIFY(qka.waitForFinished());
    QCOMPARE(qka.exitCode(), 0);
    const ka::Config now = ka::systemDefaults();
    QVERIFY(now.idle == 100s && now.count == 1 && now.interval == before.interval);
    QVERIFY(qka.readAllStandardOutput().contains("100 s (1 min 40 s)"));
    ka::setSystemDefaults(before);
}

/// Runs a script of sh(1), for which "$QKA" is the program, with mounts that go with it.
void tst_Qka::run(QProcess &shell, const QByteArray &script)
{
    shell.start(Host::tool(QStringLiteral("unshare")),
                {QStringLiteral("--mount"), QStringLiteral("sh"), QStringLiteral("-ec"),
                 QStringLiteral("QKA='" QKA "'\n") + QString::fromLatin1(script)});
    QVERIFY(shell.waitForFinished());
}

void tst_Qka::systemDefaultsAreKeptInAFile()
{
    const ka::Config before = ka::systemDefaults();
    QProcess shell;
    run(shell, R"(
        mount -t tmpfs none /etc
        mkdir /etc/sysctl.d
        "$QKA" defaults set --idle 100 --persist >/etc/first
        "$QKA" defaults set --interval 10 --persist
        cat /etc/sysctl.d/*
    )");
    ka::setSystemDefaults(before);
    const QByteArray said = shell.readAllStandardOutput() + shell.readAllStandardError();
    QCOMPARE(shell.exitCode(), 0);
    QVERIFY2(said.contains("/etc/sysctl.d/90-qka-keepalive.conf is, for the next restart:"), said);
    // What was kept by the first is still there.
    QVERIFY2(said.endsWith("\nnet.ipv4.tcp_keepalive_time = 100\n"
                           "net.ipv4.tcp_keepalive_intvl = 10\n"),
             said);
}

void tst_Qka::aMissingDirectoryIsToldInWords()
{
    const ka::Config before = ka::systemDefaults();
    QProcess shell;
    run(shell, R"(
        mount -t tmpfs none /etc
        exec "$QKA" defaults set --idle 100 --persist
    )");
    QCOMPARE(shell.exitCode(), 1);
    const QByteArray said = shell.readAllStandardError();
    QVERIFY2(said.contains("mkdir -p /etc/sysctl.d"), said);
    QVERIFY(ka::systemDefaults() == before);
}

void tst_Qka::valuesOfAContainerAreToldInWords()
{
    const ka::Config before = ka::systemDefaults();
    QProcess shell;
    run(shell, R"(
        mount --bind /proc/sys /proc/sys
        mount -o bind,remount,ro /proc/sys
        exec "$QKA" defaults set --idle 100
    )");
    QCOMPARE(shell.exitCode(), 1);
    const QByteArray said = shell.readAllStandardError();
    QVERIFY2(said.contains("were not changed") && said.contains("docker run --sysctl"), said);
    QVERIFY(ka::systemDefaults() == before);
}

void tst_Qka::aMissingProcIsToldInWords()
{
    QProcess shell;
    run(shell, R"(
        mount -t tmpfs none /proc
        exec "$QKA" defaults
    )");
    QCOMPARE(shell.exitCode(), 1);
    const QByteArray said = shell.readAllStandardError();
    QVERIFY2(said.contains("net.ipv4.tcp_keepalive_time") && said.contains("Please mount /proc"),
             said);
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_Qka>(argc, argv);
}

#include "tst_qka.moc"
