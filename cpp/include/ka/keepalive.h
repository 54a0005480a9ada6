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
/// The values are applied at every connect, also in a program that blocks in waitForConnected();
/// a change while connected is written at once. A loss is told in an event loop, or within the
/// socket's own blocking calls. Copes with the socket or the guard being deleted at any time. The
/// socket itself, as always in Qt, is deleted with deleteLater() where one of its own signals is
/// being handled; connectionLost() is such a place.
///
/// Times are int milliseconds, as in Qt's Timer. A setter that is refused keeps the old value and
/// says why in errorString and applyFailed(); one with the same value emits nothing. Besides those
/// in this list there are the properties `socket`, `state` and `lossReason` of its base.
///
/// | Property | Default | Meaning |
/// |---|---|---|
/// | `bool enabled` | true | false switches keepalive off on the socket (SO_KEEPALIVE), and the verdict with it |
/// | `int idle` | 0 | silence before the first probe (TCP_KEEPIDLE); 0 leaves it alone; Linux: up to 32767000, rounded up to seconds |
/// | `int interval` | 0 | time between unanswered probes (TCP_KEEPINTVL); likewise |
/// | `int count` | 0 | unanswered probes until the verdict (TCP_KEEPCNT); 0 leaves it alone; Linux: up to 127 |
/// | `int userTimeout` | −1 | how long sent data may stay unacknowledged (TCP_USER_TIMEOUT); −1 leaves it alone, 0 is the system's rule. Also ends a connection whose live peer merely stops reading, and takes the place of the count |
/// | `int detectWithin` | 0 | one knob in place of idle, interval and count; 0 is off; Linux: 2000 to 65534000, rounded down to seconds. For an idle connection |
/// | `QString errorString` | | the last refusal, with option, value and range; cleared by the next success |
/// | `int detectionTime` | −1 | the worst case from the last sign of life to the verdict on an idle connection, as really in force; −1 while none is |
///
/// A return to "leave alone" writes nothing until the next connect. The guard lives in its socket's
/// thread. Members that take a `descriptor`, and refused(), are for the base class alone.

#if defined(__GNUC__)
#    pragma GCC visibility push(default)
#endif
#include "qkeepalive/src/qobject.cxxqt.h"
#if defined(__GNUC__)
#    pragma GCC visibility pop
#endif
