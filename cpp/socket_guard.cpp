// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_guard.h"

#include <ka/keepalive.h>

#include "changes.h"
#include "log.h"
#include "refusal_teller.h"
#include "socket_owner.h"
#include "socket_witness.h"
#include "waiting.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qpointer.h>
#include <QtNetwork/qabstractsocket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace ka::detail {

namespace {

/// How often what is displayed is brought up to date.
constexpr int displayEvery = 100;
/// How many guards may exchange their sockets in a ring.
constexpr int longestRing = 64;
/// How long that may take until one of them tells that it has none.
constexpr std::chrono::milliseconds exchange{500};

/// The signals of the values that change all the time: they are looked for while somebody wants them.
const std::array<QMetaMethod, 3> &displaySignals()
{
    static const std::array<QMetaMethod, 3> changing{
            QMetaMethod::fromSignal(&KeepAlive::silenceChanged),
            QMetaMethod::fromSignal(&KeepAlive::unansweredProbesChanged),
            QMetaMethod::fromSignal(&KeepAlive::roundTripTimeChanged),
    };
    return changing;
}

/// Whether another guard has this socket. `own` is the guard's witness by now.
bool isAnothers(const SocketWitness *own, const QAbstractSocket *socket)
{
    const SocketWitness *witness = SocketWitness::of(socket);
    return witness && witness != own;
}

/// Why this socket can never be guarded; empty if it can.
QString objection(const SocketGuard *guard, const QAbstractSocket *socket)
{
    if (socket->socketType() != QAbstractSocket::TcpSocket) {
        return QStringLiteral("socket: %1 is not a TCP socket")
                .arg(QLatin1String(socket->metaObject()->className()));
    }
    if (socket->thread() != guard->thread()) {
        return QStringLiteral("socket: it lives in another thread than the guard; move the guard "
                              "to the socket's thread before setting it");
    }
    return {};
}

/// Why this object, whose socket is `socket` if it has one, can never be guarded; empty if it can.
QString objection(const SocketGuard *guard, const QObject *object, const QAbstractSocket *socket)
{
    if (!socket && !SocketOwner::isKnown(object)) {
        return QStringLiteral("socket: %1 is not a QAbstractSocket and owns none")
                .arg(QLatin1String(object->metaObject()->className()));
    }
    if (object->thread() != guard->thread()) {
        return QStringLiteral("socket: it lives in another thread than the guard; move the guard "
                              "to the socket's thread before setting it");
    }
    return socket ? objection(guard, socket) : QString();
}

} // namespace

SocketGuard::SocketGuard(QObject *face)
    : QObject(face)
{
}

SocketGuard::~SocketGuard()
{
    part();
}

SocketGuard *SocketGuard::of(const KeepAlive *face)
{
    return face->d;
}

KeepAlive *SocketGuard::face() const
{
    return static_cast<KeepAlive *>(parent());
}

SocketGuard::Rare &SocketGuard::rare()
{
    if (!m_rare)
        m_rare = std::make_unique<Rare>();
    return *m_rare;
}

/// The witness, if there is one and it lives in this thread: then nothing can delete it meanwhile.
SocketWitness *SocketGuard::witness() const
{
    if (!m_tie)
        return nullptr;
    const QMutexLocker lock(&m_tie->mutex);
    SocketWitness *witness = m_tie->witness;
    return witness && witness->thread() == thread() ? witness : nullptr;
}

/// Ties the guard to the socket. Returns the descriptor of its connection, −1 for none.
std::int64_t SocketGuard::tie(QAbstractSocket *socket)
{
    m_tie = std::make_shared<Tie>();
    m_tie->guard = this;
    m_tie->witness = new SocketWitness(socket, m_tie);
    return m_tie->witness->adopt();
}

/// Lets go of the socket.
void SocketGuard::part()
{
    if (!m_tie)
        return;
    SocketWitness *here = witness();
    if (here)
        here->restore();
    {
        const QMutexLocker lock(&m_tie->mutex);
        m_tie->guard = nullptr;
        if (!here && m_tie->witness)
            QMetaObject::invokeMethod(m_tie->witness, &SocketWitness::retire, Qt::QueuedConnection);
    }
    m_tie.reset();
    delete here;
}

QObject *SocketGuard::socket() const
{
    if (m_owner)
        return m_owner->object();
    const SocketWitness *here = witness();
    return here ? here->socket() : nullptr;
}

void SocketGuard::setSocket(QObject *object)
{
    stopWaiting();
    // Without a tie there is nothing to let go of. One to a socket that went to another thread counts.
    if (object ? object == socket() : !m_tie && !m_owner) {
        socketKept();
        return;
    }
    auto *socket = qobject_cast<QAbstractSocket *>(object);
    const bool owner = object && !socket;
    if (owner)
        socket = SocketOwner::newest(object);
    if (object) {
        const QString why = objection(this, object, socket);
        if (!why.isEmpty()) {
            refused(why);
            return;
        }
        if (socket && isAnothers(witness(), socket)) {
            waitFor(object, socket);
            return;
        }
    }
    part();
    delete std::exchange(m_owner, owner ? new SocketOwner(object, this) : nullptr);
    const std::int64_t descriptor = socket ? tie(socket) : -1;
    const QPointer<SocketGuard> alive(this);
    socketReplaced(object != nullptr, descriptor, m_rare && m_rare->inherited);
    if (alive && m_rare && std::exchange(m_rare->inherited, nullptr) && !m_rare->teller
        && !m_rare->waiting)
        m_rare.reset(); // it waits for nobody any more
    if (alive && isOwned() && m_owner->object() == object && !heartbeatPayload().isEmpty()) {
        refused(QStringLiteral("heartbeatPayload: %1 frames what it sends, so these bytes are not "
                               "written; send a ping on heartbeatDue()")
                        .arg(QLatin1String(object->metaObject()->className())));
    }
}

/// The owner may have made another socket.
void SocketGuard::takeNewest()
{
    if (!m_owner) // it died meanwhile
        return;
    QAbstractSocket *newest = SocketOwner::newest(m_owner->object());
    const SocketWitness *here = witness();
    if (!newest || (here && here->socket() == newest))
        return;
    const QString why = objection(this, newest);
    if (!why.isEmpty()) {
        refused(why);
        return;
    }
    if (isAnothers(here, newest)) {
        stopWaiting();
        waitFor(m_owner->object(), newest);
        return;
    }
    part();
    socketRenewed(tie(newest));
}

/// Waits for a socket of another guard, and tells so as soon as patience() is over.
void SocketGuard::waitFor(QObject *object, QAbstractSocket *socket)
{
    auto *const waiting = new Waiting(object, socket, this);
    rare().waiting = waiting;
    if (isWaitedForBy(socket)) {
        // Two that exchange their sockets: neither would ever let go. This one does, and has the other
        // socket as soon as the event loop has turned some times.
        waiting->tellAfter(std::max(patience(), exchange));
        part();
        delete std::exchange(m_owner, nullptr);
        socketReplaced(false, -1, false);
        return;
    }
    if (patience().count() > 0)
        waiting->tellAfter(patience());
    else
        refuseAnothers();
}

/// Whether the guard that has this socket waits for that of this guard, be it by way of others.
bool SocketGuard::isWaitedForBy(QAbstractSocket *socket) const
{
    for (int step = 0; socket && step < longestRing; ++step) {
        const SocketWitness *witness = SocketWitness::of(socket);
        const SocketGuard *holder = witness ? witness->guardNearby() : nullptr;
        if (holder == this)
            return true;
        socket = holder && holder->waiting() ? holder->waiting()->socket() : nullptr;
    }
    return false;
}

void SocketGuard::stopWaiting()
{
    if (waiting())
        std::exchange(m_rare->waiting, nullptr)->stop();
}

/// What is waited for may be free now.
void SocketGuard::tryAgain()
{
    QObject *object = waiting()->object();
    auto *socket = qobject_cast<QAbstractSocket *>(object);
    if (!socket)
        socket = SocketOwner::newest(object);
    // An owner without a socket may still be the other guard's, which takes the next one.
    if (!socket || isAnothers(witness(), socket)) {
        waiting()->watch(socket);
        return;
    }
    stopWaiting();
    if (m_owner && m_owner->object() == object)
        takeNewest();
    else
        setSocket(object);
}

void SocketGuard::refuseAnothers()
{
    refused(QStringLiteral("socket: another KeepAlive guards it already"));
}

/// The owner is being destroyed. Its socket, or what else it had as a child, may be the first to tell.
void SocketGuard::ownerGone(SocketOwner *owner)
{
    if (m_owner != owner)
        return;
    part();
    // The caller: it is in use until it is done.
    std::exchange(m_owner, nullptr)->deleteLater();
    socketReplaced(false, -1, false);
}

void SocketGuard::adoptParent()
{
    QObject *object = face()->parent();
    // Not just any object that happens to own one: it may own several, or be no client at all.
    if (object && (qobject_cast<QAbstractSocket *>(object) || SocketOwner::isKnown(object)))
        setSocket(object);
    else if (object)
        QMetaObject::invokeMethod(this, &SocketGuard::missSocket, Qt::QueuedConnection);
}

/// A program that means its parent's socket would wait in silence. One that calls setSocket() does so
/// in the same turn of the event loop as a rule.
void SocketGuard::missSocket()
{
    const QObject *parent = face()->parent();
    if (socket() || !parent)
        return;
    warn(QStringLiteral("guards nothing: its parent is a %1 and no socket; pass the socket to the "
                        "constructor, or call setSocket()")
                 .arg(QLatin1String(parent->metaObject()->className())));
}

void SocketGuard::warn(const QString &words) const
{
    log(words);
}

bool SocketGuard::isOwned() const
{
    return m_owner && !m_owner->device();
}

std::int64_t SocketGuard::descriptor() const
{
    SocketWitness *here = witness();
    if (!here)
        return -1;
    const std::int64_t descriptor = here->descriptor();
    // Not at once: whoever asks is in the midst of something.
    if (here->isBehind(descriptor))
        here->catchUpSoon();
    return descriptor;
}

void SocketGuard::dropWitness()
{
    if (SocketWitness *here = witness())
        here->letGo();
}

void SocketGuard::lookIn(std::int64_t milliseconds, std::int64_t lateness)
{
    const std::chrono::milliseconds after(milliseconds);
    if (SocketWitness *here = witness()) {
        here->lookIn(milliseconds < 0 ? SocketWitness::never : after,
                     std::chrono::milliseconds(lateness));
    }
}

void SocketGuard::hearReceived(bool hear)
{
    SocketWitness *here = witness();
    if (here && here->socket())
        here->hearReceived(hear);
}

void SocketGuard::holdFound(std::int64_t enabled, std::int64_t idle, std::int64_t interval,
                            std::int64_t count, std::int64_t userTimeout,
                            std::int64_t retransmitWithin)
{
    if (SocketWitness *here = witness())
        here->hold({enabled, idle, interval, count, userTimeout, retransmitWithin});
}

std::int64_t SocketGuard::inherited(std::int32_t number) const
{
    return m_rare && m_rare->inherited ? m_rare->inherited->at(std::size_t(number)) : -1;
}

/// The socket that belongs to this tie died, or went away to another thread.
void SocketGuard::socketGone(const Tie *tie, const QString &why)
{
    if (m_tie.get() != tie) // another one was set meanwhile
        return;
    m_tie.reset();
    const QPointer<SocketGuard> alive(this);
    if (!m_owner)
        socketReplaced(false, -1, false);
    else if (m_owner->object())
        socketRenewed(-1);
    else
        ownerGone(m_owner);
    if (alive && !why.isEmpty())
        refused(why);
}

bool SocketGuard::tells(const QString &why) const
{
    return !teller() || teller()->tells(why);
}

void SocketGuard::log(const QString &why) const
{
    if (teller())
        teller()->log(why);
    else
        logRefusal(face(), why);
}

std::chrono::milliseconds SocketGuard::patience() const
{
    return teller() ? teller()->patience() : std::chrono::milliseconds(0);
}

void SocketGuard::publish(std::uint32_t bits, ka::LossReason loss, const QString &detail,
                          const QString &failure)
{
    // Any of these slots may delete the guard. The texts are copies: they may be the guard's own.
    const QPointer<SocketGuard> alive(this);
    const QString detailCopy = detail; // NOLINT(performance-unnecessary-copy-initialization)
    const QString failureCopy = failure; // NOLINT(performance-unnecessary-copy-initialization)
    const Changes changes(bits);
    const SocketWitness *here
            = changes.has(Change::MustAbort) || changes.has(Change::BeatDue) ? witness() : nullptr;
    const unsigned judged = here ? here->connections() : 0;
    const bool told = !failureCopy.isEmpty() && tells(failureCopy);
    logChanges(face(), changes);
    if (told)
        log(failureCopy);
    if (loss != ka::LossReason::NoLoss) {
        logLoss(face(), witness() ? witness()->socket() : nullptr, loss, detailCopy);
        logHistory(face());
    }
    if (changes.has(Property::State) && !m_display.isActive() && isDisplayed())
        QMetaObject::invokeMethod(this, &SocketGuard::display, Qt::QueuedConnection);
    if (!emitChanges(this, changes))
        return;
    if (told) {
        Q_EMIT face()->applyFailed(failureCopy);
        if (!alive)
            return;
    }
    if (loss != ka::LossReason::NoLoss) {
        Q_EMIT face()->connectionLost(loss, detailCopy);
        return;
    }
    if (changes.has(Change::BeatDue))
        beat(judged);
    else if (changes.has(Change::MustAbort))
        abort(judged, detailCopy);
}

/// Each of the two acts on the connection that the slots before may have closed or replaced.
///
/// The beat leaves at once: Qt would write it when the event loop turns, and should that take long,
/// the peer would be blamed for a beat that it has not got.
void SocketGuard::beat(unsigned judged)
{
    const QByteArray payload = heartbeatPayload();
    SocketWitness *here = witness();
    if (!here || !here->guards(judged))
        return;
    const QPointer<SocketGuard> alive(this);
    QIODevice *const device = m_owner ? m_owner->device() : here->socket();
    if (payload.isEmpty() || !device)
        Q_EMIT face()->heartbeatDue();
    else
        device->write(payload);
    here = alive ? witness() : nullptr;
    if (!here || !here->guards(judged))
        return;
    here->socket()->flush();
    // Its slots may have done anything, too.
    here = alive ? witness() : nullptr;
    if (here && here->guards(judged))
        beatWritten(here->descriptor(), here->queued());
}

void SocketGuard::abort(unsigned judged, const QString &why)
{
    SocketWitness *here = witness();
    if (here && here->guards(judged))
        here->abort(why);
}

bool SocketGuard::isDisplayed() const
{
    const auto &changing = displaySignals();
    return std::any_of(changing.begin(), changing.end(), [this](const QMetaMethod &signal) {
        return face()->isSignalConnected(signal);
    });
}

/// Brings what is displayed up to date, and goes on with that while there is something to see.
void SocketGuard::display()
{
    if (!isDisplayed() || descriptor() == -1)
        m_display.stop();
    else if (!m_display.isActive())
        m_display.start(displayEvery, this);
    displayed();
}

void SocketGuard::displaySoon(const QMetaMethod &signal)
{
    const auto &changing = displaySignals();
    if (std::find(changing.begin(), changing.end(), signal) != changing.end())
        QMetaObject::invokeMethod(this, &SocketGuard::display, Qt::QueuedConnection);
}

bool SocketGuard::event(QEvent *event)
{
    // Qt loses track of a running timer whose object dies soon after it was moved.
    if (event->type() == QEvent::ThreadChange && m_display.isActive()) {
        m_display.stop();
        QMetaObject::invokeMethod(this, &SocketGuard::display, Qt::QueuedConnection);
    }
    return QObject::event(event);
}

void SocketGuard::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_display.timerId())
        display();
    else
        QObject::timerEvent(event);
}

} // namespace ka::detail
