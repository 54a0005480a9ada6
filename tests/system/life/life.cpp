// SPDX-License-Identifier: MIT OR Apache-2.0
#include "life.h"

#include <ka/server.h>
#include <ka/socket.h>

#include <QtCore/QCoreApplication>
#include <QtNetwork/QSslSocket>

#include <algorithm>
#include <utility>

namespace {

constexpr int lookInterval = 10;
constexpr int openInterval = 300;
constexpr quint16 ownPort = 7003;

qint64 us(std::optional<std::chrono::milliseconds> time)
{
    return time ? qint64(time->count()) * 1000 : 0;
}

} // namespace

Life::Life(const Plan &plan)
    : m_plan(plan)
{
    m_record.roundTrip = 2000 * qint64(plan.delay);
    m_record.lossy = plan.loss > 0;
    m_record.neighbours = plan.ipv6;
    m_wanted.detectWithin = plan.detectWithin;
    m_wanted.heartbeatInterval = plan.heartbeatInterval;
    m_wanted.heartbeatTimeout = plan.heartbeatTimeout;
    m_looks.setTimerType(Qt::PreciseTimer);
    m_looks.setInterval(lookInterval);
    connect(&m_looks, &QTimer::timeout, this, &Life::look);
    m_opens.setInterval(openInterval);
    connect(&m_opens, &QTimer::timeout, this, &Life::open);
    m_writer.setTimerType(Qt::PreciseTimer);
    connect(&m_writer, &QTimer::timeout, this, &Life::write);
}

Life::~Life()
{
    if (m_socket)
        m_socket->disconnect(this);
    delete m_guard;
    delete m_socket;
}

QString Life::run()
{
    QString refusal = m_stage.start(
            {m_plan.delay > 0 ? NetLab::Way::Long : NetLab::Way::Cable, m_plan.ipv6, m_plan.delay});
    if (!refusal.isEmpty())
        return refusal;
    if (m_plan.loss > 0)
        heal();
    if (m_plan.accepted)
        listen();
    else
        makeSocket();
    m_looks.start();
    m_opens.start();
    open();
    // A life that does not begin ends, too.
    QTimer::singleShot(30000, this, [this] {
        if (!m_began)
            QCoreApplication::quit();
    });
    QCoreApplication::exec();
    note(Stamp::Note, QStringLiteral("the end"));

    QString trouble = m_stage.finish();
    if (!m_began && trouble.isEmpty())
        trouble = QStringLiteral("no connection was made");
    const std::vector<Stamp> &theirs = m_stage.stamps();
    m_record.stamps.insert(m_record.stamps.end(), theirs.begin(), theirs.end());
    std::stable_sort(
            m_record.stamps.begin(), m_record.stamps.end(),
            [](const Stamp &one, const Stamp &other) { return one.before < other.before; });
    return trouble;
}

// --- The connection ---

void Life::listen()
{
    m_server.listen(QHostAddress::Any, ownPort);
    ka::guardConnections(&m_server, std::chrono::milliseconds(m_plan.detectWithin),
                         [this](ka::KeepAlive *guard) {
                             auto *socket = qobject_cast<QTcpSocket *>(guard->socket());
                             if (m_connected || !socket)
                                 return; // the answer to a call that was given up
                             m_wantsGuard = true;
                             m_socket = socket;
                             m_guard = guard;
                             watch(socket);
                             watch(guard);
                             adopt();
                             apply(*guard);
                             noteSettings(Stamp::Set);
                         });
    connect(&m_server, &QTcpServer::newConnection, this, [this] {
        while (QTcpSocket *socket = m_server.nextPendingConnection()) {
            if (socket != m_socket)
                socket->deleteLater();
        }
    });
    // What the connections have without a guard.
    QTcpServer other;
    other.listen(QHostAddress::Any);
    m_foundOnAccepted = SocketOptions::of(other.socketDescriptor());
}

void Life::makeSocket()
{
    if (m_plan.tls) {
        auto *encrypted = new QSslSocket;
        encrypted->setPeerVerifyMode(QSslSocket::VerifyNone);
        m_socket = encrypted;
    } else {
        m_socket = new QTcpSocket;
    }
    watch(m_socket);
    if (m_plan.guardFirst)
        makeGuard();
}

/// Before a guard does, so that each thing is seen as it was without one.
void Life::watch(QTcpSocket *socket)
{
    connect(socket, &QTcpSocket::stateChanged, this, &Life::adopt);
    connect(socket, &QTcpSocket::connected, this, &Life::adopt);
    connect(socket, &QTcpSocket::disconnected, this, &Life::disconnected);
    connect(socket, &QTcpSocket::readyRead, socket, [socket] { socket->readAll(); });
}

void Life::open()
{
    if (m_connected || !m_stage.isOpen())
        return;
    const qint64 waited = m_clock.now() - m_lastCall;
    if (m_plan.accepted) {
        if (waited > 3000000 || m_lastCall == 0) {
            m_lastCall = m_clock.now();
            m_stage.act(Stamp::Note, 0, QStringLiteral("calls"),
                        [](NetLab &lab) { lab.call(ownPort); });
        }
        return;
    }
    if (m_socket->state() != QAbstractSocket::UnconnectedState) {
        if (waited > 5000000)
            m_socket->abort(); // an attempt that an outage has met
        return;
    }
    m_lastCall = m_clock.now();
    if (auto *encrypted = qobject_cast<QSslSocket *>(m_socket.data()))
        encrypted->connectToHostEncrypted(m_stage.serverAddress(), 7001);
    else
        m_socket->connectToHost(m_stage.serverAddress(), 7000);
}

void Life::adopt()
{
    if (m_connected || m_socket->state() != QAbstractSocket::ConnectedState
        || m_socket->socketDescriptor() == -1)
        return;
    m_connected = true;
    m_closing = false;
    m_left = {};
    if (m_plan.ownOptions)
        SocketOptions::setOwn(m_socket->socketDescriptor());
    if (m_plan.accepted)
        m_found = m_foundOnAccepted;
    else
        find();
    note(Stamp::Connected);
    look();
    if (m_wantsGuard && m_guard) {
        noteSettings(Stamp::Guarded);
        // Once it knows what is in force.
        QTimer::singleShot(0, m_guard.data(), [this] { noteSettings(Stamp::Set); });
    } else if (m_wantsGuard) {
        QTimer::singleShot(0, this, [this] {
            if (m_connected && !m_guard)
                makeGuard();
        });
    }
    if (!m_began)
        begin();
}

void Life::disconnected()
{
    if (!m_connected)
        return;
    note(Stamp::Disconnected);
    m_connected = false;
    m_closing = false;
    if (m_plan.accepted && m_socket)
        m_socket->deleteLater();
}

// --- The guard ---

void Life::makeGuard()
{
    find();
    m_guard = new ka::KeepAlive(m_socket);
    watch(m_guard);
    if (m_connected)
        noteSettings(Stamp::Guarded);
    apply(*m_guard);
    if (m_connected)
        noteSettings(Stamp::Set);
}

void Life::watch(ka::KeepAlive *guard)
{
    connect(guard, SIGNAL(connectionSuspect()), this, SLOT(suspect()));
    connect(guard, SIGNAL(connectionRecovered()), this, SLOT(recovered()));
    connect(guard, &ka::KeepAlive::connectionLost, this,
            [this](ka::LossReason reason, const QString &detail) {
                note(Stamp::Lost, detail);
                m_record.stamps.back().reason = reason;
            });
}

void Life::apply(ka::KeepAlive &guard) const
{
    guard.setHeartbeatPayload("beat\n");
    guard.setDetectWithin(m_wanted.detectWithin);
    guard.setHeartbeatInterval(m_wanted.heartbeatInterval);
    guard.setHeartbeatTimeout(m_wanted.heartbeatTimeout);
    guard.setEnabled(m_wanted.enabled);
}

void Life::letGo(bool forGood)
{
    if (!m_guard || m_guard->socket() == nullptr)
        return;
    const int probes = std::max(0, m_guard->unansweredProbes());
    if (forGood)
        delete m_guard;
    else
        m_guard->setSocket(nullptr);
    QString left;
    if (m_connected && m_socket->socketDescriptor() != -1) {
        m_left = SocketOptions::of(m_socket->socketDescriptor());
        left = m_left.differenceFrom(m_found, probes);
    }
    note(Stamp::LetGo, left);
}

/// What is on the socket before a guard comes.
void Life::find()
{
    if (!m_connected || m_socket->socketDescriptor() == -1)
        return;
    SocketOptions now = SocketOptions::of(m_socket->socketDescriptor());
    now.forget(m_left, m_found);
    m_found = now;
}

void Life::comeBack()
{
    if (m_wantsGuard || !m_socket)
        return;
    m_wantsGuard = true;
    if (!m_guard) {
        makeGuard();
        return;
    }
    find();
    m_guard->setSocket(m_socket);
    if (m_connected)
        noteSettings(Stamp::Guarded);
}

// --- The record ---

void Life::look()
{
    const qint64 now = m_clock.now();
    const qint64 late = now - std::exchange(m_lastLook, now) - lookInterval * 1000;
    Sample sample;
    sample.at = now;
    sample.late = m_record.samples.empty() ? 0 : std::max<qint64>(0, late);
    if (m_connected && m_socket && m_socket->socketDescriptor() != -1) {
        std::error_code none;
        const ka::Snapshot known = ka::snapshot(m_socket->socketDescriptor(), none);
        if (none)
            return;
        sample.silence = us(known.silence());
        sample.noData = us(known.sinceDataReceived);
        sample.roundTrip = known.roundTripTime ? known.roundTripTime->count() : 0;
        sample.variation = known.roundTripVariation ? known.roundTripVariation->count() : 0;
        sample.acknowledged = known.bytesAcknowledged.value_or(0);
        sample.unacked = known.unacked.value_or(0);
        sample.unsent = known.unsent.value_or(0);
        sample.probes = known.probes.value_or(0);
        sample.retransmits = known.retransmits.value_or(0);
        // The timer of retransmissions has doubled already, that of a closed window not yet.
        sample.spacing = us(known.retransmissionTimeout);
        if (sample.unacked == 0)
            sample.spacing = std::min<qint64>(
                    sample.spacing << std::min(known.backoff.value_or(0), 9), 120000000);
        const auto *encrypted = qobject_cast<QSslSocket *>(m_socket.data());
        sample.asks = !encrypted || encrypted->isEncrypted();
        m_record.samples.push_back(sample);
    }
}

void Life::note(Stamp::Kind kind, const QString &text)
{
    const qint64 now = m_clock.now();
    m_record.stamps.push_back({kind, now, now, 0, text, {}, {}});
}

void Life::noteSettings(Stamp::Kind kind)
{
    if (!m_guard)
        return;
    note(kind);
    Settings &settings = m_record.stamps.back().settings;
    settings.enabled = m_guard->enabled();
    settings.detectWithin = m_guard->detectWithin();
    settings.heartbeatInterval = m_guard->heartbeatInterval();
    settings.heartbeatTimeout = m_guard->heartbeatTimeout();
    settings.inForce = m_guard->detectionTime();
}
