// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include <QtNetwork/QTcpSocket>

#include <functional>

/// A Qt program with one connection, as most are written: it waits for its socket to say something.
/// One of the two in the demo also has a guard.
class Client : public QObject
{
public:
    using Say = std::function<void(const QString &)>;

    explicit Client(Say print);

    /// Guards the connection; without this the client is a plain one.
    ka::KeepAlive *guard();

    void connectTo(const QString &address, quint16 port);
    bool isConnected() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    void write(int bytes) { m_socket.write(QByteArray(bytes, 'x')); }
    void close() { m_socket.abort(); }

    /// What this program knows of the end of its connection; empty while it knows of none.
    QString verdict() const { return m_verdict; }

private:
    void say(const QString &words, const QString &verdict);

    Say m_say;
    QTcpSocket m_socket;
    ka::KeepAlive *m_guard = nullptr;
    QString m_verdict;
};
