// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QString>

#include <vector>

/// One life of a guarded connection, as plain data: what the program, the peer and the path are like,
/// and what happens when. Times are milliseconds.
struct Plan
{
    struct Event
    {
        enum What {
            // This side's program sets something.
            DetectWithin, ///< a: the value
            Slider, ///< a, b: dragged from there to there within half a second
            Enabled, ///< a: whether
            HeartbeatInterval,
            HeartbeatTimeout,
            NoDelay, ///< a: whether
            // It does something.
            Write, ///< a: every, b: bytes, c: times
            Block, ///< a: for how long its event loop does something else
            LetGo,
            ComeBack,
            NewGuard, ///< the guard is deleted, and another one comes
            Close,
            // The peer.
            Speak, ///< as Write
            Lag, ///< a: how late it answers
            Hold, ///< it does not read
            Read,
            Stop, ///< its program hangs
            Continue,
            Finish,
            Reset,
            Die,
            // The path.
            Cut, ///< a: Way
            Heal,
        };
        int at;
        What what;
        int a = 0;
        int b = 0;
        int c = 0;
    };
    enum Way { Both, Out, In, Link };

    quint64 seed = 0;
    int length = 0;
    bool tls = false;
    /// The connection is the peer's call, and guarded by the server's guard.
    bool accepted = false;
    /// The guard is there before the connection.
    bool guardFirst = false;
    /// The program has set keepalive by itself before the guard came.
    bool ownOptions = false;
    /// Neither program says anything of its own accord.
    bool quiet = false;
    /// One way of the path.
    int delay = 0;
    bool ipv6 = false;
    /// Of a hundred packets, how many get lost on each way.
    int loss = 0;
    int detectWithin = 0;
    int heartbeatInterval = 0;
    int heartbeatTimeout = 0;
    std::vector<Event> events;

    static Plan generate(quint64 seed, int length);
    /// A line for each thing.
    QString toText() const;
};
