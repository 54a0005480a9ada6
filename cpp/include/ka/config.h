// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <chrono>
#include <optional>
#include <system_error>

namespace ka {

/// What you want of TCP keepalive on one connection.
///
/// An empty optional leaves that value as it is on the socket. `enabled` is always written. So a
/// default Config means "on, with the system's values".
///
/// Times are rounded up to what the system can express (Linux: whole seconds for idle and interval,
/// milliseconds for the user timeout). ka::apply() returns the values that the kernel was given.
/// ka::capabilities() tells what this system accepts; docs/systems.md has the table of all systems.
/// See RFC 9293 §3.8.4 for keepalive, RFC 5482 for the user timeout, and tcp(7) for the options.
struct Config
{
    /// Keepalive on or off (`SO_KEEPALIVE`; RFC 9293 §3.8.4, socket(7)). Default: on. Every system
    /// has it.
    bool enabled = true;

    /// How long the connection is silent before the first probe (`TCP_KEEPIDLE`; RFC 9293 §3.8.4,
    /// tcp(7)). Default: empty, the value stays as it is.
    ///
    /// Linux: 1 s to 32767 s, shipped as 7200 s, the least that RFC 9293 allows as a default. macOS
    /// calls it `TCP_KEEPALIVE`. Windows before version 1709 takes it only together with the
    /// interval; so do parts of a second on every Windows (`SIO_KEEPALIVE_VALS`). Then set both.
    /// illumos and Solaris: at least 10 s. OpenBSD has none.
    std::optional<std::chrono::milliseconds> idle;

    /// The time between two unanswered probes (`TCP_KEEPINTVL`; tcp(7)). Default: empty, the value
    /// stays as it is.
    ///
    /// Linux: 1 s to 32767 s, shipped as 75 s. Windows before version 1709, and parts of a second
    /// on every Windows: together with idle. illumos: up to 60 s. OpenBSD has none.
    std::optional<std::chrono::milliseconds> interval;

    /// How many probes go unanswered before the connection is dead (`TCP_KEEPCNT`; tcp(7)).
    /// Default: empty, the value stays as it is.
    ///
    /// Linux: 1 to 127, shipped as 9. Windows: 1 to 255 since version 1703; always ten before that.
    /// OpenBSD has none.
    std::optional<int> count;

    /// How long transmitted data may stay unacknowledged (`TCP_USER_TIMEOUT`; RFC 5482, tcp(7)). 0
    /// is the system's own rule, about a quarter of an hour on Linux as shipped. Default: empty,
    /// the value stays as it is.
    ///
    /// Linux: 0 to 2147483647 ms. **It also kills a live peer that merely stops reading** for that
    /// long. It limits the time of a connect, and while it is set the count is ignored. Other
    /// systems have something similar, in seconds: `TCP_RXT_CONNDROPTIME` (macOS),
    /// `TCP_MAXUNACKTIME` (FreeBSD 14), `TCP_MAXRT` (Windows); in ms: `TCP_ABORT_THRESHOLD`
    /// (illumos, Solaris). None of these changes the count. NetBSD, DragonFly and OpenBSD have
    /// none.
    std::optional<std::chrono::milliseconds> userTimeout;

    /// How long a silent peer can be dead before the kernel says so, on an idle connection:
    /// idle + interval × count. On Linux with a user timeout U, max(1, ⌈(U − idle) / interval⌉)
    /// replaces the count. −1 ms when keepalive is off, and for negative values.
    ///
    /// An empty optional counts as the value that the system is shipped with. The kernel may be
    /// late by up to about an eighth, never early.
    KA_EXPORT std::chrono::milliseconds detectionTime() const noexcept;

    /// The values with which the death of an idle peer is known within `total`.
    ///
    /// `total` is rounded down to what the system can express (Linux: whole seconds). It is then
    /// idle + interval × count: idle is about half of it, and there are three probes (Linux: two
    /// for 3 s, one for 2 s).
    ///
    /// Throws ka::Error with ka::errc::OutOfRange below the shortest idle time and one probe
    /// (Linux: 2 s), and above twice the longest idle time (Linux: 65534 s). Throws it with
    /// ka::errc::Unsupported if the system's sockets take no values (OpenBSD).
    KA_EXPORT static Config detectWithin(std::chrono::milliseconds total);

    /// The same without exceptions: clears `error` on success. On failure it returns a default
    /// Config.
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
