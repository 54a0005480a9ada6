// SPDX-License-Identifier: MIT OR Apache-2.0

// The demo, driven by clicks and keys: a real network that is cut at the press of a button. With
// MONITOR_PICTURES set to a directory, what is seen on the way is kept there.

#include "driver.h"
#include "virtual_display.h"
#include "watch.h"

#include <network.h>

#include <netlab.h>

#include <QtCore/QDir>
#include <QtGui/QGuiApplication>
#include <QtQml/QJSValue>
#include <QtTest/QtTest>

#include <csignal>
#include <cstdio>

namespace {

/// Pictures of a window, light and dark; taken at once, and written when there is time.
class Album
{
public:
    bool isWanted() const { return !m_directory.isEmpty(); }

    void take(const Driver &driver, const QString &name)
    {
        if (!isWanted())
            return;
        for (int i = 0; i < 2; ++i) { // and back again
            const bool isDark = driver.text("theme") == QLatin1String("Light"); // what it leads to
            const QString colours = isDark ? QStringLiteral("dark") : QStringLiteral("light");
            m_pictures.insert(QStringLiteral("monitor-%1-%2.png").arg(name, colours),
                              driver.window().grabWindow());
            driver.click("theme");
        }
    }

    bool write() const
    {
        for (auto picture = m_pictures.begin(); picture != m_pictures.end(); ++picture) {
            if (!picture->save(QDir(m_directory).filePath(picture.key())))
                return false;
        }
        return true;
    }

private:
    QString m_directory = qEnvironmentVariable("MONITOR_PICTURES");
    QMap<QString, QImage> m_pictures;
};

/// Opens the window and waits for the far host. Returns whether it is there.
bool begin(Driver &driver)
{
    return driver.open() && QTest::qWaitFor([&] { return driver.item("demo").isEnabled(); }, 20000)
        && driver.text("demoWords").startsWith(QStringLiteral("The far host is "));
}

/// Types over the host and the port that the demo has filled in. Returns whether it is connected.
bool connectByHand(const Driver &driver)
{
    driver.type("host", driver.text("host"));
    driver.type("port", driver.text("port"));
    driver.click("connect");
    return QTest::qWaitFor([&] { return driver.text("state") == QLatin1String("Healthy"); }, 10000)
        && driver.text("connect") == QLatin1String("Disconnect");
}

/// The children of a process.
QList<qint64> childrenOf(qint64 process)
{
    QFile file(QStringLiteral("/proc/%1/task/%1/children").arg(process));
    QList<qint64> children;
    if (file.open(QIODevice::ReadOnly)) {
        const auto words = file.readAll().simplified().split(' ');
        for (const QByteArray &word : words) {
            if (!word.isEmpty())
                children << word.toLongLong();
        }
    }
    return children;
}

QString networkOf(const QString &process)
{
    return QFile::symLinkTarget(QStringLiteral("/proc/%1/ns/net").arg(process)).section('/', -1);
}

} // namespace

class tst_Demo : public QObject
{
    Q_OBJECT

private slots:
    void theCutCableIsSeenSuspectThenLost();
    void aTalkingConnectionShowsItsRoundTripAndLosesData();
    void theSliderSetsTheDeadlineWhileConnected();
    void anUnknownHostAndARefusedPortAreToldInWords();
    void disconnectingIsNoLoss();
    void interruptedItLeavesNothingBehind();
};

void tst_Demo::theCutCableIsSeenSuspectThenLost()
{
    Driver driver;
    QVERIFY(begin(driver));
    Album album;
    if (album.isWanted())
        driver.window().resize(430, 1180);
    QCOMPARE(driver.text("state"), QStringLiteral("Not connected"));
    QVERIFY(connectByHand(driver));
    if (album.isWanted())
        QTest::qWait(45000); // for a line to see
    driver.click("talk"); // from now on there is nothing but probes
    QTest::qWait(1000);
    album.take(driver, QStringLiteral("healthy"));
    QVERIFY(!driver.isVisible("banner"));
    QCOMPARE(driver.value("probes"), QStringLiteral("0"));
    QCOMPARE(driver.value("detection"), QStringLiteral("6 s"));

    Watch watch(driver.guard());
    driver.click("demo");
    QCOMPARE(driver.text("demo"), QStringLiteral("Mend the cable"));
    QCOMPARE(driver.text("demoWords"),
             QStringLiteral("The cable is cut. No packet gets through, in either direction."));
    watch.lateness = 0; // the cut itself takes a moment
    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Suspect"), 6000);
    QCOMPARE(driver.lastEvent(), QStringLiteral("An answer is overdue"));
    QVERIFY(!driver.isVisible("banner"));
    QTRY_VERIFY_WITH_TIMEOUT(driver.value("probes").toInt() >= 2, 6000);
    const int silence = driver.item("gauge").property("silence").toInt();
    QVERIFY2(silence > 3000 && silence < 6000, qPrintable(QString::number(silence)));
    album.take(driver, QStringLiteral("suspect"));
    QVERIFY(watch.lostAt == -1 || !album.isWanted()); // or the pictures are of something else

    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Lost"), 6000);
    const qint64 told = watch.lostAt - watch.lastLife;
    qInfo("told %lld ms after the last sign of life (lateness %lld ms): %s", told, watch.lateness,
          qPrintable(driver.text("lossDetail")));
    QVERIFY2(told >= 6000 - 10 && told <= 6000 + 100 + watch.lateness,
             qPrintable(QStringLiteral("%1 ms").arg(told)));
    QVERIFY(driver.isVisible("banner"));
    QCOMPARE(driver.text("lossReason"), QStringLiteral("Connection lost: ProbesUnanswered"));
    QVERIFY(driver.text("lossDetail").contains(QStringLiteral("did not answer")));
    QCOMPARE(driver.lastEvent(),
             QStringLiteral("Lost, ProbesUnanswered: ") + driver.text("lossDetail"));
    QVERIFY(driver.item("gauge").property("filled").toReal() > 0.8);
    if (album.isWanted())
        QTest::qWait(4000);
    album.take(driver, QStringLiteral("lost"));

    driver.click("demo");
    QCOMPARE(driver.text("demo"), QStringLiteral("Cut the cable"));
    QVERIFY2(driver.text("demoWords").startsWith(QStringLiteral("The far host is ")),
             qPrintable(driver.text("demoWords")));
    driver.click("reconnect");
    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Healthy"), 10000);
    QVERIFY(!driver.isVisible("banner"));
    QVERIFY(album.write());
}

void tst_Demo::aTalkingConnectionShowsItsRoundTripAndLosesData()
{
    Driver driver;
    QVERIFY(begin(driver));
    QVERIFY(connectByHand(driver));
    QVERIFY(driver.item("talk").property("checked").toBool());
    QTRY_VERIFY_WITH_TIMEOUT(driver.value("roundTrip").endsWith(QStringLiteral(" ms")), 5000);
    const auto samples = [&] { return driver.item("chart").property("samples").value<QJSValue>(); };
    QTRY_VERIFY_WITH_TIMEOUT(samples().property("length").toInt() >= 4, 5000);
    QCOMPARE(samples().property(3).property("roundTrip").toInt() >= 0, true);
    driver.click("demo");
    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Suspect"), 6000);
    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Lost"), 8000);
    QCOMPARE(driver.text("lossReason"), QStringLiteral("Connection lost: DataUnacknowledged"));
}

void tst_Demo::theSliderSetsTheDeadlineWhileConnected()
{
    Driver driver;
    QVERIFY(begin(driver));
    QVERIFY(connectByHand(driver));
    QCOMPARE(driver.guard().detectionTime(), 6000);
    driver.click("deadline"); // in the middle of 2 to 60
    const int middle = driver.guard().detectWithin();
    QVERIFY2(middle >= 30000 && middle <= 32000, qPrintable(QString::number(middle)));
    QCOMPARE(driver.guard().detectionTime(), middle);
    driver.press(Qt::Key_Left);
    QCOMPARE(driver.guard().detectionTime(), middle - 1000);
    QCOMPARE(driver.value("detection"), QStringLiteral("%1 s").arg(middle / 1000 - 1));

    QPoint hand = driver.reach("deadline");
    QTest::mousePress(&driver.window(), Qt::LeftButton, {}, hand);
    for (int i = 0; i < 20; ++i) // to the end, and beyond
        QTest::mouseMove(&driver.window(), hand -= QPoint(20, 0));
    QTest::mouseRelease(&driver.window(), Qt::LeftButton, {}, hand);
    QCOMPARE(driver.guard().detectionTime(), 2000);
    QCOMPARE(driver.text("state"), QStringLiteral("Healthy"));
}

void tst_Demo::anUnknownHostAndARefusedPortAreToldInWords()
{
    Driver driver;
    QVERIFY(begin(driver));
    const QString far = driver.text("host");
    driver.type("host", QStringLiteral("nobody.invalid"));
    driver.press(Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(driver.text("problem").startsWith(
                                     QStringLiteral("No host called nobody.invalid was found.")),
                             15000);
    QCOMPARE(driver.lastEvent(), driver.text("problem"));
    QCOMPARE(driver.text("connect"), QStringLiteral("Connect"));

    driver.type("host", far);
    driver.type("port", QStringLiteral("7002"));
    driver.click("connect");
    QTRY_COMPARE(
            driver.text("problem"),
            far
                    + QStringLiteral(" refused the connection to port 7002. Does a program listen "
                                     "there?"));
    QVERIFY(!driver.isVisible("banner"));

    driver.type("port", QStringLiteral("7000"));
    driver.click("connect");
    QTRY_COMPARE_WITH_TIMEOUT(driver.text("state"), QStringLiteral("Healthy"), 10000);
    QCOMPARE(driver.text("problem"), QString());
}

void tst_Demo::disconnectingIsNoLoss()
{
    Driver driver;
    QVERIFY(begin(driver));
    QVERIFY(connectByHand(driver));
    driver.click("connect"); // Disconnect
    QTRY_COMPARE(driver.text("state"), QStringLiteral("Not connected"));
    QCOMPARE(driver.lastEvent(), QStringLiteral("Disconnected by this side"));
    QVERIFY(!driver.isVisible("banner"));
    QCOMPARE(driver.value("roundTrip"), QStringLiteral("–"));
}

void tst_Demo::interruptedItLeavesNothingBehind()
{
    QProcess monitor;
    monitor.setProcessChannelMode(QProcess::ForwardedChannels);
    monitor.start(QStringLiteral(MONITOR), {QStringLiteral("--demo")});
    QVERIFY(monitor.waitForStarted());
    // The far host, which has a network of its own, and the server on it.
    const QString own = networkOf(QStringLiteral("self"));
    QSet<QString> networks;
    QTRY_VERIFY_WITH_TIMEOUT((networks << networkOf(QString::number(monitor.processId())), true)
                                     && childrenOf(monitor.processId()).size() >= 2,
                             20000);
    QTest::qWait(1000); // somewhere in the middle
    const auto children = childrenOf(monitor.processId());
    for (const qint64 child : children)
        networks << networkOf(QString::number(child));
    networks -= {own, QString()};
    QVERIFY2(networks.size() >= 2, qPrintable(QStringList(networks.values()).join(' ')));

    ::kill(pid_t(monitor.processId()), SIGINT);
    QVERIFY(monitor.waitForFinished(5000));
    const auto isLeft = [&] {
        const QStringList processes
                = QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[0-9]*")}, QDir::Dirs);
        return std::any_of(processes.begin(), processes.end(), [&](const QString &process) {
            return networks.contains(networkOf(process));
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(!isLeft(), 5000);
}

int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    // In the machine's own network: displays in networks of their own do not see each other, so that
    // tests side by side would all take the same number, and the same socket's file.
    VirtualDisplay display;
    const QString trouble = display.start();
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "%s: %s\n", argv[0], qPrintable(trouble));
        return 1;
    }
    Network::enter();
    QGuiApplication application(argc, argv);
    tst_Demo test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_demo.moc"
