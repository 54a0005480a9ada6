// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/detail/socket_tap.h>
#include <ka/enums.h>

/// \file
/// ka::KeepAlive: guards one TCP connection of a Qt program.

/// \class ka::KeepAlive
/// Tells a Qt program once, and with the reason, that its TCP peer is gone.
///
/// \code
/// auto *link = new ka::KeepAlive(sock);   // guards its parent; before or after connectToHost()
/// link->setDetectWithin(6000);
/// connect(link, &ka::KeepAlive::connectionLost, this, [](auto reason, const QString &detail) {});
/// \endcode
///
/// With `detectWithin` T a loss is told T to T + 100 ms after the peer was last heard, whether the
/// connection is idle, has data in flight, or sends into a closed window; earlier only with proof (a
/// RST, a FIN, an ICMP error that the kernel believes). connectionSuspect() comes before a loss that
/// the guard finds by itself. A peer that merely reads slowly, or not at all, is alive.
///
/// The values are applied at every connect, also in a program that blocks in waitForConnected();
/// a change while connected is written at once. A loss is told in an event loop, or within the
/// socket's own blocking calls; a blocked event loop can delay a verdict but makes none that is
/// wrong. Copes with the socket or the guard being deleted at any time. The
/// socket itself, as always in Qt, is deleted with deleteLater() where one of its own signals is
/// being handled; connectionLost() is such a place.
///
/// Times are int milliseconds, as in Qt's Timer. A setter that is refused keeps the old value and
/// says why in errorString and applyFailed(); one with the same value emits nothing. Besides those
/// in this list there are the properties `socket`, `state` and `lossReason` of its base.
///
/// | Property | Default | Meaning |
/// |---|---|---|
/// | `bool enabled` | true | false switches keepalive off on the socket (SO_KEEPALIVE), and the verdict and the heart-beat with it |
/// | `int idle` | 0 | silence before the first probe (TCP_KEEPIDLE); 0 leaves it alone; Linux: up to 32767000, rounded up to seconds |
/// | `int interval` | 0 | time between unanswered probes (TCP_KEEPINTVL); likewise |
/// | `int count` | 0 | unanswered probes until the verdict (TCP_KEEPCNT); 0 leaves it alone; Linux: up to 127 |
/// | `int userTimeout` | −1 | how long sent data may stay unacknowledged (TCP_USER_TIMEOUT, RFC 5482); −1 leaves it alone, 0 is the system's rule. Not needed for the verdict. **Also ends a connection whose live peer merely stops reading for that long**, bounds connectToHost(), and takes the place of the count |
/// | `int detectWithin` | 0 | one knob in place of idle, interval and count; 0 is off; Linux: 2000 to 65534000, rounded down to seconds. It must exceed idle (half of it) and two round trips, or errorString warns. Shorter deadlines take a heart-beat |
/// | `int heartbeatInterval` | 0 | time between two beats; 0 is none. Any byte of the peer is an answer, also one that is not read yet |
/// | `int heartbeatTimeout` | 0 | silence of the peer's program until HeartbeatMissed, counted from its last byte or the start of the heart-beat; longer than the interval; 0 is twice the interval |
/// | `QByteArray heartbeatPayload` | empty | written at each beat, up to 64 KiB; empty: write your own ping on heartbeatDue(). Refused for a socket that belongs to another object |
/// | `bool abortOnLoss` | true | abort the socket when the loss is known here first. What is queued is dropped, and reaches the peer at no time. Never after a FIN: what came before it stays readable |
/// | `QString errorString` | | the last refusal, with option, value and range, or a warning; cleared by the next success |
/// | `int detectionTime` | −1 | the worst case from the last sign of life to the verdict, as really in force; −1 while none is |
/// | `int silence` | −1 | since the peer was last heard; read from the kernel at this moment, −1 while not connected |
/// | `int unansweredProbes` | −1 | of keepalive or of a closed window; likewise |
/// | `int roundTripTime` | −1 | smoothed; likewise |
///
/// A beat is skipped while data waits to be sent before it. A time in which this program did not run
/// (a blocked event loop, SIGSTOP, a machine asleep) is no missed beat: the peer gets its full
/// timeout anew.
///
/// All of this is what Linux can do. Other systems have other ranges, and most tell less: then the
/// verdict is the kernel's, in its own time and without a warning. `capabilities` says what holds here,
/// docs/systems.md what holds where.
///
/// A return to "leave alone" writes nothing until the next connect. The guard lives in its socket's
/// thread. It also limits the time between retransmissions to a sixth of the deadline (Linux 6.15:
/// TCP_RTO_MAX_MS; 1 s at least, never less than the path takes) until it lets go of the connection.
/// Without that option a peer that dies behind a closed window is found one probe later. Members that
/// take a `descriptor`, displayed() and refused() are for the base class alone.

#if defined(__GNUC__)
#    pragma GCC visibility push(default)
#endif
#include "qkeepalive/src/qobject.cxxqt.h"
#if defined(__GNUC__)
#    pragma GCC visibility pop
#endif
