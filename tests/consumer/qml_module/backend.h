// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QObject>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtQml/qqml.h>

/// What a program has in C++: a socket. And its peer, which closes as soon as it hears something.
class Backend : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QTcpSocket *socket READ socket CONSTANT)

public:
    explicit Backend(QObject *parent = nullptr);

    QTcpSocket *socket() { return &m_socket; }

    Q_INVOKABLE void connectToServer();
    Q_INVOKABLE void say(const QString &words);

private:
    QTcpServer m_server;
    QTcpSocket m_socket;
};
