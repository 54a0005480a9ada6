// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client.h"

#include <QtCore/QVariant>

Client::Client(Say print)
    : m_say(std::move(print))
{
    connect(&m_socket, &QTcpSocket::connected, this,
            [this] { m_say(QStringLiteral("connected")); });
    connect(&m_socket, &QTcpSocket::errorOccurred, this,
            [this](QAbstractSocket::SocketError error) {
                // The guarded client has better words for it.
                if (!m_guard) {
                    const QString name = QVariant::fromValue(error).toString();
                    say(QStringLiteral("errorOccurred: ") + name, name);
                }
            });
}

ka::KeepAlive *Client::guard()
{
    if (!m_guard) {
        m_guard = new ka::KeepAlive(&m_socket);
        connect(m_guard, &ka::KeepAlive::connectionLost, this,
                [this](ka::LossReason reason, const QString &detail) {
                    const QString name = QVariant::fromValue(reason).toString();
                    say(name + QStringLiteral(": ") + detail, name);
                });
        connect(m_guard, &ka::KeepAlive::connectionSuspect, this,
                [this] { m_say(QStringLiteral("an answer is overdue")); });
        connect(m_guard, &ka::KeepAlive::applyFailed, this,
                [this](const QString &message) { m_say(message); });
    }
    return m_guard;
}

void Client::connectTo(const QString &address, quint16 port)
{
    m_verdict.clear();
    m_socket.connectToHost(address, port);
}

void Client::say(const QString &words, const QString &verdict)
{
    m_verdict = verdict;
    m_say(words);
}
