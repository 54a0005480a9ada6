// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_witness.h"

#include "own_descriptor.h"
#include "socket_owner.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qtcpsocket.h>
#if QT_CONFIG(ssl)
#    include <QtNetwork/qsslsocket.h>
#endif

#include <algorithm>
#include <climits>
#include <utility>

namespace ka::detail {

namespace {

/// How often at least a guarded connection with a duplicate, which would hold back its FIN, is checked
/// for having gone without a signal. Only a program that blocks the socket's signals, disconnects
/// them all, or gives the socket another descriptor makes that happen. Where the guard itself does
/// not look for long, this wakes the program up less often, too.
constexpr std::chrono::milliseconds strayAtOften{20000};
constexpr std::chrono::milliseconds strayAtRare{600000};
constexpr int strayShare = 8;
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

/// The two functions are protected, for sockets to use on themselves. That is what this is about:
/// the socket fails, only that somebody else found it out.
class Failing : public QAbstractSocket
{
public:
    static void say(QAbstractSocket *socket, const QString &why)
    {
        (socket->*&Failing::setSocketError)(QAbstractSocket::SocketTimeoutError);
        (socket->*&Failing::setErrorString)(why);
    }
};

} // namespace

/// What hears the socket's states. Its end is the end of that connection of signal and slot: a program
/// that says `sock->disconnect()` means its own slots, and the witness has to listen anew.
class SocketWitness::Ear
{
public:
    Ear(SocketWitness *witness, std::shared_ptr<Tie> tie)
        : m_witness(witness)
        , m_tie(std::move(tie))
    {
    }
    Ear(Ear &&) = default;
    Ear &operator=(Ear &&) = delete;
    /// In whatever thread disconnects.
    ~Ear()
    {
        if (!m_tie) // it was moved from
            return;
        const QMutexLocker lock(&m_tie->mutex);
        if (m_tie->witness && m_tie->witness->socket())
            QMetaObject::invokeMethod(m_witness, &SocketWitness::catchUp, Qt::QueuedConnection);
    }

    void operator()(QAbstractSocket::SocketState state) const { m_witness->onStateChanged(state); }

private:
    SocketWitness *m_witness;
    std::shared_ptr<Tie> m_tie;
};

/// Tells a guard in another thread that its socket is gone. The caller holds the mutex, so the guard
/// is alive; should it die before it hears of this, Qt takes the call back.
void SocketWitness::tell(SocketGuard *guard, const std::shared_ptr<Tie> &tie, const QString &why)
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
    m_kept.reset();
    SocketGuard *near = nullptr;
    {
        const QMutexLocker lock(&m_tie->mutex);
        m_tie->witness = nullptr;
        SocketGuard *guard = std::exchange(m_tie->guard, nullptr);
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
SocketGuard *SocketWitness::guard()
{
    const QMutexLocker lock(&m_tie->mutex);
    if (!m_tie->guard || m_tie->guard->thread() == thread())
        return m_tie->guard;
    tell(std::exchange(m_tie->guard, nullptr), m_tie,
         QStringLiteral("socket: it was moved to another thread and the guard was not; make the "
                        "guard a child of the socket, or move both"));
    retire();
    return nullptr;
}

SocketGuard *SocketWitness::guardNearby() const
{
    const QMutexLocker lock(&m_tie->mutex);
    SocketGuard *guard = m_tie->guard;
    return guard && guard->thread() == thread() && thread() == QThread::currentThread() ? guard
                                                                                        : nullptr;
}

/// In the socket's thread, so that what was found on it can be put back.
void SocketWitness::retire()
{
    restore();
    m_kept.reset();
    m_adopted = false;
    cancel();
    deleteLater();
}

SocketWitness *SocketWitness::of(const QAbstractSocket *socket)
{
    return socket->findChild<SocketWitness *>(QString(), Qt::FindDirectChildrenOnly);
}

/// The slots run in the socket's thread, and within the emit: a descriptor is examined before Qt
/// goes on, and in a blocking program no event loop is needed.
void SocketWitness::listen()
{
    if (!m_socket)
        return;
    m_socket->disconnect(this);
    m_listening = connect(m_socket.data(), &QAbstractSocket::stateChanged, this, Ear(this, m_tie),
                          Qt::DirectConnection);
    // The others by name: each connection to a functor or a member pointer costs a heap block more,
    // times thousands of guards. With QSslSocket the descriptor comes after the state.
    if (m_encrypts)
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
    // Not readyRead(): that one is not emitted again while one of its own slots runs an event loop.
    if (hear)
        connect(m_socket, SIGNAL(channelReadyRead(int)), SLOT(onReadyRead()), Qt::DirectConnection);
    else
        disconnect(m_socket, SIGNAL(channelReadyRead(int)), this, SLOT(onReadyRead()));
}

/// What of the peer's bytes lies in Qt's hands.
int SocketWitness::available() const
{
    qint64 bytes = m_socket->bytesAvailable();
    const auto within = m_socket->findChildren<QTcpSocket *>();
    for (const QTcpSocket *one : within)
        bytes += one->bytesAvailable();
    return int(std::min<qint64>(bytes, INT_MAX));
}

/// Whether the peer's program could be asked and heard now.
bool SocketWitness::asks() const
{
#if QT_CONFIG(ssl)
    // Bytes of the program's own do not belong into a handshake, which may wait for a person.
    if (m_encrypts) {
        const auto *socket = static_cast<const QSslSocket *>(m_socket.data());
        if (socket->mode() != QSslSocket::UnencryptedMode && !socket->isEncrypted())
            return false;
    }
#endif
    // Where data is heard by Qt alone: nobody reads, or nobody is told.
    const qint64 room = m_socket->readBufferSize();
    const bool full = room > 0 && m_socket->bytesAvailable() >= room;
    return !m_hears || (!full && !m_socket->signalsBlocked());
}

std::int64_t SocketWitness::adopt(bool settled)
{
    if (m_adopted || !m_socket || m_socket->state() != QAbstractSocket::ConnectedState)
        return -1;
    const qintptr own = ownDescriptor(m_socket);
    if (own == -1 && !settled) {
        // Qt may be about to say more: with QSslSocket the descriptor comes after the state, within
        // setSocketDescriptor() it does, too, and no signal after it.
        if (!std::exchange(m_settling, true)) {
            QMetaObject::invokeMethod(this, &SocketWitness::settle, Qt::QueuedConnection);
            // Where the program blocks and no event loop turns, the first bytes show that, too.
            connect(m_socket, SIGNAL(channelReadyRead(int)), SLOT(settle()), Qt::DirectConnection);
            connect(m_socket, SIGNAL(bytesWritten(qint64)), SLOT(settle()), Qt::DirectConnection);
        }
        return -1;
    }
    m_adopted = true;
    ++m_connections;
    hearReceived(own == -1 || !qkeepalive::bridge::tells_data_received());
    m_kept.reset(own == -1 ? nullptr : qkeepalive::bridge::witness(own, isScarce(own)).into_raw());
    return own == -1 ? noDescriptor : std::int64_t(own);
}

/// Qt has said what there is to say of the connection.
void SocketWitness::settle()
{
    if (std::exchange(m_settling, false) && m_socket) {
        disconnect(m_socket, SIGNAL(channelReadyRead(int)), this, SLOT(settle()));
        disconnect(m_socket, SIGNAL(bytesWritten(qint64)), this, SLOT(settle()));
    }
    takeUnderGuard(true);
}

void SocketWitness::lookIn(std::chrono::milliseconds after, std::chrono::milliseconds lateness)
{
    using std::chrono::milliseconds;
    if (!m_adopted) {
        cancel();
        return;
    }
    const auto stray = std::clamp(after / strayShare, strayAtOften, strayAtRare);
    const bool strays = m_kept && m_kept->holds() && after > stray;
    m_due = after == never ? Clock::time_point::max() : Clock::now() + after;
    m_lateness
            = decltype(m_lateness)(std::int32_t(std::min(lateness, milliseconds(INT_MAX)).count()));
    m_strayEvery = decltype(m_strayEvery)(std::int32_t(stray.count()));
    if (strays)
        schedule(stray, stray / 4);
    else if (after != never)
        schedule(after, lateness);
    else
        cancel();
}

/// Each thread has its own timer: the witness leaves this one's here, and looks soon after it has
/// arrived in the other. Not at once: the guard may still be on its way.
bool SocketWitness::event(QEvent *event)
{
    if (event->type() == QEvent::ThreadChange) {
        cancel();
        QMetaObject::invokeMethod(
                this, [this] { lookIn(arrival, {}); }, Qt::QueuedConnection);
    }
    return QObject::event(event);
}

/// Whether this number is the guarded connection's. It was when the connection was taken; since then
/// Qt may have closed it, and another connection may have got it.
bool SocketWitness::isOwn(qintptr descriptor) const
{
    if (!m_kept || descriptor == -1)
        return false;
    return m_kept->knows_its_own() ? m_kept->is_of(descriptor) : mayBeOwn(m_socket, descriptor);
}

std::int64_t SocketWitness::descriptor() const
{
    if (!m_adopted || !m_socket)
        return -1;
    const qintptr descriptor = m_socket->socketDescriptor();
    return isOwn(descriptor) ? std::int64_t(descriptor) : noDescriptor;
}

/// Where the kernel's view of the guarded connection can be read: what stands for the duplicate, or
/// without one Qt's own descriptor.
std::int64_t SocketWitness::evidence() const
{
    const std::int64_t duplicate = m_kept ? m_kept->handle() : -1;
    return duplicate != -1 ? duplicate : descriptor();
}

void SocketWitness::letGo()
{
    if (m_kept)
        m_kept->let_go();
}

void SocketWitness::onStateChanged(QAbstractSocket::SocketState state)
{
    switch (state) {
    case QAbstractSocket::ConnectedState:
        takeUnderGuard();
        break;
    case QAbstractSocket::ClosingState:
        if (SocketGuard *guard = m_adopted ? this->guard() : nullptr)
            guard->socketClosing(evidence());
        break;
    case QAbstractSocket::UnconnectedState:
        endConnection();
        break;
    default: // it begins anew
        endUntold();
        break;
    }
}

/// A wait of the program that is over, or a call that was out of place, leaves an error in the socket,
/// and the connection goes on. Of one that is lost Qt has closed its end by now.
bool SocketWitness::isExpiredWait(QAbstractSocket::SocketError error) const
{
    if (error != QAbstractSocket::SocketTimeoutError && error != QAbstractSocket::OperationError)
        return false;
    // A QSslSocket has its end in a socket within.
    const QAbstractSocket *within = m_encrypts ? SocketOwner::newest(m_socket) : nullptr;
    return within ? within->isValid() : m_socket->isValid();
}

void SocketWitness::onError(QAbstractSocket::SocketError error)
{
    // Not what this side made the socket say: the guard knows.
    if (m_failed == m_connections || isExpiredWait(error))
        return;
    if (SocketGuard *guard = m_adopted ? this->guard() : nullptr)
        guard->socketFailed(classOf(error), evidence());
}

void SocketWitness::onReadyRead()
{
    if (SocketGuard *guard = m_adopted ? this->guard() : nullptr)
        guard->socketReceived();
}

void SocketWitness::takeUnderGuard()
{
    takeUnderGuard(false);
}

void SocketWitness::takeUnderGuard(bool settled)
{
    if (m_adopted && isStray()) {
        const QPointer<SocketWitness> alive(this);
        endUntold();
        if (!alive)
            return;
    }
    SocketGuard *guard = this->guard();
    if (!guard)
        return;
    const std::int64_t descriptor = adopt(settled);
    if (descriptor != -1)
        guard->socketConnected(descriptor);
}

/// The socket went on without a signal, or without one that was heard.
void SocketWitness::catchUp()
{
    m_catchesUp = false;
    if (!m_listening)
        listen();
    takeUnderGuard();
}

void SocketWitness::catchUpSoon()
{
    if (!std::exchange(m_catchesUp, true))
        QMetaObject::invokeMethod(this, &SocketWitness::catchUp, Qt::QueuedConnection);
}

/// The guarded connection is over, and no signal has told so. Where the socket has gone on, the
/// program has ended it: what its peer has done since, and the error that stands in the socket, are
/// no loss.
void SocketWitness::endUntold()
{
    if (!m_adopted)
        return;
    const bool goesOn = m_socket && m_socket->state() != QAbstractSocket::UnconnectedState;
    if (goesOn)
        letGo();
    endConnection(goesOn);
}

/// With `own` it was the program that has ended it.
void SocketWitness::endConnection(bool own)
{
    if (!m_adopted)
        return;
    m_adopted = false;
    cancel();
    SocketGuard *guard = this->guard();
    if (!guard)
        return;
    const std::int64_t duplicate = m_kept ? m_kept->handle() : -1;
    // Rust reads the duplicate's last word and drops it before a slot of the program runs.
    const QAbstractSocket::SocketError error
            = m_socket && !own ? m_socket->error() : QAbstractSocket::UnknownSocketError;
    const bool none = error == QAbstractSocket::UnknownSocketError;
    guard->socketDisconnected(none ? SocketError::None : classOf(error), duplicate);
}

/// Whether the guarded connection has gone, or become another, without a signal. One without a
/// descriptor is taken for the same.
bool SocketWitness::isStray() const
{
    if (!m_socket)
        return true;
    const bool connected = m_socket->state() == QAbstractSocket::ConnectedState
                        || m_socket->state() == QAbstractSocket::ClosingState;
    return !connected || (m_kept && !isOwn(m_socket->socketDescriptor()));
}

bool SocketWitness::isBehind(std::int64_t descriptor) const
{
    if (!m_socket)
        return false;
    const bool connected = m_socket->state() == QAbstractSocket::ConnectedState;
    if (!m_adopted)
        return connected && !m_settling;
    return (!connected && m_socket->state() != QAbstractSocket::ClosingState)
        || (m_kept && descriptor == noDescriptor);
}

std::int64_t SocketWitness::queued() const
{
    std::int64_t bytes = m_socket->bytesToWrite();
#if QT_CONFIG(ssl)
    // What is not encrypted yet, and what is.
    if (m_encrypts)
        bytes += static_cast<const QSslSocket *>(m_socket.data())->encryptedBytesToWrite();
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
    const auto now = Clock::now();
    if (now < m_due && m_due != Clock::time_point::max()) {
        // No more than that was to be looked for. With enough time left, once more.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(m_due - now);
        if (left > m_strayEvery && m_kept && m_kept->holds())
            schedule(m_strayEvery, m_strayEvery / 4);
        else
            schedule(left, m_lateness);
        return;
    }
    // Not the duplicate: it is the same, and the one that the processor has at hand. That it is Qt's
    // own was just seen.
    const std::int64_t descriptor
            = m_kept ? std::int64_t(m_socket->socketDescriptor()) : noDescriptor;
    if (SocketGuard *guard = this->guard()) {
        // It may lie there without a signal: in a proxy's own socket while a slot runs an event loop.
        const int before = m_hears ? std::exchange(m_available, available()) : m_available;
        if (m_available > before)
            guard->socketReceived();
        guard->socketLooked(descriptor, asks() ? queued() : -1);
    }
}

void SocketWitness::hold(const std::array<std::int64_t, 6> &found)
{
    if (m_kept)
        m_kept->hold(found);
}

void SocketWitness::restore()
{
    if (m_adopted && m_kept && m_socket)
        m_kept->restore(descriptor());
}

/// Has the socket tell its end as Qt tells one that it finds itself: the error first, then the states.
/// Returns whether there is still something to abort. A slot may have deleted this.
bool SocketWitness::fail(const QString &why)
{
    const QPointer<SocketWitness> alive(this);
    const QPointer<QAbstractSocket> socket(m_socket);
    const unsigned judged = m_connections;
    const quint16 port = m_socket->localPort();
    m_failed = judged;
    Failing::say(socket, why);
    Q_EMIT socket->errorOccurred(QAbstractSocket::SocketTimeoutError);
    if (alive ? !guards(judged) : !socket || socket->localPort() != port)
        return false;
    if (socket->state() != QAbstractSocket::ConnectedState
        && socket->state() != QAbstractSocket::ClosingState)
        return false;
    // Before the abort, which does the same and takes the words away: the slots of what it emits find
    // them, and who looks later does, too.
    socket->QIODevice::close();
    if (!socket || (alive && !guards(judged)) || socket->localPort() != port)
        return false;
    Failing::say(socket, why);
    if (alive)
        return true;
    // The guard went away after the socket said that it failed, and so it does.
    qkeepalive::bridge::discard_unsent(ownDescriptor(socket));
    socket->abort();
    return false;
}

void SocketWitness::abort(const QString &why)
{
    if (!m_adopted)
        return;
    const QPointer<SocketWitness> alive(this);
    const unsigned judged = m_connections;
    if (!isStray()) {
        if (why.isEmpty() || fail(why)) {
            // What was queued on a connection declared lost must not reach the peer minutes later.
            qkeepalive::bridge::discard_unsent(descriptor());
            m_socket->abort();
        }
    }
    // The socket's signals may be blocked, or disconnected.
    if (alive && guards(judged))
        endConnection();
}

} // namespace ka::detail
