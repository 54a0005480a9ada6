// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client.h"

#include <ka/socket.h>

#include <netlab.h>

#include <QtNetwork/QSslSocket>
#include <QtTest/QTest>

#include <algorithm>
#include <utility>

namespace {

constexpr int lookInterval = 25;
constexpr int writeInterval = 50;
constexpr int megabytes = 8 * 1024 * 1024;

} // namespace

Client::Client(bool tls, int detectWithin)
    : m_socket(tls ? new QSslSocket : new QTcpSocket)
    , m_guard(new ka::KeepAlive(m_socket.get()))
{
    m_clock.start();
    if (tls)
        static_cast<QSslSocket &>(*m_socket).setPeerVerifyMode(QSslSocket::VerifyNone);
    m_guard->setDetectWithin(detectWithin);
    connect(m_guard, SIGNAL(connectionSuspect()), this, SLOT(suspect()));
    connect(m_guard, SIGNAL(connectionRecovered()), this, SLOT(recovered()));
    connect(m_guard, &ka::KeepAlive::connectionLost, this,
            [this](ka::LossReason reason, const QString &detail) {
                m_lostAt = now();
                m_reason = reason;
                m_detail = detail;
                m_events << QStringLiteral("lost");
            });
    connect(m_socket.get(), &QTcpSocket::disconnected, this,
            [this] { m_events << QStringLiteral("disconnected"); });
    connect(m_socket.get(), &QTcpSocket::readyRead, this, [this] {
        if (m_reads)
            take();
    });
    m_writer.setInterval(writeInterval);
    connect(&m_writer, &QTimer::timeout, this, [this] {
        if (m_socket->state() == QAbstractSocket::ConnectedState)
            m_socket->write(QByteArray(100, 'w'));
    });
    m_looks.setTimerType(Qt::PreciseTimer);
    m_looks.setInterval(lookInterval);
    connect(&m_looks, &QTimer::timeout, this, &Client::look);
}

Client::~Client()
{
    m_socket.reset(); // says that it is disconnected, which is written down
}

ka::Snapshot Client::snapshot() const
{
    std::error_code none; // without a descriptor an empty one
    return ka::snapshot(m_socket->socketDescriptor(), none);
}

bool Client::connectTo(const NetLab &lab)
{
    auto *encrypted = qobject_cast<QSslSocket *>(m_socket.get());
    const quint16 port = lab.serverPort(encrypted != nullptr);
    if (encrypted)
        encrypted->connectToHostEncrypted(lab.serverAddress(), port);
    else
        m_socket->connectToHost(lab.serverAddress(), port);
    const bool connected = QTest::qWaitFor(
            [&] {
                return encrypted ? encrypted->isEncrypted()
                                 : m_socket->state() == QAbstractSocket::ConnectedState;
            },
            20000);
    // The last of a handshake is still on its way.
    QTest::qWait(100);
    m_looks.start();
    return connected && waitUntilAcknowledged();
}

bool Client::begin(Traffic traffic, NetLab &lab)
{
    const bool sends = traffic == Traffic::InFlight || traffic == Traffic::BothWays;
    if (traffic == Traffic::Streaming || traffic == Traffic::BothWays)
        lab.stream();
    if (sends)
        m_writer.start();
    switch (traffic) {
    case Traffic::Idle:
        return true;
    case Traffic::InFlight:
    case Traffic::Streaming:
    case Traffic::BothWays: {
        const unsigned sent = snapshot().dataSegmentsSent.value_or(0);
        return QTest::qWaitFor([&] {
            return (!sends || snapshot().dataSegmentsSent.value_or(0) >= sent + 5)
                && (traffic == Traffic::InFlight || m_received.size() >= 1000);
        });
    }
    case Traffic::QueueFull: {
        lab.hold();
        m_socket->write(QByteArray(megabytes, 'q'));
        qint64 left = 0;
        const auto stuck = [&] {
            const qint64 before = std::exchange(left, waiting());
            QTest::qWait(200);
            return left > 0 && left == before && snapshot().unsent.value_or(0) > 0;
        };
        return QTest::qWaitFor(stuck, 10000);
    }
    case Traffic::BufferFull:
        m_reads = false;
        m_socket->setReadBufferSize(1024);
        lab.send(unread);
        return QTest::qWaitFor([&] { return m_socket->bytesAvailable() >= 1024; });
    }
    return false;
}

void Client::readOn()
{
    m_reads = true;
    m_socket->setReadBufferSize(0);
    take();
}

/// Of what a peer streams only the end is kept. Its answer may be gone from there by the time that
/// somebody looks, and so it is looked for here.
void Client::take()
{
    m_received = m_received.right(1024) + m_socket->readAll();
    m_answered = m_answered || (!m_question.isEmpty() && m_received.contains(m_question));
}

qint64 Client::waiting() const
{
    const auto *encrypted = qobject_cast<const QSslSocket *>(m_socket.get());
    return m_socket->bytesToWrite() + (encrypted ? encrypted->encryptedBytesToWrite() : 0);
}

bool Client::waitUntilAcknowledged(int timeout)
{
    return QTest::qWaitFor(
            [&] {
                const ka::Snapshot known = snapshot();
                return waiting() == 0 && known.unsent == 0 && known.unacked == 0;
            },
            timeout);
}

bool Client::isAnswered(int timeout)
{
    m_question = "is anybody there?";
    m_answered = false;
    m_socket->write(m_question);
    return QTest::qWaitFor([&] { return m_answered; }, timeout);
}

void Client::forgetEvents()
{
    m_events.clear();
    m_longestSilence = 0;
    forgetLateness();
}

void Client::forgetLateness()
{
    m_lateness = 0;
    m_lastLook = now();
}

void Client::look()
{
    const qint64 time = now();
    m_lateness = std::max(m_lateness, time - std::exchange(m_lastLook, time) - lookInterval);
    if (const auto silence = snapshot().silence()) {
        m_lastLife = std::max(m_lastLife, time - qint64(silence->count()));
        m_longestSilence = std::max(m_longestSilence, qint64(silence->count()));
    }
}
