// SPDX-License-Identifier: MIT OR Apache-2.0

// An object that owns a socket as its child, guarded in the socket's place. A QWebSocket, the reason
// for it, is in tst_websocket.cpp.

#include "guarded.h"

#include <QtCore/QPointer>
#include <QtCore/QThread>
#include <QtNetwork/QUdpSocket>
#include <QtTest/QtTest>

#include <memory>

using ka::KeepAlive;
using ka::LossReason;

class tst_Owner : public QObject
{
    Q_OBJECT

private slots:
    void theSocketOfAnOwnerIsGuarded();
    void aParentThatMerelyHasASocketIsNotTaken();
    void theNewestOfSeveralSocketsIsGuarded();
    void aUdpSocketOfAnOwnerIsPassedOver();
    void anOwnerThatGetsANewSocketHasThatGuarded();
    void aLostOwnerStaysLostUntilItsNextSocketConnects();
    void anOwnerWhoseSocketDiesWaitsForTheNext();
    void anOwnerThatDiesDetachesTheGuard_data();
    void anOwnerThatDiesDetachesTheGuard();
    void anOwnerMayDieInSilence_data();
    void anOwnerMayDieInSilence();
    void anOwnerMayDieInAnotherThread();
    void whatTellsOfAnOwnersEndGoesWithTheGuard();
    void aGuardThatIsAChildOfItsOwnerDiesWithIt();
    void theOwnerMayBeExchanged();

    void anObjectWithoutASocketIsRefused();
    void anOwnerOfAnotherThreadIsRefused();
    void aSocketOfAnOwnerThatIsGuardedAlreadyIsRefused();
    void aRawPayloadIsRefusedWithAnOwner();
    void aRefusalOfThePayloadStaysWhereTheOwnerIsNotTheReason();
    void aRawPayloadFromBeforeIsNotWrittenWithAnOwner();
    void aBeatOfAnOwnerIsTheProgramsOwn();
};

void tst_Owner::theSocketOfAnOwnerIsGuarded()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive guard;
    QSignalSpy socketChanged(&guard, &KeepAlive::socketChanged);
    guard.setSocket(&client);
    QCOMPARE(socketChanged.size(), 1);
    QCOMPARE(guard.socket(), &client);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    peer.reset();
    QTRY_COMPARE(lost.size(), 1);
    QCOMPARE(guard.lossReason(), LossReason::PeerReset);
    QCOMPARE(guard.socket(), &client);
}

/// A window, or a server: the socket among its children may be anything.
void tst_Owner::aParentThatMerelyHasASocketIsNotTaken()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    auto *guard = new KeepAlive(&client);
    QCOMPARE(guard->socket(), nullptr);
    QCOMPARE(guard->state(), KeepAlive::State::Detached);
    QCOMPARE(guard->errorString(), QString());
    guard->setSocket(&client);
    QCOMPARE(guard->state(), KeepAlive::State::Healthy);
}

void tst_Owner::theNewestOfSeveralSocketsIsGuarded()
{
    Peer first;
    Peer second;
    Client client;
    QVERIFY(client.open(first));
    QVERIFY(client.open(second));
    KeepAlive guard;
    guard.setSocket(&client);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    first.reset();
    QTest::qWait(50);
    QCOMPARE(lost.size(), 0);
    second.reset();
    QTRY_COMPARE(lost.size(), 1);
}

void tst_Owner::aUdpSocketOfAnOwnerIsPassedOver()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    const QUdpSocket younger(&client);
    KeepAlive guard;
    guard.setSocket(&client);
    QCOMPARE(guard.errorString(), QString());
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    auto *later = new QUdpSocket(&client);
    QCoreApplication::processEvents();
    QCOMPARE(guard.errorString(), QString());
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    delete later;
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    peer.reset();
    QTRY_COMPARE(lost.size(), 1);
}

void tst_Owner::anOwnerThatGetsANewSocketHasThatGuarded()
{
    Peer first;
    Peer second;
    Client client;
    QVERIFY(client.open(first));
    KeepAlive guard;
    guard.setSocket(&client);
    guard.setDetectWithin(6000);
    QTcpSocket *const old = client.socket;
    QSignalSpy socketChanged(&guard, &KeepAlive::socketChanged);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    QVERIFY(client.open(second));
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(guard.detectionTime(), 6000);
    // The old one is free: its end is nobody's loss, and another may guard it.
    KeepAlive other;
    other.setSocket(old);
    QCOMPARE(other.errorString(), QString());
    QSignalSpy otherLost(&other, &KeepAlive::connectionLost);
    first.reset();
    QTRY_COMPARE(otherLost.size(), 1);
    QCOMPARE(lost.size(), 0);
    second.finish();
    QTRY_COMPARE(lost.size(), 1);
    QCOMPARE(guard.lossReason(), LossReason::PeerClosed);
    QCOMPARE(socketChanged.size(), 0);
}

void tst_Owner::aLostOwnerStaysLostUntilItsNextSocketConnects()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive guard;
    guard.setSocket(&client);
    peer.reset();
    QTRY_COMPARE(guard.state(), KeepAlive::State::Lost);
    delete client.socket;
    QCOMPARE(guard.state(), KeepAlive::State::Lost);
    client.socket = new QTcpSocket(&client);
    QCoreApplication::processEvents();
    QCOMPARE(guard.state(), KeepAlive::State::Lost);
    QCOMPARE(guard.lossReason(), LossReason::PeerReset);
    client.socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(client.socket->waitForConnected());
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(guard.lossReason(), LossReason::NoLoss);
}

void tst_Owner::anOwnerWhoseSocketDiesWaitsForTheNext()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive guard;
    guard.setSocket(&client);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    delete client.socket;
    QVERIFY(peer.seesFin());
    QCOMPARE(guard.state(), KeepAlive::State::Waiting);
    QCOMPARE(guard.socket(), &client);
    QCOMPARE(lost.size(), 0);
    QVERIFY(client.open(peer));
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    // Made and gone again before the event loop turned.
    delete client.socket;
    delete new QTcpSocket(&client);
    QCoreApplication::processEvents();
    QCOMPARE(guard.state(), KeepAlive::State::Waiting);
}

void tst_Owner::anOwnerThatDiesDetachesTheGuard_data()
{
    QTest::addColumn<bool>("connected");
    QTest::newRow("connected") << true;
    QTest::newRow("without a socket by then") << false;
}

void tst_Owner::anOwnerThatDiesDetachesTheGuard()
{
    QFETCH(bool, connected);
    Peer peer;
    auto client = std::make_unique<Client>();
    QVERIFY(client->open(peer));
    KeepAlive guard;
    guard.setSocket(client.get());
    if (!connected)
        delete client->socket;
    QSignalSpy socketChanged(&guard, &KeepAlive::socketChanged);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    client.reset();
    QVERIFY(peer.seesFin());
    QCOMPARE(guard.socket(), nullptr);
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
    QCOMPARE(socketChanged.size(), 1);
    QCOMPARE(lost.size(), 0);
    // And it serves another.
    Client next;
    QVERIFY(next.open(peer));
    guard.setSocket(&next);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
}

void tst_Owner::anOwnerMayDieInSilence_data()
{
    QTest::addColumn<bool>("blocks");
    QTest::addColumn<bool>("younger");
    QTest::addColumn<bool>("child");
    for (const bool blocks : {false, true}) {
        for (const bool younger : {false, true}) {
            for (const bool child : {false, true}) {
                QTest::addRow("%s, %s, %s", blocks ? "blockSignals()" : "disconnect()",
                              younger ? "a socket of later" : "the first socket",
                              child ? "its child" : "outside")
                        << blocks << younger << child;
            }
        }
    }
}

void tst_Owner::anOwnerMayDieInSilence()
{
    QFETCH(bool, blocks);
    QFETCH(bool, younger);
    QFETCH(bool, child);
    Peer peer;
    auto client = std::make_unique<Client>();
    KeepAlive outside;
    const QPointer<KeepAlive> guard(child ? new KeepAlive(client.get()) : &outside);
    QVERIFY(client->open(peer));
    guard->setSocket(client.get());
    guard->setDetectWithin(6000);
    if (younger) {
        delete client->socket;
        QVERIFY(client->open(peer));
    }
    QCOMPARE(guard->state(), KeepAlive::State::Healthy);
    QSignalSpy socketChanged(guard.data(), &KeepAlive::socketChanged);
    QSignalSpy lost(guard.data(), &KeepAlive::connectionLost);
    // Whoever asks while it dies is told that there is none.
    QObject *seen = this;
    if (!child)
        connect(guard, &KeepAlive::stateChanged, this, [&] { seen = guard->socket(); });
    if (blocks)
        client->blockSignals(true);
    else
        client->disconnect();
    client.reset();
    QVERIFY(peer.seesFin());
    QCOMPARE(guard.isNull(), child);
    QCOMPARE(lost.size(), 0);
    if (child)
        return;
    QCOMPARE(seen, nullptr);
    QCOMPARE(outside.socket(), nullptr);
    QCOMPARE(outside.state(), KeepAlive::State::Detached);
    QCOMPARE(socketChanged.size(), 1);
    // And it serves another.
    Client next;
    QVERIFY(next.open(peer));
    outside.setSocket(&next);
    QCOMPARE(outside.state(), KeepAlive::State::Healthy);
}

void tst_Owner::anOwnerMayDieInAnotherThread()
{
    for (int round = 0; round < 20; ++round) {
        ScopedThread thread;
        thread.start();
        auto *client = new Client;
        client->socket = new QTcpSocket(client);
        auto guard = std::make_unique<KeepAlive>();
        guard->setSocket(client);
        QCOMPARE(guard->state(), KeepAlive::State::Waiting);
        client->moveToThread(&thread);
        client->disconnect();
        client->deleteLater();
        if (round % 2 == 0) {
            QTRY_COMPARE(guard->state(), KeepAlive::State::Detached);
            QCOMPARE(guard->socket(), nullptr);
        }
        guard.reset();
        thread.quit();
        QVERIFY(thread.wait());
    }
}

void tst_Owner::whatTellsOfAnOwnersEndGoesWithTheGuard()
{
    Client client;
    client.socket = new QTcpSocket(&client);
    for (int round = 0; round < 3; ++round) {
        KeepAlive guard;
        guard.setSocket(&client);
        QCOMPARE(guard.socket(), &client);
        if (round == 1)
            guard.setSocket(nullptr);
    }
    QCOMPARE(client.children(), QObjectList{client.socket});
    QVERIFY(client.socket->children().isEmpty());
}

void tst_Owner::aGuardThatIsAChildOfItsOwnerDiesWithIt()
{
    for (const bool guardFirst : {true, false}) {
        Peer peer;
        auto client = std::make_unique<Client>();
        QPointer<KeepAlive> guard;
        if (guardFirst) {
            // Younger than the socket that it guards in the end.
            client->socket = new QTcpSocket(client.get());
            guard = new KeepAlive(client.get());
            guard->setSocket(client.get());
            delete client->socket;
        }
        QVERIFY(client->open(peer));
        if (!guardFirst) {
            guard = new KeepAlive(client.get());
            guard->setSocket(client.get());
        }
        QCOMPARE(guard->state(), KeepAlive::State::Healthy);
        client.reset();
        QVERIFY(!guard);
        QVERIFY(peer.seesFin());
    }
}

void tst_Owner::theOwnerMayBeExchanged()
{
    Peer first;
    Peer second;
    Client client;
    Client other;
    QVERIFY(client.open(first));
    QVERIFY(other.open(second));
    KeepAlive guard;
    guard.setSocket(&client);
    guard.setSocket(&other);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    // What the first one does is of no interest any more.
    QVERIFY(client.open(first));
    first.reset();
    QTest::qWait(50);
    QCOMPARE(lost.size(), 0);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    guard.setSocket(other.socket);
    QCOMPARE(guard.socket(), other.socket);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    second.reset();
    QTRY_COMPARE(lost.size(), 1);
    guard.setSocket(nullptr);
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
}

void tst_Owner::anObjectWithoutASocketIsRefused()
{
    QObject plain;
    auto *holder = new QObject(&plain);
    QTcpSocket grandchild(holder);
    KeepAlive guard;
    guard.setSocket(&plain);
    QCOMPARE(guard.socket(), nullptr);
    QCOMPARE(guard.errorString(),
             QStringLiteral("socket: QObject is not a QAbstractSocket and owns none"));
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
}

void tst_Owner::anOwnerOfAnotherThreadIsRefused()
{
    QThread thread;
    auto *client = new Client;
    client->socket = new QTcpSocket(client);
    client->moveToThread(&thread);
    KeepAlive guard;
    guard.setSocket(client);
    QCOMPARE(guard.socket(), nullptr);
    QVERIFY(guard.errorString().contains(QLatin1String("another thread")));
    delete client;
}

void tst_Owner::aSocketOfAnOwnerThatIsGuardedAlreadyIsRefused()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive first(client.socket);
    KeepAlive second;
    second.setSocket(&client);
    QCOMPARE(second.socket(), nullptr);
    QCOMPARE(second.errorString(), QStringLiteral("socket: another KeepAlive guards it already"));
    QCOMPARE(first.state(), KeepAlive::State::Healthy);
    first.setSocket(nullptr);
    second.setSocket(&client);
    QCOMPARE(second.state(), KeepAlive::State::Healthy);
}

void tst_Owner::aRawPayloadIsRefusedWithAnOwner()
{
    Client client;
    client.socket = new QTcpSocket(&client);
    KeepAlive guard;
    guard.setSocket(&client);
    guard.setHeartbeatPayload("ping\n");
    QCOMPARE(guard.heartbeatPayload(), QByteArray());
    QVERIFY2(guard.errorString().startsWith(QLatin1String("heartbeatPayload: ")),
             qPrintable(guard.errorString()));
    guard.setHeartbeatPayload({});
    QCOMPARE(guard.errorString(), QString());
}

void tst_Owner::aRefusalOfThePayloadStaysWhereTheOwnerIsNotTheReason()
{
    Client client;
    client.socket = new QTcpSocket(&client);
    KeepAlive guard;
    guard.setHeartbeatPayload(QByteArray(100000, 'x'));
    const QString tooLong = guard.errorString();
    QVERIFY(!tooLong.isEmpty());
    guard.setSocket(client.socket);
    QCOMPARE(guard.errorString(), tooLong);
    // What was refused while there was an owner is not in force without one either.
    guard.setSocket(&client);
    guard.setHeartbeatPayload("ping\n");
    QVERIFY(!guard.errorString().isEmpty());
    guard.setSocket(client.socket);
    QCOMPARE(guard.heartbeatPayload(), QByteArray());
    QVERIFY(!guard.errorString().isEmpty());
    guard.setHeartbeatPayload("ping\n");
    QCOMPARE(guard.errorString(), QString());
    // One owner after the other: it is said of the second, too.
    Client other;
    other.socket = new QTcpSocket(&other);
    guard.setSocket(&client);
    guard.setSocket(&other);
    QVERIFY(guard.errorString().startsWith(QLatin1String("heartbeatPayload: QObject frames")));
    guard.setSocket(nullptr);
    QCOMPARE(guard.errorString(), QString());
}

/// Setters come in any order: the socket is guarded, and what is wrong is said.
void tst_Owner::aRawPayloadFromBeforeIsNotWrittenWithAnOwner()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive guard;
    guard.setHeartbeatPayload("ping\n");
    guard.setHeartbeatInterval(50);
    guard.setHeartbeatTimeout(60000);
    QSignalSpy failed(&guard, &KeepAlive::applyFailed);
    QSignalSpy due(&guard, &KeepAlive::heartbeatDue);
    guard.setSocket(&client);
    QCOMPARE(guard.socket(), &client);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(failed.size(), 1);
    QVERIFY2(guard.errorString().startsWith(QLatin1String("heartbeatPayload: QObject frames")),
             qPrintable(guard.errorString()));
    QTimer talk;
    connect(&talk, &QTimer::timeout, this, [&] { peer.send("x"); });
    talk.start(10);
    QTRY_VERIFY(due.size() >= 3);
    QCOMPARE(peer.received(), QByteArray());
    // With the socket itself it is written.
    guard.setSocket(client.socket);
    QCOMPARE(guard.errorString(), QString());
    QTRY_VERIFY(peer.received().startsWith("ping\nping\n"));
    // A slot may take the guard away while it is told.
    auto *other = new KeepAlive;
    QPointer<KeepAlive> alive(other);
    guard.setSocket(nullptr);
    other->setHeartbeatPayload("ping\n");
    connect(other, &KeepAlive::socketChanged, this, [other] { delete other; });
    other->setSocket(&client);
    QVERIFY(!alive);
}

void tst_Owner::aBeatOfAnOwnerIsTheProgramsOwn()
{
    Peer peer;
    Client client;
    QVERIFY(client.open(peer));
    KeepAlive guard;
    guard.setSocket(&client);
    guard.setHeartbeatInterval(50);
    connect(&guard, &KeepAlive::heartbeatDue, client.socket,
            [&] { client.socket->write("framed\n"); });
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    QTRY_VERIFY(peer.received().startsWith("framed\n"));
    QTRY_COMPARE(lost.size(), 1);
    QCOMPARE(guard.lossReason(), LossReason::HeartbeatMissed);
}

QTEST_GUILESS_MAIN(tst_Owner)
#include "tst_owner.moc"
