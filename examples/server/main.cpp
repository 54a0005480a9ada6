// SPDX-License-Identifier: MIT OR Apache-2.0

// A server that sends back what comes, and guards every connection that it accepts.

#include <ka/error.h>
#include <ka/server.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QVariant>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

namespace {

// What it ends with.
constexpr int misused = 1; // as QCommandLineParser does
constexpr int notListening = 2;

/// Prints a line at once, also where the output is not a terminal.
void say(const QString &words)
{
    QTextStream(stdout) << words << Qt::endl;
}

/// What to do with each new guard: say how its connection fares.
void watch(ka::KeepAlive *link)
{
    const auto *client = qobject_cast<QTcpSocket *>(link->socket());
    // Asked now: at the end of a connection Qt does not tell it any more.
    QString name = QStringLiteral("%1:%2 ")
                           .arg(client->peerAddress().toString())
                           .arg(client->peerPort());
    name.remove(QStringLiteral("::ffff:")); // IPv4, seen by a server of both families
    say(name + QStringLiteral("connected"));
    QObject::connect(link, &ka::KeepAlive::connectionSuspect, link,
                     [name] { say(name + QStringLiteral("owes an answer")); });
    QObject::connect(link, &ka::KeepAlive::connectionRecovered, link,
                     [name] { say(name + QStringLiteral("is there again")); });
    QObject::connect(link, &ka::KeepAlive::connectionLost, link,
                     [name](ka::LossReason reason, const QString &detail) {
                         say(name + QVariant::fromValue(reason).toString() + QStringLiteral(": ")
                             + detail);
                     });
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(
            QStringLiteral("Tells which of its clients is gone, and why."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("PORT"), QStringLiteral("Where to listen."));
    const QCommandLineOption within(QStringLiteral("within"),
                                    QStringLiteral("Know within this time that a client is gone."),
                                    QStringLiteral("ms"), QStringLiteral("6000"));
    parser.addOption(within);
    parser.process(application);

    const QStringList where = parser.positionalArguments();
    if (where.size() != 1)
        parser.showHelp(misused);
    const quint16 port = where.first().toUShort(); // 0 for what is none
    bool isNumber = false;
    const int milliseconds = parser.value(within).toInt(&isNumber);
    if (port == 0 || !isNumber) {
        say(port == 0 ? QStringLiteral("'%1' is not a port: that is 1 to 65535").arg(where.first())
                      : QStringLiteral("'%1' is not a number of ms").arg(parser.value(within)));
        return misused;
    }

    QTcpServer server;
    try {
        // Each connection gets a guard of its own, as its child. On Linux it inherits the values from
        // the listening socket, and costs no call.
        ka::guardConnections(&server, std::chrono::milliseconds(milliseconds), watch);
    } catch (const ka::Error &refused) {
        say(QString::fromUtf8(refused.what()));
        return misused;
    }
    QObject::connect(&server, &QTcpServer::newConnection, &application, [&server] {
        while (QTcpSocket *client = server.nextPendingConnection()) {
            QObject::connect(client, &QTcpSocket::readyRead, client,
                             [client] { client->write(client->readAll()); });
            // A lost connection is disconnected, too: nothing piles up.
            QObject::connect(client, &QTcpSocket::disconnected, client, &QObject::deleteLater);
        }
    });
    if (!server.listen(QHostAddress::Any, port)) {
        say(QStringLiteral("cannot listen at port %1: %2").arg(port).arg(server.errorString()));
        return notListening;
    }
    say(QStringLiteral("listening at port %1").arg(port));
    return QCoreApplication::exec();
}
