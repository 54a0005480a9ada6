// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>
#if QT_CONFIG(ssl)
#    include <QtNetwork/qsslsocket.h>
#endif

#include <chrono>
#include <utility>

namespace ka::detail {

namespace {

/// How often at least a guarded connection is checked for having gone without a signal. Only a
/// program that blocks the socket's signals, disconnects them all, or gives the socket another
/// descriptor makes that happen.
constexpr std::chrono::milliseconds strayEvery{20000};
/// How long a socket and its guard may take to move to another thread one after the other.
constexpr std::chrono::milliseconds arrival{500};

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
#if QT_CONFIG(ssl)
    , m_encrypts(qobject_cast<QSslSocket *>(socket) != nullptr)
#endif
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
    m_place.cancel();
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
    // By name: each connection to a member pointer would cost a heap block, times thousands of guards.
    m_listening = connect(m_socket, SIGNAL(stateChanged(QAbstractSocket::SocketState)),
                          SLOT(onStateChanged(QAbstractSocket::SocketState)), Qt::DirectConnection);
    // With QSslSocket the descriptor comes after the state.
    connect(m_socket, SIGNAL(connected()), SLOT(takeUnderGuard()), Qt::DirectConnection);
    connect(m_socket, SIGNAL(errorOccurred(QAbstractSocket::SocketError)),
            SLOT(onError(QAbstractSocket::SocketError)), Qt::DirectConnection);
    if (std::exchange(m_hears, false))
        hearReceived(true);
    Q_ASSERT(m_listening);
}

/// A heart-beat has to know what came. Where the kernel tells, data costs nothing here.
void SocketWitness::hearReceived(bool hear)
{
    if (hear == std::exchange(m_hears, hear))
        return;
    if (hear)
        connect(m_socket, SIGNAL(readyRead()), SLOT(onReadyRead()), Qt::DirectConnection);
    else
        disconnect(m_socket, SIGNAL(readyRead()), this, SLOT(onReadyRead()));
}

std::int64_t SocketWitness::adopt()
{
    if (m_adopted || m_socket->state() != QAbstractSocket::ConnectedState)
        return -1;
    const qintptr descriptor = m_socket->socketDescriptor();
    if (descriptor == -1)
        return -1;
    m_adopted = true;
    ++m_connections;
    hearReceived(!qkeepalive::bridge::tells_data_received());
    m_duplicate.emplace(qkeepalive::bridge::witness(descriptor));
    return descriptor;
}

void SocketWitness::lookIn(std::chrono::milliseconds after, std::chrono::milliseconds lateness)
{
    if (m_adopted && after < strayEvery)
        m_place.schedule(after, lateness);
    else if (m_adopted)
        m_place.schedule(strayEvery, strayEvery / 4);
    else
        m_place.cancel();
}

/// Each thread has its own timer: the witness leaves this one's here, and looks soon after it has
/// arrived in the other. Not at once: the guard may still be on its way.
bool SocketWitness::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange) {
        m_place.cancel();
        QMetaObject::invokeMethod(
                this, [this] { lookIn(arrival, {}); }, Qt::QueuedConnection);
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

void SocketWitness::onReadyRead()
{
    if (SocketTap *guard = m_adopted ? this->guard() : nullptr)
        guard->socketReceived();
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
    m_place.cancel();
    SocketTap *guard = this->guard();
    if (!guard)
        return;
    const std::int64_t duplicate = m_duplicate ? (*m_duplicate)->descriptor() : -1;
    // Rust reads the duplicate's last word and drops it before a slot of the program runs.
    const bool none = m_socket->error() == QAbstractSocket::UnknownSocketError;
    guard->socketDisconnected(none ? SocketError::None : classOf(m_socket->error()), duplicate);
}

/// Whether the guarded connection has gone, or become another, without a signal. Where no duplicate
/// can tell, because there was none to spare or the loss is told already, it is taken for the same.
bool SocketWitness::isStray() const
{
    const bool connected = m_socket->state() == QAbstractSocket::ConnectedState
                        || m_socket->state() == QAbstractSocket::ClosingState;
    return !connected || (m_duplicate && !(*m_duplicate)->is_of(m_socket->socketDescriptor()));
}

std::int64_t SocketWitness::queued() const
{
    std::int64_t bytes = m_socket->bytesToWrite();
#if QT_CONFIG(ssl)
    // What is not encrypted yet, and what is.
    if (m_encrypts)
        bytes += static_cast<const QSslSocket *>(m_socket)->encryptedBytesToWrite();
#endif
    return bytes;
}

void SocketWitness::look()
{
    if (!m_adopted)
        return;
    // The program may have called disconnect() on the socket for everything and everyone.
    if (!m_listening)
        listen();
    if (isStray()) {
        const QPointer<SocketWitness> alive(this);
        endConnection();
        if (alive)
            takeUnderGuard();
        return;
    }
    // Not the duplicate: it is the same, and the one that the processor has at hand.
    if (SocketTap *guard = this->guard())
        guard->socketLooked(m_socket->socketDescriptor(), queued());
}

void SocketWitness::limitRetransmissions(std::int64_t milliseconds)
{
    if (m_duplicate)
        (*m_duplicate)->limit_retransmissions(milliseconds);
}

void SocketWitness::restore()
{
    if (m_adopted && m_duplicate)
        (*m_duplicate)->restore();
}

void SocketWitness::abort()
{
    if (!m_adopted)
        return;
    const QPointer<SocketWitness> alive(this);
    const unsigned judged = m_connections;
    if (!isStray()) {
        // What was queued on a connection declared lost must not reach the peer minutes later.
        if (m_duplicate)
            (*m_duplicate)->discard_unsent();
        m_socket->abort();
    }
    // The socket's signals may be blocked.
    if (alive && m_adopted && m_connections == judged)
        endConnection();
}

} // namespace ka::detail
