// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/keepalive.h>

#include "qkeepalive/src/qobject.cxxqt.h"

#include "changes.h"
#include "refusal_teller.h"

#include <QtCore/qmetatype.h>
#include <QtCore/qpointer.h>

namespace ka {

using detail::Property;

KeepAlive::KeepAlive(QObject *parent)
    : QObject(parent)
    , d(new detail::GuardObject(this))
{
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    // Before Qt 6 such a type is known by its name, as QVariant and QSignalSpy look for it, only when
    // it has been asked for once. Costs one atomic load from then on.
    qMetaTypeId<ka::State>();
    qMetaTypeId<ka::LossReason>();
#endif
    d->adoptParent();
}

/// Not left to QObject, which would do it when this is no KeepAlive any more.
KeepAlive::~KeepAlive()
{
    delete d;
}

// --- Properties: their rows are in src/qobject/properties.rs -------------------------------------

QObject *KeepAlive::socket() const
{
    return d->socket();
}

void KeepAlive::setSocket(QObject *object)
{
    d->setSocket(object);
}

bool KeepAlive::enabled() const
{
    return d->number(Property::Enabled) != 0;
}

void KeepAlive::setEnabled(bool enabled)
{
    d->setNumber(Property::Enabled, enabled);
}

int KeepAlive::idle() const
{
    return d->number(Property::Idle);
}

void KeepAlive::setIdle(int milliseconds)
{
    d->setNumber(Property::Idle, milliseconds);
}

void KeepAlive::setIdle(std::chrono::milliseconds time)
{
    d->setNumber(Property::Idle, time.count());
}

int KeepAlive::interval() const
{
    return d->number(Property::Interval);
}

void KeepAlive::setInterval(int milliseconds)
{
    d->setNumber(Property::Interval, milliseconds);
}

void KeepAlive::setInterval(std::chrono::milliseconds time)
{
    d->setNumber(Property::Interval, time.count());
}

int KeepAlive::count() const
{
    return d->number(Property::Count);
}

void KeepAlive::setCount(int count)
{
    d->setNumber(Property::Count, count);
}

int KeepAlive::userTimeout() const
{
    return d->number(Property::UserTimeout);
}

void KeepAlive::setUserTimeout(int milliseconds)
{
    d->setNumber(Property::UserTimeout, milliseconds);
}

void KeepAlive::setUserTimeout(std::chrono::milliseconds time)
{
    d->setNumber(Property::UserTimeout, time.count());
}

int KeepAlive::detectWithin() const
{
    return d->number(Property::DetectWithin);
}

void KeepAlive::setDetectWithin(int milliseconds)
{
    d->setNumber(Property::DetectWithin, milliseconds);
}

void KeepAlive::setDetectWithin(std::chrono::milliseconds time)
{
    d->setNumber(Property::DetectWithin, time.count());
}

int KeepAlive::heartbeatInterval() const
{
    return d->number(Property::HeartbeatInterval);
}

void KeepAlive::setHeartbeatInterval(int milliseconds)
{
    d->setNumber(Property::HeartbeatInterval, milliseconds);
}

void KeepAlive::setHeartbeatInterval(std::chrono::milliseconds time)
{
    d->setNumber(Property::HeartbeatInterval, time.count());
}

int KeepAlive::heartbeatTimeout() const
{
    return d->number(Property::HeartbeatTimeout);
}

void KeepAlive::setHeartbeatTimeout(int milliseconds)
{
    d->setNumber(Property::HeartbeatTimeout, milliseconds);
}

void KeepAlive::setHeartbeatTimeout(std::chrono::milliseconds time)
{
    d->setNumber(Property::HeartbeatTimeout, time.count());
}

QByteArray KeepAlive::heartbeatPayload() const
{
    return d->heartbeatPayload();
}

void KeepAlive::setHeartbeatPayload(const QByteArray &payload)
{
    d->setHeartbeatPayload(payload);
}

bool KeepAlive::abortOnLoss() const
{
    return d->number(Property::AbortOnLoss) != 0;
}

void KeepAlive::setAbortOnLoss(bool abort)
{
    d->setNumber(Property::AbortOnLoss, abort);
}

ka::State KeepAlive::state() const
{
    return ka::State(d->number(Property::State));
}

ka::LossReason KeepAlive::lossReason() const
{
    return ka::LossReason(d->number(Property::LossReason));
}

QString KeepAlive::history() const
{
    return d->history();
}

QString KeepAlive::errorString() const
{
    return d->errorString();
}

int KeepAlive::detectionTime() const
{
    return d->number(Property::DetectionTime);
}

int KeepAlive::silence() const
{
    return d->number(Property::Silence);
}

int KeepAlive::unansweredProbes() const
{
    return d->number(Property::UnansweredProbes);
}

int KeepAlive::roundTripTime() const
{
    return d->number(Property::RoundTripTime);
}

QVariantMap KeepAlive::capabilities() const
{
    return d->capabilities();
}

void KeepAlive::connectNotify(const QMetaMethod &signal)
{
    d->displaySoon(signal);
}

namespace detail {

namespace {

using Signal = void (KeepAlive::*)();

template<typename What>
struct Notify
{
    What what;
    Signal signal;
};

constexpr Notify<Property> ofProperties[] = {
        {Property::Enabled, &KeepAlive::enabledChanged},
        {Property::Idle, &KeepAlive::idleChanged},
        {Property::Interval, &KeepAlive::intervalChanged},
        {Property::Count, &KeepAlive::countChanged},
        {Property::UserTimeout, &KeepAlive::userTimeoutChanged},
        {Property::DetectWithin, &KeepAlive::detectWithinChanged},
        {Property::HeartbeatInterval, &KeepAlive::heartbeatIntervalChanged},
        {Property::HeartbeatTimeout, &KeepAlive::heartbeatTimeoutChanged},
        {Property::AbortOnLoss, &KeepAlive::abortOnLossChanged},
        {Property::State, &KeepAlive::stateChanged},
        {Property::LossReason, &KeepAlive::lossReasonChanged},
        {Property::DetectionTime, &KeepAlive::detectionTimeChanged},
        {Property::Silence, &KeepAlive::silenceChanged},
        {Property::UnansweredProbes, &KeepAlive::unansweredProbesChanged},
        {Property::RoundTripTime, &KeepAlive::roundTripTimeChanged},
};

constexpr Notify<Change> ofOthers[] = {
        {Change::ErrorString, &KeepAlive::errorStringChanged},
        {Change::HeartbeatPayload, &KeepAlive::heartbeatPayloadChanged},
        {Change::Capabilities, &KeepAlive::capabilitiesChanged},
        {Change::Suspected, &KeepAlive::connectionSuspect},
        {Change::Recovered, &KeepAlive::connectionRecovered},
};

} // namespace

bool emitChanges(SocketGuard *guard, Changes changes)
{
    KeepAlive *const face = guard->face();
    const QPointer<SocketGuard> alive(guard);
    const auto emitEach = [&](const auto &table) {
        for (const auto &row : table) {
            if (changes.has(row.what) && alive)
                Q_EMIT(face->*row.signal)();
        }
    };
    if (changes.has(Change::Socket))
        Q_EMIT face->socketChanged();
    emitEach(ofProperties);
    emitEach(ofOthers);
    return alive;
}

void setRefusalTeller(KeepAlive *guard, RefusalTeller *teller)
{
    SocketGuard::of(guard)->setTeller(teller);
}

bool isRefused(const KeepAlive *guard, const QString &why)
{
    return SocketGuard::of(guard)->isRefused(why);
}

void tellRefusal(KeepAlive *guard, const QString &why)
{
    SocketGuard::of(guard)->publish(0, LossReason::NoLoss, {}, why);
}

} // namespace detail

} // namespace ka
