// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <chrono>
#include <optional>

namespace ka {

/// What this system can do, found by asking the system. docs/systems.md has the table of all
/// systems.
///
/// The first part is about settings: a value that is empty here is refused with
/// ka::errc::Unsupported. The second part is about evidence: where a value is false there is no
/// error, but the program is not told that thing. QML has the same as KeepAlive::capabilities.
struct Capabilities
{
    /// The times that an option accepts.
    struct Times
    {
        /// The shortest.
        std::chrono::milliseconds min;
        /// The longest.
        std::chrono::milliseconds max;
        /// What a time is rounded to: the system's unit.
        std::chrono::milliseconds step;
    };
    /// The numbers that an option accepts.
    struct Counts
    {
        /// The fewest.
        int min;
        /// The most.
        int max;
    };

    /// Config::idle (`TCP_KEEPIDLE`): the range that a socket accepts. Linux: 1 s to 32767 s, in
    /// seconds. Empty on OpenBSD.
    std::optional<Times> idle;
    /// Config::interval (`TCP_KEEPINTVL`). Linux: 1 s to 32767 s, in seconds. Empty on OpenBSD.
    std::optional<Times> interval;
    /// Config::count (`TCP_KEEPCNT`). Linux: 1 to 127. Empty on OpenBSD and on Windows before
    /// version 1703, which always sends ten probes.
    std::optional<Counts> count;
    /// Config::userTimeout (`TCP_USER_TIMEOUT` and its like). Linux: 0 to 2147483647 ms. Empty on
    /// NetBSD, DragonFly, OpenBSD, and FreeBSD before 14.
    std::optional<Times> userTimeout;
    /// Config::detectWithin() and KeepAlive::detectWithin. Linux: 2 s to 65534 s, in seconds. Empty
    /// where idle is.
    std::optional<Times> detectWithin;
    /// Idle and interval can only be given together (Windows before version 1709).
    bool timesTogether = false;
    /// The system-wide values can be read (ka::systemDefaults()). True on every supported system.
    bool systemDefaults = false;
    /// The system-wide values can be set (ka::setSystemDefaults()), if the process has the right.
    /// False on illumos and Solaris, where ipadm sets them.
    bool setSystemDefaults = false;

    /// ka::query() tells the times in force on a socket, whoever set them. False on Windows before
    /// version 1709, and on some NetBSD.
    bool readBack = false;
    /// The kernel counts unanswered probes (Snapshot::probes, KeepAlive::unansweredProbes). True on
    /// Linux and Android.
    bool probesCounter = false;
    /// The kernel tells when the peer was last heard. Then the library decides, and keeps its
    /// deadline, even with data in flight. Otherwise the kernel decides, in its own time. True on
    /// Linux, Android, FreeBSD and OpenBSD.
    bool deadline = false;
    /// The reason of each loss can be told: a close, a reset, unanswered probes, unacknowledged
    /// data. Otherwise some losses are LossReason::UnknownLoss. True on Linux and Android.
    bool lossReason = false;
    /// A warning precedes the loss (KeepAlive::connectionSuspect()). True where `deadline` is.
    bool earlyWarning = false;
};

/// What this system can do. Where that depends on the version, the system itself is asked, once in
/// the life of the program. Never fails: on an unknown system everything is empty or false. For any
/// thread.
KA_EXPORT Capabilities capabilities() noexcept;

} // namespace ka
