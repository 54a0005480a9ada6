//! Why a connection was lost: the classification of evidence.
//!
//! Two witnesses speak. The program's network library says of which class the error was that it
//! read from the socket; the kernel's last [`Snapshot`] shows by which mechanism the connection
//! ended. Neither is enough: the first cannot tell a close from a reset or one timeout from the
//! other, the second cannot tell a loss from a close of our own side.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::config::Config;
use crate::record::variants;
use crate::snapshot::{ConnectionState, Snapshot};

/// Why a connection was lost. What a person or a program does about each stands in
/// docs/guides/reasons.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossReason {
    /// The peer closed the connection in good order (FIN).
    PeerClosed,
    /// The peer or something on the way broke the connection off (RST): the peer's program was
    /// killed with data unread, the peer rebooted, a firewall interfered.
    PeerReset,
    /// The connection was idle and the peer's kernel answered none of the keepalive probes.
    ProbesUnanswered,
    /// Data was sent or waited to be sent, and the peer did not acknowledge it in time.
    DataUnacknowledged,
    /// The peer's kernel is there, but its program did not answer the heart-beat.
    HeartbeatMissed,
    /// The network said that there is no way to the peer (ICMP, or no answer to ARP).
    NetworkUnreachable,
    /// The connection is gone, and the evidence does not say why.
    Unknown,
}

/// The class of the error that the program's network library last reported on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedError {
    /// None that could be a loss.
    None,
    /// The connection was closed or reset by the other side (EOF, ECONNRESET, EPIPE).
    ClosedByPeer,
    /// ETIMEDOUT, or a wait of the program that expired: the kernel's word decides which.
    TimedOut,
    /// EHOSTUNREACH, ENETUNREACH, ECONNREFUSED.
    Unreachable,
    /// An operation failed and its errno is not known.
    Other,
}

variants!(LossReason: Self::PeerClosed, Self::PeerReset, Self::ProbesUnanswered,
    Self::DataUnacknowledged, Self::HeartbeatMissed, Self::NetworkUnreachable, Self::Unknown);
variants!(ReportedError: Self::None, Self::ClosedByPeer, Self::TimedOut, Self::Unreachable, Self::Other);

impl ReportedError {
    /// The class of a system's error.
    pub fn of(error: &io::Error) -> Self {
        use io::ErrorKind;
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                ReportedError::ClosedByPeer
            }
            ErrorKind::TimedOut => ReportedError::TimedOut,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::ConnectionRefused => ReportedError::Unreachable,
            _ => ReportedError::Other,
        }
    }
}

/// All that is known of a connection at its end.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    /// What the network library reported.
    pub reported: ReportedError,
    /// Whether that report was heard to be made during this connection. An error that merely
    /// stands in the library may be an old one.
    pub heard: bool,
    /// Whether the kernel still holds an error that nobody has read: then the library does not
    /// know of a loss, and the end is our own side's doing.
    pub error_pending: bool,
    /// What the kernel knows; `None` where it could not be asked.
    pub snapshot: Option<Snapshot>,
    /// What is in force on the socket, as far as it is known.
    pub config: Option<Config>,
}

/// A loss: why, with the figures that tell a person what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Why the connection was lost.
    pub reason: LossReason,
    /// The kernel's last word on it.
    pub snapshot: Option<Snapshot>,
}

/// The loss that the evidence shows, or `None` where our own side closed the connection.
pub fn classify(evidence: &Evidence) -> Option<Loss> {
    let snapshot = evidence.snapshot;
    let reason = match snapshot.and_then(|snapshot| Some((snapshot, snapshot.state?))) {
        None => without_snapshot(evidence)?,
        Some((snapshot, state)) => with_snapshot(evidence, &snapshot, state)?,
    };
    Some(Loss { reason, snapshot })
}

/// The loss of a peer whose time is over, while the connection still stands. `silent`: whether its
/// kernel owes an answer; otherwise it is its program that does. `error` is what the kernel has
/// heard of the network and not acted upon.
pub fn overdue(snapshot: &Snapshot, silent: bool, error: ReportedError) -> Loss {
    let reason = match error {
        // It came between the last look and this verdict.
        ReportedError::ClosedByPeer => LossReason::PeerReset,
        _ if !silent => LossReason::HeartbeatMissed,
        ReportedError::Unreachable => LossReason::NetworkUnreachable,
        _ if snapshot.has_data_to_deliver() => LossReason::DataUnacknowledged,
        _ => LossReason::ProbesUnanswered,
    };
    Loss { reason, snapshot: Some(*snapshot) }
}

/// Only the library's word is there, and it cannot tell FIN from RST or the two timeouts.
fn without_snapshot(evidence: &Evidence) -> Option<LossReason> {
    match evidence.reported {
        _ if !evidence.heard => None,
        ReportedError::None => None,
        ReportedError::Unreachable => Some(LossReason::NetworkUnreachable),
        ReportedError::ClosedByPeer | ReportedError::TimedOut | ReportedError::Other => {
            Some(LossReason::Unknown)
        }
    }
}

fn with_snapshot(
    evidence: &Evidence,
    snapshot: &Snapshot,
    state: ConnectionState,
) -> Option<LossReason> {
    match (evidence.reported, state) {
        (ReportedError::None, _) => None,
        // A dead connection whose error nobody has read: the report is about an earlier one.
        (_, ConnectionState::Closed) if evidence.error_pending && !evidence.heard => None,
        (ReportedError::ClosedByPeer, ConnectionState::Closed) => Some(LossReason::PeerReset),
        (ReportedError::TimedOut, ConnectionState::Closed) => Some(timeout(snapshot)),
        (ReportedError::Unreachable, ConnectionState::Closed) => {
            Some(LossReason::NetworkUnreachable)
        }
        (ReportedError::Other, ConnectionState::Closed) => {
            Some(mechanism(snapshot, evidence.config.as_ref()))
        }
        // TLS can end in good order before the FIN arrives.
        (ReportedError::ClosedByPeer, ConnectionState::Established) => {
            evidence.heard.then_some(LossReason::PeerClosed)
        }
        // The kernel holds the connection to be alive: a wait expired, and then we closed.
        (_, ConnectionState::Established) => None,
        // Every state that is left comes after a FIN of the peer's, or of ours and then theirs.
        (ReportedError::ClosedByPeer, _) => Some(LossReason::PeerClosed),
        (ReportedError::TimedOut | ReportedError::Unreachable | ReportedError::Other, _) => None,
    }
}

/// Which of the kernel's two timeouts it was, if the kernel counts what tells them apart.
fn timeout(snapshot: &Snapshot) -> LossReason {
    let retransmitting = snapshot.retransmits.unwrap_or(0) > 0;
    let stalled = snapshot.unsent.unwrap_or(0) > 0;
    if snapshot.probes.is_none() && !retransmitting && !stalled {
        LossReason::Unknown
    } else if snapshot.probes.unwrap_or(0) > 0 && !retransmitting && !stalled {
        LossReason::ProbesUnanswered
    } else {
        LossReason::DataUnacknowledged
    }
}

/// How a connection ended, from the kernel's figures alone: for a loss first met by a write, where
/// the library has lost the errno.
fn mechanism(snapshot: &Snapshot, config: Option<&Config>) -> LossReason {
    let (Some(probes), Some(retransmits)) = (snapshot.probes, snapshot.retransmits) else {
        return LossReason::Unknown;
    };
    let silence = snapshot.silence().unwrap_or_default();
    let since_sent = snapshot.since_data_sent.unwrap_or_default();
    if retransmits > 0 {
        let timeout = config.and_then(|config| config.user_timeout).unwrap_or_default();
        let timed_out = !timeout.is_zero() && silence >= timeout;
        let round_trips = 3 * snapshot.round_trip_time.unwrap_or_default();
        let quiet = since_sent > round_trips.max(Duration::from_millis(100));
        return if timed_out || quiet {
            LossReason::DataUnacknowledged
        } else {
            LossReason::PeerReset
        };
    }
    if snapshot.unsent.unwrap_or(0) > 0 && (probes > 0 || since_sent > Duration::from_secs(1)) {
        return LossReason::DataUnacknowledged;
    }
    let idle = config.and_then(|config| config.idle).unwrap_or_default();
    let interval = config.and_then(|config| config.interval).unwrap_or_default();
    let all_probes = idle.saturating_add(interval.saturating_mul(probes));
    // The kernel's clock and the probes' timers differ by a few milliseconds.
    if probes > 0 && silence + Duration::from_millis(50) >= all_probes {
        return LossReason::ProbesUnanswered;
    }
    LossReason::PeerReset
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot.unwrap_or_default();
        match self.reason {
            LossReason::PeerClosed => f.write_str("the peer closed the connection"),
            LossReason::PeerReset if snapshot.probes.unwrap_or(0) > 0 => f.write_str(
                "the peer reset the connection in answer to a keepalive probe: it no longer knows \
                 the connection, as after a reboot",
            ),
            LossReason::PeerReset => f.write_str("the peer reset the connection"),
            LossReason::ProbesUnanswered => {
                f.write_str("the peer did not answer ")?;
                counted(f, snapshot.probes, "keepalive probe")?;
                last_heard(f, &snapshot)
            }
            LossReason::DataUnacknowledged => {
                f.write_str("the peer did not acknowledge data")?;
                // Data that never left this host was not retransmitted either.
                if snapshot.retransmits.unwrap_or(0) > 0 {
                    f.write_str(" despite ")?;
                    counted(f, snapshot.retransmits, "retransmission")?;
                }
                last_heard(f, &snapshot)
            }
            LossReason::HeartbeatMissed => {
                f.write_str("the peer's program did not answer the heart-beat")?;
                match snapshot.since_data_received {
                    Some(time) => write!(f, "; its last byte came {:.1} s ago", time.as_secs_f64()),
                    None => Ok(()),
                }
            }
            LossReason::NetworkUnreachable => {
                f.write_str("the network reports no way to the peer")?;
                last_heard(f, &snapshot)
            }
            LossReason::Unknown => f.write_str("the connection is gone; the cause is not known"),
        }
    }
}

fn counted(f: &mut fmt::Formatter<'_>, number: Option<u32>, thing: &str) -> fmt::Result {
    match number {
        Some(1) => write!(f, "1 {thing}"),
        Some(number) => write!(f, "{number} {thing}s"),
        None => write!(f, "{thing}s"),
    }
}

fn last_heard(f: &mut fmt::Formatter<'_>, snapshot: &Snapshot) -> fmt::Result {
    match snapshot.silence() {
        Some(silence) => write!(f, "; it was last heard {:.1} s ago", silence.as_secs_f64()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
