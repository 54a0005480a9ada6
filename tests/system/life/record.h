// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/enums.h>

#include <QtCore/QString>

#include <optional>
#include <vector>

// What was done in a life, what was told, and what the kernel knew meanwhile: all that the judge
// sees. Times are microseconds since the life began.

/// What a guard was set to.
struct Settings
{
    bool enabled = true;
    int detectWithin = 0;
    int heartbeatInterval = 0;
    int heartbeatTimeout = 0;
    /// What the guard itself says of it.
    int inForce = -1;
};

/// One thing that was done or told. What takes a while has happened at some time between the two.
struct Stamp
{
    enum Kind {
        // The program.
        Connected,
        Guarded, ///< a guard took the connection
        Set,
        LetGo, ///< `text` says what it left behind on the socket, if anything
        Closes, ///< by this side's own wish
        Blocked, ///< the event loop did something else
        // What it was told.
        Suspect,
        Recovered,
        Lost,
        Disconnected,
        // The path.
        Cut,
        LinkDown,
        Healed,
        // The peer.
        Stopped,
        Continued,
        Holds, ///< it does not read
        Reads,
        Lags,
        Ends, ///< closes, resets or dies
        Note, ///< for people only
    };
    Kind kind;
    qint64 before;
    qint64 after;
    int number = 0;
    QString text;
    Settings settings;
    ka::LossReason reason = ka::LossReason::NoLoss;
};

/// What the kernel knew of the connection at one moment.
struct Sample
{
    qint64 at = 0;
    /// By how much this one came too late.
    qint64 late = 0;
    // Microseconds since, by the kernel's clock.
    qint64 silence = 0;
    qint64 noData = 0;
    qint64 roundTrip = 0;
    qint64 variation = 0;
    /// Until the next attempt to deliver what waits, at most.
    qint64 spacing = 0;
    quint64 acknowledged = 0;
    int unacked = 0;
    int unsent = 0;
    int probes = 0;
    int retransmits = 0;
    /// Whether the peer's program can be asked: not before a handshake of TLS is done.
    bool asks = true;
};

struct Record
{
    /// There and back, of the path itself.
    qint64 roundTrip = 0;
    /// The path loses some packets also while it is well.
    bool lossy = false;
    /// Neighbours are found by packets that can be lost like all others: with IPv6.
    bool neighbours = false;
    /// Each in the order of time.
    std::vector<Stamp> stamps;
    std::vector<Sample> samples;
};

/// The record for people: the stamps, and the samples shortly before each loss.
QString toText(const Record &record);
