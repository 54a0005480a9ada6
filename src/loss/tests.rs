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
fn a_kernel_that_counts_nothing_tells_a_close_from_a_reset_and_not_one_timeout_from_the_other() {
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
    let just_sent = |silence| Snapshot { since_data_sent: ms(10), ..ended(Closed, 0, 1, silence) };
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
