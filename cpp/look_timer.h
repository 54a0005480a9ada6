// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/qbasictimer.h>
#include <QtCore/qobject.h>

#include <chrono>
#include <map>
#include <memory>

namespace ka::detail {

class SocketWitness;

/// Calls each witness of one thread when its look is due, with one timer for all of them.
class LookTimer : public QObject
{
    Q_OBJECT

public:
    using Clock = std::chrono::steady_clock;
    using Looks = std::multimap<Clock::time_point, SocketWitness *>;

    /// That of the calling thread. It ends with the thread; who waits for it holds it weakly.
    static std::shared_ptr<LookTimer> ofThisThread();

    Looks::iterator add(Clock::time_point due, SocketWitness *witness);
    void remove(Looks::iterator look);
    std::size_t size() const { return m_looks.size(); }

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void arm();
    void armFor(Clock::time_point time);

    Looks m_looks;
    QBasicTimer m_timer;
    Clock::time_point m_armed = Clock::time_point::max();
};

/// One witness's place among the looks of its thread.
class LookPlace
{
public:
    LookPlace() = default;
    ~LookPlace() { cancel(); }
    Q_DISABLE_COPY_MOVE(LookPlace)

    /// Looks that may be late share one wake-up.
    void schedule(std::chrono::milliseconds after, std::chrono::milliseconds lateness,
                  SocketWitness *witness);
    void cancel();

private:
    std::weak_ptr<LookTimer> m_timer;
    LookTimer::Looks::iterator m_look;
    bool m_scheduled = false;
};

} // namespace ka::detail
