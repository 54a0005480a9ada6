//! What is refused is said, and stays until it is set well.

use super::by_hand::*;

#[test]
fn what_the_kernel_refuses_is_not_kept() {
    let (mut guard, mut socket) = connected();
    socket.refuses = true;
    let wanted = Settings { detect_within: seconds(8), ..Settings::default() };
    guard.change(About::Settings, Ok(wanted), clock(), &mut socket).unwrap_err();
    assert_eq!(guard.settings(), &six_seconds());
    assert!(!guard.view().error.is_empty());
    socket.refuses = false;
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    assert!(guard.view().error.is_empty(), "the next success clears the error");
}

#[test]
fn a_connection_whose_values_were_refused_is_watched_all_the_same() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap_err();
    assert_eq!(guard.view().state, State::Healthy);
    assert_eq!(guard.view().detection_time, None);
    let loss = guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::CloseWait));
    assert_eq!(loss.unwrap().reason, LossReason::PeerClosed);
}

#[test]
fn once_the_refused_value_is_mended_all_values_are_applied() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    let longer = Settings { detect_within: seconds(9), ..Settings::default() };
    guard.change(About::Settings, Ok(longer), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap_err();
    socket.refuses = false;
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().detection_time, seconds(6));
}

#[test]
fn a_path_too_slow_for_the_deadline_is_said_once() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut info = silent(0, false);
    if let Some(info) = &mut info {
        info.probes = Some(0);
        info.round_trip_time = seconds(2);
    }
    socket.info = info;
    guard.look(0, start, &mut socket);
    let words = guard.view().error;
    assert!(words.contains("round trip of 2.0 s"), "{words}");
    guard.accepted(About::Promise);
    guard.look(0, start, &mut socket);
    assert_eq!(guard.view().error, "");
}

#[test]
fn a_refusal_stays_until_what_it_is_about_is_set_well() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let bad = Settings { detect_within: Some(Duration::ZERO), ..six_seconds() };
    guard.change(About::DetectWithin, Ok(bad), start, &mut socket).unwrap_err();
    let words = guard.view().error;
    let idle = Config { idle: seconds(5), ..Config::default() };
    let other = Settings { values: idle, ..six_seconds() };
    guard.change(About::Idle, Ok(other), start, &mut socket).unwrap();
    guard.attached();
    assert_eq!(guard.view().error, words);
    guard.change(About::DetectWithin, Ok(other), start, &mut socket).unwrap();
    assert_eq!(guard.view().error, "");
}

#[test]
fn a_system_that_was_told_to_give_up_early_is_told_of() {
    for (retries, said) in [(3, true), (8, false), (15, false)] {
        let (mut guard, mut socket) = (Guard::default(), Socket { retries, ..Socket::default() });
        guard.change(About::Settings, Ok(within(30)), clock(), &mut socket).unwrap();
        guard.attached();
        guard.connected(None, clock(), &mut socket).unwrap();
        assert_eq!(guard.view().error.contains("tcp_retries2 is 3"), said, "{retries}");
        guard.change(About::DetectWithin, Ok(within(2)), clock(), &mut socket).unwrap();
        assert_eq!(guard.view().error, "", "within two seconds it does not");
        guard.change(About::DetectWithin, Ok(within(3)), clock(), &mut socket).unwrap();
        assert_eq!(guard.view().error, "", "nor just in time");
    }
}

#[test]
fn what_is_refused_elsewhere_is_counted_known_and_taken_back() {
    let mut guard = Guard::default();
    assert_eq!(guard.refusals(), 0);
    for times in 1..=3 {
        guard.refused(About::Socket, "socket: that is a timer");
        assert_eq!(guard.refusals(), times);
    }
    assert!(guard.is_refused("socket: that is a timer"));
    assert!(!guard.is_refused("socket: that is a file"));
    assert_eq!(guard.view().error, "socket: that is a timer");
    guard.accepted(About::Socket);
    assert_eq!(guard.view().error, "");
    assert_eq!(guard.refusals(), 3);
}

#[test]
fn a_system_that_gives_up_early_is_not_told_of_to_who_asks_nothing_of_the_kernel() {
    let mut socket = Socket { retries: 3, ..Socket::default() };
    let mut guard = Guard::default();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap();
    assert_eq!(guard.view().error, "");
}

#[test]
fn a_path_is_too_slow_from_two_round_trips_beyond_the_idle_time_on() {
    for (round_trip, said) in [(1499, false), (1500, true), (1600, true)] {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        socket.info = heard(0).map(|mut info| {
            info.round_trip_time = Some(Duration::from_millis(round_trip));
            info
        });
        guard.look(0, start, &mut socket);
        assert_eq!(!guard.view().error.is_empty(), said, "{round_trip}");
    }
}

#[test]
fn a_system_as_it_was_shipped_is_not_told_of_however_long_the_time() {
    let (guard, _, _) = connected_at(within(2000));
    assert_eq!(guard.view().error, "");
}
