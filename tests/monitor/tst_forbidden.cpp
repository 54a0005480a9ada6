// SPDX-License-Identifier: MIT OR Apache-2.0

// The demo where namespaces are forbidden: it says why, and the monitor is one all the same.

#include "driver.h"
#include "virtual_display.h"

#include <network.h>

#include <QtCore/QFile>
#include <QtGui/QGuiApplication>
#include <QtNetwork/QTcpServer>
#include <QtTest/QtTest>

#include <cstdio>
#include <sched.h>

class tst_Forbidden : public QObject
{
    Q_OBJECT

private slots:
    void theDemoSaysWhyAndTheMonitorWorks();
};

/// In a user namespace of this process's own nobody may make a network namespace from now on.
static bool forbid()
{
    if (::unshare(CLONE_NEWUSER) != 0)
        return false;
    QFile limit(QStringLiteral("/proc/sys/user/max_net_namespaces"));
    return limit.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && limit.write("0") == 1;
}

void tst_Forbidden::theDemoSaysWhyAndTheMonitorWorks()
{
    Driver driver;
    QVERIFY(driver.open());
    const QString words = driver.text("demoWords");
    QVERIFY2(
            words.startsWith(QStringLiteral("There is no demo here: this machine lets neither root "
                                            "nor this user make network namespaces: ")),
            qPrintable(words));
    QVERIFY(driver.isVisible("demoWords"));
    QVERIFY(!driver.item("demo").isEnabled());

    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    driver.type("host", QStringLiteral("127.0.0.1"));
    driver.type("port", QString::number(server.serverPort()));
    driver.click("connect");
    QTRY_COMPARE(driver.text("state"), QStringLiteral("Healthy"));
}

int main(int argc, char **argv)
{
    VirtualDisplay display;
    QString trouble = display.start();
    if (trouble.isEmpty() && !forbid())
        trouble = QStringLiteral(
                "this machine lets neither root nor this user make a user namespace");
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "%s: %s\n", argv[0], qPrintable(trouble));
        return 1;
    }
    Network::enter();
    QGuiApplication application(argc, argv);
    tst_Forbidden test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_forbidden.moc"
