// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

#include <chrono>
#include <utility>

namespace ka::detail {

namespace {

/// How often a guarded connection is checked for having gone without a signal. Only a program that
/// blocks the socket's signals, disconnects them all, or gives the socket another descriptor makes
/// that happen.
constexpr std::chrono::milliseconds lookEvery{5000};

SocketError classOf(QAbstractSocket::SocketError error)
{
    switch (error) {
    case QAbstractSocket::RemoteHostClosedError:
        return SocketError::ClosedByPeer;
    case QAbstractSocket::SocketTimeoutError:
        return SocketError::TimedOut;
    case QAbstractSocket::NetworkError:
        return SocketError::Unreachable;
    default:
        return SocketError::Other;
    }
}

} // namespace

/// Tells a guard in another thread that its socket is gone. The caller holds the mutex, so the guard
/// is alive; should it die before it hears of this, Qt takes the call back.
void SocketWitness::tell(SocketTap *guard, const std::shared_ptr<Tie> &tie, const QString &why)
{
    QMetaObject::invokeMethod(
            guard, [guard, tie, why] { guard->socketGone(tie.get(), why); }, Qt::QueuedConnection);
}

SocketWitness::SocketWitness(QAbstractSocket *socket, std::shared_ptr<Tie> tie)
    : QObject(socket)
    , m_socket(socket)
    , m_tie(std::move(tie))
{
    listen();
}

/// The socket is being destroyed and takes its children with it, or the guard has let go before.
SocketWitness::~SocketWitness()
{
    m_duplicate.reset();
    SocketTap *near = nullptr;
    {
        const QMutexLocker lock(&m_tie->mutex);
        m_tie->witness = nullptr;
        SocketTap *guard = std::exchange(m_tie->guard, nullptr);
        if (guard && guard->thread() == QThread::currentThread())
            near = guard;
        else if (guard)
            tell(guard, m_tie, {});
    }
    if (near)
        near->socketGone(m_tie.get(), {});
}

/// The guard, if there is one and it lives in this thread: then nothing can delete it meanwhile. One
/// that was left behind in another thread cannot be called; it is told so in its own, once, and the
/// two part.
SocketTap *SocketWitness::guard()
{
    const QMutexLocker lock(&m_tie->mutex);
    if (!m_tie->guard || m_tie->guard->thread() == thread())
        return m_tie->guard;
    tell(std::exchange(m_tie->guard, nullptr), m_tie,
         QStringLiteral("socket: it was moved to another thread and the guard was not; make the "
                        "guard a child of the socket, or move both"));
    m_duplicate.reset();
    m_look.stop();
    deleteLater();
    return nullptr;
}

SocketWitness *SocketWitness::of(const QAbstractSocket *socket)
{
    return socket->findChild<SocketWitness *>(QString(), Qt::FindDirectChildrenOnly);
}

/// The slots run in the socket's thread, and within the emit: a descriptor is examined before Qt
/// goes on, and in a blocking program no event loop is needed.
void SocketWitness::listen()
{
    m_socket->disconnect(this);
    m_listening = connect(m_socket, &QAbstractSocket::stateChanged, this,
                          &SocketWitness::onStateChanged, Qt::DirectConnection);
    // With QSslSocket the descriptor comes after the state.
    connect(m_socket, &QAbstractSocket::connected, this, &SocketWitness::takeUnderGuard,
            Qt::DirectConnection);
    connect(m_socket, &QAbstractSocket::errorOccurred, this, &SocketWitness::onError,
            Qt::DirectConnection);
}

std::int64_t SocketWitness::adopt()
{
    if (m_adopted || m_socket->state() != QAbstractSocket::ConnectedState)
        return -1;
    const qintptr descriptor = m_socket->socketDescriptor();
    if (descriptor == -1)
        return -1;
    m_adopted = true;
    m_duplicate.emplace(qkeepalive::bridge::witness(descriptor));
    lookRegularly();
    return descriptor;
}

void SocketWitness::lookRegularly()
{
    if (m_adopted)
        m_look.start(static_cast<int>(lookEvery.count()), Qt::VeryCoarseTimer, this);
}

/// Qt moves running timers to another thread by way of its event loop, and loses track of them if
/// the object dies before that has turned: so the timer stops here and starts anew there.
bool SocketWitness::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange && m_look.isActive()) {
        m_look.stop();
        QMetaObject::invokeMethod(this, &SocketWitness::lookRegularly, Qt::QueuedConnection);
    }
    return QObject::event(event);
}

std::int64_t SocketWitness::descriptor() const
{
    return m_adopted ? m_socket->socketDescriptor() : -1;
}

/// Where the kernel's view of the guarded connection can be read. Without a duplicate Qt's own
/// descriptor serves: closed, it says as much.
std::int64_t SocketWitness::evidence() const
{
    const std::int64_t duplicate = m_duplicate ? (*m_duplicate)->descriptor() : -1;
    return duplicate != -1 ? duplicate : descriptor();
}

void SocketWitness::dropDuplicate()
{
    m_duplicate.reset();
}

void SocketWitness::onStateChanged(QAbstractSocket::SocketState state)
{
    switch (state) {
    case QAbstractSocket::ConnectedState:
        // Within setSocketDescriptor() the state comes before the descriptor, and nothing after it:
        // look once more. First, because a slot of what follows may delete this.
        if (m_socket->socketDescriptor() == -1)
            QMetaObject::invokeMethod(this, &SocketWitness::takeUnderGuard, Qt::QueuedConnection);
        takeUnderGuard();
        break;
    case QAbstractSocket::ClosingState:
        if (SocketTap *guard = m_adopted ? this->guard() : nullptr)
            guard->socketClosing(evidence());
        break;
    case QAbstractSocket::UnconnectedState:
        endConnection();
        break;
    default:
        break;
    }
}

void SocketWitness::onError(QAbstractSocket::SocketError error)
{
    if (SocketTap *guard = m_adopted ? this->guard() : nullptr)
        guard->socketFailed(classOf(error), evidence());
}

void SocketWitness::takeUnderGuard()
{
    SocketTap *guard = this->guard();
    if (!guard)
        return;
    const std::int64_t descriptor = adopt();
    if (descriptor != -1)
        guard->socketConnected(descriptor);
}

void SocketWitness::endConnection()
{
    if (!m_adopted)
        return;
    m_adopted = false;
    m_look.stop();
    SocketTap *guard = this->guard();
    if (!guard)
        return;
    const std::int64_t duplicate = m_duplicate ? (*m_duplicate)->descriptor() : -1;
    // Rust reads the duplicate's last word and drops it before a slot of the program runs.
    const bool none = m_socket->error() == QAbstractSocket::UnknownSocketError;
    guard->socketDisconnected(none ? SocketError::None : classOf(m_socket->error()), duplicate);
}

void SocketWitness::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_look.timerId()) {
        QObject::timerEvent(event);
        return;
    }
    // The program may have called disconnect() on the socket for everything and everyone.
    if (!m_listening)
        listen();
    const bool connected = m_socket->state() == QAbstractSocket::ConnectedState
                        || m_socket->state() == QAbstractSocket::ClosingState;
    if (connected && m_duplicate && (*m_duplicate)->is_of(m_socket->socketDescriptor()))
        return;
    const QPointer<SocketWitness> alive(this);
    endConnection();
    if (alive)
        takeUnderGuard();
}

} // namespace ka::detail
