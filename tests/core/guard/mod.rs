//! The policy of one connection, with the kernel played by hand.

mod beats;
mod blind;
mod by_hand;
mod changes;
mod closing;
mod history;
mod letting_go;
mod probes_out;
mod refusals;

use proptest::prelude::*;

use by_hand::*;

#[test]
fn values_reach_the_kernel_at_the_connect_and_not_before() {
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    assert_eq!(guard.view().state, State::Waiting);
    assert!(socket.told.is_empty());
    guard.connected(None, clock(), &mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().state, State::Healthy);
    assert_eq!(guard.view().detection_time, seconds(6));
}

#[test]
fn a_socket_that_was_renewed_waits_for_its_connect() {
    let (mut guard, _) = connected();
    guard.renewed();
    assert_eq!((guard.state(), guard.is_connected()), (State::Waiting, false));
    assert_eq!(guard.next_look(), None);
}

#[test]
fn only_what_became_different_is_written() {
    let (mut guard, mut socket) = connected();
    let wanted = |interval| {
        let values = Config { idle: seconds(10), interval, ..Config::default() };
        Settings { values, ..Settings::default() }
    };
    guard.change(About::Settings, Ok(wanted(seconds(5))), clock(), &mut socket).unwrap();
    socket.told.clear();
    guard.change(About::Settings, Ok(wanted(seconds(7))), clock(), &mut socket).unwrap();
    assert_eq!(socket.told, [Config { interval: seconds(7), ..Config::default() }]);
    socket.told.clear();
    guard.change(About::Settings, Ok(wanted(None)), clock(), &mut socket).unwrap();
    assert!(socket.told.is_empty(), "a return to \"leave alone\" writes nothing");
}

#[test]
fn a_disabled_guard_says_nothing() {
    let (mut guard, mut socket) = connected();
    let values = Config { enabled: false, ..Config::default() };
    guard
        .change(About::Settings, Ok(Settings { values, ..six_seconds() }), clock(), &mut socket)
        .unwrap();
    assert!(!socket.told.last().unwrap().enabled);
    assert_eq!(guard.view().state, State::Waiting);
    assert_eq!(guard.view().detection_time, None);
    assert_eq!(guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::Closed)), None);
    assert_eq!(guard.view().state, State::Waiting);
}

#[derive(Debug, Clone)]
enum Event {
    Attached,
    Detached,
    Connected,
    Reported(ReportedError, bool),
    Closing(bool),
    Disconnected(ReportedError, ConnectionState),
    Change(Settings),
}

fn errors() -> impl Strategy<Value = ReportedError> {
    use ReportedError::{ClosedByPeer, None, Other, TimedOut, Unreachable};
    prop::sample::select(vec![None, ClosedByPeer, TimedOut, Unreachable, Other])
}

fn events() -> impl Strategy<Value = Event> {
    use ConnectionState::{CloseWait, Closed, Established};
    let states = prop::sample::select(vec![Established, CloseWait, Closed]);
    prop_oneof![
        Just(Event::Attached),
        Just(Event::Detached),
        Just(Event::Connected),
        (errors(), any::<bool>()).prop_map(|(error, alive)| Event::Reported(error, alive)),
        any::<bool>().prop_map(Event::Closing),
        (errors(), states).prop_map(|(error, state)| Event::Disconnected(error, state)),
        (any::<bool>(), prop::option::of(0u64..70_000)).prop_map(|(enabled, total)| {
            let detect_within = total.map(Duration::from_millis);
            let values = Config { enabled, ..Config::default() };
            Event::Change(Settings { values, detect_within, ..Settings::default() })
        }),
    ]
}

proptest! {
    /// Whatever happens in whatever order: a loss is told at most once for each connect, only of a
    /// connection, only while enabled, and never of one that is alive and of which nothing was
    /// reported.
    #[test]
    fn no_history_makes_the_guard_cry_wolf(history in prop::collection::vec(events(), 0..40)) {
        let (mut guard, mut socket) = (Guard::default(), Socket::default());
        let mut losses_allowed = 0;
        for event in history {
            let before = guard.view();
            match event {
                Event::Attached => guard.attached(),
                Event::Detached => guard.detached(),
                Event::Connected => {
                    guard.connected(None, clock(), &mut socket).unwrap();
                    losses_allowed = 1;
                }
                Event::Reported(error, alive) => guard.reported(error, alive, clock()),
                Event::Closing(alive) => guard.closing(alive, clock()),
                Event::Disconnected(error, state) => {
                    if let Some(loss) = guard.disconnected(end(error, state)) {
                        prop_assert_eq!(losses_allowed, 1);
                        losses_allowed = 0;
                        prop_assert!(before.settings.values.enabled);
                        prop_assert_eq!(before.state, State::Healthy);
                        prop_assert_eq!(guard.view().state, State::Lost);
                        prop_assert_eq!(guard.view().loss_reason, Some(loss.reason));
                    }
                }
                Event::Change(settings) => {
                    let accepted = guard.change(About::Settings, Ok(settings), clock(), &mut socket).is_ok();
                    prop_assert_eq!(guard.settings() == &settings, accepted || before.settings == settings);
                }
            }
            let view = guard.view();
            prop_assert_eq!(view.state == State::Lost, view.loss_reason.is_some());
            prop_assert!(view.detection_time.is_none() || view.state == State::Healthy);
        }
    }
}

#[test]
fn the_systems_own_values_are_followed_where_they_are_in_force() {
    let (mut guard, mut socket, start) = connected_at(Settings::default());
    assert_eq!(guard.view().detection_time, seconds(7875));
    socket.in_force.idle = seconds(600); // sysctl
    let mut now = start.now;
    for _ in 0..3 {
        now = guard.next_look().expect("it looks").at.max(now);
        socket.info = heard(100);
        guard.look(0, Clock { now, ..start }, &mut socket);
    }
    assert_eq!(guard.view().detection_time, seconds(600 + 675));
}

#[test]
fn a_connection_that_does_not_have_its_listeners_values_is_given_them_before_it_counts() {
    let start = clock();
    let mut guard = Guard::default();
    let mut socket = Socket::default();
    guard.change(About::Settings, Ok(six_seconds()), start, &mut socket).unwrap();
    socket.in_force = Config::detect_within(Duration::from_secs(30)).unwrap();
    guard.attached();
    guard.connected(Some(Found::new(&SHIPPED)), start, &mut socket).unwrap();
    look_on(&mut guard, &mut socket, start, 0, 5000, |_| heard(0));
    assert_eq!(socket.in_force.idle, seconds(3));
    assert_eq!(socket.in_force.interval, seconds(1));
}

#[test]
fn an_accepted_connection_of_several_paths_gets_no_verdict() {
    let start = clock();
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(About::Settings, Ok(six_seconds()), start, &mut socket).unwrap();
    socket.in_force = Config::detect_within(Duration::from_secs(6)).unwrap();
    socket.multipath = true;
    guard.attached();
    guard.connected(Some(Found::new(&SHIPPED)), start, &mut socket).unwrap();
    let lost = look_on(&mut guard, &mut socket, start, 0, 30_000, |ms| {
        silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
    });
    assert_eq!((lost, guard.state()), (None, State::Healthy));
    let view = guard.view();
    assert_eq!(view.detection_time, None, "nobody keeps it");
    assert!(view.error.starts_with("IPPROTO_MPTCP: "), "{}", view.error);
}

#[test]
fn a_plan_whose_interval_is_longer_than_its_idle_time_asks_in_time_all_the_same() {
    let values =
        Config { idle: seconds(2), interval: seconds(75), count: Some(1), ..Config::default() };
    let settings = Settings { values, ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(settings);
    // The kernel's timer goes on at the interval after a probe that was answered.
    look_on(&mut guard, &mut socket, start, 100, 6000, heard);
    assert_eq!(socket.called, 1);
    look_on(&mut guard, &mut socket, start, 6000, 7000, |_| heard(10));
    look_on(&mut guard, &mut socket, start, 7000, 12_000, |ms| heard(ms - 7000));
    assert_eq!(socket.called, 2, "once for each silence");
}

// Not every system has one, and nowhere else it takes the place of the count.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn with_a_user_timeout_the_first_probe_is_asked_for_in_time_and_no_other() {
    let values = Config {
        idle: seconds(4),
        interval: seconds(20),
        count: Some(1),
        user_timeout: seconds(30),
        ..Config::default()
    };
    let (mut guard, mut socket, start) = connected_at(Settings { values, ..Settings::default() });
    look_on(&mut guard, &mut socket, start, 100, 4490, heard);
    assert_eq!(socket.called, 0);
    look_on(&mut guard, &mut socket, start, 4490, 40_000, |ms| {
        silent_with(ms, u32::from(ms > 4600))
    });
    assert_eq!(socket.called, 1);
}

#[test]
fn a_guard_that_is_switched_off_does_not_look() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let values = Config { enabled: false, ..Config::default() };
    let off = Settings { values, ..six_seconds() };
    guard.change(About::Enabled, Ok(off), start, &mut socket).unwrap();
    assert_eq!(guard.next_look(), None);
    socket.asked = 0;
    assert_eq!(guard.look(0, at(start, 100), &mut socket), Orders::default());
    assert_eq!((guard.state(), socket.asked), (State::Waiting, 0));
}
