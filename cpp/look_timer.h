// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/qbasictimer.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace ka::detail {

class SocketWitness;

class LookPlace;

/// Calls each witness of one thread when its look is due, with one timer for all of them.
class LookTimer : public QObject
{
    Q_OBJECT

public:
    using Clock = std::chrono::steady_clock;
    /// Those that are due at one moment; of thousands of looks most share theirs.
    using Looks = std::map<Clock::time_point, std::vector<LookPlace *>>;

    /// That of the calling thread. It ends with the thread; who waits for it holds it weakly.
    static std::shared_ptr<LookTimer> ofThisThread();

    void add(Clock::time_point due, LookPlace *place);
    void remove(LookPlace *place);
    std::size_t size() const { return m_size; }

protected:
    void timerEvent(QTimerEvent *event) override;
    void customEvent(QEvent *event) override;

private:
    void arm();
    void armFor(Clock::time_point time);

    Looks m_looks;
    std::size_t m_size = 0;
    QBasicTimer m_timer;
    Clock::time_point m_armed = Clock::time_point::max();
    bool m_waiting = false;
};

/// A witness's place among the looks of its thread: a base of the witness, of which there are thousands.
class LookPlace
{
public:
    LookPlace() = default;
    ~LookPlace() { cancel(); }
    Q_DISABLE_COPY_MOVE(LookPlace)

    /// Looks that may be late share one wake-up.
    void schedule(std::chrono::milliseconds after, std::chrono::milliseconds lateness);
    void cancel();

private:
    friend class LookTimer;

    std::weak_ptr<LookTimer> m_timer;
    LookTimer::Looks::iterator m_moment;
    std::uint32_t m_index = 0;
    bool m_scheduled = false;
};

} // namespace ka::detail
