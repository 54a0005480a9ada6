// SPDX-License-Identifier: MIT OR Apache-2.0

// A client by WebSocket, whose heart-beat is the ping of that protocol: it finds a server whose
// program hangs, which no keepalive of the kernel's can see.

#include <ka/keepalive.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QTimer>
#include <QtCore/QUrl>
#include <QtCore/QVariant>
#include <QtWebSockets/QWebSocket>

namespace {

// What it ends with.
constexpr int closed = 0; // by the peer, in good order
constexpr int misused = 1; // as QCommandLineParser does
constexpr int notConnected = 2;
constexpr int lost = 3;

/// Prints a line at once, also where the output is not a terminal.
void say(const QString &words)
{
    QTextStream(stdout) << words << Qt::endl;
}

/// Gives a guard a number of milliseconds. Says why not, if it does not take it.
bool give(ka::KeepAlive *link, void (ka::KeepAlive::*set)(int), const QString &text)
{
    bool isNumber = false;
    (link->*set)(text.toInt(&isNumber));
    if (isNumber && link->errorString().isEmpty())
        return true;
    say(isNumber ? link->errorString() : QStringLiteral("'%1' is not a number of ms").arg(text));
    return false;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Tells that a peer is gone, and why."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("URL"), QStringLiteral("Such as ws://host:port."));
    const QCommandLineOption within(QStringLiteral("within"),
                                    QStringLiteral("Know within this time that the peer is gone."),
                                    QStringLiteral("ms"), QStringLiteral("6000"));
    const QCommandLineOption beat(QStringLiteral("beat"),
                                  QStringLiteral("Time between two pings; lost after twice that."),
                                  QStringLiteral("ms"), QStringLiteral("2000"));
    parser.addOptions({within, beat});
    parser.process(application);

    if (parser.positionalArguments().size() != 1)
        parser.showHelp(misused);
    const QUrl url(parser.positionalArguments().constFirst());
    if (!url.scheme().startsWith(QLatin1String("ws")) || url.host().isEmpty()) {
        say(QStringLiteral("'%1' is not like ws://host:port").arg(url.toString()));
        return misused;
    }

    QWebSocket socket;
    // Guards the socket inside, and the next one at each open().
    auto *link = new ka::KeepAlive(&socket);
    if (!give(link, &ka::KeepAlive::setDetectWithin, parser.value(within))
        || !give(link, &ka::KeepAlive::setHeartbeatInterval, parser.value(beat)))
        return misused;

    // A heartbeatPayload is refused here: raw bytes would break the protocol's frames, and so would a
    // ping in the midst of the handshake.
    QObject::connect(link, &ka::KeepAlive::heartbeatDue, &socket, [&socket] {
        if (socket.state() == QAbstractSocket::ConnectedState)
            socket.ping();
    });

    QObject::connect(link, &ka::KeepAlive::stateChanged, &socket,
                     [link] { say(QVariant::fromValue(link->state()).toString()); });
    QObject::connect(
            link, &ka::KeepAlive::connectionLost, &application,
            [](ka::LossReason reason, const QString &detail) {
                say(QVariant::fromValue(reason).toString() + QStringLiteral(": ") + detail);
                QCoreApplication::exit(reason == ka::LossReason::PeerClosed ? closed : lost);
            });
    bool opened = false;
    QObject::connect(&socket, &QWebSocket::connected, &application, [&opened] { opened = true; });
    QObject::connect(&socket, &QWebSocket::disconnected, &application, [&] {
        if (link->state() == ka::State::Lost)
            return; // told
        say(opened ? QStringLiteral("closed")
                   : QStringLiteral("cannot connect: ") + socket.errorString());
        QCoreApplication::exit(opened ? closed : notConnected);
    });
    QObject::connect(&socket, &QWebSocket::textMessageReceived, &application, &say);

    // From within the event loop: exit() does nothing while none runs.
    QTimer::singleShot(0, &socket, [&] { socket.open(url); });
    return QCoreApplication::exec();
}
