// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/debug.h>

#include <QtCore/qdebug.h>
#include <QtCore/qstringlist.h>

#include <optional>
#include <utility>

namespace ka {

namespace {

const char *name(ConnectionState state)
{
    switch (state) {
    case ConnectionState::Closed:
        return "Closed";
    case ConnectionState::Listen:
        return "Listen";
    case ConnectionState::SynSent:
        return "SynSent";
    case ConnectionState::SynReceived:
        return "SynReceived";
    case ConnectionState::Established:
        return "Established";
    case ConnectionState::FinWait1:
        return "FinWait1";
    case ConnectionState::FinWait2:
        return "FinWait2";
    case ConnectionState::CloseWait:
        return "CloseWait";
    case ConnectionState::Closing:
        return "Closing";
    case ConnectionState::LastAck:
        return "LastAck";
    case ConnectionState::TimeWait:
        return "TimeWait";
    }
    return "unknown state";
}

/// The parts of one value, in the order in which they are read.
class Parts
{
public:
    void add(const char *word) { m_parts += QString::fromLatin1(word); }

    void addIf(bool holds, const char *word)
    {
        if (holds)
            add(word);
    }

    template<typename Number>
    void add(const char *what, const std::optional<Number> &number)
    {
        if (number)
            m_parts += QStringLiteral("%1 %2").arg(QLatin1String(what)).arg(*number);
    }

    void add(const char *what, const std::optional<std::chrono::milliseconds> &time)
    {
        if (time)
            addTime(what, time->count(), "ms");
    }

    void add(const char *what, const std::optional<std::chrono::microseconds> &time)
    {
        if (time)
            addTime(what, time->count(), "us");
    }

    void add(const char *what, const std::optional<Capabilities::Times> &range)
    {
        if (range)
            addRange(what, range->min.count(), range->max.count(), " ms");
    }

    void add(const char *what, const std::optional<Capabilities::Counts> &range)
    {
        if (range)
            addRange(what, range->min, range->max, "");
    }

    QDebug writeTo(QDebug debug, const char *type) const
    {
        const QDebugStateSaver saver(debug);
        debug.nospace().noquote() << type << '(' << m_parts.join(QStringLiteral(", ")) << ')';
        return debug;
    }

private:
    void addTime(const char *what, qint64 count, const char *unit)
    {
        m_parts += QStringLiteral("%1 %2 %3")
                           .arg(QLatin1String(what))
                           .arg(count)
                           .arg(QLatin1String(unit));
    }

    void addRange(const char *what, qint64 min, qint64 max, const char *unit)
    {
        m_parts += QStringLiteral("%1 %2..%3%4")
                           .arg(QLatin1String(what))
                           .arg(min)
                           .arg(max)
                           .arg(QLatin1String(unit));
    }

    QStringList m_parts;
};

} // namespace

QDebug operator<<(QDebug debug, const Config &config)
{
    Parts parts;
    parts.add(config.enabled ? "on" : "off");
    parts.add("idle", config.idle);
    parts.add("interval", config.interval);
    parts.add("count", config.count);
    parts.add("user timeout", config.userTimeout);
    return parts.writeTo(std::move(debug), "ka::Config");
}

QDebug operator<<(QDebug debug, const Snapshot &snapshot)
{
    Parts parts;
    if (snapshot.state)
        parts.add(name(*snapshot.state));
    parts.add("probes", snapshot.probes);
    parts.add("retransmits", snapshot.retransmits);
    parts.add("total retransmits", snapshot.totalRetransmits);
    parts.add("backoff", snapshot.backoff);
    parts.add("unacked", snapshot.unacked);
    parts.add("unsent", snapshot.unsent);
    parts.add("round trip", snapshot.roundTripTime);
    parts.add("variation", snapshot.roundTripVariation);
    parts.add("retransmission timeout", snapshot.retransmissionTimeout);
    parts.add("since data sent", snapshot.sinceDataSent);
    parts.add("since data received", snapshot.sinceDataReceived);
    parts.add("since ack received", snapshot.sinceAckReceived);
    parts.add("segments sent", snapshot.segmentsSent);
    parts.add("segments received", snapshot.segmentsReceived);
    parts.add("data segments sent", snapshot.dataSegmentsSent);
    parts.add("bytes acknowledged", snapshot.bytesAcknowledged);
    parts.add("bytes received", snapshot.bytesReceived);
    parts.add("silence", snapshot.silence());
    return parts.writeTo(std::move(debug), "ka::Snapshot");
}

QDebug operator<<(QDebug debug, const Capabilities &capabilities)
{
    Parts parts;
    parts.add("idle", capabilities.idle);
    parts.add("interval", capabilities.interval);
    parts.add("count", capabilities.count);
    parts.add("user timeout", capabilities.userTimeout);
    parts.add("detectWithin", capabilities.detectWithin);
    parts.addIf(capabilities.timesTogether, "timesTogether");
    parts.addIf(capabilities.systemDefaults, "systemDefaults");
    parts.addIf(capabilities.setSystemDefaults, "setSystemDefaults");
    parts.addIf(capabilities.readBack, "readBack");
    parts.addIf(capabilities.probesCounter, "probesCounter");
    parts.addIf(capabilities.deadline, "deadline");
    parts.addIf(capabilities.lossReason, "lossReason");
    parts.addIf(capabilities.earlyWarning, "earlyWarning");
    return parts.writeTo(std::move(debug), "ka::Capabilities");
}

} // namespace ka
