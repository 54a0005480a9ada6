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
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

class tst_Forbidden : public QObject
{
    Q_OBJECT

private slots:
    void theDemoSaysWhyAndTheMonitorWorks();
};

/// From now on this process makes no network namespace. Returns whether it could be done.
static bool forbid()
{
    if (::unshare(CLONE_NEWUSER) == 0) { // where this process has a say
        QFile limit(QStringLiteral("/proc/sys/user/max_net_namespaces"));
        return limit.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && limit.write("0") == 1;
    }
    // Without a user namespace (there is none in a chroot) it takes a right of root's, to be given up.
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3];
    if (::syscall(SYS_capget, &header, rights) != 0)
        return false;
    rights[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
    return ::syscall(SYS_capset, &header, rights) == 0;
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
        trouble = QStringLiteral("network namespaces could not be forbidden to this process");
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
