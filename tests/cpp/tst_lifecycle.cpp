// SPDX-License-Identifier: MIT OR Apache-2.0

// Everything that a program may do to a socket and its guard, also from inside their slots.

#include "guarded.h"

#include <ka/socket.h>

#include <QtCore/QPointer>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtNetwork/QSslSocket>
#include <QtTest/QtTest>

#include <fcntl.h>
#include <memory>
#include <sys/resource.h>

using namespace std::chrono_literals;
using ka::KeepAlive;

namespace {

/// How many descriptors this process has open.
int openDescriptors()
{
    return int(QDir(QStringLiteral("/proc/self/fd")).entryList(QDir::Files | QDir::System).size());
}

bool applied(const QTcpSocket &socket)
{
    const ka::Config now = ka::query(socket.socketDescriptor());
    return now.enabled && now.idle == 3s && now.interval == 1s && now.count == 3;
}

} // namespace

class tst_Lifecycle : public QObject
{
    Q_OBJECT

private slots:
    void init() { m_descriptors = openDescriptors(); }
    void cleanup()
    {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QTRY_COMPARE(openDescriptors(), m_descriptors);
    }

    void aBlockingProgramGetsTheOptionsWithoutAnEventLoop();
    void aConnectedSocketIsTakenAtOnce();
    void anAcceptedSocketIsTaken();
    void aDescriptorGivenToTheSocketIsTaken();
    void aConnectedSocketWithoutADescriptorCostsLittle();
    void anotherDescriptorGivenToAConnectedSocketIsTaken();
    void aBlockingProgramMayGiveADescriptor_data();
    void aBlockingProgramMayGiveADescriptor();
    void anotherDescriptorIsTakenSoonWhereTheGuardIsAsked();
    void everyReconnectGetsTheOptionsAgain();
    void aReconnectAfterAnEndInSilenceIsGuarded_data();
    void aReconnectAfterAnEndInSilenceIsGuarded();
    void aSocketThatIsDisconnectedFromEverythingIsHeardAgain_data();
    void aSocketThatIsDisconnectedFromEverythingIsHeardAgain();
    void aConnectThatNobodyHeardIsTakenSoonWhereTheGuardIsAsked();
    void aSocketIsExchangedForAnother();

    void theFinIsSentAtOnceWhenThisSideCloses_data();
    void theFinIsSentAtOnceWhenThisSideCloses();
    void theFinIsSentEvenIfTheProgramDisconnectedAllSignals();

    void theSocketMayDieFirst();
    void theGuardMayDieFirst();
    void theSocketMayDieWhileConnected();
    void disconnectAndDeleteLaterIsSafe();
    void aSocketMayDieInSilence_data();
    void aSocketMayDieInSilence();

    void aLostSlotMayDoAnything_data();
    void aLostSlotMayDoAnything();
    void aStateSlotMayDeleteTheGuard();
    void aSlotOfASetterMayDeleteTheSocket_data();
    void aSlotOfASetterMayDeleteTheSocket();
    void aReconnectInTheLostSlotIsGuarded();
    void anAbortInTheErrorSlotIsStillALoss_data();
    void anAbortInTheErrorSlotIsStillALoss();

    void bothMayMoveToAnotherThread();
    void aGuardLeftBehindInAnotherThreadSaysSo_data();
    void aGuardLeftBehindInAnotherThreadSaysSo();
    void aGuardThatGoesToAnotherThreadLeavesTheSocketAsItFoundIt_data();
    void aGuardThatGoesToAnotherThreadLeavesTheSocketAsItFoundIt();

    void withoutADescriptorToSpareTheLossIsToldAllTheSame();
    void theDuplicateIsNotInheritedByChildren();

private:
    int m_descriptors = 0;
};

void tst_Lifecycle::aBlockingProgramGetsTheOptionsWithoutAnEventLoop()
{
    Peer peer;
    QTcpSocket socket;
    KeepAlive guard(&socket);
    guard.setDetectWithin(6000);
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected());
    QVERIFY(applied(socket));
}

void tst_Lifecycle::aConnectedSocketIsTakenAtOnce()
{
    Peer peer;
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected());
    KeepAlive guard(&socket);
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    guard.setDetectWithin(6000);
    QVERIFY(applied(socket));
}

void tst_Lifecycle::anAcceptedSocketIsTaken()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QVERIFY(server.waitForNewConnection(2000));
    QTcpSocket *accepted = server.nextPendingConnection();
    auto *guard = new KeepAlive(accepted);
    guard->setDetectWithin(6000);
    QVERIFY(applied(*accepted));
    QSignalSpy lost(guard, &KeepAlive::connectionLost);
    client.disconnectFromHost();
    QVERIFY(lost.wait());
    QCOMPARE(lost.first().first().value<KeepAlive::LossReason>(),
             KeepAlive::LossReason::PeerClosed);
}

void tst_Lifecycle::aDescriptorGivenToTheSocketIsTaken()
{
    Guarded it;
    QVERIFY(it.connect());
    QTcpSocket other;
    KeepAlive guard(&other);
    guard.setDetectWithin(6000);
    QVERIFY(other.setSocketDescriptor(
            ::fcntl(int(it.socket.socketDescriptor()), F_DUPFD_CLOEXEC, 0)));
    QTRY_COMPARE(guard.state(), KeepAlive::State::Healthy);
    QVERIFY(applied(other));
}

void tst_Lifecycle::aConnectedSocketWithoutADescriptorCostsLittle()
{
    /// A transport of the program's own: connected, and no descriptor to show.
    class Tunnel : public QTcpSocket
    {
    public:
        void begin()
        {
            setSocketState(ConnectedState);
            Q_EMIT stateChanged(ConnectedState);
            Q_EMIT connected();
        }
        void shut()
        {
            setSocketState(UnconnectedState);
            Q_EMIT stateChanged(UnconnectedState);
        }
    };
    /// Counts the calls that are queued to the guard's part of the socket.
    class Counter : public QObject
    {
    public:
        int calls = 0;
        bool eventFilter(QObject *, QEvent *event) override
        {
            calls += event->type() == QEvent::MetaCall;
            return false;
        }
    };
    Tunnel socket;
    KeepAlive guard;
    guard.setSocket(&socket);
    Counter counter;
    for (QObject *child : socket.children())
        child->installEventFilter(&counter);
    socket.begin();
    QTest::qWait(100);
    QVERIFY2(counter.calls <= 1, qPrintable(QString::number(counter.calls)));
    QCOMPARE(guard.state(), KeepAlive::State::Healthy);
    socket.shut();
    QCOMPARE(guard.state(), KeepAlive::State::Waiting);
}

void tst_Lifecycle::anotherDescriptorGivenToAConnectedSocketIsTaken()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    QTcpSocket donor;
    donor.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    QVERIFY(donor.waitForConnected());
    const int second = ::fcntl(int(donor.socketDescriptor()), F_DUPFD_CLOEXEC, 0);
    donor.abort();
    // No signal tells of this; the guard finds it out by looking.
    QVERIFY(it.socket.setSocketDescriptor(second));
    QVERIFY(!applied(it.socket));
    QTRY_VERIFY_WITH_TIMEOUT(applied(it.socket), 12000);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY2(it.peer.seesFin(), "the first connection is let go of");
    QCOMPARE(it.lost.size(), 0);
}

void tst_Lifecycle::aBlockingProgramMayGiveADescriptor_data()
{
    QTest::addColumn<bool>("reads");
    QTest::newRow("and reads") << true;
    QTest::newRow("and writes") << false;
}

/// No event loop turns, and within setSocketDescriptor() the descriptor comes after the state.
void tst_Lifecycle::aBlockingProgramMayGiveADescriptor()
{
    QFETCH(bool, reads);
    Peer peer;
    QTcpSocket socket;
    KeepAlive guard(&socket);
    guard.setDetectWithin(6000);
    for (int round = 0; round < 2; ++round) {
        QVERIFY(socket.setSocketDescriptor(loopback::dial(peer.port())));
        QVERIFY(peer.accept());
        if (reads) {
            QVERIFY(peer.send("x"));
            QVERIFY(socket.waitForReadyRead(1000));
            QCOMPARE(socket.readAll(), QByteArray("x"));
        } else {
            QCOMPARE(socket.write("x"), 1);
            QVERIFY(socket.waitForBytesWritten(1000));
        }
        QCOMPARE(guard.state(), KeepAlive::State::Healthy);
        QVERIFY(applied(socket));
        socket.abort();
        QCOMPARE(guard.state(), KeepAlive::State::Waiting);
    }
}

void tst_Lifecycle::anotherDescriptorIsTakenSoonWhereTheGuardIsAsked()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    QVERIFY(it.socket.setSocketDescriptor(loopback::dial(it.peer.port())));
    QCOMPARE(it.guard.silence(), -1);
    QTRY_VERIFY_WITH_TIMEOUT(applied(it.socket), 200);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY2(it.peer.seesFin(), "the first connection is let go of");
    QCOMPARE(it.lost.size(), 0);
}

void tst_Lifecycle::everyReconnectGetsTheOptionsAgain()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    for (int i = 0; i < 3; ++i) {
        QVERIFY(it.connect());
        QVERIFY(applied(it.socket));
        QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
        QCOMPARE(it.guard.lossReason(), KeepAlive::LossReason::NoLoss);
        it.peer.reset();
        QTRY_COMPARE(it.lost.size(), i + 1);
        QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
        QCOMPARE(it.guard.lossReason(), KeepAlive::LossReason::PeerReset);
    }
}

void tst_Lifecycle::aReconnectAfterAnEndInSilenceIsGuarded_data()
{
    QTest::addColumn<bool>("encrypts");
    QTest::addColumn<bool>("given");
    QTest::newRow("QTcpSocket") << false << false;
    QTest::newRow("QTcpSocket, a descriptor") << false << true;
    QTest::newRow("QSslSocket") << true << false;
    QTest::newRow("QSslSocket, a descriptor") << true << true;
}

/// The program blocks the socket's signals while it ends a connection, as programs do that do not
/// want to hear of it themselves.
void tst_Lifecycle::aReconnectAfterAnEndInSilenceIsGuarded()
{
    QFETCH(bool, encrypts);
    QFETCH(bool, given);
    Peer peer;
    const std::unique_ptr<QTcpSocket> socket(encrypts ? new QSslSocket : new QTcpSocket);
    KeepAlive guard;
    guard.setSocket(socket.get());
    guard.setDetectWithin(6000);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    const auto connectIt = [&] {
        if (given)
            return socket->setSocketDescriptor(loopback::dial(peer.port())) && peer.accept();
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        return socket->waitForConnected() && peer.accept();
    };
    for (int round = 0; round < 3; ++round) {
        QVERIFY(connectIt());
        if (!given)
            QVERIFY2(applied(*socket), "at once");
        QTRY_VERIFY(guard.state() == KeepAlive::State::Healthy && applied(*socket));
        // An error of before stands in the socket.
        if (round == 0) {
            peer.finish();
            QTRY_COMPARE(guard.state(), KeepAlive::State::Lost);
            continue;
        }
        const QSignalBlocker blocker(socket.get());
        socket->abort();
    }
    QCOMPARE(lost.size(), 1);
    QVERIFY(connectIt());
    QTRY_COMPARE(guard.state(), KeepAlive::State::Healthy);
    peer.reset();
    QTRY_COMPARE(lost.size(), 2);
}

void tst_Lifecycle::aSocketThatIsDisconnectedFromEverythingIsHeardAgain_data()
{
    QTest::addColumn<QString>("when");
    for (const char *when : {"waiting", "connected", "closed", "aborted then", "in a slot"})
        QTest::newRow(when) << QString::fromLatin1(when);
}

void tst_Lifecycle::aSocketThatIsDisconnectedFromEverythingIsHeardAgain()
{
    QFETCH(QString, when);
    Guarded it;
    it.guard.setDetectWithin(6000);
    const auto disconnectIt = [&] { it.socket.disconnect(); };
    if (when == QLatin1String("in a slot"))
        connect(&it.socket, &QTcpSocket::stateChanged, this, disconnectIt);
    if (when != QLatin1String("waiting"))
        QVERIFY(it.connect());
    if (when == QLatin1String("closed"))
        it.socket.close();
    for (int round = 0; round < 2; ++round)
        it.socket.disconnect();
    if (when == QLatin1String("aborted then"))
        it.socket.abort();
    QCoreApplication::processEvents();
    // The witness heard of all of it by now, and listens: to this, too.
    if (it.socket.state() == QAbstractSocket::UnconnectedState) {
        QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
        QVERIFY(it.connect());
    }
    QVERIFY(applied(it.socket));
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.lost.size(), 0);
    it.peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::PeerClosed);
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    // Connected before the event loop turned.
    it.socket.disconnect();
    QVERIFY(it.connect());
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY(applied(it.socket));
    it.peer.reset();
    QTRY_COMPARE(it.lost.size(), 2);
}

void tst_Lifecycle::aConnectThatNobodyHeardIsTakenSoonWhereTheGuardIsAsked()
{
    Guarded it;
    it.guard.setDetectWithin(8000);
    {
        const QSignalBlocker blocker(&it.socket);
        QVERIFY(it.connect());
    }
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    it.guard.setDetectWithin(6000);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting); // a slot may be in the midst of anything
    QTRY_COMPARE_WITH_TIMEOUT(it.guard.state(), KeepAlive::State::Healthy, 200);
    QVERIFY(applied(it.socket));
    it.peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::PeerClosed);
}

void tst_Lifecycle::aSocketIsExchangedForAnother()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    Peer peer;
    QTcpSocket other;
    other.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(other.waitForConnected() && peer.accept());
    QSignalSpy socketChanged(&it.guard, &KeepAlive::socketChanged);
    it.guard.setSocket(&other);
    QCOMPARE(socketChanged.size(), 1);
    QVERIFY(applied(other));
    it.peer.finish();
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(it.lost.size(), 0);
    peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::PeerClosed);
    it.guard.setSocket(nullptr);
}

void tst_Lifecycle::theFinIsSentAtOnceWhenThisSideCloses_data()
{
    QTest::addColumn<int>("way");
    QTest::newRow("close()") << 0;
    QTest::newRow("disconnectFromHost()") << 1;
    QTest::newRow("abort()") << 2;
}

void tst_Lifecycle::theFinIsSentAtOnceWhenThisSideCloses()
{
    QFETCH(int, way);
    Guarded it;
    QVERIFY(it.connect());
    switch (way) {
    case 0:
        it.socket.close();
        break;
    case 1:
        it.socket.disconnectFromHost();
        break;
    default:
        it.socket.abort();
        break;
    }
    QVERIFY(it.peer.seesFin());
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    QTest::qWait(20);
    QCOMPARE(it.lost.size(), 0);
}

void tst_Lifecycle::theFinIsSentEvenIfTheProgramDisconnectedAllSignals()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    it.socket.disconnect();
    it.socket.abort();
    // Nothing told the guard: it finds out by looking, and hears the socket again after that.
    QTRY_COMPARE_WITH_TIMEOUT(it.guard.state(), KeepAlive::State::Waiting, 12000);
    QVERIFY(it.peer.seesFin());
    QCOMPARE(it.lost.size(), 0);
    QVERIFY(it.connect());
    QVERIFY(applied(it.socket));
    it.peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::PeerClosed);
}

void tst_Lifecycle::theSocketMayDieFirst()
{
    KeepAlive guard;
    auto socket = std::make_unique<QTcpSocket>();
    guard.setSocket(socket.get());
    QSignalSpy socketChanged(&guard, &KeepAlive::socketChanged);
    socket.reset();
    QCOMPARE(guard.socket(), nullptr);
    QCOMPARE(socketChanged.size(), 1);
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
}

void tst_Lifecycle::theGuardMayDieFirst()
{
    Peer peer;
    QTcpSocket socket;
    auto guard = std::make_unique<KeepAlive>();
    guard->setSocket(&socket);
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    guard.reset();
    socket.disconnectFromHost();
    QVERIFY(peer.seesFin());
}

void tst_Lifecycle::theSocketMayDieWhileConnected()
{
    Peer peer;
    KeepAlive guard;
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    {
        QTcpSocket socket;
        guard.setSocket(&socket);
        socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket.waitForConnected() && peer.accept());
    }
    QVERIFY(peer.seesFin());
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
    QCOMPARE(lost.size(), 0);
}

void tst_Lifecycle::disconnectAndDeleteLaterIsSafe()
{
    Peer peer;
    KeepAlive guard;
    auto *socket = new QTcpSocket;
    guard.setSocket(socket);
    socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket->waitForConnected() && peer.accept());
    socket->disconnect();
    socket->deleteLater();
    QCoreApplication::sendPostedEvents(socket, QEvent::DeferredDelete);
    QVERIFY2(peer.seesFin(), "no duplicate descriptor stays behind");
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
    QCOMPARE(guard.socket(), nullptr);
}

void tst_Lifecycle::aSocketMayDieInSilence_data()
{
    QTest::addColumn<bool>("blocks");
    QTest::addColumn<bool>("encrypts");
    QTest::addColumn<bool>("child");
    QTest::addColumn<QString>("end");
    for (const char *way : {"disconnect()", "blockSignals()"}) {
        for (const char *type : {"QTcpSocket", "QSslSocket"}) {
            for (const char *guard : {"a child", "none of its children"}) {
                for (const char *end : {"nothing", "abort()", "close()"}) {
                    QTest::addRow("%s, %s, %s, the guard is %s", way, end, type, guard)
                            << (way[0] == 'b') << (type[1] == 'S') << (guard[0] == 'a')
                            << QString::fromLatin1(end);
                }
            }
        }
    }
}

/// The idiom of a program that is done with a socket: no signal tells the guard of the end.
void tst_Lifecycle::aSocketMayDieInSilence()
{
    QFETCH(bool, blocks);
    QFETCH(bool, encrypts);
    QFETCH(bool, child);
    QFETCH(QString, end);
    for (const bool later : {true, false}) {
        Peer peer;
        QTcpSocket *socket = encrypts ? new QSslSocket : new QTcpSocket;
        KeepAlive outside;
        QPointer<KeepAlive> guard(child ? new KeepAlive(socket) : &outside);
        guard->setSocket(socket);
        guard->setDetectWithin(6000);
        QSignalSpy lost(guard.data(), &KeepAlive::connectionLost);
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        QCoreApplication::processEvents();
        QCOMPARE(guard->state(), KeepAlive::State::Healthy);
        if (blocks)
            socket->blockSignals(true);
        else
            socket->disconnect();
        if (end == QLatin1String("abort()"))
            socket->abort();
        else if (end == QLatin1String("close()"))
            socket->close();
        if (later) {
            socket->deleteLater();
            QCoreApplication::sendPostedEvents(socket, QEvent::DeferredDelete);
        } else {
            delete socket;
        }
        QVERIFY2(peer.seesFin(), "no duplicate descriptor stays behind");
        QCOMPARE(guard.isNull(), child);
        QCOMPARE(outside.state(), KeepAlive::State::Detached);
        QCOMPARE(lost.size(), 0);
    }
}

void tst_Lifecycle::aLostSlotMayDoAnything_data()
{
    QTest::addColumn<int>("deed");
    QTest::newRow("delete the guard") << 0;
    QTest::newRow("delete the socket later") << 1;
    QTest::newRow("setSocket(nullptr)") << 2;
    QTest::newRow("set another socket") << 3;
    QTest::newRow("set properties") << 4;
    QTest::newRow("delete guard, then socket later") << 5;
    QTest::newRow("abort the socket") << 6;
}

void tst_Lifecycle::aLostSlotMayDoAnything()
{
    QFETCH(int, deed);
    for (const bool hard : {false, true}) {
        Peer peer;
        QTcpSocket other;
        QPointer<QTcpSocket> socket(new QTcpSocket);
        QPointer<KeepAlive> guard(new KeepAlive);
        guard->setSocket(socket);
        int lost = 0;
        connect(guard, &KeepAlive::connectionLost, this, [&](auto, const QString &detail) {
            ++lost;
            switch (deed) {
            case 0:
                delete guard;
                break;
            case 1:
                socket->deleteLater();
                break;
            case 2:
                guard->setSocket(nullptr);
                break;
            case 3:
                guard->setSocket(&other);
                break;
            case 4:
                guard->setDetectWithin(8000);
                guard->setEnabled(false);
                guard->setCount(-1);
                break;
            case 5:
                delete guard;
                socket->deleteLater();
                break;
            default:
                socket->abort();
                break;
            }
            QVERIFY(!detail.isEmpty());
        });
        QSignalSpy disconnected(socket.data(), &QTcpSocket::disconnected);
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        if (hard)
            peer.reset();
        else
            peer.finish();
        QTRY_COMPARE(lost, 1);
        QTRY_COMPARE(disconnected.size(), 1);
        QTest::qWait(10);
        QCOMPARE(lost, 1);
        delete guard;
        delete socket;
    }
}

void tst_Lifecycle::aStateSlotMayDeleteTheGuard()
{
    Peer peer;
    QTcpSocket socket;
    QPointer<KeepAlive> guard(new KeepAlive(&socket));
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    QSignalSpy lost(guard.data(), &KeepAlive::connectionLost);
    connect(guard, &KeepAlive::stateChanged, this, [&] { delete guard; });
    peer.reset();
    QTRY_VERIFY(!guard);
    QTRY_COMPARE(socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(lost.size(), 0);
}

void tst_Lifecycle::aSlotOfASetterMayDeleteTheSocket_data()
{
    QTest::addColumn<int>("deed");
    QTest::addColumn<bool>("child");
    for (const bool child : {false, true}) {
        const char *whose = child ? "child of the socket" : "no child";
        QTest::addRow("idleChanged, %s", whose) << 0 << child;
        QTest::addRow("applyFailed, %s", whose) << 1 << child;
        QTest::addRow("stateChanged, %s", whose) << 2 << child;
        QTest::addRow("socketChanged, %s", whose) << 3 << child;
    }
}

void tst_Lifecycle::aSlotOfASetterMayDeleteTheSocket()
{
    QFETCH(int, deed);
    QFETCH(bool, child);
    Peer peer;
    QTcpSocket other;
    QPointer<QTcpSocket> socket(new QTcpSocket);
    QPointer<KeepAlive> guard(new KeepAlive(child ? socket : nullptr));
    guard->setSocket(socket);
    socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket->waitForConnected() && peer.accept());
    const auto deleteSocket = [&] { delete socket; };
    switch (deed) {
    case 0:
        connect(guard, &KeepAlive::idleChanged, this, deleteSocket);
        guard->setIdle(10000);
        break;
    case 1:
        connect(guard, &KeepAlive::applyFailed, this, deleteSocket);
        guard->setCount(-1);
        break;
    case 2:
        connect(guard, &KeepAlive::stateChanged, this, deleteSocket);
        guard->setEnabled(false);
        break;
    default:
        connect(guard, &KeepAlive::socketChanged, this, deleteSocket);
        guard->setSocket(&other);
        break;
    }
    QVERIFY(!socket);
    QVERIFY(peer.seesFin());
    QCOMPARE(guard.isNull(), child);
    if (guard && deed != 3)
        QCOMPARE(guard->state(), KeepAlive::State::Detached);
    delete guard;
}

void tst_Lifecycle::aReconnectInTheLostSlotIsGuarded()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    QStringList order;
    connect(&it.socket, &QTcpSocket::disconnected, this,
            [&] { order << QStringLiteral("disconnected"); });
    connect(&it.guard, &KeepAlive::connectionLost, this, [&] {
        order << QStringLiteral("lost");
        QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
        it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    });
    it.peer.finish();
    QTRY_COMPARE(it.lost.size(), 1);
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY(it.peer.accept());
    QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("lost disconnected"));
    QVERIFY(applied(it.socket));
    it.socket.abort();
    QVERIFY(it.peer.seesFin());
}

void tst_Lifecycle::anAbortInTheErrorSlotIsStillALoss_data()
{
    QTest::addColumn<bool>("guardHearsFirst");
    QTest::addColumn<bool>("reset");
    QTest::newRow("program first, FIN") << false << false;
    QTest::newRow("program first, RST") << false << true;
    QTest::newRow("guard first, FIN") << true << false;
    QTest::newRow("guard first, RST") << true << true;
}

void tst_Lifecycle::anAbortInTheErrorSlotIsStillALoss()
{
    QFETCH(bool, guardHearsFirst);
    QFETCH(bool, reset);
    Peer peer;
    QTcpSocket socket;
    KeepAlive guard;
    if (guardHearsFirst)
        guard.setSocket(&socket);
    connect(&socket, &QTcpSocket::errorOccurred, this, [&] { socket.abort(); });
    if (!guardHearsFirst)
        guard.setSocket(&socket);
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    // Twice: the error of the first loss still stands in the socket at the second.
    for (int round = 1; round <= 2; ++round) {
        socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket.waitForConnected() && peer.accept());
        if (reset)
            peer.reset();
        else
            peer.finish();
        QTRY_COMPARE(socket.state(), QAbstractSocket::UnconnectedState);
        QCOMPARE(lost.size(), round);
        QCOMPARE(lost.last().first().value<ka::LossReason>(),
                 reset ? ka::LossReason::PeerReset : ka::LossReason::PeerClosed);
    }
}

void tst_Lifecycle::bothMayMoveToAnotherThread()
{
    for (const bool child : {true, false}) {
        Peer peer;
        QThread *heardIn = nullptr;
        QAtomicInt lost = 0;
        ScopedThread thread;
        thread.start();
        auto *socket = new QTcpSocket;
        auto *guard = new KeepAlive(child ? socket : nullptr);
        guard->setSocket(socket);
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        socket->moveToThread(&thread);
        if (!child)
            guard->moveToThread(&thread);
        connect(
                guard, &KeepAlive::connectionLost, guard,
                [&] {
                    heardIn = QThread::currentThread();
                    ++lost;
                },
                Qt::DirectConnection);
        peer.finish();
        QTRY_COMPARE(lost.loadAcquire(), 1);
        QCOMPARE(heardIn, &thread);
        if (!child)
            guard->deleteLater();
        socket->deleteLater();
        thread.quit();
        QVERIFY(thread.wait());
    }
}

void tst_Lifecycle::aGuardLeftBehindInAnotherThreadSaysSo_data()
{
    QTest::addColumn<int>("then");
    QTest::newRow("the peer closes") << 0;
    QTest::newRow("the socket dies") << 1;
    QTest::newRow("the guard lets go") << 2;
    QTest::newRow("the guard dies") << 3;
}

void tst_Lifecycle::aGuardLeftBehindInAnotherThreadSaysSo()
{
    QFETCH(int, then);
    // More than once, because two threads are at it.
    for (int round = 0; round < 20; ++round) {
        Peer peer;
        ScopedThread thread;
        thread.start();
        auto *socket = new QTcpSocket;
        auto guard = std::make_unique<KeepAlive>();
        guard->setSocket(socket);
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        QVERIFY(socket->waitForConnected() && peer.accept());
        QSignalSpy lost(guard.get(), &KeepAlive::connectionLost);
        QSignalSpy failed(guard.get(), &KeepAlive::applyFailed);
        socket->moveToThread(&thread);
        switch (then) {
        case 0:
            peer.finish();
            QTRY_COMPARE(guard->state(), KeepAlive::State::Detached);
            QCOMPARE(failed.size(), 1);
            QVERIFY(guard->errorString().contains(QLatin1String("moved to another thread")));
            break;
        case 1:
            socket->deleteLater();
            QTRY_COMPARE(guard->state(), KeepAlive::State::Detached);
            break;
        case 2:
            peer.finish();
            guard->setSocket(nullptr);
            QCOMPARE(guard->state(), KeepAlive::State::Detached);
            break;
        default:
            peer.finish();
            guard.reset();
            break;
        }
        QCOMPARE(lost.size(), 0);
        if (then != 1)
            socket->deleteLater();
        thread.quit();
        QVERIFY(thread.wait());
        if (guard) {
            QCOMPARE(guard->socket(), nullptr);
            QTcpSocket other;
            guard->setSocket(&other);
            QCoreApplication::processEvents();
            QCOMPARE(guard->socket(), &other);
        }
    }
}

void tst_Lifecycle::aGuardThatGoesToAnotherThreadLeavesTheSocketAsItFoundIt_data()
{
    QTest::addColumn<QString>("then");
    for (const char *then : {"stays there", "dies there", "lets go there"})
        QTest::newRow(then) << QString::fromLatin1(then);
}

void tst_Lifecycle::aGuardThatGoesToAnotherThreadLeavesTheSocketAsItFoundIt()
{
    QFETCH(QString, then);
    Peer peer;
    ScopedThread thread;
    thread.start();
    QTcpSocket socket;
    auto *guard = new KeepAlive;
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    const ka::Config found = ka::query(socket.socketDescriptor());
    guard->setSocket(&socket);
    guard->setDetectWithin(6000);
    guard->setHeartbeatInterval(50); // so that it is soon looked for
    QVERIFY(applied(socket));
    connect(&thread, &QThread::finished, guard, &QObject::deleteLater);
    guard->moveToThread(&thread);
    if (then == QLatin1String("dies there"))
        guard->deleteLater();
    else if (then == QLatin1String("lets go there"))
        QMetaObject::invokeMethod(guard, [guard] { guard->setSocket(nullptr); });
    const auto isAsFound = [&] {
        const ka::Config now = ka::query(socket.socketDescriptor());
        return now.enabled == found.enabled && now.idle == found.idle
            && now.interval == found.interval && now.count == found.count;
    };
    QTRY_VERIFY(isAsFound());
    // And it is free for another.
    KeepAlive next;
    QTRY_VERIFY((next.setSocket(&socket), next.socket() == &socket));
    QCOMPARE(next.state(), KeepAlive::State::Healthy);
    socket.abort();
    QVERIFY2(peer.seesFin(), "no duplicate descriptor stays behind");
}

void tst_Lifecycle::withoutADescriptorToSpareTheLossIsToldAllTheSame()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    // One descriptor for the socket itself, none for the duplicate.
    it.socket.connectToHost(QStringLiteral("127.0.0.1"), it.peer.port());
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = ::dup(0);
    ::close(next);
    const rlimit scarce{rlim_t(next), before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
    const bool connected = it.socket.waitForConnected();
    const bool inForce = connected && applied(it.socket);
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    QVERIFY(connected && inForce && it.peer.accept());
    it.peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::UnknownLoss);
    // And an own close is none, here too.
    QVERIFY(it.connect());
    it.socket.close();
    QCOMPARE(it.lost.size(), 1);
}

void tst_Lifecycle::theDuplicateIsNotInheritedByChildren()
{
    const int before = openDescriptors();
    Guarded it;
    QVERIFY(it.connect());
    QVERIFY(openDescriptors() > before);
    for (int fd = 0; fd < 100; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        sockaddr_in address{};
        socklen_t length = sizeof address;
        if (flags != -1 && ::getpeername(fd, reinterpret_cast<sockaddr *>(&address), &length) == 0
            && ntohs(address.sin_port) == it.peer.port())
            QVERIFY(flags & FD_CLOEXEC);
    }
}

QTEST_GUILESS_MAIN(tst_Lifecycle)
#include "tst_lifecycle.moc"
