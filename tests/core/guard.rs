//! The policy of one connection, with the kernel played by hand.

use std::time::Duration;

use proptest::prelude::*;
use qkeepalive::guard::{Guard, Kernel, Settings, State};
use qkeepalive::loss::{Evidence, ReportedError};
use qkeepalive::{Config, ConnectionState, Error, LossReason, Snapshot};

/// Notes what it is told, and has it in force.
#[derive(Default)]
struct Socket {
    told: Vec<Config>,
    refuses: bool,
}

impl Kernel for Socket {
    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        if self.refuses {
            // Any error will do.
            return Config::detect_within(Duration::ZERO);
        }
        self.told.push(*config);
        Ok(*config)
    }
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fn six_seconds() -> Settings {
    Settings { detect_within: seconds(6), ..Settings::default() }
}

fn connected() -> (Guard, Socket) {
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(Ok(six_seconds()), &mut socket).unwrap();
    guard.attached();
    guard.connected(&mut socket).unwrap();
    (guard, socket)
}

fn end(reported: ReportedError, state: ConnectionState) -> Evidence {
    let mut snapshot = Snapshot::default();
    snapshot.state = Some(state);
    Evidence {
        reported,
        heard: false,
        error_pending: false,
        snapshot: Some(snapshot),
        config: None,
    }
}

#[test]
fn values_reach_the_kernel_at_the_connect_and_not_before() {
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(Ok(six_seconds()), &mut socket).unwrap();
    guard.attached();
    assert_eq!(guard.view().state, State::Waiting);
    assert!(socket.told.is_empty());
    guard.connected(&mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().state, State::Healthy);
    assert_eq!(guard.view().detection_time, seconds(6));
}

#[test]
fn only_what_became_different_is_written() {
    let (mut guard, mut socket) = connected();
    socket.told.clear();
    let values = Config { user_timeout: seconds(9), ..Config::default() };
    let timeout = Settings { values, ..six_seconds() };
    guard.change(Ok(timeout), &mut socket).unwrap();
    assert_eq!(socket.told, [Config { user_timeout: seconds(9), ..Config::default() }]);
    socket.told.clear();
    guard.change(Ok(six_seconds()), &mut socket).unwrap();
    assert!(socket.told.is_empty(), "a return to \"leave alone\" writes nothing");
}

#[test]
fn what_the_kernel_refuses_is_not_kept() {
    let (mut guard, mut socket) = connected();
    socket.refuses = true;
    let wanted = Settings { detect_within: seconds(8), ..Settings::default() };
    guard.change(Ok(wanted), &mut socket).unwrap_err();
    assert_eq!(guard.settings(), &six_seconds());
    assert!(!guard.view().error.is_empty());
    socket.refuses = false;
    guard.change(Ok(six_seconds()), &mut socket).unwrap();
    assert!(guard.view().error.is_empty(), "the next success clears the error");
}

#[test]
fn a_connection_whose_values_were_refused_is_watched_all_the_same() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    guard.attached();
    guard.connected(&mut socket).unwrap_err();
    assert_eq!(guard.view().state, State::Healthy);
    assert_eq!(guard.view().detection_time, None);
    let loss = guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::CloseWait));
    assert_eq!(loss.unwrap().reason, LossReason::PeerClosed);
}

#[test]
fn a_loss_is_told_once_and_stands_until_the_next_connect() {
    let (mut guard, mut socket) = connected();
    let evidence = end(ReportedError::ClosedByPeer, ConnectionState::Closed);
    assert_eq!(guard.disconnected(evidence).unwrap().reason, LossReason::PeerReset);
    assert_eq!(guard.disconnected(evidence), None);
    assert_eq!(guard.view().state, State::Lost);
    assert_eq!(guard.view().loss_reason, Some(LossReason::PeerReset));
    guard.connected(&mut socket).unwrap();
    assert_eq!(guard.view().loss_reason, None);
}

#[test]
fn a_close_that_this_side_began_stays_one_even_if_the_peer_dies_during_it() {
    let (mut guard, _) = connected();
    guard.closing(true);
    guard.reported(ReportedError::ClosedByPeer, false);
    assert_eq!(guard.disconnected(end(ReportedError::ClosedByPeer, ConnectionState::Closed)), None);
    assert_eq!(guard.view().state, State::Waiting);
}

#[test]
fn an_expired_wait_leaves_no_trace() {
    let (mut guard, _) = connected();
    guard.reported(ReportedError::TimedOut, true);
    guard.closing(true);
    assert_eq!(
        guard.disconnected(end(ReportedError::TimedOut, ConnectionState::Established)),
        None
    );
}

#[test]
fn an_error_that_leaves_the_connection_alive_does_not_make_an_own_close_a_loss() {
    let (mut guard, _) = connected();
    guard.reported(ReportedError::Other, true);
    guard.closing(true);
    assert_eq!(guard.disconnected(end(ReportedError::Other, ConnectionState::Closed)), None);
}

#[test]
fn once_the_refused_value_is_mended_all_values_are_applied() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    let values = Config { user_timeout: seconds(9), ..Config::default() };
    guard.change(Ok(Settings { values, ..six_seconds() }), &mut socket).unwrap();
    guard.attached();
    guard.connected(&mut socket).unwrap_err();
    socket.refuses = false;
    guard.change(Ok(six_seconds()), &mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().detection_time, seconds(6));
}

#[test]
fn a_disabled_guard_says_nothing() {
    let (mut guard, mut socket) = connected();
    let values = Config { enabled: false, ..Config::default() };
    guard.change(Ok(Settings { values, ..six_seconds() }), &mut socket).unwrap();
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
            Event::Change(Settings { values, detect_within })
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
                    guard.connected(&mut socket).unwrap();
                    losses_allowed = 1;
                }
                Event::Reported(error, alive) => guard.reported(error, alive),
                Event::Closing(alive) => guard.closing(alive),
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
                    let accepted = guard.change(Ok(settings), &mut socket).is_ok();
                    prop_assert_eq!(guard.settings() == &settings, accepted || before.settings == settings);
                }
            }
            let view = guard.view();
            prop_assert_eq!(view.state == State::Lost, view.loss_reason.is_some());
            prop_assert!(view.detection_time.is_none() || view.state == State::Healthy);
        }
    }
}
