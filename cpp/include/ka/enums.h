// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/export.h>

#include <QtCore/qobjectdefs.h>

namespace ka {
Q_NAMESPACE_EXPORT(KA_EXPORT)

/// Where a guarded connection stands (KeepAlive::state). Also reachable as
/// ka::KeepAlive::State::Healthy, in QML as KeepAlive.Healthy.
enum class State : int {
    /// No socket is set.
    Detached = 0,
    /// A socket is set and not connected, or the guard is disabled.
    Waiting = 1,
    /// Connected, and nothing speaks against the peer.
    Healthy = 2,
    /// An answer of the peer is overdue; the next is Healthy or Lost.
    Suspect = 3,
    /// Lost; stays so until the next connect.
    Lost = 4,
};
Q_ENUM_NS(State)

/// Why a connection was lost (KeepAlive::lossReason, KeepAlive::connectionLost()). What a person or
/// a program does about each stands in docs/guides/reasons.md. Also reachable as
/// ka::KeepAlive::LossReason::PeerReset, in QML as KeepAlive.PeerReset.
enum class LossReason : int {
    /// No connection was lost since the last connect.
    NoLoss = 0,
    /// The peer closed the connection in good order (FIN).
    PeerClosed = 1,
    /// The connection was broken off (RST): the peer's program was killed with data unread, the
    /// peer rebooted, a firewall interfered.
    PeerReset = 2,
    /// The connection was idle, and the peer's kernel answered none of the keepalive probes. Told
    /// on Linux, Android, FreeBSD and OpenBSD.
    ProbesUnanswered = 3,
    /// Data was sent or waited to be sent, and the peer did not acknowledge it in time. For certain
    /// told on Linux and Android.
    DataUnacknowledged = 4,
    /// The peer's kernel is there, but its program did not answer the heart-beat.
    HeartbeatMissed = 5,
    /// The network said that there is no way to the peer (ICMP, or no answer to ARP).
    NetworkUnreachable = 6,
    /// The connection is gone, and the evidence does not say why: no descriptor was left to read
    /// it, or the system does not tell (ka::Capabilities::lossReason).
    UnknownLoss = 7,
};
Q_ENUM_NS(LossReason)

} // namespace ka
