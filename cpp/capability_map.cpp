// SPDX-License-Identifier: MIT OR Apache-2.0
#include "socket_guard.h"
#include <ka/capabilities.h>

#include <algorithm>
#include <limits>
#include <type_traits>

namespace ka::detail {

namespace {

/// Qt's and QML's int of milliseconds; the longest that fits stands for what is longer.
int number(std::chrono::milliseconds time)
{
    return int(std::min<std::int64_t>(time.count(), std::numeric_limits<int>::max()));
}

int number(int count)
{
    return count;
}

template<typename Range>
void insert(QVariantMap &map, const QString &key, const std::optional<Range> &range)
{
    if (!range)
        return;
    QVariantMap values{{QStringLiteral("min"), number(range->min)},
                       {QStringLiteral("max"), number(range->max)}};
    if constexpr (std::is_same_v<Range, Capabilities::Times>)
        values.insert(QStringLiteral("step"), number(range->step));
    map.insert(key, values);
}

} // namespace

QVariantMap SocketGuard::capabilities() const
{
    Capabilities can = ka::capabilities();
    if (isBlind()) {
        // Of this connection less is told than the system's kernel can tell.
        can.probesCounter = can.deadline = can.lossReason = can.earlyWarning = false;
    }
    QVariantMap map{
            {QStringLiteral("timesTogether"), can.timesTogether},
            {QStringLiteral("systemDefaults"), can.systemDefaults},
            {QStringLiteral("setSystemDefaults"), can.setSystemDefaults},
            {QStringLiteral("readBack"), can.readBack},
            {QStringLiteral("probesCounter"), can.probesCounter},
            {QStringLiteral("deadline"), can.deadline},
            {QStringLiteral("lossReason"), can.lossReason},
            {QStringLiteral("earlyWarning"), can.earlyWarning},
    };
    insert(map, QStringLiteral("idle"), can.idle);
    insert(map, QStringLiteral("interval"), can.interval);
    insert(map, QStringLiteral("count"), can.count);
    insert(map, QStringLiteral("userTimeout"), can.userTimeout);
    insert(map, QStringLiteral("detectWithin"), can.detectWithin);
    return map;
}

} // namespace ka::detail
