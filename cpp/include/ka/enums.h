// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <QtCore/qobjectdefs.h>
#include <QtCore/qstring.h>

namespace ka {
Q_NAMESPACE_EXPORT(KA_EXPORT)

/// The state of a guarded connection (KeepAlive::state). Also ka::KeepAlive::State::Healthy in C++,
/// KeepAlive.Healthy in QML.
enum class State : int {
    /// No socket is set.
    Detached = 0,
    /// A socket is set but not connected, or the guard is disabled.
    Waiting = 1,
    /// Connected, and nothing is wrong.
    Healthy = 2,
    /// An answer of the peer is overdue. The next state is Healthy or Lost.
    Suspect = 3,
    /// Lost. Stays so until the next connect.
    Lost = 4,
};
Q_ENUM_NS(State)

/// Why a connection was lost (KeepAlive::lossReason, KeepAlive::connectionLost()).
/// docs/guides/reasons.md says what to do about each. Also ka::KeepAlive::LossReason::PeerReset in
/// C++, KeepAlive.PeerReset in QML.
enum class LossReason : int {
    /// No connection was lost since the last connect.
    NoLoss = 0,
    /// The peer closed the connection in good order (FIN).
    PeerClosed = 1,
    /// The connection was broken off (RST): the peer's program was killed with data unread, the
    /// peer rebooted, a firewall interfered.
    PeerReset = 2,
    /// The connection was idle, and the peer's kernel answered none of the keepalive probes.
    /// Reported on Linux, Android, FreeBSD and OpenBSD.
    ProbesUnanswered = 3,
    /// Data was sent or waited to be sent, and the peer did not acknowledge it in time. Reported
    /// reliably on Linux and Android.
    DataUnacknowledged = 4,
    /// The peer's kernel is there, but its program did not answer the heart-beat.
    HeartbeatMissed = 5,
    /// The network said that there is no way to the peer (ICMP, or no answer to ARP).
    NetworkUnreachable = 6,
    /// The connection is gone, and the evidence does not say why. There was no descriptor left to
    /// read it, or the system does not tell (ka::Capabilities::lossReason).
    UnknownLoss = 7,
};
Q_ENUM_NS(LossReason)

/// What is for people, and not for logs.
namespace words {

/// The reason in a few words for the person at the screen, in the program's language: "the other side
/// does not answer any more". Call it as `ka::toString(reason)`. Translated by
/// QCoreApplication::translate() in the context `ka::LossReason`. For a log the enum's own key is better:
/// QMetaEnum, or qDebug().
KA_EXPORT QString toString(LossReason reason);

} // namespace words

// Not in ka itself, where Qt Test would find it for QCOMPARE of two reasons: it wants a char array.
using namespace words;

} // namespace ka
