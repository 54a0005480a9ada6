//! What the kernel is told while probes are out, and what waits until one of them is answered.

use super::by_hand::*;

fn with(values: Config) -> Settings {
    Settings { values, ..Settings::default() }
}

/// Idle ten seconds, then three probes, one a second.
fn plan() -> Config {
    Config { idle: seconds(10), interval: seconds(1), count: Some(3), ..Config::default() }
}

/// One probe of it is out, and nothing was told since.
fn one_is_out() -> (Guard, Socket, Clock) {
    let (mut guard, mut socket, start) = connected_at(with(plan()));
    look_on(&mut guard, &mut socket, start, 100, 10_400, |ms| {
        silent_with(ms, u32::from(ms >= 10_000))
    });
    socket.info = silent_with(10_400, 1);
    (socket.told, socket.counts) = (vec![], vec![]);
    (guard, socket, start)
}

fn hear(guard: &mut Guard, socket: &mut Socket, start: Clock) {
    socket.info = heard(10);
    guard.look(0, at(start, 10_600), socket);
}

#[test]
fn those_that_are_out_are_added_to_a_new_count_and_nothing_else_is_written() {
    let (mut guard, mut socket, start) = one_is_out();
    let five = with(Config { count: Some(5), ..plan() });
    guard.change(About::Count, Ok(five), at(start, 10_400), &mut socket).unwrap();
    assert_eq!(socket.told, [Config { count: Some(5 + 1 + 2), ..Config::default() }]);
    assert_eq!(guard.in_force().unwrap().count, Some(5));
    socket.told.clear();
    hear(&mut guard, &mut socket, start);
    assert_eq!(socket.counts.last(), Some(&5));
    assert!(socket.told.is_empty(), "{:?}", socket.told);
}

#[test]
fn an_idle_time_that_waits_goes_on_to_wait_when_something_else_is_changed() {
    let (mut guard, mut socket, start) = one_is_out();
    let longer = Config { idle: seconds(20), ..plan() };
    guard.change(About::Idle, Ok(with(longer)), at(start, 10_400), &mut socket).unwrap();
    let more = with(Config { count: Some(5), ..longer });
    guard.change(About::Count, Ok(more), at(start, 10_410), &mut socket).unwrap();
    assert!(socket.told.iter().all(|told| told.idle.is_none()), "{:?}", socket.told);
    assert_eq!(guard.in_force().unwrap().idle, seconds(20));
    hear(&mut guard, &mut socket, start);
    assert_eq!(socket.in_force.idle, seconds(20));
}

#[test]
fn an_interval_that_waited_is_written_when_the_next_change_makes_the_wait_needless() {
    let (mut guard, mut socket, start) = one_is_out();
    let patient = Config { idle: seconds(300), ..plan() };
    guard.change(About::Idle, Ok(with(patient)), at(start, 10_400), &mut socket).unwrap();
    assert_eq!(socket.in_force.interval, seconds(3));
    assert_eq!(guard.in_force().unwrap().interval, seconds(1));
    guard.change(About::Idle, Ok(with(plan())), at(start, 10_410), &mut socket).unwrap();
    assert_eq!(socket.in_force.interval, seconds(1));
    hear(&mut guard, &mut socket, start);
    assert_eq!(socket.in_force.idle, seconds(10));
}

#[test]
fn an_interval_alone_that_waits_is_written_when_the_peer_is_heard() {
    let long = Config { idle: seconds(300), ..plan() };
    let (mut guard, mut socket, start) = connected_at(with(long));
    socket.info = silent_with(300_400, 1);
    let quick = with(Config { count: Some(127), ..long });
    guard.change(About::Count, Ok(quick), at(start, 300_400), &mut socket).unwrap();
    assert_eq!(socket.in_force.interval, seconds(2));
    socket.info = heard(10);
    let now = guard.next_look().expect("it looks").at;
    guard.look(0, Clock { now, ..start }, &mut socket);
    assert_eq!(socket.in_force.interval, seconds(1));
}

#[test]
fn keepalive_that_was_off_is_given_its_idle_time_although_probes_of_before_are_out() {
    let mut socket = Socket { info: silent_with(10_000, 2), ..Socket::default() };
    let mut guard = Guard::default();
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap();
    assert_eq!(socket.in_force.idle, seconds(3));
    assert_eq!(socket.in_force.count, Some(3 + 2 + 2));
}

// Not every system has one.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_user_timeout_waits_only_where_keepalive_would_go_by_it() {
    for (enabled, user_timeout, written) in
        [(true, 0, seconds(0)), (true, 9, seconds(0)), (false, 9, seconds(9))]
    {
        let (mut guard, mut socket, start) = one_is_out();
        let values = Config { enabled, user_timeout: seconds(user_timeout), ..plan() };
        guard.change(About::UserTimeout, Ok(with(values)), at(start, 10_400), &mut socket).unwrap();
        assert_eq!(socket.in_force.user_timeout, written, "{enabled}, {user_timeout}");
        assert_eq!(guard.in_force().unwrap().user_timeout, seconds(user_timeout));
        socket.told.clear();
        hear(&mut guard, &mut socket, start);
        let waited = enabled && user_timeout > 0;
        assert_eq!(socket.in_force.user_timeout, seconds(user_timeout));
        assert_eq!(!socket.told.is_empty(), waited, "{:?}", socket.told);
    }
}

#[test]
fn the_kernels_count_is_no_smaller_than_that_of_the_plan() {
    let many = with(Config { count: Some(20), ..plan() });
    let (mut guard, mut socket, start) = connected_at(many);
    socket.info = silent_with(10_400, 1);
    guard.look(0, at(start, 10_400), &mut socket);
    assert_eq!(socket.counts, [20 + 1 + 2]);
}

#[test]
fn the_kernels_count_lasts_until_the_next_look_however_late_that_may_be() {
    let long = Config { idle: seconds(60), ..plan() };
    let (mut guard, mut socket, start) = connected_at(with(long));
    // A look that happens to fall into the round trip of a probe.
    socket.info = silent_with(1, 1);
    let now = guard.next_look().expect("it looks").at;
    guard.look(0, Clock { now, ..start }, &mut socket);
    let next = guard.next_look().expect("it looks");
    let ahead = (next.at + next.lateness).saturating_duration_since(now).as_secs();
    assert!(ahead > 10, "{ahead}");
    let needed = u32::try_from(ahead).unwrap() + 1 + 2;
    assert_eq!(socket.counts, [needed.min(127)]);
    // The same once more is not written once more.
    guard.look(0, Clock { now, ..start }, &mut socket);
    assert_eq!(socket.counts.len(), 1);
}

#[test]
fn what_the_program_does_to_the_options_of_a_plan_of_its_own_is_not_followed() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    socket.in_force.idle = seconds(600);
    look_on(&mut guard, &mut socket, start, 100, 20_000, |_| heard(100));
    assert_eq!(guard.view().detection_time, seconds(6));
    for values in [
        Config { count: None, ..plan() },
        Config { idle: None, ..plan() },
        Config { interval: None, ..plan() },
    ] {
        let (mut guard, mut socket, start) = connected_at(with(values));
        socket.in_force =
            Config { enabled: true, ..Config::detect_within(Duration::from_secs(8)).unwrap() };
        let followed = Config {
            idle: values.idle.or(socket.in_force.idle),
            interval: values.interval.or(socket.in_force.interval),
            count: values.count.or(socket.in_force.count),
            ..socket.in_force
        };
        (socket.in_force.idle, socket.in_force.interval) = (followed.idle, followed.interval);
        socket.in_force.count = followed.count;
        let now = guard.next_look().expect("it looks").at;
        socket.info = heard(100);
        guard.look(0, Clock { now, ..start }, &mut socket);
        assert_eq!(guard.view().detection_time, followed.detection_time(), "{values:?}");
        let next = guard.next_look().expect("it looks").at;
        assert!(next < now + followed.detection_time().unwrap(), "it is watched by that, too");
    }
}

#[test]
fn a_few_milliseconds_between_two_clocks_are_no_sleep() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut lost = None;
    for ms in (0..10_000).step_by(10) {
        let asleep = Duration::from_millis(if ms < 5500 { 0 } else { 10 });
        let clock = Clock { asleep, ..at(start, ms) };
        if guard.next_look().is_none_or(|look| look.at > clock.now) {
            continue;
        }
        socket.info = silent_with(ms, (ms / 1000).saturating_sub(2) as u32);
        if guard.look(0, clock, &mut socket).abort {
            lost = lost.or(Some(ms));
        }
    }
    assert!(lost.is_some_and(|ms| (6000..=6100).contains(&ms)), "{lost:?}");
}

/// A healthy look over a path with this round trip, in milliseconds.
fn look_over(guard: &mut Guard, socket: &mut Socket, start: Clock, round_trip: u64, again: u32) {
    socket.info = heard(0).map(|mut info| {
        info.round_trip_time = Some(Duration::from_millis(round_trip));
        info.retransmits = Some(again);
        info
    });
    guard.look(0, start, socket);
}

#[test]
fn the_limit_for_retransmissions_follows_the_path_in_steps() {
    let (mut guard, mut socket, start) = connected_at(within(60));
    assert_eq!(socket.limit, seconds(10));
    // Four round trips are what it has to be at least.
    for (round_trip, limit) in [
        (2500, 10_000),
        (3000, 10_000),
        (3125, 10_000),
        (3126, 12_504),
        (6000, 24_000),
        (3000, 24_000),
        (2999, 11_996),
        (10, 11_996),
        (5000, 20_000),
        (10, 20_000),
        (6000, 20_000),
        (6251, 25_004),
        (10, 10_000),
    ] {
        look_over(&mut guard, &mut socket, start, round_trip, 0);
        assert_eq!(socket.limit, Some(Duration::from_millis(limit)), "{round_trip}");
    }
}

#[test]
fn in_the_midst_of_retransmissions_the_limit_may_grow_and_not_shrink() {
    let (mut guard, mut socket, start) = connected_at(within(60));
    look_over(&mut guard, &mut socket, start, 6000, 1);
    assert_eq!(socket.limit, seconds(24));
    look_over(&mut guard, &mut socket, start, 10, 1);
    assert_eq!(socket.limit, seconds(24));
    look_over(&mut guard, &mut socket, start, 10, 0);
    assert_eq!(socket.limit, seconds(10));
}

/// The event loop was blocked over the time of the last call and the end of the promise.
#[test]
fn whoever_was_not_called_because_nobody_looked_is_called_before_the_verdict() {
    for answers in [false, true] {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        look_on(&mut guard, &mut socket, start, 100, 5100, |ms| {
            silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
        });
        assert_eq!((guard.state(), socket.called), (State::Suspect, 0));
        socket.info = silent_with(8000, 3);
        assert_eq!(guard.look(0, at(start, 8000), &mut socket), Orders::default());
        assert_eq!((guard.state(), socket.called), (State::Suspect, 1));
        let raised = socket.in_force.count;
        assert!(raised > Some(3 + 1), "the kernel must not give up for it: {raised:?}");
        let lost = look_on(&mut guard, &mut socket, start, 8010, 9500, |ms| {
            if answers { heard(ms - 8001) } else { silent_with(ms, 4) }
        });
        let state = if answers { State::Healthy } else { State::Suspect };
        assert_eq!(guard.state(), state);
        assert_eq!(lost.is_some(), !answers);
        assert!(lost.is_none_or(|ms| (9000..9100).contains(&ms)), "{lost:?}");
    }
}
