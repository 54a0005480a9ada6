//! The policy of one connection, with the kernel played by hand.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use qkeepalive::guard::{About, Clock, Guard, Orders, Settings, State};
use qkeepalive::kernel::Kernel;
use qkeepalive::loss::{Evidence, ReportedError};
use qkeepalive::{Config, ConnectionState, Error, LossReason, Snapshot};

/// Notes what it is told, and has it in force.
#[derive(Default)]
struct Socket {
    told: Vec<Config>,
    refuses: bool,
    in_force: Option<Config>,
    info: Option<Snapshot>,
    error: Option<ReportedError>,
    called: u32,
    switched_off: bool,
}

impl Kernel for Socket {
    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        if self.refuses {
            // Any error will do.
            return Config::detect_within(Duration::ZERO);
        }
        self.told.push(*config);
        // What is left alone stays as it is; at first it is as the system was shipped.
        let before = self.in_force.unwrap_or(Config {
            idle: seconds(7200),
            interval: seconds(75),
            count: Some(9),
            ..Config::default()
        });
        let now = Config {
            enabled: config.enabled,
            idle: config.idle.or(before.idle),
            interval: config.interval.or(before.interval),
            count: config.count.or(before.count),
            user_timeout: config.user_timeout.or(before.user_timeout),
        };
        self.in_force = Some(now);
        Ok(now)
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        self.info
    }

    fn take_error(&mut self) -> ReportedError {
        self.error.take().unwrap_or(ReportedError::None)
    }

    fn is_probing(&mut self) -> bool {
        !self.switched_off
    }

    fn probe_now(&mut self, _: &Config) {
        self.called += 1;
    }

    fn retries(&mut self) -> u32 {
        15
    }

    fn is_multipath(&mut self) -> bool {
        false
    }
}

fn clock() -> Clock {
    Clock { now: Instant::now(), asleep: Duration::ZERO }
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fn six_seconds() -> Settings {
    Settings { detect_within: seconds(6), ..Settings::default() }
}

fn connected() -> (Guard, Socket) {
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(false, clock(), &mut socket).unwrap();
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
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    assert_eq!(guard.view().state, State::Waiting);
    assert!(socket.told.is_empty());
    guard.connected(false, clock(), &mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().state, State::Healthy);
    assert_eq!(guard.view().detection_time, seconds(6));
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
    guard.connected(false, clock(), &mut socket).unwrap_err();
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
    guard.connected(false, clock(), &mut socket).unwrap();
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
    let longer = Settings { detect_within: seconds(9), ..Settings::default() };
    guard.change(About::Settings, Ok(longer), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(false, clock(), &mut socket).unwrap_err();
    socket.refuses = false;
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    assert_eq!(socket.told, [Config::detect_within(Duration::from_secs(6)).unwrap()]);
    assert_eq!(guard.view().detection_time, seconds(6));
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

/// A peer that the kernel has not heard for so long, with a probe or data unanswered.
fn silent(ms: u64, data: bool) -> Option<Snapshot> {
    let since = Some(Duration::from_millis(ms));
    let mut info = Snapshot::default();
    info.state = Some(ConnectionState::Established);
    (info.since_ack_received, info.since_data_received) = (since, since);
    info.round_trip_time = Some(Duration::from_millis(1));
    info.round_trip_variation = Some(Duration::ZERO);
    info.since_data_sent = Some(Duration::from_millis(if data { 10 } else { ms + 10 }));
    (info.probes, info.unacked) = (Some(u32::from(!data) * 3), Some(u32::from(data)));
    info.retransmits = Some(u32::from(data) * 4);
    info.retransmission_timeout = Some(Duration::from_millis(if data { 3200 } else { 200 }));
    Some(info)
}

/// Looks until there is an order, or the time is over; the kernel's silence grows with the clock.
fn look_until(
    guard: &mut Guard,
    socket: &mut Socket,
    start: Clock,
    data: bool,
    end: u64,
) -> (u64, Orders) {
    for ms in (0..end).step_by(10) {
        let clock = Clock { now: start.now + Duration::from_millis(ms), ..start };
        // Nothing is asked of it before.
        if ms < 100 {
            continue;
        }
        socket.info = silent(ms, data && ms > 100);
        let orders = guard.look(false, clock, socket);
        if orders.loss.is_some() || orders.abort {
            return (ms, orders);
        }
    }
    (end, Orders::default())
}

fn connected_at(settings: Settings) -> (Guard, Socket, Clock) {
    let (mut guard, mut socket, clock) = (Guard::default(), Socket::default(), clock());
    guard.change(About::Settings, Ok(settings), clock, &mut socket).unwrap();
    guard.attached();
    guard.connected(false, clock, &mut socket).unwrap();
    (guard, socket, clock)
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
        guard.closing(true);
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
fn other_settings_do_not_take_back_what_is_known_of_the_peer() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut now = start.now;
    while guard.state() != State::Suspect {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        guard.look(false, Clock { now, ..start }, &mut socket);
    }
    let longer = Settings { detect_within: seconds(8), ..six_seconds() };
    guard.change(About::Settings, Ok(longer), Clock { now, ..start }, &mut socket).unwrap();
    loop {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        let orders = guard.look(false, Clock { now, ..start }, &mut socket);
        assert_eq!(guard.state(), State::Suspect);
        if orders.abort {
            break;
        }
    }
    let after = (now - start.now).as_millis();
    assert!((8000..8100).contains(&after), "{after}");
}

#[test]
fn a_heart_beat_beats_although_the_other_values_were_refused() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    let start = clock();
    let beat = Settings { heartbeat_interval: seconds(1), ..six_seconds() };
    guard.change(About::Settings, Ok(beat), start, &mut socket).unwrap();
    guard.attached();
    guard.connected(false, start, &mut socket).unwrap_err();
    let now = guard.next_look().expect("it looks").at;
    socket.info = silent(1000, false);
    assert!(guard.look(false, Clock { now, ..start }, &mut socket).beat);
}

#[test]
fn a_kernel_that_cannot_be_asked_is_not_asked_again_and_again() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    guard.look(false, start, &mut socket);
    assert_eq!(guard.next_look(), None);
    assert_eq!(guard.state(), State::Healthy);
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
fn a_connection_that_the_program_is_closing_gets_no_verdict() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    guard.closing(true);
    assert_eq!(guard.next_look(), None);
    assert_eq!(look_until(&mut guard, &mut socket, start, true, 10_000).0, 10_000);
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
            let orders = guard.look(false, Clock { now, ..start }, &mut socket);
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

/// A kernel that tells when the peer was heard, and counts no probes.
fn silent_uncounted(ms: u64) -> Option<Snapshot> {
    let mut info = Snapshot::default();
    info.since_ack_received = Some(Duration::from_millis(ms));
    Some(info)
}

#[test]
fn where_probes_are_not_counted_a_peer_is_not_lost_for_keepalive_that_was_switched_off() {
    for switched_off in [false, true] {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        socket.switched_off = switched_off;
        let mut aborted = None;
        for ms in (0..30_000).step_by(50) {
            let now = start.now + Duration::from_millis(ms);
            if guard.next_look().is_some_and(|look| look.at > now) {
                continue;
            }
            socket.info = silent_uncounted(ms);
            if guard.look(false, Clock { now, ..start }, &mut socket).abort {
                aborted = Some(ms);
                break;
            }
        }
        let lost = aborted.is_some_and(|ms| (6000..=6100).contains(&ms));
        assert_eq!(lost, !switched_off, "{aborted:?}");
        assert_eq!(aborted.is_some(), lost);
    }
}

#[test]
fn a_kernel_that_tells_nothing_leaves_the_heart_beat_and_what_the_program_received() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for hears in [true, false] {
        let (mut guard, mut socket, start) = connected_at(beat);
        socket.info = Some(Snapshot::default());
        let mut lost = None;
        for ms in (0..10_000).step_by(10) {
            let clock = Clock { now: start.now + Duration::from_millis(ms), ..start };
            if hears && ms % 1000 == 100 {
                guard.received(clock);
            }
            if guard.next_look().is_some_and(|look| look.at > clock.now) {
                continue;
            }
            if guard.look(false, clock, &mut socket).abort {
                let end = end(ReportedError::None, ConnectionState::Established);
                assert_eq!(guard.disconnected(end).unwrap().reason, LossReason::HeartbeatMissed);
                lost = Some(ms);
                break;
            }
        }
        assert_eq!(lost.is_some_and(|ms| (2000..=2100).contains(&ms)), !hears, "{lost:?}");
        assert_eq!(lost.is_none(), hears);
    }
}

#[test]
fn a_program_that_does_not_answer_is_told_apart_from_a_kernel_that_does_not() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for (data, reason) in
        [(false, LossReason::HeartbeatMissed), (true, LossReason::DataUnacknowledged)]
    {
        let (mut guard, mut socket, start) = connected_at(beat);
        let mut beats = 0;
        while guard.state() != State::Lost {
            let now = guard.next_look().expect("it goes on looking").at;
            let ms = (now - start.now).as_millis() as u64;
            socket.info = silent(ms, data);
            if let (Some(info), false) = (&mut socket.info, data) {
                info.probes = Some(0);
            }
            let orders = guard.look(false, Clock { now, ..start }, &mut socket);
            beats += u32::from(orders.beat);
            if orders.abort {
                let end = end(ReportedError::None, ConnectionState::Established);
                assert_eq!(guard.disconnected(end).unwrap().reason, reason);
                assert!((2000..2100).contains(&ms), "{ms}");
            }
        }
        assert!((1..=2).contains(&beats), "{beats}");
    }
}

#[test]
fn a_heart_beat_has_to_be_waited_for_longer_than_its_interval() {
    let (mut guard, mut socket) = connected();
    for timeout in [1, 999, 1000] {
        let wanted = Settings {
            heartbeat_interval: seconds(1),
            heartbeat_timeout: Some(Duration::from_millis(timeout)),
            ..six_seconds()
        };
        let error = guard.change(About::Settings, Ok(wanted), clock(), &mut socket).unwrap_err();
        assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
        assert!(error.to_string().starts_with("heartbeatTimeout: "), "{error}");
    }
    assert_eq!(guard.settings(), &six_seconds());
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
    guard.look(false, start, &mut socket);
    let words = guard.view().error;
    assert!(words.contains("round trip of 2.0 s"), "{words}");
    guard.accepted(About::Promise);
    guard.look(false, start, &mut socket);
    assert_eq!(guard.view().error, "");
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
                    guard.connected(false, clock(), &mut socket).unwrap();
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
