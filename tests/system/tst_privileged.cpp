// SPDX-License-Identifier: MIT OR Apache-2.0

// What takes the privileges that a process has in a namespace of its own.

#include "main.h"

#include <ka/socket.h>

#include <QtTest/QtTest>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

class tst_Privileged : public QObject
{
    Q_OBJECT

private slots:
    void systemDefaultsAreSetInThisNamespace();
    void rawDescriptorsAreRefused();
};

void tst_Privileged::systemDefaultsAreSetInThisNamespace()
{
    using namespace std::chrono_literals;
    const ka::Config before = ka::systemDefaults();
    ka::Config wanted;
    wanted.idle = 299500ms;
    wanted.count = 4;
    const ka::Config given = ka::setSystemDefaults(wanted);
    QVERIFY(given.idle == 300s && given.count == 4 && !given.interval);
    const ka::Config now = ka::systemDefaults();
    QVERIFY(now.idle == 300s && now.count == 4 && now.interval == before.interval);
    // A new socket has them.
    const int fresh = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    QVERIFY(ka::query(fresh).idle == 300s);
    ::close(fresh);
    ka::setSystemDefaults(before);
}

void tst_Privileged::rawDescriptorsAreRefused()
{
    const int raw = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
    QVERIFY(raw != -1);
    std::error_code error;
    ka::apply(raw, ka::Config::detectWithin(std::chrono::seconds(6)), error);
    QVERIFY(error == ka::errc::NotTcp);
    ka::apply(raw, ka::Config(), error);
    QVERIFY(error == ka::errc::NotTcp);
    int on = -1;
    socklen_t length = sizeof on;
    QCOMPARE(::getsockopt(raw, SOL_SOCKET, SO_KEEPALIVE, &on, &length), 0);
    QCOMPARE(on, 0);
    ::close(raw);
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_Privileged>(argc, argv);
}

#include "tst_privileged.moc"
