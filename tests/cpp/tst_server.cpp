// SPDX-License-Identifier: MIT OR Apache-2.0

// ka::guardConnections(): every connection that a server accepts.

#include "tls_server.h"

#include <ka/server.h>
#include <ka/socket.h>

#include <QtCore/QProcess>
#include <QtCore/QTimer>
#include <QtTest/QtTest>

using namespace std::chrono_literals;
using ka::KeepAlive;
using ka::LossReason;

namespace {

bool applied(qintptr descriptor)
{
    const ka::Config now = ka::query(descriptor);
    return now.enabled && now.idle == 3s && now.interval == 1s && now.count == 3;
}

KeepAlive *guardOf(const QObject *socket)
{
    return socket->findChild<KeepAlive *>(QString(), Qt::FindDirectChildrenOnly);
}

/// How often this program, run with these arguments, reads or writes an option of keepalive or of
/// retransmissions by these system calls; −1 if it failed.
qsizetype calls(const char *systemCalls, const QStringList &arguments)
{
    const QString log = QStringLiteral("tst_server.strace");
    QProcess strace;
    strace.start(QStringLiteral("strace"),
                 QStringList{QStringLiteral("-f"), QStringLiteral("-e"),
                             QLatin1String("trace=") + QLatin1String(systemCalls),
                             QStringLiteral("-o"), log, QCoreApplication::applicationFilePath()}
                         + arguments);
    if (!strace.waitForFinished(20000) || strace.exitCode() != 0)
        return -1;
    QFile file(log);
    if (!file.open(QIODevice::ReadOnly))
        return -1;
    const QByteArray trace = file.readAll();
    file.remove();
    // What the kernel knows of a connection is read of each.
    return trace.count("SO_KEEPALIVE") + trace.count("SOL_TCP") - trace.count("TCP_INFO");
}

} // namespace

class tst_Server : public QObject
{
    Q_OBJECT

private slots:
    void everyAcceptedConnectionIsGuarded_data();
    void everyAcceptedConnectionIsGuarded();
    void theSlotsOfNewConnectionFindTheGuard();
    void aServerThatTellsOfNoConnectionIsGuardedAllTheSame_data();
    void aServerThatTellsOfNoConnectionIsGuardedAllTheSame();
    void aServerThatMakesItsSocketsLaterIsGuarded();
    void socketsOfTheProgramsOwnAreLeftAlone();
    void connectionsThatWereThereBeforeGetTheValuesToo();
    void aServerThatListensAgainGuardsOn();
    void aLossIsToldOfTheConnectionThatHadIt();
    void aTlsServerOfTheProgramsOwnIsGuarded();
    void whatIsOutOfRangeIsThrownAndNothingIsGuarded();
    void aSetUpMayDropTheConnection();
    void acceptedConnectionsInheritTheValuesWithoutACall();
    void whetherTheyInheritIsSoonAskedNoMore();
};

void tst_Server::everyAcceptedConnectionIsGuarded_data()
{
    QTest::addColumn<bool>("listening");
    QTest::newRow("before listen()") << false;
    QTest::newRow("after listen()") << true;
}

void tst_Server::everyAcceptedConnectionIsGuarded()
{
    QFETCH(bool, listening);
    QTcpServer server;
    if (listening)
        QVERIFY(server.listen(QHostAddress::LocalHost));
    QList<KeepAlive *> links;
    ka::guardConnections(&server, 6s, [&](KeepAlive *link) { links << link; });
    if (!listening)
        QVERIFY(server.listen(QHostAddress::LocalHost));
    for (int i = 1; i <= 3; ++i) {
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        QTRY_COMPARE(links.size(), i);
        QTcpSocket *socket = server.nextPendingConnection();
        QVERIFY(socket);
        QCOMPARE(links.last()->socket(), socket);
        QCOMPARE(links.last()->parent(), socket);
        QCOMPARE(links.last()->state(), KeepAlive::State::Healthy);
        QCOMPARE(links.last()->detectWithin(), 6000);
        QCOMPARE(links.last()->detectionTime(), 6000);
        QVERIFY(applied(socket->socketDescriptor()));
    }
    QVERIFY2(applied(server.socketDescriptor()), "the listener hands its values down");
}

void tst_Server::theSlotsOfNewConnectionFindTheGuard()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ka::guardConnections(&server, 6s);
    int found = 0;
    connect(&server, &QTcpServer::newConnection, this, [&] {
        while (const QTcpSocket *socket = server.nextPendingConnection()) {
            const KeepAlive *link = guardOf(socket);
            found += link && link->state() == KeepAlive::State::Healthy;
        }
    });
    QTcpSocket one;
    QTcpSocket two;
    one.connectToHost(QHostAddress::LocalHost, server.serverPort());
    two.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QTRY_COMPARE(found, 2);
}

void tst_Server::aServerThatTellsOfNoConnectionIsGuardedAllTheSame_data()
{
    QTest::addColumn<bool>("blocks");
    QTest::addColumn<bool>("encrypts");
    QTest::newRow("disconnect()") << false << false;
    QTest::newRow("blockSignals()") << true << false;
    QTest::newRow("disconnect(), TLS") << false << true;
    QTest::newRow("blockSignals(), TLS") << true << true;
}

void tst_Server::aServerThatTellsOfNoConnectionIsGuardedAllTheSame()
{
    QFETCH(bool, blocks);
    QFETCH(bool, encrypts);
    const std::unique_ptr<QTcpServer> server(encrypts ? new TlsServer : new QTcpServer);
    QVERIFY(server->isListening() || server->listen(QHostAddress::LocalHost));
    QList<KeepAlive *> links;
    ka::guardConnections(server.get(), 6s, [&](KeepAlive *link) { links << link; });
    if (blocks)
        server->blockSignals(true);
    else
        server->disconnect();
    for (int i = 1; i <= 3; ++i) {
        QSslSocket client;
        client.setPeerVerifyMode(QSslSocket::VerifyNone);
        if (encrypts)
            client.connectToHostEncrypted(QStringLiteral("127.0.0.1"), server->serverPort());
        else
            client.connectToHost(QHostAddress::LocalHost, server->serverPort());
        QTRY_VERIFY(server->hasPendingConnections());
        QTcpSocket *socket = server->nextPendingConnection();
        QTRY_COMPARE(links.size(), i);
        QCOMPARE(links.last()->socket(), socket);
        QCOMPARE(links.last()->detectionTime(), 6000);
        QVERIFY(applied(socket->socketDescriptor()));
    }
    QTest::qWait(20);
    QCOMPARE(links.size(), 3);
}

void tst_Server::aServerThatMakesItsSocketsLaterIsGuarded()
{
    /// Tells of none, and makes the socket some time after, or lets it wait for its descriptor.
    class Late : public QTcpServer
    {
    public:
        QTcpSocket *made = nullptr;
        bool waits = false;

    protected:
        void incomingConnection(qintptr descriptor) override
        {
            const auto make = [this, descriptor] {
                made = new QTcpSocket(this);
                const auto give = [this, descriptor] { made->setSocketDescriptor(descriptor); };
                if (waits)
                    QTimer::singleShot(20, made, give);
                else
                    give();
            };
            QTimer::singleShot(20, this, make);
        }
    };
    for (const bool waits : {false, true}) {
        Late server;
        server.waits = waits;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        QList<KeepAlive *> links;
        ka::guardConnections(&server, 6s, [&](KeepAlive *link) { links << link; });
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        QTRY_COMPARE(links.size(), 1);
        QCOMPARE(links.first()->socket(), server.made);
        QTRY_COMPARE(links.first()->state(), KeepAlive::State::Healthy);
        QVERIFY(applied(server.made->socketDescriptor()));
        QTest::qWait(20);
        QCOMPARE(links.size(), 1);
    }
}

void tst_Server::socketsOfTheProgramsOwnAreLeftAlone()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    int calls = 0;
    ka::guardConnections(&server, 6s, [&](KeepAlive *) { ++calls; });
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    auto *own = new QTcpSocket(&server);
    QTest::qWait(10);
    own->connectToHost(QHostAddress::LocalHost, other.serverPort());
    QVERIFY(own->waitForConnected());
    QTest::qWait(10);
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    QTRY_COMPARE(calls, 1);
    QTest::qWait(10);
    QVERIFY(!guardOf(own));
    QCOMPARE(calls, 1);
}

void tst_Server::connectionsThatWereThereBeforeGetTheValuesToo()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket clients[4];
    const auto connectOne = [&](QTcpSocket &client) {
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        // Connected by the kernel alone: no event loop has turned for the server.
        return client.waitForConnected();
    };
    QVERIFY(connectOne(clients[0]) && connectOne(clients[1]));
    int calls = 0;
    ka::guardConnections(&server, 6s, [&](KeepAlive *) { ++calls; });
    QVERIFY(connectOne(clients[2]) && connectOne(clients[3]));
    QTRY_COMPARE(calls, 4);
    while (const QTcpSocket *socket = server.nextPendingConnection())
        QVERIFY(applied(socket->socketDescriptor()));
}

void tst_Server::aServerThatListensAgainGuardsOn()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    ka::guardConnections(&server, 6s);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 2; ++i) {
            QTcpSocket client;
            client.connectToHost(QHostAddress::LocalHost, server.serverPort());
            QTRY_VERIFY(server.hasPendingConnections());
            const QTcpSocket *socket = server.nextPendingConnection();
            QVERIFY(guardOf(socket));
            QVERIFY(applied(socket->socketDescriptor()));
            QCOMPARE(guardOf(socket)->detectionTime(), 6000);
        }
        server.close();
        QVERIFY(server.listen(QHostAddress::LocalHost));
    }
}

void tst_Server::aLossIsToldOfTheConnectionThatHadIt()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QHash<quint16, LossReason> lost;
    ka::guardConnections(&server, 6s, [&](KeepAlive *link) {
        const auto *socket = qobject_cast<QTcpSocket *>(link->socket());
        QVERIFY(socket);
        const quint16 port = socket->peerPort();
        connect(link, &KeepAlive::connectionLost, link, [&lost, port](LossReason reason) {
            QVERIFY(!lost.contains(port));
            lost.insert(port, reason);
        });
    });
    QTcpSocket clients[3];
    for (QTcpSocket &client : clients) {
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        QVERIFY(client.waitForConnected());
        QTRY_VERIFY(server.hasPendingConnections());
        server.nextPendingConnection();
    }
    const quint16 closing = clients[0].localPort();
    const quint16 resetting = clients[2].localPort();
    clients[0].close();
    QTRY_COMPARE(lost.size(), 1);
    QCOMPARE(lost.value(closing), LossReason::PeerClosed);
    const linger hard{1, 0};
    QCOMPARE(::setsockopt(int(clients[2].socketDescriptor()), SOL_SOCKET, SO_LINGER, &hard,
                          sizeof hard),
             0);
    clients[2].abort();
    QTRY_COMPARE(lost.size(), 2);
    QCOMPARE(lost.value(resetting), LossReason::PeerReset);
}

void tst_Server::aTlsServerOfTheProgramsOwnIsGuarded()
{
    TlsServer server;
    QList<KeepAlive *> links;
    ka::guardConnections(&server, 6s, [&](KeepAlive *link) { links << link; });
    QSslSocket client;
    client.setPeerVerifyMode(QSslSocket::VerifyNone);
    client.connectToHostEncrypted(QStringLiteral("127.0.0.1"), server.serverPort());
    QTRY_VERIFY(client.isEncrypted());
    QTRY_VERIFY(server.peer && server.peer->isEncrypted());
    QCOMPARE(links.size(), 1);
    QCOMPARE(links.first()->socket(), server.peer);
    QCOMPARE(links.first()->state(), KeepAlive::State::Healthy);
    QVERIFY(applied(server.peer->socketDescriptor()));
    QSignalSpy lost(links.first(), &KeepAlive::connectionLost);
    client.disconnectFromHost();
    QTRY_COMPARE(lost.size(), 1);
}

void tst_Server::whatIsOutOfRangeIsThrownAndNothingIsGuarded()
{
    for (const std::chrono::milliseconds wrong : {1999ms, 0ms, -6000ms, 70000000ms}) {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        try {
            ka::guardConnections(&server, wrong);
            QFAIL("nothing was thrown");
        } catch (const ka::Error &error) {
            QVERIFY(error.code() == ka::errc::OutOfRange);
            QCOMPARE(error.option(), "detectWithin");
        }
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        QTRY_VERIFY(server.hasPendingConnections());
        QVERIFY(!guardOf(server.nextPendingConnection()));
    }
}

void tst_Server::aSetUpMayDropTheConnection()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    int calls = 0;
    ka::guardConnections(&server, 6s, [&](KeepAlive *link) {
        ++calls;
        qobject_cast<QTcpSocket *>(link->socket())->abort();
    });
    QTcpSocket clients[3];
    for (QTcpSocket &client : clients)
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
    for (QTcpSocket &client : clients)
        QTRY_COMPARE(client.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(calls, 3);
}

void tst_Server::acceptedConnectionsInheritTheValuesWithoutACall()
{
    QCOMPARE(calls("setsockopt", {QStringLiteral("accept-bare")}), 0);
    // Those of the listener, once: the values, and the limit of its retransmissions.
    QCOMPARE(calls("setsockopt", {QStringLiteral("accept-guarded")}), 5);
}

void tst_Server::whetherTheyInheritIsSoonAskedNoMore()
{
    const auto asked = [](int connections) {
        return calls("getsockopt,setsockopt",
                     {QStringLiteral("accept-unasked"), QString::number(connections)});
    };
    const qsizetype few = asked(10);
    QVERIFY(few > 0);
    QCOMPARE(asked(30), few);
}

/// Accepts connections, for the two above.
static int acceptConnections(const QString &mode, int connections)
{
    const bool guarded = mode != QLatin1String("accept-bare");
    const bool asked = mode == QLatin1String("accept-guarded");
    QTcpServer server;
    if (!server.listen(QHostAddress::LocalHost))
        return 1;
    if (guarded)
        ka::guardConnections(&server, 6s);
    for (int i = 0; i < connections; ++i) {
        QTcpSocket client;
        client.connectToHost(QHostAddress::LocalHost, server.serverPort());
        if (!client.waitForConnected() || !server.waitForNewConnection(2000))
            return 2;
        const QTcpSocket *socket = server.nextPendingConnection();
        if (asked && !applied(socket->socketDescriptor()))
            return 3;
        // Until after the first looks.
        QTest::qWait(asked ? 30 : 1);
    }
    return 0;
}

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    const QString mode = app.arguments().value(1);
    if (mode.startsWith(QLatin1String("accept-")))
        return acceptConnections(mode, app.arguments().value(2, QStringLiteral("10")).toInt());
    tst_Server test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_server.moc"
