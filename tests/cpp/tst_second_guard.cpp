// SPDX-License-Identifier: MIT OR Apache-2.0

// A second guard on one socket is refused, and waits: it takes the socket over when the first lets
// go. QML makes the guard of the next page before it deletes that of the page before.

#include "guarded.h"

#include <ka/socket.h>

#include <QtTest/QtTest>

#include <memory>
#include <vector>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

namespace {

const QString refusal = QStringLiteral("socket: another KeepAlive guards it already");

/// A guard that was refused `object`, and what it told.
struct Second
{
    explicit Second(QObject *object, int detectWithin = 10000)
    {
        guard->setDetectWithin(detectWithin);
        guard->setSocket(object);
    }
    bool isRefused() const
    {
        return guard->socket() == nullptr && guard->errorString() == refusal && failed.size() == 1;
    }

    std::unique_ptr<KeepAlive> guard = std::make_unique<KeepAlive>();
    QSignalSpy socketChanged{guard.get(), &KeepAlive::socketChanged};
    QSignalSpy failed{guard.get(), &KeepAlive::applyFailed};
    QSignalSpy lost{guard.get(), &KeepAlive::connectionLost};
};

} // namespace

class tst_SecondGuard : public QObject
{
    Q_OBJECT

private slots:
    void itTakesOverWhenTheFirstLetsGo_data();
    void itTakesOverWhenTheFirstLetsGo();
    void theLatestHasItFirstAndTheOthersInTurn();
    void oneThatWasGivenSomethingElseWaitsNoMore_data();
    void oneThatWasGivenSomethingElseWaitsNoMore();
    void oneThatHasASocketLeavesItForTheOneItWaitsFor();
    void aSocketThatDiesIsWaitedForNoMore();
    void itMayDieWhileItWaits();
    void theFirstMayDieInASlotOfIts();
    void itIsRefusedAgainWhereSomebodyElseWasFaster();
    void ofAnOwnerItTakesOverToo();
    void itWaitsForTheNewestSocketOfAnOwner();
    void itLeavesTheNextSocketOfAnOwnerToTheFirst();
    void anOwnerThatDiesIsWaitedForNoMore();
    void aGuardWhoseOwnersNextSocketIsAnothersWaits();
    void aSocketThatGoesToAnotherThreadIsWaitedForNoMore();
    void guardsMayExchangeTheirSockets_data();
    void guardsMayExchangeTheirSockets();
    void anOwnersGuardMayExchangeItToo();
    void oneThatDiesInTheMidstOfAnExchangeLeavesItToTheOthers();
};

void tst_SecondGuard::itTakesOverWhenTheFirstLetsGo_data()
{
    QTest::addColumn<QString>("how");
    for (const char *how : {"deleted", "deleted later", "another socket", "no socket"})
        QTest::newRow(how) << QString::fromLatin1(how);
}

void tst_SecondGuard::itTakesOverWhenTheFirstLetsGo()
{
    QFETCH(QString, how);
    Peer peer;
    QTcpSocket socket;
    QTcpSocket other;
    auto *first = new KeepAlive;
    const QPointer<KeepAlive> cleaner(first);
    first->setDetectWithin(6000);
    first->setSocket(&socket);
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    Second second(&socket);
    QVERIFY(second.isRefused());
    QCOMPARE(second.guard->state(), KeepAlive::State::Detached);
    QTest::qWait(20);
    QVERIFY(ka::query(socket.socketDescriptor()).idle == 3s);
    if (how == QLatin1String("deleted"))
        delete first;
    else if (how == QLatin1String("deleted later"))
        first->deleteLater();
    else
        first->setSocket(how == QLatin1String("another socket") ? &other : nullptr);
    QTRY_COMPARE(second.guard->socket(), &socket);
    QCOMPARE(second.socketChanged.size(), 1);
    QCOMPARE(second.guard->errorString(), QString());
    QCOMPARE(second.guard->state(), KeepAlive::State::Healthy);
    QCOMPARE(second.guard->detectionTime(), 10000);
    QVERIFY(ka::query(socket.socketDescriptor()).idle == 4s);
    peer.reset();
    QTRY_COMPARE(second.lost.size(), 1);
    QTest::qWait(20);
    QCOMPARE(second.lost.size(), 1);
    QCOMPARE(second.failed.size(), 1);
    delete cleaner;
}

void tst_SecondGuard::theLatestHasItFirstAndTheOthersInTurn()
{
    QTcpSocket socket;
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&socket);
    Second second(&socket);
    Second third(&socket);
    QVERIFY(second.isRefused() && third.isRefused());
    first.reset();
    QTRY_COMPARE(third.guard->socket(), &socket);
    QTest::qWait(20);
    QVERIFY2(second.isRefused(), "it is refused once, and waits on");
    third.guard.reset();
    QTRY_COMPARE(second.guard->socket(), &socket);
    QCOMPARE(second.guard->errorString(), QString());
}

void tst_SecondGuard::oneThatWasGivenSomethingElseWaitsNoMore_data()
{
    QTest::addColumn<bool>("another");
    QTest::newRow("another socket") << true;
    QTest::newRow("none") << false;
}

void tst_SecondGuard::oneThatWasGivenSomethingElseWaitsNoMore()
{
    QFETCH(bool, another);
    QTcpSocket socket;
    QTcpSocket other;
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&socket);
    Second second(&socket);
    second.guard->setSocket(another ? &other : nullptr);
    QCOMPARE(second.guard->errorString(), QString());
    first.reset();
    QTest::qWait(20);
    QCOMPARE(second.guard->socket(), another ? &other : nullptr);
}

void tst_SecondGuard::oneThatHasASocketLeavesItForTheOneItWaitsFor()
{
    QTcpSocket socket;
    QTcpSocket other;
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&socket);
    Second second(&other);
    second.guard->setSocket(&socket);
    QCOMPARE(second.guard->socket(), &other);
    QCOMPARE(second.guard->errorString(), refusal);
    first.reset();
    QTRY_COMPARE(second.guard->socket(), &socket);
    KeepAlive third;
    third.setSocket(&other);
    QCOMPARE(third.socket(), &other);
}

void tst_SecondGuard::aSocketThatDiesIsWaitedForNoMore()
{
    auto socket = std::make_unique<QTcpSocket>();
    QTcpSocket other;
    KeepAlive first;
    first.setSocket(socket.get());
    Second second(&other);
    second.guard->setSocket(socket.get());
    socket.reset();
    QTest::qWait(20);
    QCOMPARE(second.guard->socket(), &other);
    QCOMPARE(first.socket(), nullptr);
}

void tst_SecondGuard::itMayDieWhileItWaits()
{
    QTcpSocket socket;
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&socket);
    {
        const Second second(&socket);
    }
    Second third(&socket);
    first.reset();
    third.guard.reset(); // between the one's end and its own turn
    QTest::qWait(20);
    KeepAlive fourth;
    fourth.setSocket(&socket);
    QCOMPARE(fourth.socket(), &socket);
}

void tst_SecondGuard::theFirstMayDieInASlotOfIts()
{
    Peer peer;
    QTcpSocket socket;
    auto *first = new KeepAlive;
    first->setSocket(&socket);
    Second second(&socket);
    connect(first, &KeepAlive::stateChanged, this, [first] { delete first; });
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    QTRY_COMPARE(second.guard->state(), KeepAlive::State::Healthy);
}

void tst_SecondGuard::itIsRefusedAgainWhereSomebodyElseWasFaster()
{
    QTcpSocket socket;
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&socket);
    Second second(&socket);
    first.reset();
    auto third = std::make_unique<KeepAlive>();
    third->setSocket(&socket);
    QTest::qWait(20);
    QCOMPARE(third->socket(), &socket);
    QVERIFY(second.isRefused());
    third.reset();
    QTRY_COMPARE(second.guard->socket(), &socket);
}

void tst_SecondGuard::ofAnOwnerItTakesOverToo()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&client);
    Second second(&client);
    QVERIFY(second.isRefused());
    first.reset();
    QTRY_COMPARE(second.guard->socket(), &client);
    QCOMPARE(second.guard->state(), KeepAlive::State::Healthy);
    QCOMPARE(second.guard->errorString(), QString());
    peer.reset();
    QTRY_COMPARE(second.lost.size(), 1);
}

void tst_SecondGuard::itWaitsForTheNewestSocketOfAnOwner()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    auto first = std::make_unique<KeepAlive>(client.socket);
    // Not the owner's, only that of its socket: the next one is free.
    first->setParent(nullptr);
    Second second(&client);
    QVERIFY(second.isRefused());
    QVERIFY(client.open(peer));
    QTRY_COMPARE(second.guard->socket(), &client);
    QTRY_COMPARE(second.guard->state(), KeepAlive::State::Healthy);
    QCOMPARE(first->state(), KeepAlive::State::Healthy);
}

void tst_SecondGuard::itLeavesTheNextSocketOfAnOwnerToTheFirst()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    auto first = std::make_unique<KeepAlive>();
    first->setSocket(&client);
    Second second(&client);
    for (int round = 0; round < 3; ++round) {
        delete client.socket;
        QTest::qWait(10);
        QVERIFY(client.open(peer));
        QTRY_COMPARE(first->state(), KeepAlive::State::Healthy);
        QTest::qWait(10);
        QVERIFY(second.isRefused());
        QCOMPARE(first->errorString(), QString());
    }
    first.reset();
    QTRY_COMPARE(second.guard->state(), KeepAlive::State::Healthy);
}

void tst_SecondGuard::anOwnerThatDiesIsWaitedForNoMore()
{
    Peer peer;
    auto client = std::make_unique<Client>();
    QVERIFY(client->open(peer));
    KeepAlive first;
    first.setSocket(client.get());
    const Second second(client.get());
    client.reset();
    QTest::qWait(20);
    QCOMPARE(second.guard->socket(), nullptr);
    QCOMPARE(first.socket(), nullptr);
}

void tst_SecondGuard::aGuardWhoseOwnersNextSocketIsAnothersWaits()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    Second guard(&client);
    QCOMPARE(guard.guard->state(), KeepAlive::State::Healthy);
    client.socket = new QTcpSocket(&client);
    auto other = std::make_unique<KeepAlive>(client.socket);
    QTRY_COMPARE(guard.guard->errorString(), refusal);
    other.reset();
    QTRY_COMPARE(guard.guard->errorString(), QString());
    client.socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(client.socket->waitForConnected() && peer.accept());
    QTRY_COMPARE(guard.guard->state(), KeepAlive::State::Healthy);
    peer.reset();
    QTRY_COMPARE(guard.lost.size(), 1);
}

void tst_SecondGuard::aSocketThatGoesToAnotherThreadIsWaitedForNoMore()
{
    ScopedThread thread;
    auto *socket = new QTcpSocket;
    auto *first = new KeepAlive(socket);
    const Second second(socket);
    QVERIFY(second.isRefused());
    connect(&thread, &QThread::finished, socket, &QObject::deleteLater);
    socket->moveToThread(&thread);
    thread.start();
    first->deleteLater();
    QTest::qWait(50);
    QVERIFY(second.isRefused());
}

void tst_SecondGuard::guardsMayExchangeTheirSockets_data()
{
    QTest::addColumn<int>("guards");
    QTest::newRow("two") << 2;
    QTest::newRow("three") << 3;
    QTest::newRow("ten") << 10;
}

/// As bindings do when what they depend on changes: one guard after the other gets the next socket.
void tst_SecondGuard::guardsMayExchangeTheirSockets()
{
    QFETCH(int, guards);
    Peer peer;
    std::vector<std::unique_ptr<QTcpSocket>> sockets;
    std::vector<std::unique_ptr<Second>> links;
    for (int i = 0; i < guards; ++i) {
        sockets.push_back(std::make_unique<QTcpSocket>());
        sockets.back()->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(sockets.back()->waitForConnected());
        links.push_back(std::make_unique<Second>(sockets.back().get(), 6000));
        QCOMPARE(links.back()->guard->state(), KeepAlive::State::Healthy);
    }
    for (int turn = 1; turn <= 3; ++turn) {
        const auto wanted
                = [&](int i) { return sockets.at(std::size_t((i + turn) % guards)).get(); };
        for (int i = 0; i < guards; ++i)
            links.at(std::size_t(i))->guard->setSocket(wanted(i));
        for (int i = 0; i < guards; ++i) {
            const Second &link = *links.at(std::size_t(i));
            QTRY_COMPARE(link.guard->socket(), wanted(i));
            QCOMPARE(link.guard->state(), KeepAlive::State::Healthy);
            QCOMPARE(link.guard->errorString(), QString());
            QCOMPARE(link.lost.size(), 0);
        }
        for (const auto &socket : sockets)
            QVERIFY(ka::query(socket->socketDescriptor()).idle == 3s);
    }
    QTest::qWait(600); // longer than it has for it
    for (const auto &link : links)
        QCOMPARE(link->guard->errorString(), QString());
    QCOMPARE(links.back()->failed.size(), 0);
}

void tst_SecondGuard::anOwnersGuardMayExchangeItToo()
{
    Client client;
    client.socket = new QTcpSocket(&client);
    QTcpSocket socket;
    Second first(&client);
    Second second(&socket);
    second.guard->setSocket(&client);
    QCOMPARE(second.guard->socket(), &socket);
    first.guard->setSocket(&socket);
    QTRY_COMPARE(first.guard->socket(), &socket);
    QTRY_COMPARE(second.guard->socket(), &client);
    QCOMPARE(first.failed.size(), 0);
    first.guard->setSocket(&client);
    second.guard->setSocket(&socket);
    QTRY_COMPARE(first.guard->socket(), &client);
    QTRY_COMPARE(second.guard->socket(), &socket);
}

void tst_SecondGuard::oneThatDiesInTheMidstOfAnExchangeLeavesItToTheOthers()
{
    QTcpSocket one;
    QTcpSocket two;
    Second first(&one);
    auto second = std::make_unique<KeepAlive>();
    const QPointer<KeepAlive> alive(second.get());
    second->setSocket(&two);
    first.guard->setSocket(&two);
    connect(second.get(), &KeepAlive::socketChanged, this, [&] { second.reset(); });
    second->setSocket(&one);
    QVERIFY(!alive);
    QTRY_COMPARE(first.guard->socket(), &two);
}

QTEST_GUILESS_MAIN(tst_SecondGuard)
#include "tst_second_guard.moc"
