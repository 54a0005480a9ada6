// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>

#include <chrono>

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

SocketWitness::SocketWitness(QAbstractSocket *socket, SocketTap *guard)
    : QObject(socket)
    , m_socket(socket)
    , m_guard(guard)
{
    listen();
}

SocketWitness::~SocketWitness()
{
    if (!m_guard)
        return;
    // The socket is being destroyed, and takes its children with it.
    m_duplicate.reset();
    if (m_guard->thread() == QThread::currentThread())
        m_guard->socketDestroyed();
    else
        m_guard->m_witness = nullptr;
}

SocketWitness *SocketWitness::of(const QAbstractSocket *socket)
{
    return socket->findChild<SocketWitness *>(QString(), Qt::FindDirectChildrenOnly);
}

void SocketWitness::leave()
{
    m_guard = nullptr;
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
    m_look.start(static_cast<int>(lookEvery.count()), Qt::VeryCoarseTimer, this);
    return descriptor;
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
    if (!m_guard)
        return;
    switch (state) {
    case QAbstractSocket::ConnectedState:
        // Within setSocketDescriptor() the state comes before the descriptor, and nothing after it:
        // look once more. First, because a slot of what follows may delete this.
        if (m_socket->socketDescriptor() == -1)
            QMetaObject::invokeMethod(this, &SocketWitness::takeUnderGuard, Qt::QueuedConnection);
        takeUnderGuard();
        break;
    case QAbstractSocket::ClosingState:
        if (m_adopted && guardIsHere())
            m_guard->socketClosing(evidence());
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
    if (m_guard && m_adopted && guardIsHere())
        m_guard->socketFailed(classOf(error), evidence());
}

void SocketWitness::takeUnderGuard()
{
    if (!m_guard || !guardIsHere())
        return;
    const std::int64_t descriptor = adopt();
    if (descriptor != -1)
        m_guard->socketConnected(descriptor);
}

void SocketWitness::endConnection()
{
    if (!m_adopted)
        return;
    m_adopted = false;
    m_look.stop();
    if (!guardIsHere()) {
        m_duplicate.reset();
        return;
    }
    const std::int64_t duplicate = m_duplicate ? (*m_duplicate)->descriptor() : -1;
    // Rust reads the duplicate's last word and drops it before a slot of the program runs.
    const bool none = m_socket->error() == QAbstractSocket::UnknownSocketError;
    m_guard->socketDisconnected(none ? SocketError::None : classOf(m_socket->error()), duplicate);
}

void SocketWitness::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_look.timerId()) {
        QObject::timerEvent(event);
        return;
    }
    if (!m_guard)
        return;
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

/// A guard left behind in another thread cannot be called; it is told so in its own.
bool SocketWitness::guardIsHere()
{
    if (m_guard->thread() == thread())
        return true;
    SocketTap *guard = m_guard;
    QMetaObject::invokeMethod(
            guard,
            [guard] {
                guard->refused(QStringLiteral(
                        "socket: it was moved to another thread and the guard was not; make the "
                        "guard a child of the socket, or move both"));
            },
            Qt::QueuedConnection);
    return false;
}

} // namespace ka::detail
