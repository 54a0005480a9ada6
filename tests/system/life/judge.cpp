// SPDX-License-Identifier: MIT OR Apache-2.0
#include "judge.h"

#include <ka/config.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>

namespace {

constexpr qint64 ms = 1000;
constexpr qint64 second = 1000 * ms;
constexpr qint64 never = -1000 * second;
constexpr qint64 openEnd = 1000000 * second;
/// The kernel's grain, and that of the looks.
constexpr qint64 grain = 30 * ms;
/// With less the life itself was in time.
constexpr qint64 inTime = 50 * ms;

/// From before the one to after the other something was not well; for certain from after to before.
struct Interval
{
    qint64 fromBefore;
    qint64 fromAfter;
    qint64 toBefore = openEnd;
    qint64 toAfter = openEnd;
    bool link = false;

    bool mayHold(qint64 at) const { return at >= fromBefore && at < toAfter; }
};

using Intervals = std::vector<Interval>;

/// What is promised of the peer's kernel.
struct Promise
{
    qint64 within;
    qint64 idle;
    qint64 interval;
};

std::optional<Promise> promiseOf(const Settings &settings)
{
    if (!settings.enabled || settings.detectWithin <= 0)
        return {};
    std::error_code none;
    const ka::Config config
            = ka::Config::detectWithin(std::chrono::milliseconds(settings.detectWithin), none);
    if (none || !config.idle || !config.interval)
        return {};
    return Promise{config.detectionTime().count() * ms, config.idle->count() * ms,
                   config.interval->count() * ms};
}

struct Rhythm
{
    qint64 interval;
    qint64 timeout;
};

std::optional<Rhythm> rhythmOf(const Settings &it)
{
    if (!it.enabled || it.heartbeatInterval <= 0)
        return {};
    const int timeout = it.heartbeatTimeout > 0 ? it.heartbeatTimeout : 2 * it.heartbeatInterval;
    // A pair that cannot be is not in force.
    if (timeout <= it.heartbeatInterval)
        return {};
    return Rhythm{it.heartbeatInterval * ms, timeout * ms};
}

QString seconds(qint64 us)
{
    return QString::number(double(us) / 1e6, 'f', 3) + QStringLiteral(" s");
}

class Judge
{
public:
    explicit Judge(const Record &record)
        : m_record(record)
    {
        m_cuts = intervals(Stamp::Cut, Stamp::Healed);
        const Intervals links = intervals(Stamp::LinkDown, Stamp::Healed);
        for (Interval link : links) {
            link.link = true;
            m_cuts.push_back(link);
        }
        m_hangs = intervals(Stamp::Stopped, Stamp::Continued);
        m_holds = intervals(Stamp::Holds, Stamp::Reads);
    }

    Verdict run()
    {
        auto sample = m_record.samples.begin();
        for (const Stamp &stamp : m_record.stamps) {
            for (; sample != m_record.samples.end() && sample->at <= stamp.before; ++sample)
                look(*sample);
            happen(stamp);
        }
        for (; sample != m_record.samples.end(); ++sample)
            look(*sample);
        return m_verdict;
    }

private:
    Intervals intervals(Stamp::Kind begin, Stamp::Kind end) const
    {
        Intervals all;
        bool open = false;
        for (const Stamp &stamp : m_record.stamps) {
            if (stamp.kind == begin && !open) {
                all.push_back({stamp.before, stamp.after});
                open = true;
            } else if (stamp.kind == end && open) {
                all.back().toBefore = stamp.before;
                all.back().toAfter = stamp.after;
                open = false;
            }
        }
        return all;
    }

    void wrong(qint64 at, const QString &what)
    {
        m_verdict.wrong << seconds(at) + QStringLiteral(": ") + what + figures(at);
    }

    QString figures(qint64 at) const
    {
        return QStringLiteral(
                       " (within %1, silent for %2, no data for %3, nothing taken for %4, path "
                       "well for %5, late by %6)")
                .arg(seconds(m_settings.detectWithin * ms), seconds(at - m_heard),
                     seconds(at - m_data), seconds(at - m_progress), seconds(wellFor(m_cuts, at)),
                     seconds(lateness(at)));
    }

    /// For how long none of them may have held.
    static qint64 wellFor(const Intervals &all, qint64 at)
    {
        qint64 last = never;
        for (const Interval &it : all) {
            if (it.mayHold(at))
                return 0;
            if (it.toAfter <= at)
                last = std::max(last, it.toAfter);
        }
        return at - last;
    }

    /// How late this process was, at worst, in about the time of a promise.
    qint64 lateness(qint64 at) const
    {
        const qint64 from = at - std::max(m_settings.detectWithin * ms, 6 * second) - 2 * second;
        qint64 most = 0;
        for (auto it = m_record.samples.rbegin(); it != m_record.samples.rend(); ++it) {
            if (it->at < from)
                break;
            if (it->at <= at + second)
                most = std::max(most, it->late);
        }
        return most;
    }

    /// How long an answer may take.
    qint64 answer() const
    {
        return std::max({m_last.roundTrip + 4 * m_last.variation, m_record.roundTrip, 50 * ms});
    }
    bool hasData() const { return m_last.unacked > 0 || m_last.unsent > 0; }

    /// How long a path has to be well before a verdict over it is wrong whatever was before.
    qint64 longEnough(qint64 within, qint64 at) const
    {
        qint64 stimulus = std::max(within / 6, second);
        if (hasData())
            stimulus = std::max(stimulus, m_longestSpacing);
        return stimulus + 2 * m_record.roundTrip + 4 * m_last.variation + 600 * ms + lateness(at);
    }

    // --- In time ---

    bool isJudged() const
    {
        return m_connected && m_guarded && m_settings.enabled && m_told == 0 && !m_closing;
    }

    void look(const Sample &sample)
    {
        if (!m_connected)
            return;
        m_heard = std::max(m_heard, sample.at - sample.silence);
        m_data = std::max(m_data, sample.at - sample.noData);
        const bool waits = sample.unacked > 0 || sample.unsent > 0;
        if (waits && !hasData())
            m_waitsSince = sample.at;
        // A beat that was due meanwhile could leave no earlier.
        if (!waits && hasData() && sample.at - m_waitsSince > second)
            m_cleared = sample.at;
        if (sample.acknowledged != m_last.acknowledged || !waits) {
            m_progress = sample.at;
            m_longestSpacing = 0;
        }
        if (waits)
            m_longestSpacing = std::max(m_longestSpacing, sample.spacing);
        if (!sample.asks)
            m_beatingSince = sample.at;
        m_last = sample;
        if (!isJudged() || m_foundLate)
            return;
        checkSilence(sample.at);
        checkBeats(sample.at);
    }

    void overdue(qint64 now, qint64 by, const QString &what)
    {
        const qint64 late = lateness(now);
        if (now <= by + late)
            return;
        m_foundLate = true;
        if (late < inTime)
            wrong(now, what);
        else
            m_verdict.late << seconds(now) + QStringLiteral(": ") + what + figures(now);
    }

    void checkSilence(qint64 now)
    {
        const auto promise = promiseOf(m_settings);
        // The round trip has to leave time for an answer; the guard says so if not.
        if (!promise || promise->within <= promise->idle + 2 * answer())
            return;
        qint64 from = std::max(m_heard, m_since);
        for (const Interval &cut : m_cuts) {
            // Where this host itself cannot send there is nothing that could be answered.
            if (cut.link && cut.fromBefore <= now)
                from = std::max(from, std::min(now, cut.toAfter));
        }
        const auto [within, idle, interval] = *promise;
        // The first probe is late by up to an eighth, and two are unanswered in a verdict.
        const qint64 second_ = within >= idle + 2 * interval ? interval + interval / 16 : 0;
        qint64 span = std::max(within, idle + idle / 8 + second_) + 100 * ms + 2 * answer();
        if (hasData()) {
            span += m_longestSpacing;
            span = std::max(span, 2 * (m_longestSpacing + answer()) + second);
        }
        const qint64 owed = within - idle;
        overdue(now, std::max(from + span, m_free + owed + 500 * ms + 2 * answer()),
                QStringLiteral("not told after a silence of %1").arg(seconds(now - from)));
    }

    void checkBeats(qint64 now)
    {
        const auto rhythm = rhythmOf(m_settings);
        if (!rhythm)
            return;
        const qint64 silent = std::max(m_data, m_beatingSince);
        const qint64 span = rhythm->timeout + rhythm->interval + 100 * ms + 2 * answer();
        // A beat behind what the peer's kernel still takes has to wait for its turn.
        const qint64 moved = hasData() ? m_progress : m_cleared;
        for (const Intervals *mute : {&m_cuts, &m_hangs}) {
            for (const Interval &it : *mute) {
                if (it.fromAfter > now || it.toBefore <= now)
                    continue;
                const qint64 by = std::max({silent, it.fromAfter, moved, m_free}) + span;
                overdue(now, by,
                        QStringLiteral("not told though the program was silent for %1")
                                .arg(seconds(now - silent)));
            }
        }
    }

    // --- Verdicts ---

    void lost(const Stamp &stamp)
    {
        const qint64 at = stamp.before;
        ++m_verdict.losses;
        if (++m_told > 1)
            return wrong(at, QStringLiteral("one loss was told twice"));
        if (!m_guarded || !m_settings.enabled)
            return wrong(at, QStringLiteral("a loss was told while switched off"));
        if (m_closing && !m_peerEnded)
            return wrong(at, QStringLiteral("a loss was told of a close of this side's own"));
        switch (stamp.reason) {
        case ka::LossReason::PeerClosed:
        case ka::LossReason::PeerReset:
            if (!m_peerEnded && !(stamp.reason == ka::LossReason::PeerReset && isHalfMade()))
                wrong(at, QStringLiteral("the peer has ended nothing"));
            return;
        case ka::LossReason::NetworkUnreachable:
            return checkUnreachable(at);
        case ka::LossReason::HeartbeatMissed:
            if (!rhythmOf(m_settings))
                wrong(at, QStringLiteral("missed beats that nobody has asked for"));
            return checkOwn(at);
        case ka::LossReason::ProbesUnanswered:
        case ka::LossReason::DataUnacknowledged:
            return checkOwn(at);
        default:
            wrong(at, QStringLiteral("a loss without a reason"));
        }
    }

    /// Whether the path was cut before the last segment of the handshake had surely arrived. The peer may
    /// have given the connection up since, and resets what it does not know.
    bool isHalfMade() const
    {
        return std::any_of(m_cuts.begin(), m_cuts.end(), [this](const Interval &it) {
            return it.fromBefore <= m_connectedAt + 2 * answer() && it.toAfter >= m_connectedAt;
        });
    }

    void checkUnreachable(qint64 at)
    {
        const bool cut = std::any_of(m_cuts.begin(), m_cuts.end(), [this, at](const Interval &it) {
            return (it.link || m_record.neighbours) && it.fromBefore <= at;
        });
        if (!cut)
            wrong(at, QStringLiteral("the network had no reason to say so"));
        if (const auto promise = promiseOf(m_settings); promise)
            checkPath(at, *promise);
    }

    void checkWarned(qint64 at)
    {
        // Who was blocked meets what the kernel has decided.
        const bool blocked
                = at - m_free < m_settings.detectWithin * ms / 2 || lateness(at) > inTime;
        if (!m_suspect && !blocked)
            wrong(at, QStringLiteral("lost without a warning"));
    }

    /// By whichever of the two promises: the reason says what was seen, not what was due.
    void checkOwn(qint64 at)
    {
        const auto promise = promiseOf(m_settings);
        const auto rhythm = rhythmOf(m_settings);
        // Without either it is the kernel's verdict, by the system's own values.
        if (!promise && !rhythm)
            return;
        checkWarned(at);
        const bool silent = promise && isOverdue(at, *promise);
        const bool missed = rhythm && isBeatMissed(at, *rhythm);
        if (!silent && !missed)
            wrong(at, QStringLiteral("heard within the time, and lost"));
        else if (missed)
            checkAnswers(at, promise ? promise->within : rhythm->timeout, *rhythm);
        else
            checkPath(at, *promise);
    }

    bool isOverdue(qint64 at, const Promise &promise) const
    {
        const qint64 least = promise.within - grain;
        return at - m_heard >= least || (hasData() && at - m_progress >= least);
    }

    bool isBeatMissed(qint64 at, const Rhythm &rhythm) const
    {
        return at - m_data >= rhythm.timeout - grain && at >= m_spared - grain;
    }

    void checkPath(qint64 at, const Promise &promise)
    {
        // What such a path loses may be each of the last answers.
        if (!m_record.lossy && promise.within > promise.idle + 2 * answer()
            && wellFor(m_cuts, at) >= longEnough(promise.within, at))
            wrong(at, QStringLiteral("lost though it lives over a path that is well"));
    }

    void checkAnswers(qint64 at, qint64 within, const Rhythm &rhythm)
    {
        const qint64 needed = longEnough(within, at) + m_lag + answer() + rhythm.interval;
        const bool answers = m_lag + answer() + lateness(at) < rhythm.timeout - rhythm.interval;
        const qint64 well = std::min(
                {wellFor(m_cuts, at), wellFor(m_hangs, at), wellFor(m_holds, at), at - m_lagSince});
        if (!m_record.lossy && answers && !hasData() && well >= needed)
            wrong(at, QStringLiteral("lost by the heart-beat though its program answers"));
    }

    // --- What happens ---

    void happen(const Stamp &stamp)
    {
        const qint64 now = stamp.after;
        switch (stamp.kind) {
        case Stamp::Connected:
            ++m_verdict.connections;
            m_connected = true;
            m_peerEnded = m_closing = m_suspect = m_foundLate = false;
            m_told = 0;
            m_heard = m_data = m_progress = m_free = m_connectedAt = now;
            m_longestSpacing = m_waitsSince = m_cleared = 0;
            m_last = {};
            break;
        case Stamp::Guarded:
            m_guarded = true;
            m_suspect = m_foundLate = false;
            m_since = m_beatingSince = now;
            m_settings = stamp.settings;
            m_spared = now + patience();
            break;
        case Stamp::Set:
            set(stamp);
            break;
        case Stamp::LetGo:
            m_guarded = false;
            if (!stamp.text.isEmpty())
                wrong(now, QStringLiteral("left behind: ") + stamp.text);
            break;
        case Stamp::Closes:
            m_closing = true;
            break;
        case Stamp::Blocked:
            m_free = now;
            break;
        case Stamp::Suspect:
            m_suspect = true;
            break;
        case Stamp::Recovered:
            m_suspect = false;
            break;
        case Stamp::Lost:
            lost(stamp);
            break;
        case Stamp::Disconnected:
            if (m_connected && isJudged())
                wrong(now, QStringLiteral("a loss was not told"));
            m_connected = false;
            break;
        case Stamp::Ends:
            m_peerEnded = m_connected;
            break;
        case Stamp::Lags:
            m_lag = std::max(m_lag, stamp.number * ms);
            m_lagSince = now;
            break;
        default:
            break;
        }
    }

    void set(const Stamp &stamp)
    {
        const Settings &before = m_settings;
        const Settings &after = stamp.settings;
        const bool changed
                = before.enabled != after.enabled || before.detectWithin != after.detectWithin;
        const bool beats = before.enabled != after.enabled
                        || before.heartbeatInterval != after.heartbeatInterval
                        || before.heartbeatTimeout != after.heartbeatTimeout;
        if (changed || beats)
            m_since = stamp.after;
        const auto promised = rhythmOf(before);
        m_settings = after;
        if (beats) {
            m_beatingSince = stamp.after;
            // Asked anew, or by the end that was promised until now, whichever comes first.
            const qint64 anew = stamp.after + patience();
            const qint64 end = promised ? std::max(m_spared, m_data + promised->timeout) : anew;
            m_spared = std::min(anew, end);
        }
    }

    /// How long an answer to a beat may take at least.
    qint64 patience() const
    {
        const auto rhythm = rhythmOf(m_settings);
        return rhythm ? rhythm->timeout - rhythm->interval : 0;
    }

    const Record &m_record;
    Intervals m_cuts;
    Intervals m_hangs;
    Intervals m_holds;
    Verdict m_verdict;
    Settings m_settings;
    Sample m_last;
    bool m_connected = false;
    bool m_guarded = false;
    bool m_suspect = false;
    bool m_closing = false;
    bool m_peerEnded = false;
    bool m_foundLate = false;
    int m_told = 0;
    qint64 m_connectedAt = 0;
    qint64 m_heard = 0;
    qint64 m_data = 0;
    qint64 m_progress = 0;
    qint64 m_longestSpacing = 0;
    qint64 m_waitsSince = 0;
    qint64 m_cleared = 0;
    qint64 m_since = 0;
    qint64 m_beatingSince = 0;
    /// No verdict of the heart-beat before this.
    qint64 m_spared = 0;
    qint64 m_free = 0;
    qint64 m_lag = 0;
    qint64 m_lagSince = never;
};

} // namespace

Verdict judge(const Record &record)
{
    return Judge(record).run();
}
