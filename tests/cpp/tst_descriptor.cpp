// SPDX-License-Identifier: MIT OR Apache-2.0

// Whose a descriptor is: what is not the guarded connection's own is never touched, and where there is
// none to be had the heart-beat does without.

#include "guarded.h"
#include "proxy.h"

#include <ka/socket.h>

#include <QtCore/QTimer>
#include <QtNetwork/QLocalServer>
#include <QtNetwork/QLocalSocket>
#include <QtNetwork/QNetworkProxy>
#include <QtTest/QtTest>

#include <fcntl.h>
#include <memory>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

namespace {

/// A connection that has nothing to do with any guard.
class Unrelated
{
public:
    Peer peer;

    Unrelated()
        : m_descriptor(loopback::dial(peer.port()))
    {
        const bool connected = m_descriptor != -1 && peer.accept();
        Q_ASSERT_X(connected, "Unrelated", "cannot connect on loopback");
        Q_UNUSED(connected)
    }
    ~Unrelated() { ::close(m_descriptor); }
    Q_DISABLE_COPY_MOVE(Unrelated)

    /// Gives it this number.
    bool moveTo(int descriptor)
    {
        const bool moved = ::dup3(m_descriptor, descriptor, O_CLOEXEC) == descriptor;
        ::close(std::exchange(m_descriptor, descriptor));
        return moved;
    }

    bool isAlive()
    {
        char byte = 0;
        return peer.send("x") && ::recv(m_descriptor, &byte, 1, 0) == 1 && byte == 'x';
    }

    /// All that a guard might write.
    QVector<int> options() const
    {
        QVector<int> values;
        const auto read = [&](int level, int option) {
            int value[2] = {-1, -1};
            socklen_t length = sizeof value;
            ::getsockopt(m_descriptor, level, option, value, &length);
            values << value[0] << value[1];
        };
        for (const int option : {SO_KEEPALIVE, SO_LINGER})
            read(SOL_SOCKET, option);
        for (const int option : {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT, 44})
            read(IPPROTO_TCP, option);
        return values;
    }

private:
    int m_descriptor = -1;
};

/// Answers each beat of a peer until it is told to hang.
class Answers : public QTimer
{
public:
    explicit Answers(Peer &peer)
    {
        callOnTimeout(this, [&peer] {
            if (!peer.take().isEmpty())
                peer.send("pong\n");
        });
        start(5);
    }
};

} // namespace

class tst_Descriptor : public QObject
{
    Q_OBJECT

private slots:
    void behindSocksAnotherConnectionOfThatNumberIsNotTouched();
    void behindSocksTheHeartBeatLivesAndTellsAHungPeer();
    void behindSocksAnOwnCloseIsNoLoss();
    void behindSocksWhatComesWhileASlotRunsAnEventLoopIsLife();
    void behindSocksAPeerIsNotBlamedForWhatNobodyReads();
    void behindSocksAnOwnCloseAfterAnExpiredWaitIsNoLoss_data();
    void behindSocksAnOwnCloseAfterAnExpiredWaitIsNoLoss();
    void behindAnHttpProxyTheConnectionToTheProxyIsGuarded();
    void valuesAreAppliedToASocketOfQt();
    void behindSocksNoValueIsAppliedToThatNumber();
    void aNumberThatQtHasClosedIsNotTouched();

    void aLocalSocketHasItsHeartBeat_data();
    void aLocalSocketHasItsHeartBeat();
    void aLocalSocketIsTakenAsParent();

private:
    /// Connects through the proxy, and takes the connection at the peer.
    static bool connectThrough(const Proxy &proxy, QNetworkProxy::ProxyType type, Guarded &it)
    {
        it.socket.setProxy({type, QStringLiteral("127.0.0.1"), proxy.port()});
        return it.connect();
    }
};

void tst_Descriptor::valuesAreAppliedToASocketOfQt()
{
    ka::Config config;
    config.idle = 10s;
    config.interval = 4500ms;
    config.count = 3;
    Guarded it;
    it.guard.setSocket(nullptr);
    std::error_code error;
    ka::apply(it.socket, config, error);
    QVERIFY(error == ka::errc::NoDescriptor);
    QVERIFY(it.connect());
    const ka::Config given = ka::apply(it.socket, config);
    QVERIFY(given.interval == 5s);
    const ka::Config now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.enabled && now.idle == 10s && now.interval == 5s && now.count == 3);
    config.count = 1000;
    ka::apply(it.socket, config, error);
    QVERIFY(error == ka::errc::OutOfRange);
    config.count = 4;
    ka::apply(it.socket, config, error);
    QVERIFY(!error);
}

void tst_Descriptor::behindSocksNoValueIsAppliedToThatNumber()
{
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    it.guard.setSocket(nullptr);
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    Unrelated unrelated;
    const int number = int(it.socket.socketDescriptor());
    if (::fcntl(number, F_GETFD) == -1)
        QVERIFY(unrelated.moveTo(number));
    const QVector<int> before = unrelated.options();
    std::error_code error;
    ka::apply(it.socket, ka::Config::detectWithin(6s), error);
    QVERIFY(error == ka::errc::NoDescriptor);
    QCOMPARE(unrelated.options(), before);
    try {
        ka::apply(it.socket, ka::Config());
        QFAIL("it was applied");
    } catch (const ka::Error &refused) {
        QVERIFY(refused.code() == ka::errc::NoDescriptor);
        QVERIFY2(std::string(refused.what()).find("SOCKS") != std::string::npos, refused.what());
    }
}

void tst_Descriptor::behindSocksAnotherConnectionOfThatNumberIsNotTouched()
{
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    Unrelated unrelated;
    // Qt counts. The next number shall be free, so that it can be the unrelated connection's.
    int next = 0;
    do {
        Guarded probe;
        probe.guard.setSocket(nullptr);
        QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, probe));
        next = int(probe.socket.socketDescriptor()) + 1;
        QVERIFY(next < 200);
    } while (::fcntl(next, F_GETFD) != -1);

    QVERIFY(unrelated.moveTo(next));
    const QVector<int> before = unrelated.options();
    it.guard.setDetectWithin(4000);
    it.setHeartbeat(50, 300, "ping\n");
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    QCOMPARE(int(it.socket.socketDescriptor()), next);
    {
        const Answers answers(it.peer);
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
        it.guard.setDetectWithin(6000);
        it.guard.setUserTimeout(5000);
        QTest::qWait(500);
        QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
        QCOMPARE(unrelated.options(), before);
        QVERIFY(unrelated.isAlive());
    }
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
    QCOMPARE(unrelated.options(), before);
    QVERIFY(unrelated.isAlive());

    // Nor is its end ours.
    int unused = 0;
    Guarded again;
    again.setHeartbeat(50, 300, "ping\n");
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, again));
    const Answers answers(again.peer);
    unused = int(again.socket.socketDescriptor());
    Unrelated other;
    if (::fcntl(unused, F_GETFD) == -1)
        QVERIFY(other.moveTo(unused));
    other.peer.reset();
    QTest::qWait(500);
    QCOMPARE(again.lost.size(), 0);
    QCOMPARE(again.guard.state(), KeepAlive::State::Healthy);
}

/// Qt does not emit readyRead() once more within its own slot: a dialog, for example.
void tst_Descriptor::behindSocksWhatComesWhileASlotRunsAnEventLoopIsLife()
{
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    bool within = false;
    connect(&it.socket, &QTcpSocket::readyRead, this, [&] {
        if (!std::exchange(within, true))
            QTest::qWait(1000);
    });
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    const Answers answers(it.peer);
    QTRY_VERIFY(within);
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
}

void tst_Descriptor::behindSocksAPeerIsNotBlamedForWhatNobodyReads()
{
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    it.socket.setReadBufferSize(16);
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    it.peer.send(QByteArray(1000, 'x'));
    QTest::qWait(1000);
    QCOMPARE(it.lost.size(), 0);
    it.socket.setReadBufferSize(0);
    connect(&it.socket, &QTcpSocket::readyRead, &it.socket, [&] { it.socket.readAll(); });
    it.socket.readAll();
    // What waited in Qt's own buffers comes first, and then nothing does.
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
}

void tst_Descriptor::behindSocksTheHeartBeatLivesAndTellsAHungPeer()
{
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    QSignalSpy suspect(&it.guard, &KeepAlive::connectionSuspect);
    for (int round = 1; round <= 2; ++round) {
        QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
        {
            const Answers answers(it.peer);
            QTest::qWait(800);
        }
        QCOMPARE(it.lost.size(), round - 1);
        QCOMPARE(suspect.size(), round - 1);
        QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
        QTRY_COMPARE(it.lost.size(), round);
        QCOMPARE(it.guard.lossReason(), LossReason::HeartbeatMissed);
        QCOMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
        QCOMPARE(it.socket.error(), QAbstractSocket::SocketTimeoutError);
        QTest::qWait(50);
        it.peer.forget();
        QVERIFY(it.peer.seesFin());
    }
}

void tst_Descriptor::behindSocksAnOwnCloseIsNoLoss()
{
    const Proxy proxy(Proxy::Socks5);
    for (const bool hard : {false, true}) {
        Guarded it;
        QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
        if (hard)
            it.socket.abort();
        else
            it.socket.disconnectFromHost();
        QTRY_COMPARE(it.guard.state(), KeepAlive::State::Waiting);
        QCOMPARE(it.lost.size(), 0);
    }
}

void tst_Descriptor::behindSocksAnOwnCloseAfterAnExpiredWaitIsNoLoss_data()
{
    QTest::addColumn<int>("later");
    QTest::newRow("at once") << 0;
    QTest::newRow("100 ms later") << 100;
    QTest::newRow("a second later") << 1000;
}

void tst_Descriptor::behindSocksAnOwnCloseAfterAnExpiredWaitIsNoLoss()
{
    QFETCH(int, later);
    const Proxy proxy(Proxy::Socks5);
    Guarded it;
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY(!it.socket.waitForReadyRead(50));
    QCOMPARE(it.socket.error(), QAbstractSocket::SocketTimeoutError);
    if (later > 0)
        QTest::qWait(later);
    it.socket.close();
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Waiting);
    QCOMPARE(it.lost.size(), 0);
    // A loss is told as before.
    QVERIFY(connectThrough(proxy, QNetworkProxy::Socks5Proxy, it));
    QTRY_COMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QVERIFY(!it.socket.waitForReadyRead(50));
    it.peer.finish();
    QTRY_COMPARE(it.lost.size(), 1);
}

/// There Qt has a descriptor to give. What it knows of the other end is beyond it.
void tst_Descriptor::behindAnHttpProxyTheConnectionToTheProxyIsGuarded()
{
    const Proxy proxy(Proxy::Http);
    Guarded it;
    it.guard.setDetectWithin(6000);
    it.setHeartbeat(50, 200, "ping\n");
    QVERIFY(connectThrough(proxy, QNetworkProxy::HttpProxy, it));
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.guard.errorString(), QString());
    QVERIFY(it.socket.peerPort() != proxy.port());
    const ka::Config now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.enabled && now.idle == 3s);
    {
        const Answers answers(it.peer);
        QTest::qWait(800);
    }
    QCOMPARE(it.lost.size(), 0);
    QTRY_COMPARE(it.reason(), LossReason::HeartbeatMissed);
}

/// Within errorOccurred() the descriptor of a lost connection is closed, and socketDescriptor() is
/// what it was.
void tst_Descriptor::aNumberThatQtHasClosedIsNotTouched()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    Unrelated unrelated;
    const QVector<int> before = unrelated.options();
    connect(&it.socket, &QTcpSocket::errorOccurred, this, [&] {
        const int number = int(it.socket.socketDescriptor());
        QVERIFY(number != -1 && ::fcntl(number, F_GETFD) == -1);
        QVERIFY(unrelated.moveTo(number));
        it.guard.setDetectWithin(8000);
        it.guard.setUserTimeout(5000);
        it.guard.setEnabled(false);
        it.guard.setEnabled(true);
    });
    it.peer.reset();
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(unrelated.options(), before);
    QVERIFY(unrelated.isAlive());
}

void tst_Descriptor::aLocalSocketHasItsHeartBeat_data()
{
    QTest::addColumn<bool>("payload");
    QTest::newRow("with a payload") << true;
    QTest::newRow("of the program's own") << false;
}

void tst_Descriptor::aLocalSocketHasItsHeartBeat()
{
    QFETCH(bool, payload);
    QLocalServer server;
    server.setSocketOptions(QLocalServer::UserAccessOption);
    const QString name = QStringLiteral("qkeepalive-%1").arg(QCoreApplication::applicationPid());
    QVERIFY(server.listen(name));
    bool hangs = false;
    QByteArray received;
    connect(&server, &QLocalServer::newConnection, this, [&] {
        QLocalSocket *peer = server.nextPendingConnection();
        connect(peer, &QLocalSocket::readyRead, this, [&, peer] {
            received += peer->readAll();
            if (!hangs)
                peer->write("pong\n");
        });
    });
    QLocalSocket socket;
    KeepAlive guard;
    if (payload)
        guard.setHeartbeatPayload("ping\n");
    guard.setSocket(&socket);
    QCOMPARE(guard.socket(), &socket);
    QCOMPARE(guard.errorString(), QString());
    guard.setHeartbeatInterval(50);
    guard.setHeartbeatTimeout(250);
    if (payload) // in any order
        guard.setHeartbeatPayload("PING\n");
    QCOMPARE(guard.heartbeatPayload(), payload ? QByteArray("PING\n") : QByteArray());
    connect(&guard, &KeepAlive::heartbeatDue, this, [&] { socket.write("PING\n"); });
    QSignalSpy lost(&guard, &KeepAlive::connectionLost);
    QSignalSpy failed(&socket, &QLocalSocket::errorOccurred);
    QSignalSpy disconnected(&socket, &QLocalSocket::disconnected);
    for (int round = 1; round <= 2; ++round) {
        hangs = false;
        received.clear();
        socket.connectToServer(name);
        QVERIFY(socket.waitForConnected());
        QTest::qWait(800);
        QCOMPARE(lost.size(), round - 1);
        QCOMPARE(guard.state(), KeepAlive::State::Healthy);
        QVERIFY(received.startsWith("PING\nPING\nPING\n"));
        hangs = true;
        QTRY_COMPARE(lost.size(), round);
        QCOMPARE(guard.lossReason(), LossReason::HeartbeatMissed);
        QTRY_COMPARE(disconnected.size(), round);
        QCOMPARE(failed.size(), round);
        QCOMPARE(socket.state(), QLocalSocket::UnconnectedState);
    }
}

void tst_Descriptor::aLocalSocketIsTakenAsParent()
{
    QLocalSocket socket;
    const auto *guard = new KeepAlive(&socket);
    QCOMPARE(guard->socket(), &socket);
    QCOMPARE(guard->state(), KeepAlive::State::Waiting);
}

QTEST_GUILESS_MAIN(tst_Descriptor)
#include "tst_descriptor.moc"
