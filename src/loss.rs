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
mod tests {
    use super::*;

    fn ended(state: ConnectionState, probes: u32, retransmits: u32, silence_ms: u64) -> Snapshot {
        Snapshot {
            state: Some(state),
            probes: Some(probes),
            retransmits: Some(retransmits),
            unsent: Some(0),
            round_trip_time: Some(Duration::from_millis(1)),
            since_data_sent: Some(Duration::from_millis(silence_ms)),
            since_data_received: Some(Duration::from_millis(silence_ms)),
            since_ack_received: Some(Duration::from_millis(silence_ms)),
            ..Snapshot::default()
        }
    }

    fn evidence(reported: ReportedError, snapshot: Snapshot) -> Evidence {
        let seconds = |s| Some(Duration::from_secs(s));
        Evidence {
            reported,
            heard: true,
            error_pending: false,
            snapshot: Some(snapshot),
            config: Some(Config {
                idle: seconds(1),
                interval: seconds(1),
                count: Some(3),
                ..Config::default()
            }),
        }
    }

    fn reason(evidence: &Evidence) -> Option<LossReason> {
        classify(evidence).map(|loss| loss.reason)
    }

    use ConnectionState::{CloseWait, Closed, Established};
    use ReportedError::{ClosedByPeer, Other, TimedOut, Unreachable};

    #[test]
    fn recorded_losses_get_their_reason() {
        for (reported, snapshot, expected) in [
            (TimedOut, ended(Closed, 3, 0, 4092), LossReason::ProbesUnanswered),
            (TimedOut, ended(Closed, 0, 4, 4320), LossReason::DataUnacknowledged),
            (ClosedByPeer, ended(Closed, 0, 0, 10), LossReason::PeerReset),
            (ClosedByPeer, ended(CloseWait, 0, 0, 10), LossReason::PeerClosed),
            (ClosedByPeer, ended(Closed, 1, 0, 1010), LossReason::PeerReset),
            (Unreachable, ended(Closed, 0, 5, 3000), LossReason::NetworkUnreachable),
            (Other, ended(Closed, 0, 4, 4000), LossReason::DataUnacknowledged),
            (Other, ended(Closed, 3, 0, 4000), LossReason::ProbesUnanswered),
            (Other, ended(Closed, 0, 0, 4000), LossReason::PeerReset),
            // The end of a TLS session can be read before the FIN is there.
            (ClosedByPeer, ended(Established, 0, 0, 10), LossReason::PeerClosed),
        ] {
            assert_eq!(reason(&evidence(reported, snapshot)), Some(expected), "{snapshot:?}");
        }
    }

    #[test]
    fn a_send_queue_behind_a_closed_window_is_data_not_probes() {
        let stalled = Snapshot { unsent: Some(4096), ..ended(Closed, 5, 0, 60_000) };
        for reported in [TimedOut, Other] {
            let reason = reason(&evidence(reported, stalled));
            assert_eq!(reason, Some(LossReason::DataUnacknowledged));
        }
    }

    #[test]
    fn our_own_close_is_no_loss() {
        // Nothing was reported, whatever the kernel holds unread.
        for state in [Established, CloseWait, Closed] {
            assert_eq!(reason(&evidence(ReportedError::None, ended(state, 0, 0, 10))), None);
        }
        // A wait of the program expired, and later it closed a living connection.
        assert_eq!(reason(&evidence(TimedOut, ended(Established, 0, 0, 10))), None);
    }

    #[test]
    fn an_error_left_over_from_an_earlier_connection_is_no_loss() {
        let mut stale = evidence(ClosedByPeer, ended(Established, 0, 0, 10));
        stale.heard = false;
        assert_eq!(reason(&stale), None);
        let mut unread = evidence(ClosedByPeer, ended(Closed, 0, 0, 10));
        (unread.heard, unread.error_pending) = (false, true);
        assert_eq!(reason(&unread), None);
    }

    #[test]
    fn a_loss_is_known_even_if_the_program_aborts_before_the_report_is_heard() {
        let mut first = evidence(ClosedByPeer, ended(CloseWait, 0, 0, 10));
        first.heard = false;
        assert_eq!(reason(&first), Some(LossReason::PeerClosed));
    }

    #[test]
    fn without_the_kernels_word_the_loss_is_told_without_a_cause() {
        let mut blind = evidence(ClosedByPeer, Snapshot::default());
        blind.snapshot = None;
        assert_eq!(reason(&blind), Some(LossReason::Unknown));
        blind.reported = Unreachable;
        assert_eq!(reason(&blind), Some(LossReason::NetworkUnreachable));
        blind.heard = false;
        assert_eq!(reason(&blind), None);
    }

    #[test]
    fn a_kernel_that_counts_nothing_tells_a_close_from_a_reset_and_not_one_timeout_from_the_other()
    {
        let bare = |state| Snapshot { state: Some(state), ..Snapshot::default() };
        for (reported, state, expected) in [
            (ClosedByPeer, CloseWait, LossReason::PeerClosed),
            (ClosedByPeer, Closed, LossReason::PeerReset),
            (Unreachable, Closed, LossReason::NetworkUnreachable),
            (TimedOut, Closed, LossReason::Unknown),
            (Other, Closed, LossReason::Unknown),
        ] {
            assert_eq!(reason(&evidence(reported, bare(state))), Some(expected), "{reported:?}");
        }
        let waiting = Snapshot { unsent: Some(1), ..bare(Closed) };
        let known = reason(&evidence(TimedOut, waiting));
        assert_eq!(known, Some(LossReason::DataUnacknowledged));
    }

    #[test]
    fn the_detail_gives_the_figures() {
        let loss = classify(&evidence(TimedOut, ended(Closed, 3, 0, 4092))).unwrap();
        assert_eq!(
            loss.to_string(),
            "the peer did not answer 3 keepalive probes; it was last heard 4.1 s ago"
        );
    }

    /// Found by a write, where the kernel's figures are all there is.
    fn by_figures(snapshot: Snapshot, user_timeout: u64) -> LossReason {
        let mut found = evidence(Other, snapshot);
        let config = found.config.as_mut().unwrap();
        config.user_timeout = Some(Duration::from_millis(user_timeout));
        reason(&found).unwrap()
    }

    fn ms(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    #[test]
    fn retransmissions_are_a_timeout_once_nothing_was_sent_for_three_round_trips() {
        let silent_for = |since, trip| Snapshot {
            since_data_sent: ms(since),
            round_trip_time: ms(trip),
            ..ended(Closed, 0, 1, 10)
        };
        for (since, trip, expected) in [
            // 100 ms at least.
            (100, 1, LossReason::PeerReset),
            (101, 1, LossReason::DataUnacknowledged),
            (101, 50, LossReason::PeerReset),
            (150, 50, LossReason::PeerReset),
            (151, 50, LossReason::DataUnacknowledged),
        ] {
            let found = by_figures(silent_for(since, trip), 0);
            assert_eq!(found, expected, "{since} ms, round trip {trip} ms");
        }
    }

    #[test]
    fn retransmissions_are_a_timeout_once_the_user_timeout_is_over() {
        let just_sent =
            |silence| Snapshot { since_data_sent: ms(10), ..ended(Closed, 0, 1, silence) };
        assert_eq!(by_figures(just_sent(2999), 3000), LossReason::PeerReset);
        assert_eq!(by_figures(just_sent(3000), 3000), LossReason::DataUnacknowledged);
        assert_eq!(by_figures(just_sent(60_000), 0), LossReason::PeerReset, "there is none");
    }

    #[test]
    fn data_that_could_not_leave_is_a_timeout_once_it_was_probed_or_waits_for_a_second() {
        let stalled = |unsent, probes, since| Snapshot {
            unsent: Some(unsent),
            since_data_sent: ms(since),
            ..ended(Closed, probes, 0, 10)
        };
        for (unsent, probes, since, expected) in [
            (1, 0, 1000, LossReason::PeerReset),
            (1, 0, 1001, LossReason::DataUnacknowledged),
            (1, 1, 10, LossReason::DataUnacknowledged),
            (0, 0, 1001, LossReason::PeerReset),
            (0, 1, 10, LossReason::PeerReset),
        ] {
            let found = by_figures(stalled(unsent, probes, since), 0);
            assert_eq!(found, expected, "{unsent} unsent, {probes} probes, {since} ms");
        }
    }

    #[test]
    fn probes_are_unanswered_once_all_their_time_is_over_and_fifty_milliseconds_are_let_go() {
        for (probes, silence, expected) in [
            (3, 3949, LossReason::PeerReset),
            (3, 3950, LossReason::ProbesUnanswered),
            (1, 1949, LossReason::PeerReset),
            (1, 1950, LossReason::ProbesUnanswered),
            (0, 60_000, LossReason::PeerReset),
        ] {
            let found = by_figures(ended(Closed, probes, 0, silence), 0);
            assert_eq!(found, expected, "{probes} probes, {silence} ms");
        }
    }

    #[test]
    fn a_timeout_is_of_probes_only_where_no_data_was_waiting() {
        let closed = |probes: Option<u32>, retransmits: u32, unsent: u32| Snapshot {
            probes,
            unsent: Some(unsent),
            ..ended(Closed, 0, retransmits, 4000)
        };
        for (probes, retransmits, unsent, expected) in [
            (Some(3), 0, 0, LossReason::ProbesUnanswered),
            (Some(3), 1, 0, LossReason::DataUnacknowledged),
            (Some(3), 0, 1, LossReason::DataUnacknowledged),
            (Some(0), 0, 0, LossReason::DataUnacknowledged),
            (None, 1, 0, LossReason::DataUnacknowledged),
            (None, 0, 1, LossReason::DataUnacknowledged),
            (None, 0, 0, LossReason::Unknown),
        ] {
            let found = reason(&evidence(TimedOut, closed(probes, retransmits, unsent)));
            assert_eq!(found, Some(expected), "{probes:?} {retransmits} {unsent}");
        }
    }

    #[test]
    fn a_report_counts_if_it_was_heard_or_the_kernel_holds_no_other() {
        for (heard, pending, expected) in [
            (true, true, Some(LossReason::PeerReset)),
            (true, false, Some(LossReason::PeerReset)),
            (false, false, Some(LossReason::PeerReset)),
            (false, true, None),
        ] {
            let mut closed = evidence(ClosedByPeer, ended(Closed, 0, 0, 10));
            (closed.heard, closed.error_pending) = (heard, pending);
            assert_eq!(reason(&closed), expected, "heard: {heard}, pending: {pending}");
        }
    }

    #[test]
    fn an_expired_wait_is_no_loss_while_the_connection_stands_or_after_a_close() {
        for reported in [TimedOut, Unreachable, Other] {
            for state in [Established, CloseWait, ConnectionState::FinWait2] {
                let found = reason(&evidence(reported, ended(state, 0, 0, 10)));
                assert_eq!(found, None, "{reported:?} {state:?}");
            }
        }
    }

    #[test]
    fn a_kernel_that_does_not_tell_the_state_tells_nothing() {
        let stateless = Snapshot { probes: Some(3), ..Snapshot::default() };
        for (reported, expected) in [
            (ReportedError::None, None),
            (ClosedByPeer, Some(LossReason::Unknown)),
            (TimedOut, Some(LossReason::Unknown)),
            (Other, Some(LossReason::Unknown)),
            (Unreachable, Some(LossReason::NetworkUnreachable)),
        ] {
            assert_eq!(reason(&evidence(reported, stateless)), expected, "{reported:?}");
        }
    }

    #[test]
    fn a_peer_whose_time_is_over_is_lost_for_what_it_owes() {
        let idle = ended(Established, 3, 0, 4000);
        let waiting = Snapshot { unacked: Some(1), ..idle };
        for (info, silent, error, expected) in [
            (idle, true, ReportedError::None, LossReason::ProbesUnanswered),
            (waiting, true, ReportedError::None, LossReason::DataUnacknowledged),
            (idle, false, ReportedError::None, LossReason::HeartbeatMissed),
            (waiting, false, Unreachable, LossReason::HeartbeatMissed),
            (waiting, true, Unreachable, LossReason::NetworkUnreachable),
            (idle, false, ClosedByPeer, LossReason::PeerReset),
        ] {
            let loss = overdue(&info, silent, error);
            assert_eq!(loss.reason, expected, "silent: {silent}, {error:?}");
            assert_eq!(loss.snapshot, Some(info));
        }
    }

    #[test]
    fn errors_of_the_system_have_their_class() {
        use io::ErrorKind;
        for (kind, class) in [
            (ErrorKind::ConnectionReset, ClosedByPeer),
            (ErrorKind::ConnectionAborted, ClosedByPeer),
            (ErrorKind::BrokenPipe, ClosedByPeer),
            (ErrorKind::TimedOut, TimedOut),
            (ErrorKind::HostUnreachable, Unreachable),
            (ErrorKind::NetworkUnreachable, Unreachable),
            (ErrorKind::NetworkDown, Unreachable),
            (ErrorKind::ConnectionRefused, Unreachable),
            (ErrorKind::PermissionDenied, Other),
        ] {
            assert_eq!(ReportedError::of(&kind.into()), class, "{kind:?}");
        }
    }

    #[test]
    fn each_reason_has_its_sentence() {
        use LossReason::*;
        let bare = Snapshot::default();
        let probes = |number| Snapshot { probes: Some(number), ..bare };
        let resent = |number| Snapshot { retransmits: Some(number), ..bare };
        let heard = Snapshot { since_ack_received: ms(2500), ..bare };
        let spoke = Snapshot { since_data_received: ms(2500), ..bare };
        let said = |reason, snapshot| Loss { reason, snapshot }.to_string();
        for (reason, snapshot, sentence) in [
            (PeerClosed, bare, "the peer closed the connection"),
            (PeerReset, bare, "the peer reset the connection"),
            (PeerReset, probes(0), "the peer reset the connection"),
            (ProbesUnanswered, bare, "the peer did not answer keepalive probes"),
            (ProbesUnanswered, probes(1), "the peer did not answer 1 keepalive probe"),
            (ProbesUnanswered, probes(2), "the peer did not answer 2 keepalive probes"),
            (DataUnacknowledged, bare, "the peer did not acknowledge data"),
            (DataUnacknowledged, resent(0), "the peer did not acknowledge data"),
            (
                DataUnacknowledged,
                resent(4),
                "the peer did not acknowledge data despite 4 retransmissions",
            ),
            (HeartbeatMissed, bare, "the peer's program did not answer the heart-beat"),
            (
                HeartbeatMissed,
                spoke,
                "the peer's program did not answer the heart-beat; its last byte came 2.5 s ago",
            ),
            (NetworkUnreachable, bare, "the network reports no way to the peer"),
            (
                NetworkUnreachable,
                heard,
                "the network reports no way to the peer; it was last heard 2.5 s ago",
            ),
            (Unknown, heard, "the connection is gone; the cause is not known"),
        ] {
            assert_eq!(said(reason, Some(snapshot)), sentence);
        }
        assert!(said(PeerReset, Some(probes(1))).ends_with("as after a reboot"));
        assert_eq!(said(PeerReset, None), "the peer reset the connection");
    }
}
