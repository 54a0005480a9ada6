// SPDX-License-Identifier: MIT OR Apache-2.0

// Many connections, one after the other and at the same time: nothing is left behind, each loss is
// told once, and one timer serves a whole thread. Counts, no times.

#include "swarm.h"

#include <ka/server.h>

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QSet>
#include <QtCore/QThread>
#include <QtNetwork/QTcpServer>
#include <QtTest/QtTest>

#include <memory>
#include <sys/resource.h>
#include <vector>

using ka::KeepAlive;
using ka::LossReason;

namespace {

qsizetype entries(const char *directory)
{
    return QDir(QLatin1String(directory))
            .entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot)
            .size();
}

/// Notes which objects of the library are woken by a timer.
class Application : public QCoreApplication
{
public:
    using QCoreApplication::QCoreApplication;

    QSet<QObject *> woken;

    bool notify(QObject *receiver, QEvent *event) override
    {
        if (event->type() == QEvent::Timer
            && QLatin1String(receiver->metaObject()->className()).startsWith(QLatin1String("ka::")))
            woken.insert(receiver);
        return QCoreApplication::notify(receiver, event);
    }
};

} // namespace

class tst_Scale : public QObject
{
    Q_OBJECT

private slots:
    void tenThousandLossesLeaveNothingBehind();
    void guardsInFourThreadsDoNotDisturbEachOther();
    void withoutADescriptorToSpareTheVerdictsComeAllTheSame();
    void oneTimerServesHundredsOfConnections();
    void hundredsLostAtOnceAreToldOnceEach();
};

void tst_Scale::tenThousandLossesLeaveNothingBehind()
{
    Counterparts peers;
    QVERIFY(Swarm(peers.port(), 10, 30).run().isEmpty()); // what Qt opens once, it has opened
    QTRY_COMPARE(peers.connections(), 0);
    const qsizetype descriptors = entries("/proc/self/fd");
    const qsizetype threads = entries("/proc/self/task");
    {
        Swarm swarm(peers.port(), 100, 10000);
        QCOMPARE(swarm.run(), QString());
        QCOMPARE(swarm.losses(), 10000);
    }
    QTRY_COMPARE(peers.connections(), 0);
    // The system's part of a thread ends a moment after Qt's.
    QTRY_COMPARE(entries("/proc/self/fd"), descriptors);
    QTRY_COMPARE(entries("/proc/self/task"), threads);
}

void tst_Scale::guardsInFourThreadsDoNotDisturbEachOther()
{
    Counterparts peers;
    QVERIFY(Swarm(peers.port(), 10, 30).run().isEmpty());
    QTRY_COMPARE(peers.connections(), 0);
    const qsizetype descriptors = entries("/proc/self/fd");
    const qsizetype threads = entries("/proc/self/task");
    QString wrong[4];
    std::vector<std::unique_ptr<QThread>> running;
    for (QString &word : wrong) {
        running.emplace_back(QThread::create([&peers, &word] {
            Swarm swarm(peers.port(), 25, 1000);
            word = swarm.run();
            if (word.isEmpty() && swarm.losses() != 1000)
                word = QStringLiteral("%1 losses").arg(swarm.losses());
        }));
        running.back()->start();
    }
    for (const auto &thread : running)
        QVERIFY(thread->wait(60000));
    running.clear();
    for (const QString &word : wrong)
        QCOMPARE(word, QString());
    QTRY_COMPARE(peers.connections(), 0);
    // The system's part of a thread ends a moment after Qt's.
    QTRY_COMPARE(entries("/proc/self/fd"), descriptors);
    QTRY_COMPARE(entries("/proc/self/task"), threads);
}

void tst_Scale::withoutADescriptorToSpareTheVerdictsComeAllTheSame()
{
    Counterparts peers;
    std::vector<std::unique_ptr<QTcpSocket>> sockets;
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    int lost = 0;
    int wrong = 0;
    for (int i = 0; i < 20; ++i) {
        sockets.push_back(std::make_unique<QTcpSocket>());
        sockets.back()->connectToHost(QStringLiteral("127.0.0.1"), peers.port());
        QVERIFY(sockets.back()->waitForConnected());
        sockets.back()->write("H");
    }
    QTRY_COMPARE(peers.connections(), 20);
    const int next = ::dup(0);
    ::close(next);
    const rlimit scarce{rlim_t(next), before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
    int guarded = 0;
    for (const auto &socket : sockets) {
        auto *guard = new KeepAlive(socket.get());
        guard->setHeartbeatInterval(40);
        guarded += guard->state() == KeepAlive::State::Healthy;
        connect(guard, &KeepAlive::connectionLost, this, [&](LossReason reason) {
            ++lost;
            wrong += reason != LossReason::HeartbeatMissed;
        });
    }
    const bool all = QTest::qWaitFor([&] { return lost == 20; }, 3000);
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    QCOMPARE(guarded, 20);
    QVERIFY2(all, qPrintable(QString::number(lost)));
    QCOMPARE(wrong, 0);
    QTRY_COMPARE(peers.connections(), 0);
    QCOMPARE(lost, 20);
}

void tst_Scale::oneTimerServesHundredsOfConnections()
{
    auto *const app = static_cast<Application *>(QCoreApplication::instance());
    Counterparts peers;
    std::vector<std::unique_ptr<QTcpSocket>> sockets;
    int beats = 0;
    for (int i = 0; i < 300; ++i) {
        sockets.push_back(std::make_unique<QTcpSocket>());
        auto *guard = new KeepAlive(sockets.back().get());
        guard->setDetectWithin(6000);
        guard->setHeartbeatTimeout(60000);
        guard->setHeartbeatInterval(100 + i);
        connect(guard, &KeepAlive::heartbeatDue, this, [&] { ++beats; });
        sockets.back()->connectToHost(QStringLiteral("127.0.0.1"), peers.port());
        QVERIFY(sockets.back()->waitForConnected());
    }
    app->woken.clear();
    QTRY_VERIFY(beats >= 300); // nobody answers, so each is asked once
    QCOMPARE(app->woken.size(), 1);
    QObject *const timer = *app->woken.constBegin();
    QVERIFY(QAbstractEventDispatcher::instance()->registeredTimers(timer).size() <= 1);
    sockets.clear();
    QVERIFY(QAbstractEventDispatcher::instance()->registeredTimers(timer).isEmpty());
}

void tst_Scale::hundredsLostAtOnceAreToldOnceEach()
{
    QTcpServer server;
    server.setMaxPendingConnections(2000);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QHash<QObject *, int> losses;
    int wrong = 0;
    ka::guardConnections(&server, std::chrono::seconds(6), [&](KeepAlive *link) {
        link->setHeartbeatTimeout(60000);
        link->setHeartbeatInterval(30000);
        connect(link, &KeepAlive::connectionLost, link, [&, link](LossReason reason) {
            ++losses[link];
            wrong += reason != LossReason::HeartbeatMissed;
        });
    });
    QList<KeepAlive *> links;
    std::vector<std::unique_ptr<QTcpSocket>> clients;
    for (int i = 0; i < 400; ++i) {
        clients.push_back(std::make_unique<QTcpSocket>());
        clients.back()->connectToHost(QHostAddress::LocalHost, server.serverPort());
        QVERIFY(clients.back()->waitForConnected());
        QTRY_VERIFY(server.hasPendingConnections());
        links << server.nextPendingConnection()->findChild<KeepAlive *>();
        QVERIFY(links.last());
    }
    for (KeepAlive *link : std::as_const(links)) {
        link->setHeartbeatInterval(50);
        link->setHeartbeatTimeout(100);
    }
    QTRY_COMPARE(losses.size(), links.size());
    QTest::qWait(200);
    for (const int count : std::as_const(losses))
        QCOMPARE(count, 1);
    QCOMPARE(wrong, 0);
}

int main(int argc, char *argv[])
{
    Application app(argc, argv);
    tst_Scale test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_scale.moc"
