// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <chrono>
#include <optional>

namespace ka {

/// What this system can do, as it was found by asking it; the table of all systems is in
/// docs/systems.md.
///
/// The first part is about settings: a value that is empty there is refused with
/// ka::errc::Unsupported. The second part is about evidence: what is false there is no error, but
/// something that a program will not hear of. QML has the same as KeepAlive::capabilities.
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

    /// Config::idle (`TCP_KEEPIDLE`): what a socket accepts. Linux: 1 s to 32767 s, in seconds.
    /// Empty on OpenBSD.
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
    /// The system-wide values can be read (ka::systemDefaults()). True on every system that is
    /// supported.
    bool systemDefaults = false;
    /// The system-wide values can be set (ka::setSystemDefaults()), by a process that has the
    /// right. False on illumos and Solaris, where ipadm sets them.
    bool setSystemDefaults = false;

    /// ka::query() tells the times in force on a socket, whoever set them. False on Windows before
    /// version 1709 and on some NetBSD.
    bool readBack = false;
    /// The kernel counts unanswered probes (Snapshot::probes, KeepAlive::unansweredProbes). True on
    /// Linux and Android.
    bool probesCounter = false;
    /// The kernel tells when the peer was last heard, so the verdict is this library's own and
    /// keeps its time, with data on its way, too. Otherwise it is the kernel's, in the kernel's
    /// time. True on Linux, Android, FreeBSD and OpenBSD.
    bool deadline = false;
    /// The reason of a loss can be told: a close, a reset, unanswered probes, unacknowledged data.
    /// Otherwise some are LossReason::UnknownLoss. True on Linux and Android.
    bool lossReason = false;
    /// A warning precedes the loss (KeepAlive::connectionSuspect()). True where `deadline` is.
    bool earlyWarning = false;
};

/// What this system can do. Where its version decides, the system itself is asked, once in the life
/// of the program. Never fails; a system that is not known has none of it. For any thread.
KA_EXPORT Capabilities capabilities() noexcept;

} // namespace ka
