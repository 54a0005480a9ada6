// SPDX-License-Identifier: MIT OR Apache-2.0

// Descriptors run short: a guard is no reason for it.

#include "guarded.h"

#include <ka/server.h>

#include <QtCore/QDir>
#include <QtTest/QtTest>

#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <vector>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

namespace {

int openDescriptors()
{
    return int(QDir(QStringLiteral("/proc/self/fd")).entryList(QDir::Files | QDir::System).size());
}

/// Lets the process have no more descriptors than this.
class Limit
{
public:
    explicit Limit(int descriptors)
    {
        const auto most = rlim_t(descriptors);
        ::getrlimit(RLIMIT_NOFILE, &m_before);
        const rlimit scarce{most, m_before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &scarce);
    }
    ~Limit() { ::setrlimit(RLIMIT_NOFILE, &m_before); }
    Q_DISABLE_COPY_MOVE(Limit)

private:
    rlimit m_before{};
};

/// How many clients a server serves at once until descriptors run out, the clients' own included; and
/// how many of their ends it is told.
struct Served
{
    int clients = 0;
    int told = 0;

    explicit Served(bool guarded)
    {
        const Limit limit(256);
        QTcpServer server;
        server.listen(QHostAddress::LocalHost);
        const auto setUp = [this](KeepAlive *guard) {
            QObject::connect(guard, &KeepAlive::connectionLost, guard, [this] { ++told; });
        };
        if (guarded)
            ka::guardConnections(&server, 30s, setUp);
        std::vector<int> open;
        QObject::connect(&server, &QTcpServer::newConnection, [&] {
            while (QTcpSocket *socket = server.nextPendingConnection()) {
                ++clients;
                socket->write("welcome\n");
            }
        });
        for (int tried = 1;; ++tried) {
            const int client = loopback::dial(server.serverPort());
            if (client == -1)
                break;
            open.push_back(client);
            for (int turns = 0; clients < tried && turns < 50; ++turns)
                QTest::qWait(1);
            if (clients < tried)
                break;
        }
        for (const int client : open)
            ::close(client);
        for (int turns = 0; guarded && told < clients && turns < 500; ++turns)
            QTest::qWait(10);
    }
};

} // namespace

class tst_Scarce : public QObject
{
    Q_OBJECT

private slots:
    void aServerServesAsManyClientsAsWithoutGuards();
    void theDuplicatesOfAllThreadsAreLetGoOf();
    void whatTheProgramOpensLaterFindsAsMuchRoomAsWithoutGuards();
    void whatIsDecidedHereKeepsItsReason();
    void withDescriptorsToSpareAgainTheReasonIsKnownAgain();
};

void tst_Scarce::aServerServesAsManyClientsAsWithoutGuards()
{
    const Served bare(false);
    QVERIFY(bare.clients > 50);
    const Served guarded(true);
    // A file or two may be open in between.
    QVERIFY2(guarded.clients >= bare.clients - 2,
             qPrintable(QStringLiteral("%1 of %2").arg(guarded.clients).arg(bare.clients)));
    QCOMPARE(guarded.told, guarded.clients);
}

void tst_Scarce::theDuplicatesOfAllThreadsAreLetGoOf()
{
    Guarded here;
    QVERIFY(here.connect());
    ScopedThread thread;
    thread.start();
    Guarded there;
    QVERIFY(there.connect());
    QThread *const home = QThread::currentThread();
    there.socket.moveToThread(&thread);
    const auto in = [&](auto work) {
        QMetaObject::invokeMethod(&there.socket, work, Qt::BlockingQueuedConnection);
    };
    in([] {}); // it has all its own descriptors now
    const int before = openDescriptors();
    int after = 0;
    LossReason reason = LossReason::NoLoss;
    {
        const Limit limit(64);
        std::vector<int> files;
        while (files.empty() || files.back() < 40)
            files.push_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        Guarded it;
        it.connect();
        for (const int file : files)
            ::close(file);
        after = openDescriptors();
        it.peer.finish();
        it.lost.wait();
        reason = it.reason();
    }
    in([&] { there.socket.moveToThread(home); });
    // A listener and both ends came with that one, and two duplicates went.
    QCOMPARE(after, before + 3 - 2);
    QCOMPARE(reason, LossReason::UnknownLoss);
    here.peer.finish();
    QTRY_COMPARE(here.reason(), LossReason::UnknownLoss);
    there.peer.finish();
    QTRY_COMPARE(there.reason(), LossReason::UnknownLoss);
}

void tst_Scarce::whatTheProgramOpensLaterFindsAsMuchRoomAsWithoutGuards()
{
    constexpr int most = 128;
    const Limit limit(openDescriptors() + most);
    const auto filesOf = [](bool guarded) {
        std::vector<std::unique_ptr<Guarded>> connections;
        for (int i = 0; i < 10; ++i) {
            connections.push_back(std::make_unique<Guarded>());
            Guarded &it = *connections.back();
            if (guarded)
                it.guard.setDetectWithin(2000);
            else
                it.guard.setSocket(nullptr);
            it.connect();
        }
        std::vector<int> files;
        for (int file = 0; file != -1;) {
            // As a program does that has other things to do: slowly.
            for (int i = 0; i < 24 && (file = ::fcntl(0, F_DUPFD_CLOEXEC, 0)) != -1; ++i)
                files.push_back(file);
            if (guarded)
                QTest::qWait(1500);
        }
        for (const int file : files)
            ::close(file);
        return int(files.size());
    };
    const int alone = filesOf(false);
    QVERIFY(alone > most / 2);
    QCOMPARE(filesOf(true), alone);
}

void tst_Scarce::whatIsDecidedHereKeepsItsReason()
{
    const Limit limit(openDescriptors() + 5);
    Guarded it;
    it.setHeartbeat(50, 150, "ping\n");
    const int before = openDescriptors();
    QVERIFY(it.connect());
    QCOMPARE(openDescriptors(), before + 2);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QVERIFY(it.peer.seesReset());
}

void tst_Scarce::withDescriptorsToSpareAgainTheReasonIsKnownAgain()
{
    Guarded it;
    for (const bool scarce : {false, true, false}) {
        const auto limit = scarce ? std::make_unique<Limit>(openDescriptors() + 5) : nullptr;
        it.lost.clear();
        QVERIFY(it.connect());
        it.peer.reset();
        QTRY_COMPARE(it.reason(), scarce ? LossReason::UnknownLoss : LossReason::PeerReset);
    }
}

QTEST_GUILESS_MAIN(tst_Scarce)
#include "tst_scarce.moc"
