// SPDX-License-Identifier: MIT OR Apache-2.0
#include "record.h"

#include <QtCore/QMetaEnum>

namespace {

const char *name(Stamp::Kind kind)
{
    static const char *const names[] = {
            "connected", "guarded", "set",          "let go", "closes",    "was blocked", "SUSPECT",
            "RECOVERED", "LOST",    "disconnected", "cut",    "link down", "healed",      "stopped",
            "continued", "holds",   "reads",        "lags",   "ends",      "note"};
    return names[kind];
}

QString seconds(qint64 us)
{
    return QString::number(double(us) / 1e6, 'f', 3);
}

QString figures(const Sample &it)
{
    return QStringLiteral(
                   "%1           silent %2, no data %3, late %4, unacked %5, unsent %6, probes "
                   "%7, retransmits %8, next within %9")
            .arg(seconds(it.at), 9)
            .arg(seconds(it.silence), seconds(it.noData), seconds(it.late))
            .arg(it.unacked)
            .arg(it.unsent)
            .arg(it.probes)
            .arg(it.retransmits)
            .arg(seconds(it.spacing));
}

QString line(const Stamp &stamp)
{
    QString text = QStringLiteral("%1..%2 %3")
                           .arg(seconds(stamp.before), 9)
                           .arg(seconds(stamp.after), QLatin1String(name(stamp.kind)));
    if (stamp.kind == Stamp::Set || stamp.kind == Stamp::Guarded) {
        const Settings &it = stamp.settings;
        text += QStringLiteral(" enabled %1, within %2, beats %3 / %4, in force %5")
                        .arg(int(it.enabled))
                        .arg(it.detectWithin)
                        .arg(it.heartbeatInterval)
                        .arg(it.heartbeatTimeout)
                        .arg(it.inForce);
    }
    if (stamp.kind == Stamp::Lost) {
        text += QLatin1Char(' ')
              + QLatin1String(QMetaEnum::fromType<ka::LossReason>().valueToKey(int(stamp.reason)));
    }
    if (stamp.number != 0)
        text += QStringLiteral(" %1").arg(stamp.number);
    return stamp.text.isEmpty() ? text : text + QStringLiteral(": ") + stamp.text;
}

} // namespace

QString toText(const Record &record)
{
    QString text;
    auto sample = record.samples.begin();
    for (const Stamp &stamp : record.stamps) {
        const auto from = sample;
        while (sample != record.samples.end() && sample->at <= stamp.before)
            ++sample;
        // The last one says how it stood.
        if (sample != from)
            text += figures(*(sample - 1)) + QLatin1Char('\n');
        text += line(stamp) + QLatin1Char('\n');
    }
    if (sample != record.samples.end())
        text += figures(record.samples.back()) + QLatin1Char('\n');
    return text;
}
