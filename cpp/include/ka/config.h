// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <chrono>
#include <optional>
#include <system_error>

namespace ka {

/// What is wanted of TCP keepalive on one connection.
///
/// An empty optional leaves that value as it is on the socket; `enabled` is always written. A
/// default Config therefore means "on, with the system's values".
///
/// Times are rounded up to what the system can express (Linux: whole seconds for idle and interval,
/// milliseconds for the user timeout); ka::apply() returns what was really given. What this system
/// accepts is told by ka::capabilities(), and the table of all systems is docs/systems.md. See RFC
/// 9293 §3.8.4 for keepalive, RFC 5482 for the user timeout, and tcp(7) for the options.
struct Config
{
    /// Keepalive on or off (`SO_KEEPALIVE`; RFC 9293 §3.8.4, socket(7)). Default: on. Every system
    /// has it.
    bool enabled = true;

    /// How long the connection is silent before the first probe (`TCP_KEEPIDLE`; RFC 9293 §3.8.4,
    /// tcp(7)). Default: empty, left alone.
    ///
    /// Linux: 1 s to 32767 s, shipped as 7200 s, as RFC 9293 wants it at least. macOS calls it
    /// `TCP_KEEPALIVE`. Windows takes it in one call with the interval before version 1709, and for
    /// parts of a second (`SIO_KEEPALIVE_VALS`): then both have to be given. illumos and Solaris:
    /// 10 s at least. OpenBSD has none.
    std::optional<std::chrono::milliseconds> idle;

    /// The time between two unanswered probes (`TCP_KEEPINTVL`; tcp(7)). Default: empty, left
    /// alone.
    ///
    /// Linux: 1 s to 32767 s, shipped as 75 s. Windows before version 1709 and for parts of a
    /// second: together with idle. illumos: up to 60 s. OpenBSD has none.
    std::optional<std::chrono::milliseconds> interval;

    /// How many probes go unanswered before the connection is dead (`TCP_KEEPCNT`; tcp(7)).
    /// Default: empty, left alone.
    ///
    /// Linux: 1 to 127, shipped as 9. Windows: 1 to 255 since version 1703, ten and no option
    /// before that. OpenBSD has none.
    std::optional<int> count;

    /// How long transmitted data may stay unacknowledged (`TCP_USER_TIMEOUT`; RFC 5482, tcp(7)); 0
    /// is the system's own rule, about a quarter of an hour on Linux. Default: empty, left alone.
    ///
    /// Linux: 0 to 2147483647 ms. **It also kills a live peer that merely stops reading** for that
    /// long, bounds how long a connect may take, and while it is set the count is ignored.
    /// Elsewhere the nearest to it, in seconds: `TCP_RXT_CONNDROPTIME` (macOS), `TCP_MAXUNACKTIME`
    /// (FreeBSD 14), `TCP_MAXRT` (Windows); `TCP_ABORT_THRESHOLD` in ms (illumos, Solaris). None of
    /// these has a say over the count. NetBSD, DragonFly and OpenBSD have none.
    std::optional<std::chrono::milliseconds> userTimeout;

    /// How long a silent peer can be dead before the kernel says so on an idle connection:
    /// idle + interval × count, or on Linux with a user timeout U in place of the count
    /// max(1, ⌈(U − idle) / interval⌉). −1 ms when keepalive is off, and for negative values.
    ///
    /// For what is left alone the values count that the system is shipped with. The kernel may be
    /// late by up to about an eighth, never early.
    KA_EXPORT std::chrono::milliseconds detectionTime() const noexcept;

    /// The values with which the death of an idle peer is known within `total`.
    ///
    /// `total` is rounded down to what the system can express (Linux: whole seconds) and is then
    /// idle + interval × count, with idle about half of it and three probes, fewer below 4 s.
    /// Throws ka::Error with ka::errc::OutOfRange below the shortest idle time and one probe
    /// (Linux: 2 s) and above twice the longest idle time (65534 s), with ka::errc::Unsupported on
    /// a system whose sockets take no values (OpenBSD).
    KA_EXPORT static Config detectWithin(std::chrono::milliseconds total);

    /// The same without exceptions: `error` is cleared on success; on failure a default Config is
    /// returned.
    KA_EXPORT static Config detectWithin(std::chrono::milliseconds total,
                                         std::error_code &error) noexcept;

    /// Whether both ask for the same.
    friend bool operator==(const Config &a, const Config &b) noexcept
    {
        return a.enabled == b.enabled && a.idle == b.idle && a.interval == b.interval
            && a.count == b.count && a.userTimeout == b.userTimeout;
    }
    /// Whether they differ.
    friend bool operator!=(const Config &a, const Config &b) noexcept { return !(a == b); }
};

} // namespace ka
