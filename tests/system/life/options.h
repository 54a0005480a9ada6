// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QString>
#include <QtCore/QtGlobal>

#include <array>

/// What a guard may change on a socket, read and written without the library.
struct SocketOptions
{
    /// SO_KEEPALIVE, idle, interval, count, TCP_USER_TIMEOUT, TCP_RTO_MAX_MS; −1 is unknown.
    std::array<int, 6> values{};

    static SocketOptions of(qintptr descriptor);
    /// Keepalive as a program may set it by itself.
    static void setOwn(qintptr descriptor);
    /// Where this one differs from what was there before; empty if nowhere. Where the kernel goes on
    /// probing by itself, the probes that are out may be added to its count: it must not give up for
    /// those that were sent under another plan.
    QString differenceFrom(const SocketOptions &before, int probes) const;
    /// A count that is as the last guard `left` it is none of the program's: what belongs there is what
    /// that guard had found.
    void forget(const SocketOptions &left, const SocketOptions &found);
};
