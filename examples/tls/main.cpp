// SPDX-License-Identifier: MIT OR Apache-2.0

// A client by TLS. A QSslSocket is guarded like any other socket: from the connection on, so that a
// peer which vanishes in the middle of the handshake is found, too.

#include <ka/keepalive.h>

#include <QtCore/QCommandLineParser>
#include <QtCore/QCoreApplication>
#include <QtCore/QTextStream>
#include <QtCore/QTimer>
#include <QtCore/QVariant>
#include <QtNetwork/QSslCipher>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

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

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Tells that a peer is gone, and why."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("HOST"), QStringLiteral("Where to connect to."));
    parser.addPositionalArgument(QStringLiteral("PORT"), QStringLiteral("And at which port."));
    const QCommandLineOption within(QStringLiteral("within"),
                                    QStringLiteral("Know within this time that the peer is gone."),
                                    QStringLiteral("ms"), QStringLiteral("6000"));
    const QCommandLineOption ca(QStringLiteral("ca"),
                                QStringLiteral("Trust the certificates in this file, too."),
                                QStringLiteral("file"));
    const QCommandLineOption name(QStringLiteral("name"),
                                  QStringLiteral("The certificate's name, if it is not HOST."),
                                  QStringLiteral("name"));
    parser.addOptions({within, ca, name});
    parser.process(application);

    const QStringList where = parser.positionalArguments();
    if (where.size() != 2)
        parser.showHelp(misused);
    const quint16 port = where.at(1).toUShort(); // 0 for what is none
    bool isNumber = false;
    const int milliseconds = parser.value(within).toInt(&isNumber);
    if (port == 0 || !isNumber) {
        say(port == 0 ? QStringLiteral("'%1' is not a port: that is 1 to 65535").arg(where.at(1))
                      : QStringLiteral("'%1' is not a number of ms").arg(parser.value(within)));
        return misused;
    }

    QSslSocket socket;
    QSslConfiguration tls = socket.sslConfiguration();
    if (parser.isSet(ca) && !tls.addCaCertificates(parser.value(ca))) {
        say(QStringLiteral("'%1' has no certificate to trust").arg(parser.value(ca)));
        return misused;
    }
    socket.setSslConfiguration(tls);
    auto *link = new ka::KeepAlive(&socket); // the socket's child, and its guard at every connect
    link->setDetectWithin(milliseconds);
    if (!link->errorString().isEmpty()) { // out of range, and in words
        say(link->errorString());
        return misused;
    }

    QObject::connect(link, &ka::KeepAlive::stateChanged, &application,
                     [link] { say(QVariant::fromValue(link->state()).toString()); });
    QObject::connect(link, &ka::KeepAlive::connectionLost, &application,
                     [&socket](ka::LossReason reason, const QString &detail) {
                         say(QVariant::fromValue(reason).toString() + QStringLiteral(": ")
                             + detail);
                         const bool well = reason == ka::LossReason::PeerClosed;
                         QCoreApplication::exit(well && socket.isEncrypted() ? closed : lost);
                     });
    QObject::connect(&socket, &QSslSocket::encrypted, &application, [&socket] {
        say(QStringLiteral("encrypted with ") + socket.sessionCipher().name());
    });
    QObject::connect(&socket, &QSslSocket::errorOccurred, &application,
                     [&socket, link](QAbstractSocket::SocketError error) {
                         // A certificate that is not trusted is no loss: this side ends the
                         // connection. Of a loss the guard has better words.
                         if (error != QAbstractSocket::SslHandshakeFailedError
                             && link->state() != ka::State::Waiting)
                             return;
                         say(QStringLiteral("cannot connect: ") + socket.errorString());
                         QCoreApplication::exit(notConnected);
                     });
    QObject::connect(&socket, &QSslSocket::readyRead, &application,
                     [&socket] { say(QString::fromUtf8(socket.readAll())); });

    // From within the event loop: a refusal may come before the call returns, and exit() does nothing
    // while no loop runs.
    QTimer::singleShot(0, &socket, [&] {
        socket.connectToHostEncrypted(where.first(), port,
                                      parser.isSet(name) ? parser.value(name) : where.first());
    });
    return QCoreApplication::exec();
}
