// SPDX-License-Identifier: MIT OR Apache-2.0
#include "plan.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using Event = Plan::Event;

/// The same on every machine, which the standard's distributions are not.
class Random
{
public:
    explicit Random(quint64 seed)
        : m_engine(seed)
    {
    }
    int between(int least, int most) { return least + int(m_engine() % quint64(most - least + 1)); }
    bool percent(int percent) { return between(0, 99) < percent; }
    /// Small ones as often as large ones.
    int magnitude(int least, int most)
    {
        const double part = between(0, 1000) / 1000.0;
        return int(least * std::pow(double(most) / least, part));
    }

private:
    std::mt19937_64 m_engine;
};

class Generator
{
public:
    Generator(Plan &plan, Random &random)
        : m_plan(plan)
        , m_random(random)
    {
    }

    void run()
    {
        background();
        // A connection is left alone for a while first.
        for (int at = m_random.between(500, 3000); at < m_plan.length - 2000;) {
            thing(at);
            at += m_random.magnitude(50, m_plan.length / 4);
        }
        std::stable_sort(m_plan.events.begin(), m_plan.events.end(),
                         [](const Event &one, const Event &other) { return one.at < other.at; });
    }

private:
    void add(int at, Event::What what, int a = 0, int b = 0, int c = 0)
    {
        m_plan.events.push_back({at, what, a, b, c});
    }

    int within() { return m_random.percent(70) ? 1000 * m_random.between(4, 8) : anyWithin(); }
    int anyWithin() { return m_random.magnitude(4000, 30000); }
    /// About as long as the promise.
    int someTime()
    {
        const int most = std::max(4000, m_plan.detectWithin);
        return m_random.between(most / 20, most * 5 / 4);
    }

    /// What happens for good happens late, lest the rest of the life be empty.
    bool isLate(int at) const { return at > m_plan.length / 2; }

    void background()
    {
        if (m_plan.quiet)
            return;
        if (m_random.percent(40))
            add(m_random.between(0, 2000), Event::Write, m_random.magnitude(300, 10000),
                m_random.magnitude(1, 4096), 1000);
        if (m_random.percent(25))
            add(m_random.between(0, 2000), Event::Speak, m_random.magnitude(300, 10000),
                m_random.magnitude(1, 4096), 1000);
    }

    void thing(int at)
    {
        switch (m_random.between(0, 24)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
            return outage(at);
        case 6:
        case 7:
        case 8:
        case 9:
        case 10:
            return setting(at);
        case 11:
        case 12:
        case 13:
            return rhythm(at, Event::Write);
        case 14:
            return rhythm(at, Event::Speak);
        case 15:
        case 16:
        case 17:
            return peer(at);
        case 18:
            return add(at, Event::Lag, m_random.percent(50) ? 0 : m_random.magnitude(10, 1500));
        case 19:
            return add(at, Event::NoDelay, m_random.between(0, 1));
        case 20:
        case 21:
            return add(at, Event::Block, m_random.magnitude(20, 2000));
        case 22:
            add(at, Event::LetGo);
            return add(at + someTime(), Event::ComeBack);
        case 23:
            return add(at, Event::NewGuard);
        default:
            return end(at);
        }
    }

    void rhythm(int at, Event::What what)
    {
        if (m_plan.quiet)
            return;
        const int bytes = m_random.magnitude(1, 65536);
        const int most = std::max(1, std::min(40, 512 * 1024 / bytes));
        add(at, what, m_random.magnitude(5, 5000), bytes, m_random.magnitude(1, most));
    }

    /// One outage at a time, so that it is known what a way that is healed is like.
    void outage(int at)
    {
        if (at < m_pathFree)
            return;
        static const Plan::Way ways[]
                = {Plan::Both, Plan::Both, Plan::Both, Plan::Out, Plan::Out, Plan::In, Plan::Link};
        add(at, Event::Cut, ways[m_random.between(0, 6)]);
        if (m_random.percent(40))
            rhythm(at + m_random.between(0, 2000), Event::Write);
        if (m_random.percent(15))
            add(at + m_random.between(0, 2000), Event::Close);
        if (isLate(at) && m_random.percent(50)) {
            m_pathFree = m_plan.length; // for good
            return;
        }
        const int to = at + someTime();
        add(to, Event::Heal);
        m_pathFree = to + 200;
    }

    void peer(int at)
    {
        if (at < m_peerFree)
            return;
        const bool reads = m_random.percent(50);
        add(at, reads ? Event::Stop : Event::Hold);
        if (!reads && !m_plan.quiet)
            add(at, Event::Write, 20, 65536, m_random.between(1, 20));
        if (isLate(at) && m_random.percent(50)) {
            m_peerFree = m_plan.length;
            return;
        }
        const int to = at + someTime();
        add(to, reads ? Event::Continue : Event::Read);
        m_peerFree = to + 200;
    }

    void end(int at)
    {
        if (m_random.percent(40))
            return add(at, Event::Close);
        if (at < m_peerFree)
            return;
        static const Event::What ends[] = {Event::Finish, Event::Reset, Event::Die};
        const Event::What what = ends[m_random.between(0, isLate(at) ? 2 : 1)];
        add(at, what);
        if (what == Event::Die)
            m_peerFree = m_plan.length;
    }

    void setting(int at)
    {
        switch (m_random.between(0, 9)) {
        case 0:
        case 1:
        case 2:
            return add(at, Event::DetectWithin, within());
        case 3:
            add(at, Event::DetectWithin, 0);
            return add(at + m_random.magnitude(1, 5000), Event::DetectWithin, within());
        case 4:
        case 5:
            return add(at, Event::Slider, anyWithin(), within());
        case 6:
            add(at, Event::Enabled, 0);
            return add(at + m_random.magnitude(1, 5000), Event::Enabled, 1);
        case 7:
        case 8:
            if (m_plan.quiet)
                return;
            return add(at, Event::HeartbeatInterval,
                       m_random.percent(70) ? m_random.magnitude(500, 5000) : 0);
        default:
            return add(at, Event::HeartbeatTimeout,
                       m_random.percent(70) ? m_random.magnitude(1000, 12000) : 0);
        }
    }

    Plan &m_plan;
    Random &m_random;
    /// From when on another thing may happen to it.
    int m_pathFree = 0;
    int m_peerFree = 0;
};

} // namespace

Plan Plan::generate(quint64 seed, int length)
{
    Random random(seed);
    for (int i = 0; i < 8; ++i)
        random.between(0, 1); // neighbours among the seeds begin alike
    Plan plan;
    plan.seed = seed;
    plan.length = length;
    plan.accepted = random.percent(20);
    plan.tls = !plan.accepted && random.percent(20);
    plan.guardFirst = random.percent(50);
    plan.ownOptions = !plan.accepted && !plan.guardFirst && random.percent(30);
    plan.delay = random.percent(25) ? random.between(50, 150) : 0;
    plan.detectWithin
            = random.percent(70) ? 1000 * random.between(4, 8) : random.magnitude(4000, 30000);
    plan.quiet = random.percent(35);
    if (!plan.quiet && random.percent(30)) {
        plan.heartbeatInterval = random.magnitude(500, 4000);
        if (random.percent(50))
            plan.heartbeatTimeout = plan.heartbeatInterval * random.between(15, 40) / 10;
    }
    Generator(plan, random).run();
    // From numbers of their own: what is said of a seed stays true of the rest of its life.
    Random path(~seed);
    plan.ipv6 = path.percent(40);
    plan.loss = path.percent(20) ? path.between(1, 8) : 0;
    return plan;
}

QString Plan::toText() const
{
    static const char *const names[] = {"detectWithin",
                                        "slider",
                                        "enabled",
                                        "heartbeatInterval",
                                        "heartbeatTimeout",
                                        "noDelay",
                                        "write",
                                        "block",
                                        "let go",
                                        "come back",
                                        "new guard",
                                        "close",
                                        "speak",
                                        "lag",
                                        "hold",
                                        "read",
                                        "stop",
                                        "continue",
                                        "finish",
                                        "reset",
                                        "die",
                                        "cut",
                                        "heal"};
    QString text = QStringLiteral("Seed %1: %2 s, tls %3, accepted %4, guard first %5, own options "
                                  "%6, one way %7 ms, within %8, beats %9")
                           .arg(seed)
                           .arg(length / 1000)
                           .arg(int(tls))
                           .arg(int(accepted))
                           .arg(int(guardFirst))
                           .arg(int(ownOptions))
                           .arg(delay)
                           .arg(detectWithin)
                           .arg(heartbeatInterval)
                 + QStringLiteral(" / %1, IPv%2, %3 % lost\n")
                           .arg(heartbeatTimeout)
                           .arg(ipv6 ? 6 : 4)
                           .arg(loss);
    for (const Event &event : events) {
        text += QStringLiteral("%1  %2 %3 %4 %5\n")
                        .arg(event.at / 1000.0, 9, 'f', 3)
                        .arg(QLatin1String(names[event.what]))
                        .arg(event.a)
                        .arg(event.b)
                        .arg(event.c);
    }
    return text;
}
