// SPDX-License-Identifier: MIT OR Apache-2.0
#include "backend.h"

#include <QtCore/QTextStream>

Backend::Backend(QObject *parent)
    : QObject(parent)
{
    connect(&m_server, &QTcpServer::newConnection, this, [this] {
        QTcpSocket *peer = m_server.nextPendingConnection();
        connect(peer, &QTcpSocket::readyRead, peer, &QTcpSocket::disconnectFromHost);
    });
    connect(&m_socket, &QTcpSocket::connected, this, [this] { m_socket.write("enough"); });
}

void Backend::connectToServer()
{
    m_server.listen(QHostAddress::LocalHost);
    m_socket.connectToHost(m_server.serverAddress(), m_server.serverPort());
}

void Backend::say(const QString &words)
{
    QTextStream(stdout) << words << Qt::endl;
}
