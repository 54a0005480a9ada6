// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/detail/socket_tap.h>

#include "log.h"
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
            QMetaMethod::fromSignal(&SocketTap::silenceChanged),
            QMetaMethod::fromSignal(&SocketTap::unansweredProbesChanged),
            QMetaMethod::fromSignal(&SocketTap::roundTripTimeChanged),
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
QString objection(const SocketTap *guard, const QAbstractSocket *socket)
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
QString objection(const SocketTap *guard, const QObject *object, const QAbstractSocket *socket)
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

SocketTap::SocketTap(QObject *parent)
    : QObject(parent)
{
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    // Before Qt 6 such a type is known by its name, as QVariant and QSignalSpy look for it, only when
    // it has been asked for once. Costs one atomic load from then on.
    qMetaTypeId<ka::State>();
    qMetaTypeId<ka::LossReason>();
#endif
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

/// Ties the guard to the socket. Returns the descriptor of its connection, −1 for none.
std::int64_t SocketTap::tie(QAbstractSocket *socket)
{
    m_tie = std::make_shared<Tie>();
    m_tie->guard = this;
    m_tie->witness = new SocketWitness(socket, m_tie);
    return m_tie->witness->adopt();
}

/// Lets go of the socket.
void SocketTap::part()
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

QObject *SocketTap::socket() const
{
    if (m_owner)
        return m_owner->object();
    const SocketWitness *here = witness();
    return here ? here->socket() : nullptr;
}

void SocketTap::setSocket(QObject *object)
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
    const QPointer<SocketTap> alive(this);
    socketReplaced(object != nullptr, descriptor, m_inherited != nullptr);
    if (alive)
        m_inherited.reset();
    if (alive && isOwned() && m_owner->object() == object && !heartbeatPayload().isEmpty()) {
        refused(QStringLiteral("heartbeatPayload: %1 frames what it sends, so these bytes are not "
                               "written; send a ping on heartbeatDue()")
                        .arg(QLatin1String(object->metaObject()->className())));
    }
}

/// The owner may have made another socket.
void SocketTap::takeNewest()
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
void SocketTap::waitFor(QObject *object, QAbstractSocket *socket)
{
    auto *const waiting = new Waiting(object, socket, this);
    m_waiting = waiting;
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
bool SocketTap::isWaitedForBy(QAbstractSocket *socket) const
{
    for (int step = 0; socket && step < longestRing; ++step) {
        const SocketWitness *witness = SocketWitness::of(socket);
        const SocketTap *holder = witness ? witness->guardNearby() : nullptr;
        if (holder == this)
            return true;
        socket = holder && holder->m_waiting ? holder->m_waiting->socket() : nullptr;
    }
    return false;
}

void SocketTap::stopWaiting()
{
    if (m_waiting)
        std::exchange(m_waiting, nullptr)->stop();
}

/// What is waited for may be free now.
void SocketTap::tryAgain()
{
    QObject *object = m_waiting->object();
    auto *socket = qobject_cast<QAbstractSocket *>(object);
    if (!socket)
        socket = SocketOwner::newest(object);
    // An owner without a socket may still be the other guard's, which takes the next one.
    if (!socket || isAnothers(witness(), socket)) {
        m_waiting->watch(socket);
        return;
    }
    stopWaiting();
    if (m_owner && m_owner->object() == object)
        takeNewest();
    else
        setSocket(object);
}

void SocketTap::refuseAnothers()
{
    refused(QStringLiteral("socket: another KeepAlive guards it already"));
}

/// The owner is being destroyed. Its socket, or what else it had as a child, may be the first to tell.
void SocketTap::ownerGone(SocketOwner *owner)
{
    if (m_owner != owner)
        return;
    part();
    // The caller: it is in use until it is done.
    std::exchange(m_owner, nullptr)->deleteLater();
    socketReplaced(false, -1, false);
}

void SocketTap::adoptParent()
{
    QObject *object = parent();
    // Not just any object that happens to own one: it may own several, or be no client at all.
    if (object && (qobject_cast<QAbstractSocket *>(object) || SocketOwner::isKnown(object)))
        setSocket(object);
    else if (object)
        QMetaObject::invokeMethod(this, &SocketTap::missSocket, Qt::QueuedConnection);
}

/// A program that means its parent's socket would wait in silence. One that calls setSocket() does so
/// in the same turn of the event loop as a rule.
void SocketTap::missSocket()
{
    if (socket() || !parent())
        return;
    warn(QStringLiteral("guards nothing: its parent is a %1 and no socket; pass the socket to the "
                        "constructor, or call setSocket()")
                 .arg(QLatin1String(parent()->metaObject()->className())));
}

void SocketTap::warn(const QString &words) const
{
    log(words);
}

bool SocketTap::isOwned() const
{
    return m_owner && !m_owner->device();
}

std::int64_t SocketTap::descriptor() const
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

void SocketTap::dropWitness()
{
    if (SocketWitness *here = witness())
        here->letGo();
}

void SocketTap::lookIn(std::int64_t milliseconds, std::int64_t lateness)
{
    const std::chrono::milliseconds after(milliseconds);
    if (SocketWitness *here = witness()) {
        here->lookIn(milliseconds < 0 ? SocketWitness::never : after,
                     std::chrono::milliseconds(lateness));
    }
}

void SocketTap::hearReceived(bool hear)
{
    SocketWitness *here = witness();
    if (here && here->socket())
        here->hearReceived(hear);
}

void SocketTap::holdFound(std::int64_t enabled, std::int64_t idle, std::int64_t interval,
                          std::int64_t count, std::int64_t userTimeout,
                          std::int64_t retransmitWithin)
{
    if (SocketWitness *here = witness())
        here->hold({enabled, idle, interval, count, userTimeout, retransmitWithin});
}

std::int64_t SocketTap::inherited(std::int32_t number) const
{
    return m_inherited ? m_inherited->at(std::size_t(number)) : -1;
}

/// The socket that belongs to this tie died, or went away to another thread.
void SocketTap::socketGone(const Tie *tie, const QString &why)
{
    if (m_tie.get() != tie) // another one was set meanwhile
        return;
    m_tie.reset();
    const QPointer<SocketTap> alive(this);
    if (!m_owner)
        socketReplaced(false, -1, false);
    else if (m_owner->object())
        socketRenewed(-1);
    else
        ownerGone(m_owner);
    if (alive && !why.isEmpty())
        refused(why);
}

bool SocketTap::tells(const QString & /*why*/)
{
    return true;
}

void SocketTap::log(const QString &why) const
{
    logRefusal(this, why);
}

std::chrono::milliseconds SocketTap::patience() const
{
    return {};
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
            {Change::HeartbeatInterval, &SocketTap::heartbeatIntervalChanged},
            {Change::HeartbeatTimeout, &SocketTap::heartbeatTimeoutChanged},
            {Change::HeartbeatPayload, &SocketTap::heartbeatPayloadChanged},
            {Change::AbortOnLoss, &SocketTap::abortOnLossChanged},
            {Change::Capabilities, &SocketTap::capabilitiesChanged},
            {Change::Silence, &SocketTap::silenceChanged},
            {Change::UnansweredProbes, &SocketTap::unansweredProbesChanged},
            {Change::RoundTripTime, &SocketTap::roundTripTimeChanged},
            {Change::Suspected, &SocketTap::connectionSuspect},
            {Change::Recovered, &SocketTap::connectionRecovered},
    };
    // Any of these slots may delete the guard. The texts are copies: they may be the guard's own.
    const QPointer<SocketTap> alive(this);
    const QString detailCopy = detail; // NOLINT(performance-unnecessary-copy-initialization)
    const QString failureCopy = failure; // NOLINT(performance-unnecessary-copy-initialization)
    const auto has = [changes](Change change) {
        return (changes & static_cast<std::uint32_t>(change)) != 0;
    };
    const SocketWitness *here
            = has(Change::MustAbort) || has(Change::BeatDue) ? witness() : nullptr;
    const unsigned judged = here ? here->connections() : 0;
    const bool told = !failureCopy.isEmpty() && tells(failureCopy);
    logChanges(this, changes);
    if (told)
        log(failureCopy);
    if (loss != ka::LossReason::NoLoss)
        logLoss(this, witness() ? witness()->socket() : nullptr, loss, detailCopy);
    if (has(Change::State) && !m_display.isActive() && isDisplayed())
        QMetaObject::invokeMethod(this, &SocketTap::display, Qt::QueuedConnection);
    for (const Notify &notify : notifies) {
        if (!has(notify.change))
            continue;
        Q_EMIT(this->*notify.signal)();
        if (!alive)
            return;
    }
    if (told) {
        Q_EMIT applyFailed(failureCopy);
        if (!alive)
            return;
    }
    if (loss != ka::LossReason::NoLoss) {
        Q_EMIT connectionLost(loss, detailCopy);
        return;
    }
    if (has(Change::BeatDue))
        beat(judged);
    else if (has(Change::MustAbort))
        abort(judged, detailCopy);
}

/// Each of the two acts on the connection that the slots before may have closed or replaced.
///
/// The beat leaves at once: Qt would write it when the event loop turns, and should that take long,
/// the peer would be blamed for a beat that it has not got.
void SocketTap::beat(unsigned judged)
{
    const QByteArray payload = heartbeatPayload();
    SocketWitness *here = witness();
    if (!here || !here->guards(judged))
        return;
    const QPointer<SocketTap> alive(this);
    QIODevice *const device = m_owner ? m_owner->device() : here->socket();
    if (payload.isEmpty() || !device)
        Q_EMIT heartbeatDue();
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

void SocketTap::abort(unsigned judged, const QString &why)
{
    SocketWitness *here = witness();
    if (here && here->guards(judged))
        here->abort(why);
}

bool SocketTap::isDisplayed() const
{
    const auto &changing = displaySignals();
    return std::any_of(changing.begin(), changing.end(),
                       [this](const QMetaMethod &signal) { return isSignalConnected(signal); });
}

/// Brings what is displayed up to date, and goes on with that while there is something to see.
void SocketTap::display()
{
    if (!isDisplayed() || descriptor() == -1)
        m_display.stop();
    else if (!m_display.isActive())
        m_display.start(displayEvery, this);
    displayed();
}

/// May be called in any thread.
void SocketTap::connectNotify(const QMetaMethod &signal)
{
    const auto &changing = displaySignals();
    if (std::find(changing.begin(), changing.end(), signal) != changing.end())
        QMetaObject::invokeMethod(this, &SocketTap::display, Qt::QueuedConnection);
}

bool SocketTap::event(QEvent *event)
{
    // Qt loses track of a running timer whose object dies soon after it was moved.
    if (event->type() == QEvent::ThreadChange && m_display.isActive()) {
        m_display.stop();
        QMetaObject::invokeMethod(this, &SocketTap::display, Qt::QueuedConnection);
    }
    return QObject::event(event);
}

void SocketTap::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_display.timerId())
        display();
    else
        QObject::timerEvent(event);
}

} // namespace ka::detail
