// SPDX-License-Identifier: MIT OR Apache-2.0

// A client of Redis, whose heart-beat is the PING of that protocol: it finds a server whose program
// hangs, which no keepalive of the kernel's can see.

#include <ka/keepalive.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QTimer>
#include <QtCore/QVariant>
#include <QtNetwork/QTcpSocket>

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
    parser.setApplicationDescription(QStringLiteral("Tells that a Redis is gone, and why."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("HOST"), QStringLiteral("Where Redis runs."));
    parser.addPositionalArgument(QStringLiteral("PORT"), QStringLiteral("Mostly 6379."));
    const QCommandLineOption within(QStringLiteral("within"),
                                    QStringLiteral("Know within this time that its host is gone."),
                                    QStringLiteral("ms"), QStringLiteral("6000"));
    const QCommandLineOption beat(QStringLiteral("beat"),
                                  QStringLiteral("Time between two PINGs; lost after twice that."),
                                  QStringLiteral("ms"), QStringLiteral("2000"));
    parser.addOptions({within, beat});
    parser.process(application);

    const QStringList where = parser.positionalArguments();
    if (where.size() != 2)
        parser.showHelp(misused);
    const quint16 port = where.at(1).toUShort(); // 0 for what is none
    if (port == 0) {
        say(QStringLiteral("'%1' is not a port: that is 1 to 65535").arg(where.at(1)));
        return misused;
    }

    QTcpSocket socket;
    auto *link = new ka::KeepAlive(&socket); // the socket's child, and its guard at every connect
    if (!give(link, &ka::KeepAlive::setDetectWithin, parser.value(within))
        || !give(link, &ka::KeepAlive::setHeartbeatInterval, parser.value(beat)))
        return misused;

    // A program that has commands of its own under way need not ask: any byte is an answer. What is
    // always the same, as here, could also be heartbeatPayload.
    QObject::connect(link, &ka::KeepAlive::heartbeatDue, &socket,
                     [&socket] { socket.write("PING\r\n"); });
    QObject::connect(&socket, &QTcpSocket::readyRead, &application,
                     [&socket] { say(QString::fromUtf8(socket.readAll()).trimmed()); });

    QObject::connect(link, &ka::KeepAlive::stateChanged, &application,
                     [link] { say(QVariant::fromValue(link->state()).toString()); });
    QObject::connect(
            link, &ka::KeepAlive::connectionLost, &application,
            [](ka::LossReason reason, const QString &detail) {
                say(QVariant::fromValue(reason).toString() + QStringLiteral(": ") + detail);
                QCoreApplication::exit(reason == ka::LossReason::PeerClosed ? closed : lost);
            });
    QObject::connect(&socket, &QTcpSocket::errorOccurred, &application, [&socket, link] {
        // Of a connection that was made the guard has better words.
        if (link->state() != ka::State::Waiting)
            return;
        say(QStringLiteral("cannot connect: ") + socket.errorString());
        QCoreApplication::exit(notConnected);
    });

    // From within the event loop: a refusal may come before connectToHost() returns, and exit() does
    // nothing while no loop runs.
    QTimer::singleShot(0, &socket, [&] { socket.connectToHost(where.first(), port); });
    return QCoreApplication::exec();
}
