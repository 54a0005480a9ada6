// SPDX-License-Identifier: MIT OR Apache-2.0
#include "options.h"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace {

struct Option
{
    int level;
    int name;
    const char *text;
};

/// Which of them is the count.
constexpr std::size_t count = 3;

// The last one is newer (Linux 6.15) than the headers of most systems.
constexpr std::array<Option, 6> options{{{SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
                                         {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
                                         {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
                                         {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
                                         {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
                                         {IPPROTO_TCP, 44, "TCP_RTO_MAX_MS"}}};

} // namespace

SocketOptions SocketOptions::of(qintptr descriptor)
{
    SocketOptions found;
    for (std::size_t i = 0; i < options.size(); ++i) {
        int value = -1;
        socklen_t length = sizeof value;
        if (::getsockopt(int(descriptor), options[i].level, options[i].name, &value, &length) != 0)
            value = -1;
        found.values[i] = value;
    }
    return found;
}

void SocketOptions::setOwn(qintptr descriptor)
{
    static constexpr std::array<int, 4> own{1, 77, 11, 5};
    for (std::size_t i = 0; i < own.size(); ++i) {
        ::setsockopt(int(descriptor), options[i].level, options[i].name, &own[i], sizeof own[i]);
    }
}

QString SocketOptions::differenceFrom(const SocketOptions &before, int probes) const
{
    QString text;
    for (std::size_t i = 0; i < options.size(); ++i) {
        const bool added = i == count && before.values[0] != 0
                        && values[i] == std::min(before.values[i] + probes, 127);
        if (values[i] != before.values[i] && !added) {
            text += QStringLiteral("%1 %2, was %3; ")
                            .arg(QLatin1String(options[i].text))
                            .arg(values[i])
                            .arg(before.values[i]);
        }
    }
    return text;
}

void SocketOptions::forget(const SocketOptions &left, const SocketOptions &found)
{
    if (values[count] == left.values[count])
        values[count] = found.values[count];
}
