// SPDX-License-Identifier: MIT OR Apache-2.0
#include "stage.h"

#include <utility>

Stage::~Stage()
{
    finish();
}

QString Stage::start(const NetLab::Plan &plan)
{
    m_thread = std::thread([this, plan] { run(plan); });
    std::unique_lock<std::mutex> lock(m_mutex);
    m_wakes.wait(lock, [this] { return m_started; });
    return m_trouble;
}

void Stage::act(Stamp::Kind kind, int number, const QString &text, const Action &action)
{
    const std::lock_guard<std::mutex> lock(m_mutex);
    m_tasks.push_back({{kind, 0, 0, number, text, {}, {}}, action});
    m_wakes.notify_all();
}

QString Stage::finish()
{
    if (!m_thread.joinable())
        return m_trouble;
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_ends = true;
        m_wakes.notify_all();
    }
    m_thread.join();
    return m_trouble;
}

void Stage::run(const NetLab::Plan &plan)
{
    // Its processes are this thread's, and end with it.
    NetLab lab;
    const QString refusal = lab.start(plan);
    if (refusal.isEmpty())
        lab.echo();
    std::unique_lock<std::mutex> lock(m_mutex);
    m_trouble = refusal;
    m_serverAddress = lab.serverAddress();
    m_started = true;
    m_wakes.notify_all();
    if (!refusal.isEmpty())
        return;
    for (;;) {
        m_wakes.wait(lock, [this] { return m_ends || !m_tasks.empty(); });
        if (m_ends)
            break;
        Task task = std::move(m_tasks.front());
        m_tasks.pop_front();
        lock.unlock();
        play(task, lab);
        lock.lock();
    }
    m_trouble = lab.trouble();
}

void Stage::play(Task &task, NetLab &lab)
{
    const Stamp::Kind kind = task.stamp.kind;
    // A program that hangs, or is gone, does not obey.
    const bool ofPath = kind == Stamp::Cut || kind == Stamp::LinkDown || kind == Stamp::Healed;
    if (!ofPath && kind != Stamp::Continued && !m_peerRuns)
        return;
    if (kind == Stamp::Continued && m_peerEnded)
        return;
    note(kind, false);
    task.stamp.before = m_clock.now();
    task.action(lab);
    task.stamp.after = m_clock.now();
    note(kind, true);
    if (kind == Stamp::Ends && task.stamp.number != 0) {
        m_peerEnded = true;
        m_peerRuns = false;
    }
    m_stamps.push_back(task.stamp);
}

/// A way is well from after it was healed until before it is cut.
void Stage::note(Stamp::Kind kind, bool done)
{
    if (!done && (kind == Stamp::Cut || kind == Stamp::LinkDown))
        m_pathIsWell = false;
    else if (done && kind == Stamp::Healed)
        m_pathIsWell = true;
    else if (!done && kind == Stamp::Stopped)
        m_peerRuns = false;
    else if (done && kind == Stamp::Continued)
        m_peerRuns = true;
}
