// SPDX-License-Identifier: MIT OR Apache-2.0

// ka::guardConnections(): what the listening socket hands down, and whose connections are guarded.
// What a guard says of a connection and what the kernel has agree each time.

#include "peer.h"

#include <ka/server.h>
#include <ka/socket.h>

#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QtTest>

#include <memory>

using namespace std::chrono_literals;
using ka::KeepAlive;

namespace {

/// TCP_RTO_MAX_MS, which no C library has yet; −1 where the kernel does not know it.
int longestRetransmission(qintptr descriptor)
{
    int ms = -1;
    socklen_t length = sizeof ms;
    return ::getsockopt(int(descriptor), IPPROTO_TCP, 44, &ms, &length) == 0 ? ms : -1;
}

KeepAlive *guardOf(const QObject *socket)
{
    return socket->findChild<KeepAlive *>(QString(), Qt::FindDirectChildrenOnly);
}

/// The deadline of the plan that the kernel has.
int inKernel(qintptr descriptor)
{
    const ka::Config now = ka::query(descriptor);
    return now.enabled ? int(now.detectionTime().count()) : -1;
}

/// Whether the guard says what the kernel has, and it is this.
bool agrees(const QTcpSocket *socket, int within)
{
    const KeepAlive *guard = guardOf(socket);
    return guard && guard->detectionTime() == within
        && inKernel(socket->socketDescriptor()) == within
        && ka::query(socket->socketDescriptor()).idle < std::chrono::milliseconds(within);
}

bool sameOptions(const ka::Config &one, const ka::Config &other)
{
    return one.enabled == other.enabled && one.idle == other.idle && one.interval == other.interval
        && one.count == other.count && one.userTimeout == other.userTimeout;
}

} // namespace

class tst_Listener : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void deletingTheObjectEndsIt();
    void theListenersOptionsArePutBackAsTheyWereFound();
    void whatTheProgramChangedItselfIsNotPutBack();
    void aSecondCallTakesThePlaceOfTheFirst();
    void theObjectOfAFirstCallIsWithoutEffect();
    void anEndOfASecondCallPutsBackWhatTheFirstFound();
    void connectionsOfTheBacklogHaveWhatTheirGuardsSay();
    void aListenerThatTheProgramChangesIsNoticed_data();
    void aListenerThatTheProgramChangesIsNoticed();
    void aUserTimeoutOfTheListenersIsTakenAccountOf();
    void aServerThatListensAgainHasTheValuesBeforeTheFirstConnection();
    void aListenThatFailedIsNoObstacle();
    void aDescriptorThatTheServerIsGivenIsGuarded();
    void anMptcpListenerIsLeftAlone();
    void aGuardThatTheProgramDeletedDoesNotComeBack();
    void aSocketOfTheProgramsOwnGetsNoGuard();
    void connectionsFromBeforeGetNoGuard();
    void aServerThatStopsWhileItAcceptsHasThatConnectionGuarded();
    void aSetUpMayDeleteTheObject();
    void aSetUpMayDeleteTheServer();

private:
    /// A client of the server, connected by the kernel alone: no event loop has turned.
    QTcpSocket *client()
    {
        auto *socket = new QTcpSocket(m_clients.get());
        socket->connectToHost(QHostAddress::LocalHost, m_server->serverPort());
        return socket->waitForConnected() ? socket : nullptr;
    }
    /// The next connection that the server accepts.
    QTcpSocket *accepted()
    {
        if (!m_server->hasPendingConnections()
            && (!client() || !m_server->waitForNewConnection(2000)))
            return nullptr;
        return m_server->nextPendingConnection();
    }

    std::unique_ptr<QObject> m_clients;
    std::unique_ptr<QTcpServer> m_server;
};

void tst_Listener::init()
{
    m_clients = std::make_unique<QObject>();
    m_server = std::make_unique<QTcpServer>();
    QVERIFY(m_server->listen(QHostAddress::LocalHost));
}

void tst_Listener::cleanup()
{
    m_clients.reset();
    m_server.reset();
}

void tst_Listener::deletingTheObjectEndsIt()
{
    QObject *guarding = ka::guardConnections(m_server.get(), 6s);
    QVERIFY(guarding);
    const QTcpSocket *before = accepted();
    QVERIFY(before && agrees(before, 6000));
    delete guarding;
    const QTcpSocket *after = accepted();
    QVERIFY(after && !guardOf(after));
    QVERIFY(!ka::query(after->socketDescriptor()).enabled);
    QVERIFY2(agrees(before, 6000), "a guard that is there stays");
}

void tst_Listener::theListenersOptionsArePutBackAsTheyWereFound()
{
    const auto of = [this] { return m_server->socketDescriptor(); };
    ka::Config own;
    own.idle = 100s;
    own.count = 4;
    for (const bool configured : {false, true}) {
        if (configured)
            ka::apply(of(), own);
        const ka::Config found = ka::query(of());
        const int limit = longestRetransmission(of());
        QObject *guarding = ka::guardConnections(m_server.get(), 6s);
        QCOMPARE(inKernel(of()), 6000);
        delete guarding;
        QVERIFY(sameOptions(ka::query(of()), found));
        QCOMPARE(longestRetransmission(of()), limit);
    }
}

void tst_Listener::whatTheProgramChangedItselfIsNotPutBack()
{
    const ka::Config found = ka::query(m_server->socketDescriptor());
    QObject *guarding = ka::guardConnections(m_server.get(), 6s);
    ka::Config own;
    own.interval = 50s;
    ka::apply(m_server->socketDescriptor(), own);
    delete guarding;
    const ka::Config now = ka::query(m_server->socketDescriptor());
    QVERIFY(now.interval == 50s);
    QVERIFY(now.idle == found.idle && now.count == found.count && !now.enabled);
}

void tst_Listener::aSecondCallTakesThePlaceOfTheFirst()
{
    QList<int> first;
    QList<int> second;
    ka::guardConnections(m_server.get(), 30s,
                         [&](KeepAlive *link) { first << link->detectionTime(); });
    QVERIFY(agrees(accepted(), 30000));
    ka::guardConnections(m_server.get(), 6s,
                         [&](KeepAlive *link) { second << link->detectionTime(); });
    for (int i = 0; i < 8; ++i) {
        const QTcpSocket *socket = accepted();
        QVERIFY(socket && agrees(socket, 6000));
        QCOMPARE(guardOf(socket)->detectWithin(), 6000);
    }
    QCOMPARE(first, QList<int>{30000});
    QCOMPARE(second, QList<int>(8, 6000));
}

void tst_Listener::theObjectOfAFirstCallIsWithoutEffect()
{
    std::unique_ptr<QObject> guarding(ka::guardConnections(m_server.get(), 30s));
    guarding.reset(ka::guardConnections(m_server.get(), 6s));
    QVERIFY(agrees(accepted(), 6000));
    QCOMPARE(inKernel(m_server->socketDescriptor()), 6000);
    guarding.reset();
    QVERIFY(!guardOf(accepted()));
}

void tst_Listener::anEndOfASecondCallPutsBackWhatTheFirstFound()
{
    const ka::Config found = ka::query(m_server->socketDescriptor());
    const int limit = longestRetransmission(m_server->socketDescriptor());
    ka::guardConnections(m_server.get(), 30s);
    QVERIFY(agrees(accepted(), 30000));
    delete ka::guardConnections(m_server.get(), 6s);
    QVERIFY(sameOptions(ka::query(m_server->socketDescriptor()), found));
    QCOMPARE(longestRetransmission(m_server->socketDescriptor()), limit);
}

void tst_Listener::connectionsOfTheBacklogHaveWhatTheirGuardsSay()
{
    // Some that had nothing, some with the first plan, some with the second, and back.
    for (int i = 0; i < 3; ++i)
        QVERIFY(client());
    for (const auto within : {30s, 6s, 30s, 10s}) {
        ka::guardConnections(m_server.get(), within);
        for (int i = 0; i < 3; ++i)
            QVERIFY(client());
    }
    for (int i = 0; i < 15; ++i) {
        const QTcpSocket *socket = accepted();
        QVERIFY2(socket && agrees(socket, 10000), qPrintable(QString::number(i)));
    }
}

void tst_Listener::aListenerThatTheProgramChangesIsNoticed_data()
{
    QTest::addColumn<bool>("bare");
    QTest::newRow("by ka::apply()") << false;
    QTest::newRow("by setsockopt()") << true;
}

void tst_Listener::aListenerThatTheProgramChangesIsNoticed()
{
    QFETCH(bool, bare);
    ka::guardConnections(m_server.get(), 6s);
    for (int i = 0; i < 8; ++i)
        QVERIFY(agrees(accepted(), 6000));
    if (bare) {
        const int seconds = 500;
        QCOMPARE(::setsockopt(int(m_server->socketDescriptor()), IPPROTO_TCP, TCP_KEEPIDLE,
                              &seconds, sizeof seconds),
                 0);
        QTest::qWait(1100);
    } else {
        ka::Config own;
        own.idle = 500s;
        own.enabled = false;
        ka::apply(m_server->socketDescriptor(), own);
    }
    for (int i = 0; i < 3; ++i)
        QVERIFY(client());
    for (int i = 0; i < 8; ++i)
        QVERIFY(agrees(accepted(), 6000));
    QCOMPARE(inKernel(m_server->socketDescriptor()), 6000);
}

void tst_Listener::aUserTimeoutOfTheListenersIsTakenAccountOf()
{
    const int ms = 20000;
    QCOMPARE(::setsockopt(int(m_server->socketDescriptor()), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
                          sizeof ms),
             0);
    ka::guardConnections(m_server.get(), 6s);
    const QTcpSocket *socket = accepted();
    QVERIFY(socket && guardOf(socket));
    QCOMPARE(guardOf(socket)->detectionTime(), inKernel(socket->socketDescriptor()));
    QVERIFY(guardOf(socket)->detectionTime() > 6000);
}

void tst_Listener::aServerThatListensAgainHasTheValuesBeforeTheFirstConnection()
{
    QObject *guarding = ka::guardConnections(m_server.get(), 6s);
    for (int round = 0; round < 3; ++round) {
        m_server->close();
        QVERIFY(m_server->listen(QHostAddress::LocalHost));
        const ka::Config found = ka::query(m_server->socketDescriptor());
        QVERIFY(!found.enabled);
        // Before the event loop turns, and after.
        QVERIFY(agrees(accepted(), 6000));
        QTRY_COMPARE(inKernel(m_server->socketDescriptor()), 6000);
        QVERIFY(agrees(accepted(), 6000));
    }
    m_server->close();
    QVERIFY(m_server->listen(QHostAddress::LocalHost));
    QTRY_COMPARE(inKernel(m_server->socketDescriptor()), 6000);
    delete guarding;
    QVERIFY(!ka::query(m_server->socketDescriptor()).enabled);
    QVERIFY(ka::query(m_server->socketDescriptor()).idle == ka::systemDefaults().idle);
}

void tst_Listener::aListenThatFailedIsNoObstacle()
{
    QTcpServer server;
    ka::guardConnections(&server, 6s);
    QVERIFY(!server.listen(QHostAddress::LocalHost, m_server->serverPort()));
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTRY_COMPARE(inKernel(server.socketDescriptor()), 6000);
}

void tst_Listener::aDescriptorThatTheServerIsGivenIsGuarded()
{
    const int fd = ::dup(int(m_server->socketDescriptor()));
    m_server->close();
    ka::guardConnections(m_server.get(), 6s);
    QVERIFY(m_server->setSocketDescriptor(fd));
    for (int i = 0; i < 6; ++i)
        QVERIFY(agrees(accepted(), 6000));
    QCOMPARE(inKernel(fd), 6000);
}

void tst_Listener::anMptcpListenerIsLeftAlone()
{
    const int fd = loopback::listen(IPPROTO_MPTCP);
    QVERIFY2(fd != -1, "this test needs a kernel with MPTCP (net.mptcp.enabled)");
    m_server->close();
    QVERIFY(m_server->setSocketDescriptor(fd));
    ka::guardConnections(m_server.get(), 6s);
    const QTcpSocket *socket = accepted();
    QVERIFY(socket && agrees(socket, 6000));
    QVERIFY2(!ka::query(fd).enabled, "each of its connections is asked what it is");
}

void tst_Listener::aGuardThatTheProgramDeletedDoesNotComeBack()
{
    int calls = 0;
    ka::guardConnections(m_server.get(), 6s, [&](KeepAlive *) { ++calls; });
    const QTcpSocket *first = accepted();
    QVERIFY(first && guardOf(first));
    delete guardOf(first);
    const QTcpSocket *second = accepted();
    QVERIFY(second && guardOf(second));
    QVERIFY(!guardOf(first));
    QCOMPARE(calls, 2);
}

void tst_Listener::aSocketOfTheProgramsOwnGetsNoGuard()
{
    Peer peer;
    ka::guardConnections(m_server.get(), 6s);
    auto *upstream = new QTcpSocket(m_server.get());
    auto *idle = new QTcpSocket(m_server.get());
    upstream->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(upstream->waitForConnected());
    QVERIFY(agrees(accepted(), 6000));
    QVERIFY(!guardOf(upstream) && !guardOf(idle));
    QVERIFY(!ka::query(upstream->socketDescriptor()).enabled);
}

void tst_Listener::connectionsFromBeforeGetNoGuard()
{
    QVERIFY(client() && m_server->waitForNewConnection(2000));
    const QTcpSocket *before = m_server->nextPendingConnection();
    ka::guardConnections(m_server.get(), 6s);
    QVERIFY(agrees(accepted(), 6000));
    QVERIFY(before && !guardOf(before));
}

void tst_Listener::aServerThatStopsWhileItAcceptsHasThatConnectionGuarded()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket *taken = nullptr;
    connect(&server, &QTcpServer::newConnection, this, [&] {
        taken = server.nextPendingConnection();
        server.close(); // one client only
    });
    ka::guardConnections(&server, 6s);
    QTcpSocket one;
    one.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QTRY_VERIFY(taken);
    QVERIFY(agrees(taken, 6000));
}

void tst_Listener::aSetUpMayDeleteTheObject()
{
    QObject *guarding = nullptr;
    int calls = 0;
    guarding = ka::guardConnections(m_server.get(), 6s, [&](KeepAlive *link) {
        QCOMPARE(link->detectWithin(), 6000);
        ++calls;
        delete guarding;
        QCOMPARE(link->detectWithin(), 6000);
    });
    QVERIFY(agrees(accepted(), 6000));
    QVERIFY(!guardOf(accepted()));
    QCOMPARE(calls, 1);
}

void tst_Listener::aSetUpMayDeleteTheServer()
{
    int calls = 0;
    ka::guardConnections(m_server.get(), 6s, [&](KeepAlive *) {
        ++calls;
        m_server->deleteLater();
        m_server.release(); // NOLINT(bugprone-unused-return-value)
    });
    QVERIFY(client());
    QTRY_COMPARE(calls, 1);
    QTest::qWait(10);
}

QTEST_GUILESS_MAIN(tst_Listener)
#include "tst_listener.moc"
