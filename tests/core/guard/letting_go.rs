//! What a guard has put on a socket it takes back.

use super::by_hand::*;

#[test]
fn what_was_found_is_put_back_when_the_guard_goes() {
    let before = Config { enabled: true, idle: seconds(100), count: Some(5), ..SHIPPED };
    let mut socket = Socket { in_force: before, ..Socket::default() };
    let mut guard = Guard::default();
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap();
    assert_eq!(socket.limit, seconds(1));
    assert_eq!(socket.in_force.idle, seconds(3));
    guard.let_go(&mut socket);
    assert_eq!(socket.in_force, before);
    assert_eq!(socket.limit, seconds(120));
    assert_eq!(guard.state(), State::Detached);
}

#[test]
fn what_was_found_is_put_back_also_on_a_connection_that_was_lost_and_not_aborted() {
    let (mut guard, mut socket, start) =
        connected_at(Settings { abort_on_loss: false, ..six_seconds() });
    let found = guard.found();
    look_until(&mut guard, &mut socket, start, false, 10_000);
    assert_eq!(guard.state(), State::Lost);
    assert_eq!(guard.found(), found, "the socket is still there");
    guard.let_go(&mut socket);
    assert_eq!(socket.in_force, SHIPPED);
    assert_eq!(socket.limit, seconds(120));
    guard.let_go(&mut socket);
    assert_eq!(guard.found(), None, "and only once");
}

#[test]
fn an_accepted_connection_gets_back_what_its_listener_had() {
    let mut listener = Found::new(&SHIPPED);
    let mut socket = Socket::default();
    listener.note_retransmissions(seconds(120));
    let mut guard = Guard::default();
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    socket.in_force = Config::detect_within(Duration::from_secs(6)).unwrap();
    socket.limit = seconds(1);
    guard.attached();
    guard.connected(Some(listener), clock(), &mut socket).unwrap();
    look_on(&mut guard, &mut socket, clock(), 0, 20_000, |_| heard(0));
    assert!(socket.told.is_empty(), "it has all of it");
    assert_eq!(guard.view().detection_time, seconds(6));
    guard.let_go(&mut socket);
    assert_eq!(socket.in_force, SHIPPED);
    assert_eq!(socket.limit, seconds(120));
}

#[test]
fn guards_that_come_and_go_while_probes_are_out_leave_the_count_as_it_was_with_these_alone() {
    let own = Config {
        enabled: true,
        idle: seconds(60),
        interval: seconds(10),
        count: Some(5),
        ..SHIPPED
    };
    let mut socket = Socket { in_force: own, info: silent_with(5500, 3), ..Socket::default() };
    for _ in 0..10 {
        let mut guard = Guard::default();
        guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
        guard.attached();
        guard.connected(None, clock(), &mut socket).unwrap();
        guard.let_go(&mut socket);
        assert_eq!(socket.in_force, Config { count: Some(8), ..own });
    }
    socket.info = heard(10);
    let mut guard = Guard::default();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap();
    guard.let_go(&mut socket);
    assert_eq!(socket.in_force, own, "the peer was heard");
}

#[test]
fn the_limit_for_retransmissions_goes_with_the_deadline_that_wanted_it() {
    let limits = [
        (within(3600), seconds(120)),
        (Settings::default(), seconds(120)),
        (within(30), seconds(5)),
    ];
    for (settings, limit) in limits {
        let (mut guard, mut socket, start) = connected_at(within(4));
        assert_eq!(socket.limit, seconds(1));
        guard.change(About::Settings, Ok(settings), start, &mut socket).unwrap();
        assert_eq!(socket.limit, limit);
    }
}

#[test]
fn without_the_deadline_the_values_are_as_they_were_found() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    guard.change(About::DetectWithin, Ok(Settings::default()), start, &mut socket).unwrap();
    assert_eq!(socket.in_force, Config { enabled: true, ..SHIPPED });
    assert_eq!(guard.view().detection_time, seconds(7875));
}

#[test]
fn a_guard_that_comes_to_a_connection_in_the_midst_of_its_probes_does_not_end_it() {
    let found = Config { enabled: true, idle: seconds(1), interval: seconds(1), ..SHIPPED };
    let (info, start) = (silent_with(8000, 6), clock());
    let mut socket = Socket { in_force: found, info, ..Socket::default() };
    let mut guard = Guard::default();
    guard.change(About::Settings, Ok(six_seconds()), start, &mut socket).unwrap();
    guard.attached();
    guard.connected(None, start, &mut socket).unwrap();
    assert!(socket.in_force.count > Some(7), "{:?}", socket.in_force);
    assert_eq!(socket.in_force.idle, seconds(1), "that waits for an answer");
    guard.let_go(&mut socket);
    assert!(socket.in_force.count > Some(7), "nor does its going: {:?}", socket.in_force);
}

#[test]
fn what_is_as_it_was_is_not_written_when_the_guard_goes() {
    let own = Config { enabled: true, ..Config::detect_within(Duration::from_secs(6)).unwrap() };
    let found = Found::new(&own);
    for (now, written) in [
        (own, vec![]),
        (Config { count: Some(8), ..own }, vec![Config { count: own.count, ..Config::default() }]),
        // Off since: by this guard, or by the program.
        (Config { enabled: false, ..own }, vec![Config::default()]),
    ] {
        let mut socket = Socket { in_force: now, ..Socket::default() };
        found.put_back(&mut socket);
        assert_eq!(socket.told, written);
        assert_eq!(socket.in_force, own);
    }
    let off = Config { enabled: false, ..own };
    let mut socket = Socket { in_force: off, ..Socket::default() };
    Found::new(&off).put_back(&mut socket);
    assert_eq!(socket.told, [], "off it was");
}
