// SPDX-License-Identifier: MIT OR Apache-2.0
#include "server.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QFile>
#include <QtNetwork/QTcpSocket>

#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void say(const char *word)
{
    std::puts(word);
    std::fflush(stdout);
}

} // namespace

Server::Server()
    : m_input(STDIN_FILENO, QSocketNotifier::Read)
{
    connect(&m_input, &QSocketNotifier::activated, this, &Server::readCommands);
    connect(this, &QTcpServer::newConnection, this, [this] {
        while (QTcpSocket *connection = nextPendingConnection()) {
            connect(connection, &QTcpSocket::readyRead, connection,
                    [connection] { connection->readAll(); });
            connect(connection, &QTcpSocket::disconnected, connection, &QObject::deleteLater);
        }
    });
    if (listen(QHostAddress::Any, 7000))
        say("ready");
}

void Server::readCommands()
{
    char buffer[256];
    const ssize_t length = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (length <= 0) {
        QCoreApplication::quit();
        return;
    }
    const QList<QByteArray> lines = QByteArray(buffer, int(length)).split('\n');
    for (const QByteArray &line : lines) {
        if (!line.isEmpty())
            say(obey(line) ? "ok" : "what?");
    }
}

bool Server::obey(const QByteArray &line)
{
    const QList<QByteArray> words = line.split(' ');
    // The client may be connected before this end has taken its connection.
    while (waitForNewConnection(0)) { }
    if (findChildren<QTcpSocket *>().isEmpty())
        waitForNewConnection(2000);
    const auto connections = findChildren<QTcpSocket *>();
    for (QTcpSocket *connection : connections) {
        const int descriptor = int(connection->socketDescriptor());
        if (words.first() == "finish") {
            connection->disconnectFromHost();
        } else if (words.first() == "half-close") {
            ::shutdown(descriptor, SHUT_WR);
        } else if (words.first() == "reset") {
            const linger hard{1, 0};
            ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            connection->abort();
        } else if (words.first() == "send") {
            connection->write(QByteArray(words.value(1).toInt(), 'x'));
            connection->flush();
        } else {
            return false;
        }
    }
    return true;
}
