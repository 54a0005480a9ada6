//! How a connection ends, for the guard and for who hears of it.

use super::by_hand::*;

#[test]
fn a_loss_is_told_once_and_stands_until_the_next_connect() {
    let (mut guard, mut socket) = connected();
    let evidence = end(ReportedError::ClosedByPeer, ConnectionState::Closed);
    assert_eq!(guard.disconnected(evidence).unwrap().reason, LossReason::PeerReset);
    assert_eq!(guard.disconnected(evidence), None);
    assert_eq!(guard.view().state, State::Lost);
    assert_eq!(guard.view().loss_reason, Some(LossReason::PeerReset));
    guard.connected(None, clock(), &mut socket).unwrap();
    assert_eq!(guard.view().loss_reason, None);
}

#[test]
fn a_close_that_this_side_began_stays_one_even_if_the_peer_dies_during_it() {
    let (mut guard, _) = connected();
    guard.closing(true, clock());
    guard.reported(ReportedError::ClosedByPeer, false, clock());
    assert_eq!(guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::Closed)), None);
    assert_eq!(guard.view().state, State::Waiting);
}

#[test]
fn an_expired_wait_leaves_no_trace() {
    let (mut guard, _) = connected();
    guard.reported(ReportedError::TimedOut, true, clock());
    guard.closing(true, clock());
    assert_eq!(
        guard.disconnected(end(ReportedError::TimedOut, ConnectionState::Established)),
        None
    );
}

#[test]
fn an_error_that_leaves_the_connection_alive_does_not_make_an_own_close_a_loss() {
    let (mut guard, _) = connected();
    guard.reported(ReportedError::Other, true, clock());
    guard.closing(true, clock());
    assert_eq!(guard.disconnected(end(ReportedError::Other, ConnectionState::Closed)), None);
}

#[test]
fn a_silent_peer_is_aborted_at_the_deadline_and_told_when_the_socket_is_closed() {
    for (data, reason) in
        [(false, LossReason::ProbesUnanswered), (true, LossReason::DataUnacknowledged)]
    {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        let (after, orders) = look_until(&mut guard, &mut socket, start, data, 10_000);
        assert!((6000..=6100).contains(&after), "{after}");
        assert!(orders.abort && orders.loss.is_none());
        assert_eq!(guard.state(), State::Suspect);
        guard.closing(true, clock());
        let loss = guard.disconnected(end(ReportedError::None, ConnectionState::Established));
        assert_eq!(loss.unwrap().reason, reason);
        assert_eq!(guard.state(), State::Lost);
    }
}

#[test]
fn one_more_probe_goes_out_before_the_time_is_over() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    look_until(&mut guard, &mut socket, start, false, 10_000);
    assert_eq!(socket.called, 1);
}

#[test]
fn without_abort_on_loss_it_is_told_at_once_and_once() {
    let (mut guard, mut socket, start) =
        connected_at(Settings { abort_on_loss: false, ..six_seconds() });
    let (_, orders) = look_until(&mut guard, &mut socket, start, false, 10_000);
    assert_eq!(orders.loss.unwrap().reason, LossReason::ProbesUnanswered);
    assert_eq!(guard.state(), State::Lost);
    assert_eq!(guard.next_look(), None);
    let late = end(ReportedError::TimedOut, ConnectionState::Closed);
    assert_eq!(guard.disconnected(late), None);
    assert_eq!(guard.state(), State::Lost);
}

#[test]
fn what_the_network_has_said_is_the_reason() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    socket.error = Some(ReportedError::Unreachable);
    look_until(&mut guard, &mut socket, start, true, 10_000);
    let loss = guard.disconnected(end(ReportedError::None, ConnectionState::Established));
    assert_eq!(loss.unwrap().reason, LossReason::NetworkUnreachable);
}

#[test]
fn a_close_of_the_programs_own_takes_no_longer_than_a_loss_and_is_none() {
    for abort_on_loss in [true, false] {
        let (mut guard, mut socket, start) =
            connected_at(Settings { abort_on_loss, ..six_seconds() });
        socket.error = Some(ReportedError::TimedOut);
        guard.closing(true, start);
        let (after, orders) = look_until(&mut guard, &mut socket, start, true, 10_000);
        assert_eq!(orders.abort, abort_on_loss);
        if abort_on_loss {
            assert!((6000..=6100).contains(&after), "{after}");
        }
        assert_eq!((orders.loss, orders.verdict), (None, None));
        assert!(socket.error.is_some(), "the error is left to who closes");
        assert_eq!(guard.disconnected(end(ReportedError::None, ConnectionState::Closed)), None);
        assert_eq!(guard.state(), State::Waiting);
    }
}

#[test]
fn a_close_that_the_peer_answers_is_not_cut_short() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    guard.closing(true, start);
    for second in 0..60 {
        let now = start.now + Duration::from_secs(second);
        socket.info = heard(500);
        assert_eq!(guard.look(0, Clock { now, ..start }, &mut socket), Orders::default());
    }
}

#[test]
fn a_close_of_a_peer_that_takes_nothing_any_more_ends_with_the_heart_beats_time() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(beat);
    guard.closing(true, start);
    let mut now = start.now;
    loop {
        now = guard.next_look().expect("it looks").at.max(now + Duration::from_millis(1));
        let silent = u64::try_from((now - start.now).as_millis()).unwrap();
        socket.info = heard(silent);
        socket.info.as_mut().unwrap().retransmits = Some(2);
        let orders = guard.look(70_000, Clock { now, ..start }, &mut socket);
        assert!(!orders.beat);
        assert!(now < start.now + Duration::from_secs(9));
        if orders.abort {
            break;
        }
    }
    assert!((2000..2100).contains(&(now - start.now).as_millis()));
}

#[test]
fn an_end_that_the_network_library_does_not_see_is_told_in_time() {
    for (state, error, reason, aborted) in [
        (ConnectionState::CloseWait, None, LossReason::PeerClosed, false),
        (ConnectionState::Closed, Some(ReportedError::ClosedByPeer), LossReason::PeerReset, true),
    ] {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        socket.error = error;
        let mut told = None;
        while told.is_none() {
            let now = guard.next_look().expect("it goes on looking").at;
            let since = Some(now - start.now);
            let mut info = Snapshot::default();
            // A peer that has closed still answers the probes.
            (info.state, info.since_ack_received) = (Some(state), seconds(0));
            socket.info = Some(info);
            let orders = guard.look(0, Clock { now, ..start }, &mut socket);
            assert!(since <= seconds(10));
            told = (orders.loss.is_some() || orders.abort).then_some((since, orders));
        }
        let (since, orders) = told.unwrap();
        assert!(since >= seconds(1) && since <= seconds(6), "{since:?}");
        assert_eq!(orders.abort, aborted, "what came before a FIN stays readable");
        let loss = orders.loss.or_else(|| guard.disconnected(end(ReportedError::None, state)));
        assert_eq!(loss.unwrap().reason, reason);
    }
}

/// The look that finds the end may come when most of the time is over: the end is no younger than the
/// silence.
#[test]
fn an_end_that_is_found_late_is_told_in_time() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut closed = |ms: u64| {
        let mut info = heard(ms).unwrap();
        info.state = Some(ConnectionState::CloseWait);
        socket.info = Some(info);
        guard.look(0, at(start, ms), &mut socket).loss
    };
    assert_eq!(closed(4500), None, "the network library gets a moment");
    assert_eq!(closed(4740), None);
    assert_eq!(closed(4750).map(|loss| loss.reason), Some(LossReason::PeerClosed));
}

#[test]
fn the_error_is_left_to_the_program_that_closes_by_itself() {
    for abort_on_loss in [true, false] {
        let (mut guard, mut socket, start) =
            connected_at(Settings { abort_on_loss, ..six_seconds() });
        socket.error = Some(ReportedError::Unreachable);
        look_until(&mut guard, &mut socket, start, false, 10_000);
        assert_eq!(socket.error.is_some(), !abort_on_loss);
    }
}

#[test]
fn the_peers_own_close_does_not_cut_short_what_is_still_to_be_sent() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    guard.closing(true, start);
    let half_closed = |ms| {
        let mut info = heard(ms)?;
        info.state = Some(ConnectionState::CloseWait);
        Some(info)
    };
    for second in 0..60 {
        socket.info = half_closed(500);
        let orders = guard.look(0, at(start, second * 1000), &mut socket);
        assert_eq!(orders, Orders::default());
    }
    socket.info = half_closed(500).map(|mut info| {
        info.state = Some(ConnectionState::Closed);
        info
    });
    let mut ended = None;
    for ms in (60_000..70_000).step_by(50) {
        if guard.look(0, at(start, ms), &mut socket).abort {
            ended = Some(ms);
            break;
        }
    }
    assert!(ended.is_some_and(|ms| ms < 66_000), "{ended:?}");
    // That is the end of it.
    assert_eq!(guard.next_look(), None);
    assert_eq!(guard.look(0, at(start, 80_000), &mut socket), Orders::default());
}

#[test]
fn after_the_verdict_nothing_more_is_looked_for() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    look_until(&mut guard, &mut socket, start, false, 10_000);
    assert_eq!(guard.next_look(), None);
    assert_eq!(guard.look(0, at(start, 10_000), &mut socket), Orders::default());
}

#[test]
fn an_end_that_is_left_to_the_program_keeps_its_error_and_gets_its_reason_from_the_figures() {
    let (mut guard, mut socket, start) =
        connected_at(Settings { abort_on_loss: false, ..six_seconds() });
    socket.error = Some(ReportedError::TimedOut);
    let mut told = None;
    for ms in (0..10_000).step_by(50) {
        socket.info = silent_with(6500, 3).map(|mut info| {
            info.state = Some(ConnectionState::Closed);
            info
        });
        told = told.or(guard.look(0, at(start, ms), &mut socket).loss);
    }
    assert_eq!(told.expect("it is told").reason, LossReason::ProbesUnanswered);
    assert_eq!(socket.error, Some(ReportedError::TimedOut));
}

#[test]
fn an_end_that_was_reported_before_the_close_is_a_loss_although_the_connection_is_alive() {
    // So a peer ends a TLS session.
    let (mut guard, _) = connected();
    guard.reported(ReportedError::ClosedByPeer, true, clock());
    guard.closing(true, clock());
    let loss = guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::Established));
    assert!(loss.is_some());
}

#[test]
fn a_heart_beat_that_is_switched_off_and_on_while_the_program_closes_beats_no_more() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(beat);
    guard.closing(true, start);
    guard.change(About::Settings, Ok(Settings::default()), start, &mut socket).unwrap();
    guard.change(About::Settings, Ok(beat), start, &mut socket).unwrap();
    let mut ended = None;
    for ms in (0..10_000).step_by(10) {
        socket.info = heard(ms);
        socket.info.as_mut().unwrap().retransmits = Some(2);
        let orders = guard.look(70_000, at(start, ms), &mut socket);
        assert!(!orders.beat);
        ended = ended.or(orders.abort.then_some(ms));
    }
    assert!(ended.is_some_and(|ms| (2000..2100).contains(&ms)), "{ended:?}");
}
