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
/// something that a program will not hear of.
struct Capabilities
{
    /// The times that an option accepts.
    struct Times
    {
        std::chrono::milliseconds min;
        std::chrono::milliseconds max;
        /// What a time is rounded to: the system's unit.
        std::chrono::milliseconds step;
    };
    /// The numbers that an option accepts.
    struct Counts
    {
        int min;
        int max;
    };

    /// Config::idle: what a socket accepts. Linux: 1 s to 32767 s.
    std::optional<Times> idle;
    /// Config::interval.
    std::optional<Times> interval;
    /// Config::count. Linux: 1 to 127.
    std::optional<Counts> count;
    /// Config::userTimeout.
    std::optional<Times> userTimeout;
    /// Config::detectWithin() and KeepAlive::detectWithin. Linux: 2 s to 65534 s.
    std::optional<Times> detectWithin;
    /// Idle and interval can only be given together (Windows before version 1709).
    bool timesTogether = false;
    /// The system-wide values can be read.
    bool systemDefaults = false;
    /// The system-wide values can be set, by a process that has the right.
    bool setSystemDefaults = false;

    /// ka::query() tells the times in force on a socket, whoever set them.
    bool readBack = false;
    /// The kernel counts unanswered probes (Snapshot::probes, KeepAlive::unansweredProbes).
    bool probesCounter = false;
    /// The kernel tells when the peer was last heard, so the verdict is this library's own and keeps
    /// its time, with data on its way, too. Otherwise it is the kernel's, in the kernel's time.
    bool deadline = false;
    /// The reason of a loss can be told: a close, a reset, unanswered probes, unacknowledged data.
    /// Otherwise some are LossReason::UnknownLoss.
    bool lossReason = false;
    /// A warning precedes the loss (KeepAlive::connectionSuspect()).
    bool earlyWarning = false;
};

/// What this system can do. Where its version decides, the system itself is asked, once in the life
/// of the program.
KA_EXPORT Capabilities capabilities() noexcept;

} // namespace ka
