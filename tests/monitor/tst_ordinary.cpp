// SPDX-License-Identifier: MIT OR Apache-2.0

// The monitor without its demo, on loopback: bad input, small windows, the keyboard alone.

#include "driver.h"
#include "virtual_display.h"

#include <network.h>

#include <QtGui/QGuiApplication>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QtTest>

#include <cstdio>

class tst_Ordinary : public QObject
{
    Q_OBJECT

private slots:
    void whatIsNoPortAndNoHostIsToldInWords();
    void aPeerThatClosesIsALossWithItsReason();
    void itFitsWindowsOfEachSize_data();
    void itFitsWindowsOfEachSize();
    void theKeyboardReachesAllInAVerySmallWindow();
    void lightAndDarkAreAClickApart();
    void theOfferedDemoStartsTheProgramAgain();
};

void tst_Ordinary::whatIsNoPortAndNoHostIsToldInWords()
{
    Driver driver;
    QVERIFY(driver.open());
    driver.item("connect").forceActiveFocus(Qt::TabFocusReason);
    driver.press(Qt::Key_Return);
    QCOMPARE(driver.text("problem"),
             QStringLiteral("Which host? Please type its name or address."));
    driver.type("host", QStringLiteral("127.0.0.1"));
    for (const char *port : {"", "0", "70000", "http"}) {
        driver.type("port", QString::fromLatin1(port));
        driver.click("connect");
        QCOMPARE(driver.text("problem"), QStringLiteral("A port is a number from 1 to 65535."));
        QCOMPARE(driver.lastEvent(), driver.text("problem"));
    }
    QVERIFY(driver.isVisible("problem"));
    QCOMPARE(driver.text("state"), QStringLiteral("Not connected"));
}

void tst_Ordinary::aPeerThatClosesIsALossWithItsReason()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    Driver driver;
    QVERIFY(driver.open());
    driver.type("host", QStringLiteral(" localhost "));
    driver.type("port", QString::number(server.serverPort()));
    driver.press(Qt::Key_Return);
    QTRY_COMPARE(driver.text("state"), QStringLiteral("Healthy"));
    QTRY_VERIFY(server.hasPendingConnections());
    delete server.nextPendingConnection();
    QTRY_COMPARE(driver.text("state"), QStringLiteral("Lost"));
    QCOMPARE(driver.text("lossReason"), QStringLiteral("Connection lost: PeerClosed"));
    // A reconnect to nobody: the banner gives way to the problem.
    server.close();
    driver.click("reconnect");
    QTRY_VERIFY(driver.text("problem").contains(QStringLiteral("refused the connection")));
}

void tst_Ordinary::itFitsWindowsOfEachSize_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("very small") << QSize(320, 240);
    QTest::newRow("telephone") << QSize(360, 640);
    QTest::newRow("just narrow") << QSize(819, 600);
    QTest::newRow("just wide") << QSize(820, 600);
    QTest::newRow("large") << QSize(2000, 1300);
}

/// Everything that is seen in an item, itself included.
static void collect(QQuickItem *item, QList<QQuickItem *> &found)
{
    if (!item->isVisible())
        return;
    found << item;
    const auto children = item->childItems();
    for (QQuickItem *child : children)
        collect(child, found);
}

void tst_Ordinary::itFitsWindowsOfEachSize()
{
    QFETCH(QSize, size);
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    Driver driver;
    QVERIFY(driver.open());
    driver.window().resize(size);
    QTRY_COMPARE(driver.item("page").width(), qreal(size.width()));
    // With all that can be there: numbers, a banner, and then a problem.
    driver.type("host", QStringLiteral("127.0.0.1"));
    driver.type("port", QString::number(server.serverPort()));
    driver.click("connect");
    QTRY_COMPARE(driver.text("state"), QStringLiteral("Healthy"));
    QTRY_VERIFY(server.hasPendingConnections());
    const auto check = [&] {
        QTest::qWait(200); // it is laid out with the next frame
        QList<QQuickItem *> items;
        collect(driver.window().contentItem(), items);
        QVERIFY(items.size() > 50);
        for (QQuickItem *item : items) {
            if (!item->property("text").isValid())
                continue;
            const QRectF place = item->mapRectToScene(item->boundingRect());
            const QByteArray words = item->property("text").toByteArray();
            QVERIFY2(place.left() >= 0 && place.right() <= size.width() + 0.5, words);
            QVERIFY2(!item->property("truncated").toBool(), words);
        }
    };
    check();
    delete server.nextPendingConnection();
    QTRY_VERIFY(driver.isVisible("banner"));
    check();
    server.close();
    driver.click("reconnect");
    QTRY_VERIFY(driver.isVisible("problem"));
    check();
}

void tst_Ordinary::theKeyboardReachesAllInAVerySmallWindow()
{
    Driver driver;
    QVERIFY(driver.open());
    driver.window().resize(320, 240);
    QTRY_COMPARE(driver.item("page").width(), 320.0);
    QSet<QString> missing{QStringLiteral("host"),    QStringLiteral("port"),
                          QStringLiteral("connect"), QStringLiteral("deadline"),
                          QStringLiteral("talk"),    QStringLiteral("demo"),
                          QStringLiteral("events"),  QStringLiteral("theme")};
    for (int i = 0; i < 12 && !missing.isEmpty(); ++i) {
        driver.press(Qt::Key_Tab);
        const QQuickItem *item = driver.window().activeFocusItem();
        QVERIFY(item);
        missing.remove(item->objectName());
        const QRectF place = item->mapRectToScene(item->boundingRect());
        QVERIFY2(place.top() >= 0 && place.top() < 240, qPrintable(item->objectName()));
        if (item->objectName() == QLatin1String("talk")) {
            driver.press(Qt::Key_Space);
            QVERIFY(item->property("checked").toBool());
        }
    }
    QVERIFY2(missing.isEmpty(), qPrintable(QStringList(missing.values()).join(QLatin1Char(' '))));
}

void tst_Ordinary::lightAndDarkAreAClickApart()
{
    Driver driver;
    QVERIFY(driver.open());
    const auto lightness
            = [&] { return driver.window().grabWindow().pixelColor(2, 2).lightness(); };
    const bool wasDark = driver.text("theme") == QLatin1String("Light");
    QCOMPARE(lightness() < 128, wasDark);
    driver.click("theme");
    QCOMPARE(lightness() < 128, !wasDark);
    driver.click("theme");
    QCOMPARE(lightness() < 128, wasDark);
}

void tst_Ordinary::theOfferedDemoStartsTheProgramAgain()
{
    Driver driver;
    QVERIFY(driver.open());
    QCOMPARE(driver.text("demo"), QStringLiteral("Start the demo"));
    QTimer::singleShot(0, &driver.window(), [&] { driver.click("demo"); });
    QTimer::singleShot(5000, &driver.window(), [] { QCoreApplication::exit(0); });
    QCOMPARE(QCoreApplication::exec(), Network::startAgain);
}

int main(int argc, char **argv)
{
    VirtualDisplay display;
    const QString trouble = display.start();
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "%s: %s\n", argv[0], qPrintable(trouble));
        return 1;
    }
    QGuiApplication application(argc, argv);
    tst_Ordinary test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_ordinary.moc"
