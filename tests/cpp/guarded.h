// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "peer.h"

#include <ka/keepalive.h>

#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QSignalSpy>

/// Ends with its scope, also where a test fails: Qt aborts the program over a thread that still runs.
class ScopedThread : public QThread
{
public:
    ~ScopedThread() override
    {
        quit();
        wait();
    }
};

/// Lets a peer answer whatever comes.
class Answering
{
public:
    explicit Answering(Peer &peer)
    {
        QObject::connect(&m_timer, &QTimer::timeout, [this, &peer] {
            const qsizetype now = peer.received().size();
            if (now != m_seen)
                peer.send("pong\n");
            m_seen = now;
        });
        m_timer.start(2);
    }

private:
    QTimer m_timer;
    qsizetype m_seen = 0;
};

/// A client of some protocol, as a QWebSocket is: an object that owns a socket, a new one at each open().
class Client : public QObject
{
public:
    QTcpSocket *socket = nullptr;

    bool open(Peer &peer)
    {
        socket = new QTcpSocket(this);
        QCoreApplication::processEvents();
        socket->connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        return socket->waitForConnected() && peer.accept();
    }
};

/// A guarded socket, connected to a Peer.
struct Guarded
{
    Peer peer;
    QTcpSocket socket;
    ka::KeepAlive guard{&socket};
    QSignalSpy lost{&guard, &ka::KeepAlive::connectionLost};

    /// Beats this often, and expects an answer within this time.
    void setHeartbeat(int interval, int timeout, const QByteArray &payload = {})
    {
        guard.setHeartbeatInterval(interval);
        guard.setHeartbeatTimeout(timeout);
        guard.setHeartbeatPayload(payload);
    }

    bool connect()
    {
        socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
        return socket.waitForConnected() && peer.accept();
    }

    /// The reason of the one loss so far; NoLoss if there was none, or more than one.
    ka::LossReason reason() const
    {
        return lost.size() == 1 ? lost.first().first().value<ka::LossReason>()
                                : ka::LossReason::NoLoss;
    }
};
