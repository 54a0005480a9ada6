// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "record.h"

#include <netlab.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

/// The clock of a life.
class Clock
{
public:
    qint64 now() const
    {
        using std::chrono::steady_clock;
        return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - m_began)
                .count();
    }

private:
    std::chrono::steady_clock::time_point m_began = std::chrono::steady_clock::now();
};

/// The laboratory on a thread of its own, where it waits for its tools and holds up nobody. Writes
/// down what it did, and before and after what time.
class Stage
{
public:
    using Action = std::function<void(NetLab &)>;

    explicit Stage(const Clock &clock)
        : m_clock(clock)
    {
    }
    ~Stage();
    Q_DISABLE_COPY_MOVE(Stage)

    /// Returns why not, or nothing.
    QString start(const NetLab::Plan &plan);
    /// Does it when all before is done.
    void act(Stamp::Kind kind, int number, const QString &text, const Action &action);
    /// Does all that is left, and takes the laboratory down. Returns what did not work, if anything.
    QString finish();
    /// What was done; after finish().
    const std::vector<Stamp> &stamps() const { return m_stamps; }

    QString serverAddress() const { return m_serverAddress; }
    /// Whether a connection can be made.
    bool isOpen() const { return m_pathIsWell && m_peerRuns; }

private:
    struct Task
    {
        Stamp stamp;
        Action action;
    };

    void run(const NetLab::Plan &plan);
    void play(Task &task, NetLab &lab);
    void note(Stamp::Kind kind, bool done);

    const Clock &m_clock;
    std::thread m_thread;
    std::mutex m_mutex;
    std::condition_variable m_wakes;
    std::deque<Task> m_tasks;
    bool m_started = false;
    bool m_ends = false;
    QString m_trouble;
    QString m_serverAddress;
    std::vector<Stamp> m_stamps;
    bool m_peerEnded = false;
    std::atomic<bool> m_pathIsWell{true};
    std::atomic<bool> m_peerRuns{true};
};
