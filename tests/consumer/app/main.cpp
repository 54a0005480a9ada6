// SPDX-License-Identifier: MIT OR Apache-2.0

// A program of a user: a guarded connection whose peer closes it. Ends with 0 only if the options
// were really in force and the loss was told once, with its reason, before Qt's own disconnected.

#include <ka/keepalive.h>
#include <ka/socket.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QTimer>
#include <QtCore/QVariant>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

using namespace std::chrono_literals;

static int wrong = 0;

static void check(bool right, const char *what)
{
    if (right)
        return;
    ++wrong;
    qCritical("wrong: %s", what);
}

/// What is in force on a connected socket whose guard asked for 6 s, and ka::apply() on it.
static void checkOptions(const QTcpSocket &socket)
{
    const ka::Config given = ka::query(socket.socketDescriptor());
    check(given.enabled, "keepalive is on");
    check(given.detectionTime() == 6s, "the peer's death would be known within 6 s");

    ka::Config wanted;
    wanted.idle = 10s;
    wanted.interval = 5s;
    wanted.count = 3;
    check(ka::apply(socket.socketDescriptor(), wanted) == wanted, "apply gives what was asked for");

    wanted.count = 4;
    std::error_code error = ka::errc::Unsupported;
    ka::apply(socket.socketDescriptor(), wanted, error);
    check(!error, "apply succeeds without exceptions");

    const ka::Config now = ka::query(socket.socketDescriptor());
    check(now.idle == wanted.idle && now.interval == wanted.interval && now.count == wanted.count,
          "query reads what was applied");

    wanted.count = 128;
    ka::apply(socket.socketDescriptor(), wanted, error);
    check(error == ka::errc::OutOfRange, "128 probes are refused");
    try {
        ka::apply(socket.socketDescriptor(), wanted);
        check(false, "128 probes are refused with an exception");
    } catch (const ka::Error &refused) {
        check(qstrcmp(refused.option(), "TCP_KEEPCNT") == 0, "the exception names the option");
    }
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTimer::singleShot(20s, &app, [] { qFatal("nothing happened for 20 s"); });

    // The server closes in good order as soon as it hears something.
    QTcpServer server;
    check(server.listen(QHostAddress::LocalHost), "the server listens");
    QObject::connect(&server, &QTcpServer::newConnection, &app, [&server] {
        QTcpSocket *peer = server.nextPendingConnection();
        QObject::connect(peer, &QTcpSocket::readyRead, peer, &QTcpSocket::disconnectFromHost);
    });

    ka::KeepAlive unused; // also has to come to an end
    check(unused.state() == ka::KeepAlive::State::Detached, "a guard without a socket is detached");

    QTcpSocket socket;
    auto *guard = new ka::KeepAlive(&socket);
    guard->setDetectWithin(6000);
    check(socket.findChild<ka::KeepAlive *>() == guard, "the guard is found by its type");

    int losses = 0;
    bool disconnected = false;
    QObject::connect(guard, &ka::KeepAlive::connectionLost, &app,
                     [&](ka::LossReason reason, const QString &detail) {
                         ++losses;
                         check(reason == ka::KeepAlive::LossReason::PeerClosed,
                               "the reason is the peer's close");
                         check(!detail.isEmpty(), "the loss is explained in words");
                         check(!disconnected, "the loss is told before disconnected");
                     });
    QObject::connect(&socket, &QTcpSocket::connected, &app, [&] {
        check(guard->state() == ka::KeepAlive::State::Healthy, "a new connection is healthy");
        checkOptions(socket);
        socket.write("enough");
    });
    QObject::connect(&socket, &QTcpSocket::disconnected, &app, [&] {
        disconnected = true;
        QTimer::singleShot(100ms, &app, &QCoreApplication::quit); // time for a second loss
    });

    socket.connectToHost(server.serverAddress(), server.serverPort());
    QCoreApplication::exec();

    check(losses == 1, "there is one loss");
    check(guard->property("state").toString() == QLatin1String("Lost"), "the state has a name");
    return wrong == 0 ? 0 : 1;
}
