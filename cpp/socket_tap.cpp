// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/detail/socket_tap.h>

#include "socket_witness.h"

#include <QtCore/qpointer.h>
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
    part();
}

/// The witness, if there is one and it lives in this thread: then nothing can delete it meanwhile.
SocketWitness *SocketTap::witness() const
{
    if (!m_tie)
        return nullptr;
    const QMutexLocker lock(&m_tie->mutex);
    SocketWitness *witness = m_tie->witness;
    return witness && witness->thread() == thread() ? witness : nullptr;
}

/// Lets go of the socket.
void SocketTap::part()
{
    if (!m_tie)
        return;
    SocketWitness *here = witness();
    {
        const QMutexLocker lock(&m_tie->mutex);
        m_tie->guard = nullptr;
        if (!here && m_tie->witness)
            m_tie->witness->deleteLater();
    }
    m_tie.reset();
    delete here;
}

QObject *SocketTap::socket() const
{
    const SocketWitness *here = witness();
    return here ? here->socket() : nullptr;
}

void SocketTap::setSocket(QObject *object)
{
    // Without a tie there is nothing to let go of. One to a socket that went to another thread counts.
    if (object ? object == socket() : !m_tie)
        return;
    if (object) {
        const QString why = objection(this, object);
        if (!why.isEmpty()) {
            refused(why);
            return;
        }
    }
    part();
    std::int64_t descriptor = -1;
    if (object) {
        m_tie = std::make_shared<Tie>();
        m_tie->guard = this;
        m_tie->witness = new SocketWitness(static_cast<QAbstractSocket *>(object), m_tie);
        descriptor = m_tie->witness->adopt();
    }
    socketReplaced(object != nullptr, descriptor);
}

void SocketTap::adoptParent()
{
    if (qobject_cast<QAbstractSocket *>(parent()))
        setSocket(parent());
}

std::int64_t SocketTap::descriptor() const
{
    const SocketWitness *here = witness();
    return here ? here->descriptor() : -1;
}

void SocketTap::dropWitness()
{
    if (SocketWitness *here = witness())
        here->dropDuplicate();
}

/// The socket that belongs to this tie died, or went away to another thread.
void SocketTap::socketGone(const Tie *tie, const QString &why)
{
    if (m_tie.get() != tie) // another one was set meanwhile
        return;
    m_tie.reset();
    const QPointer<SocketTap> alive(this);
    socketReplaced(false, -1);
    if (alive && !why.isEmpty())
        refused(why);
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
