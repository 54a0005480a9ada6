// SPDX-License-Identifier: MIT OR Apache-2.0
#include "look_timer.h"

#include "socket_witness.h"

#include <QtCore/qcoreevent.h>
#include <QtCore/qthreadstorage.h>

#include <algorithm>

namespace ka::detail {

namespace {

/// The last moment within the lateness that all looks like this one share. A wake-up costs a poll of
/// all the thread's sockets: few connections are looked at in time, thousands together. Each grid is
/// part of the finer ones.
LookTimer::Clock::time_point shared(LookTimer::Clock::time_point due,
                                    std::chrono::milliseconds lateness, std::size_t looks)
{
    const auto grid = lateness / (looks >= 4096 ? 1 : looks >= 512 ? 4 : 32);
    if (grid.count() <= 0)
        return due;
    return LookTimer::Clock::time_point((due + grid).time_since_epoch() / grid * grid);
}

/// How long the others wait at most when a slot does not return.
constexpr std::chrono::milliseconds nested{50};

} // namespace

std::shared_ptr<LookTimer> LookTimer::ofThisThread()
{
    static QThreadStorage<std::shared_ptr<LookTimer>> storage;
    if (!storage.hasLocalData())
        storage.setLocalData(std::make_shared<LookTimer>());
    return storage.localData();
}

LookTimer::Looks::iterator LookTimer::add(Clock::time_point due, SocketWitness *witness)
{
    const auto look = m_looks.emplace(due, witness);
    if (due < m_armed)
        arm();
    return look;
}

/// The timer stays armed: a wake-up for nothing is rarer than a look that is put off.
void LookTimer::remove(Looks::iterator look)
{
    m_looks.erase(look);
    if (m_looks.empty()) {
        m_timer.stop();
        m_armed = Clock::time_point::max();
    }
}

void LookTimer::arm()
{
    if (!m_looks.empty())
        armFor(m_looks.begin()->first);
}

void LookTimer::armFor(Clock::time_point time)
{
    using std::chrono::milliseconds;
    m_armed = time;
    const auto wait = std::chrono::ceil<milliseconds>(time - Clock::now());
    // Longer waits are cut: Qt counts in int.
    const auto bounded = std::clamp(wait, milliseconds(0), milliseconds(std::chrono::hours(24)));
    m_timer.start(int(bounded.count()), Qt::PreciseTimer, this);
}

void LookTimer::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId()) {
        QObject::timerEvent(event);
        return;
    }
    // A slot may stay in an event loop of its own for long: that one has to go on with the rest.
    const auto now = Clock::now();
    armFor(now + nested);
    while (!m_looks.empty() && m_looks.begin()->first <= now) {
        SocketWitness *witness = m_looks.begin()->second;
        witness->leavePlace();
        witness->look();
    }
    arm();
}

void LookPlace::schedule(std::chrono::milliseconds after, std::chrono::milliseconds lateness,
                         SocketWitness *witness)
{
    cancel();
    const std::shared_ptr<LookTimer> timer = LookTimer::ofThisThread();
    const auto due = LookTimer::Clock::now() + after;
    m_timer = timer;
    m_look = timer->add(shared(due, lateness, timer->size()), witness);
    m_scheduled = true;
}

void LookPlace::cancel()
{
    if (!m_scheduled)
        return;
    m_scheduled = false;
    if (const std::shared_ptr<LookTimer> timer = m_timer.lock())
        timer->remove(m_look);
}

} // namespace ka::detail
