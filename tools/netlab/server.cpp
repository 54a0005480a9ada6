// SPDX-License-Identifier: MIT OR Apache-2.0
#include "server.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtNetwork/QSslKey>
#include <QtNetwork/QSslSocket>

#include <algorithm>
#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

namespace {

void say(const char *word)
{
    std::puts(word);
    std::fflush(stdout);
}

QByteArray contents(const char *path)
{
    QFile file(QString::fromLatin1(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

Server::Server()
    : m_input(STDIN_FILENO, QSocketNotifier::Read)
{
    connect(&m_input, &QSocketNotifier::activated, this, &Server::readCommands);
    m_stream.setInterval(20);
    connect(&m_stream, &QTimer::timeout, this, [this] {
        const auto all = connections();
        for (QTcpSocket *connection : all)
            connection->write(QByteArray(500, 's'));
    });
    connect(&m_speech, &QTimer::timeout, this, [this] {
        const auto all = connections();
        for (QTcpSocket *connection : all)
            connection->write(QByteArray(m_words, 's'));
        if (--m_speeches <= 0)
            m_speech.stop();
    });
    if (m_plain.listen(QHostAddress::Any, plainPort) && m_tls.listen(QHostAddress::Any, tlsPort))
        say("ready");
}

QList<QTcpSocket *> Server::connections() const
{
    // A QSslSocket has a plain socket of its own inside.
    return findChildren<QTcpSocket *>(QString(), Qt::FindDirectChildrenOnly);
}

bool Server::isReady() const
{
    const auto all = connections();
    return !all.isEmpty() && std::all_of(all.begin(), all.end(), [](const QTcpSocket *connection) {
        const auto *encrypted = qobject_cast<const QSslSocket *>(connection);
        return !encrypted || encrypted->isEncrypted();
    });
}

void Server::take(qintptr descriptor, bool tls)
{
    QTcpSocket *connection = nullptr;
    if (tls) {
        auto *encrypted = new QSslSocket(this);
        encrypted->setLocalCertificate(QSslCertificate(contents(NETLAB_TLS "/certificate.pem")));
        encrypted->setPrivateKey(QSslKey(contents(NETLAB_TLS "/key.pem"), QSsl::Ec));
        connection = encrypted;
    } else {
        connection = new QTcpSocket(this);
    }
    connection->setSocketDescriptor(descriptor);
    serve(connection);
    if (tls)
        static_cast<QSslSocket *>(connection)->startServerEncryption();
}

void Server::serve(QTcpSocket *connection)
{
    connect(connection, &QTcpSocket::readyRead, this, [this, connection] { read(connection); });
    connect(connection, &QTcpSocket::disconnected, connection, &QObject::deleteLater);
}

void Server::call(const QByteArray &address, quint16 port)
{
    auto *connection = new QTcpSocket(this);
    serve(connection);
    connection->connectToHost(QString::fromLatin1(address), port);
}

void Server::read(QTcpSocket *connection)
{
    if (m_holds)
        return;
    const QByteArray data = connection->readAll();
    if (!m_echoes || data.isEmpty())
        return;
    if (m_lag == 0)
        connection->write(data);
    else
        QTimer::singleShot(m_lag, connection, [connection, data] { connection->write(data); });
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
    if (line == "echo") { // also for connections to come
        m_echoes = true;
        return true;
    }
    const QList<QByteArray> words = line.split(' ');
    const QByteArray &word = words.first();
    if (word == "lag") {
        m_lag = words.value(1).toInt();
        return true;
    }
    if (word == "call") {
        call(words.value(1), quint16(words.value(2).toUInt()));
        return true;
    }
    if (word == "speak") {
        m_words = words.value(2).toInt();
        m_speeches = words.value(3).toInt();
        m_speech.start(words.value(1).toInt());
        return true;
    }

    // The client may be connected before this end has taken its connection, and encrypted before
    // this end has read the last of the handshake: a close with that unread would be a reset.
    QElapsedTimer waiting;
    waiting.start();
    while (!isReady() && waiting.elapsed() < 3000)
        QCoreApplication::processEvents(QEventLoop::ExcludeUserInputEvents, 50);

    if (word == "stream") {
        m_stream.start();
        return true;
    }
    if (word == "hold" || word == "read")
        m_holds = word == "hold";
    const auto all = connections();
    for (QTcpSocket *connection : all) {
        if (!obey(word, words.value(1).toInt(), connection))
            return false;
    }
    return true;
}

bool Server::obey(const QByteArray &word, int number, QTcpSocket *connection)
{
    const int descriptor = int(connection->socketDescriptor());
    if (word == "finish") {
        connection->disconnectFromHost();
    } else if (word == "half-close") {
        ::shutdown(descriptor, SHUT_WR);
    } else if (word == "reset") {
        const linger hard{1, 0};
        ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        connection->abort();
    } else if (word == "send") {
        connection->write(QByteArray(number, 'x'));
        connection->flush();
    } else if (word == "hold") {
        connection->setReadBufferSize(1); // and no more is taken from the kernel
    } else if (word == "read") {
        connection->setReadBufferSize(0);
        read(connection);
    } else {
        return false;
    }
    return true;
}
