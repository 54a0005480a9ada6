// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/detail/socket_tap.h>

#include "socket_witness.h"

#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qabstractsocket.h>

namespace ka::detail {

namespace {

/// Why this object cannot be guarded; empty if it can.
QString objection(const SocketTap *guard, const QObject *object)
{
    const auto *socket = qobject_cast<const QAbstractSocket *>(object);
    if (!socket) {
        return QStringLiteral("socket: %1 is not a QAbstractSocket")
                .arg(QLatin1String(object->metaObject()->className()));
    }
    if (socket->socketType() != QAbstractSocket::TcpSocket) {
        return QStringLiteral("socket: %1 is not a TCP socket")
                .arg(QLatin1String(object->metaObject()->className()));
    }
    if (socket->thread() != guard->thread()) {
        return QStringLiteral("socket: it lives in another thread than the guard; move the guard "
                              "to the socket's thread before setting it");
    }
    if (SocketWitness::of(socket))
        return QStringLiteral("socket: another KeepAlive guards it already");
    return {};
}

} // namespace

SocketTap::SocketTap(QObject *parent)
    : QObject(parent)
{
}

SocketTap::~SocketTap()
{
    if (!m_witness)
        return;
    m_witness->leave();
    if (m_witness->thread() == QThread::currentThread())
        delete m_witness;
    else
        m_witness->deleteLater();
}

QObject *SocketTap::socket() const
{
    return m_witness ? m_witness->socket() : nullptr;
}

void SocketTap::setSocket(QObject *object)
{
    if (object == socket())
        return;
    if (object) {
        const QString why = objection(this, object);
        if (!why.isEmpty()) {
            refused(why);
            return;
        }
    }
    if (m_witness) {
        m_witness->leave();
        delete m_witness;
        m_witness = nullptr;
    }
    std::int64_t descriptor = -1;
    if (object) {
        m_witness = new SocketWitness(static_cast<QAbstractSocket *>(object), this);
        descriptor = m_witness->adopt();
    }
    socketReplaced(m_witness != nullptr, descriptor);
}

void SocketTap::adoptParent()
{
    if (qobject_cast<QAbstractSocket *>(parent()))
        setSocket(parent());
}

std::int64_t SocketTap::descriptor() const
{
    return m_witness ? m_witness->descriptor() : -1;
}

void SocketTap::dropWitness()
{
    if (m_witness)
        m_witness->dropDuplicate();
}

void SocketTap::socketDestroyed()
{
    m_witness = nullptr;
    socketReplaced(false, -1);
}

void SocketTap::publish(std::uint32_t changes, ka::LossReason loss, const QString &detail,
                        const QString &failure)
{
    using Signal = void (SocketTap::*)();
    struct Notify
    {
        Change change;
        Signal signal;
    };
    static constexpr Notify notifies[] = {
            {Change::Socket, &SocketTap::socketChanged},
            {Change::Enabled, &SocketTap::enabledChanged},
            {Change::Idle, &SocketTap::idleChanged},
            {Change::Interval, &SocketTap::intervalChanged},
            {Change::Count, &SocketTap::countChanged},
            {Change::UserTimeout, &SocketTap::userTimeoutChanged},
            {Change::DetectWithin, &SocketTap::detectWithinChanged},
            {Change::State, &SocketTap::stateChanged},
            {Change::LossReason, &SocketTap::lossReasonChanged},
            {Change::ErrorString, &SocketTap::errorStringChanged},
            {Change::DetectionTime, &SocketTap::detectionTimeChanged},
    };
    // Any of these slots may delete the guard. The texts are copies: they may be the guard's own.
    const QPointer<SocketTap> alive(this);
    const QString detailCopy = detail;
    const QString failureCopy = failure;
    for (const Notify &notify : notifies) {
        if (!(changes & static_cast<std::uint32_t>(notify.change)))
            continue;
        Q_EMIT(this->*notify.signal)();
        if (!alive)
            return;
    }
    if (!failureCopy.isEmpty()) {
        Q_EMIT applyFailed(failureCopy);
        if (!alive)
            return;
    }
    if (loss != ka::LossReason::NoLoss)
        Q_EMIT connectionLost(loss, detailCopy);
}

} // namespace ka::detail
