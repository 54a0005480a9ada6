// SPDX-License-Identifier: MIT OR Apache-2.0
#include "look_timer.h"

#include "own_descriptor.h"
#include "socket_witness.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qthreadstorage.h>

#include <algorithm>
#include <utility>

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

void LookTimer::add(Clock::time_point due, LookPlace *place)
{
    place->m_moment = m_looks.try_emplace(due).first;
    place->m_index = std::uint32_t(place->m_moment->second.size());
    place->m_moment->second.push_back(place);
    ++m_size;
    if (due < m_armed)
        arm();
}

/// The timer stays armed: a wake-up for nothing is rarer than a look that is put off.
void LookTimer::remove(LookPlace *place)
{
    std::vector<LookPlace *> &others = place->m_moment->second;
    others.back()->m_index = place->m_index;
    others[place->m_index] = others.back();
    others.pop_back();
    if (others.empty())
        m_looks.erase(place->m_moment);
    if (--m_size == 0) {
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
    // A thread that only blocks has no timers. Should it get a loop, this is among the first events.
    if (!QAbstractEventDispatcher::instance()) {
        if (!std::exchange(m_waiting, true))
            QCoreApplication::postEvent(this, new QEvent(QEvent::User));
        return;
    }
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
    makeRoom();
    // A slot may stay in an event loop of its own for long: that one has to go on with the rest.
    const auto now = Clock::now();
    armFor(now + nested);
    while (!m_looks.empty() && m_looks.begin()->first <= now) {
        LookPlace *place = m_looks.begin()->second.back();
        auto *witness = static_cast<SocketWitness *>(place);
        place->cancel();
        witness->look();
    }
    arm();
}

void LookTimer::customEvent(QEvent * /*event*/)
{
    m_waiting = false;
    arm();
}

void LookPlace::schedule(std::chrono::milliseconds after, std::chrono::milliseconds lateness)
{
    cancel();
    const std::shared_ptr<LookTimer> timer = LookTimer::ofThisThread();
    const auto due = shared(LookTimer::Clock::now() + after, lateness, timer->size());
    m_timer = timer;
    m_scheduled = true;
    timer->add(due, this);
}

void LookPlace::cancel()
{
    if (!m_scheduled)
        return;
    m_scheduled = false;
    if (const std::shared_ptr<LookTimer> timer = m_timer.lock())
        timer->remove(this);
}

} // namespace ka::detail
