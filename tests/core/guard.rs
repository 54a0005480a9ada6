//! The policy of one connection, with the kernel played by hand.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use qkeepalive::found::Found;
use qkeepalive::guard::{About, Clock, Guard, Orders, Settings, State};
use qkeepalive::kernel::Kernel;
use qkeepalive::loss::{Evidence, ReportedError};
use qkeepalive::{Config, ConnectionState, Error, LossReason, Snapshot};

/// Notes what it is told, and has it in force.
struct Socket {
    told: Vec<Config>,
    refuses: bool,
    in_force: Config,
    info: Option<Snapshot>,
    error: Option<ReportedError>,
    called: u32,
    switched_off: bool,
    counts: Vec<u32>,
    limit: Option<Duration>,
    multipath: bool,
    retries: u32,
    noted: Option<u32>,
}

impl Default for Socket {
    fn default() -> Self {
        Self {
            told: vec![],
            refuses: false,
            in_force: SHIPPED,
            info: heard(0),
            error: None,
            called: 0,
            switched_off: false,
            counts: vec![],
            limit: Some(Duration::from_secs(120)),
            multipath: false,
            retries: 15,
            noted: None,
        }
    }
}

/// As the system was shipped.
const SHIPPED: Config = Config {
    enabled: false,
    idle: Some(Duration::from_secs(7200)),
    interval: Some(Duration::from_secs(75)),
    count: Some(9),
    user_timeout: Some(Duration::ZERO),
};

/// A peer that answers all that it is asked, heard so long ago.
fn heard(ms: u64) -> Option<Snapshot> {
    let mut info = silent(ms, false)?;
    info.probes = Some(0);
    Some(info)
}

impl Kernel for Socket {
    fn query(&mut self) -> Result<Config, Error> {
        Ok(self.in_force)
    }

    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        if self.refuses {
            // Any error will do.
            return Config::detect_within(Duration::ZERO);
        }
        self.told.push(*config);
        let before = self.in_force;
        self.in_force = Config {
            enabled: config.enabled,
            idle: config.idle.or(before.idle),
            interval: config.interval.or(before.interval),
            count: config.count.or(before.count),
            user_timeout: config.user_timeout.or(before.user_timeout),
        };
        Ok(*config)
    }

    fn set_count(&mut self, count: u32) {
        self.counts.push(count);
        self.in_force.count = Some(count);
    }

    fn note_count(&mut self, count: u32) {
        self.noted = Some(count);
    }

    fn noted_count(&mut self) -> Option<u32> {
        self.noted.take()
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

    fn probe_now(&mut self, in_force: &Config) {
        self.called += 1;
        self.in_force.idle = in_force.idle.or(self.in_force.idle);
    }

    fn retransmission_limit(&mut self) -> Option<Duration> {
        self.limit
    }

    fn limit_retransmissions(&mut self, limit: Duration) {
        self.limit = Some(limit);
    }

    fn retries(&mut self) -> u32 {
        self.retries
    }

    fn is_multipath(&mut self) -> bool {
        self.multipath
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
    guard.connected(None, clock(), &mut socket).unwrap();
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
    guard.connected(None, clock(), &mut socket).unwrap();
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
    guard.connected(None, clock(), &mut socket).unwrap_err();
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
        let orders = guard.look(0, clock, socket);
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
    guard.connected(None, clock, &mut socket).unwrap();
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
fn other_settings_do_not_take_back_what_is_known_of_the_peer() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut now = start.now;
    while guard.state() != State::Suspect {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        guard.look(0, Clock { now, ..start }, &mut socket);
    }
    let longer = Settings { detect_within: seconds(8), ..six_seconds() };
    guard.change(About::Settings, Ok(longer), Clock { now, ..start }, &mut socket).unwrap();
    loop {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        let orders = guard.look(0, Clock { now, ..start }, &mut socket);
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
    guard.connected(None, start, &mut socket).unwrap_err();
    let now = guard.next_look().expect("it looks").at;
    socket.info = silent(1000, false);
    assert!(guard.look(0, Clock { now, ..start }, &mut socket).beat);
}

#[test]
fn a_kernel_that_cannot_be_asked_is_not_asked_again_and_again_and_that_is_said() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    socket.info = None;
    guard.look(0, start, &mut socket);
    assert_eq!(guard.next_look(), None);
    assert_eq!(guard.state(), State::Healthy);
    assert!(guard.view().blind);
    assert!(guard.view().error.starts_with("TCP_INFO: "), "{}", guard.view().error);
}

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_kernel_that_tells_nothing_is_known_at_the_connect_and_an_own_close_is_no_loss() {
    for info in [None, Some(Snapshot::default())] {
        let (mut guard, mut socket) = (Guard::default(), Socket { info, ..Socket::default() });
        guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
        guard.attached();
        let refusal = guard.connected(None, clock(), &mut socket).unwrap_err();
        assert_eq!(refusal.code(), Some(Error::UNSUPPORTED));
        let view = guard.view();
        assert!(view.blind && view.error.starts_with("TCP_INFO: "), "{view:?}");
        // The values are in force all the same: the kernel finds an idle peer's death by itself.
        assert_eq!(view.detection_time, seconds(6));
        assert_eq!(socket.in_force.idle, seconds(3));
        guard.closing(false, clock()); // nobody can say that it is alive
        let mut end = end(ReportedError::ClosedByPeer, ConnectionState::Closed);
        end.snapshot = None;
        assert_eq!(guard.disconnected(end), None);
        assert_eq!(guard.state(), State::Waiting);
    }
}

#[test]
fn where_nobody_can_say_whether_it_is_alive_an_error_is_a_loss_only_if_the_socket_closes() {
    for closes in [true, false] {
        let mut socket = Socket { info: None, ..Socket::default() };
        let mut guard = Guard::default();
        guard.attached();
        let start = clock();
        guard.connected(None, start, &mut socket).expect("nothing was asked of the kernel");
        assert_eq!(guard.next_look(), None);
        guard.reported(ReportedError::TimedOut, false, start);
        if !closes {
            // It was an expired wait.
            let now = guard.next_look().expect("it is seen whether it closes").at;
            guard.look(0, Clock { now, ..start }, &mut socket);
        }
        guard.closing(false, start);
        let mut end = end(ReportedError::TimedOut, ConnectionState::Closed);
        end.snapshot = None;
        assert_eq!(guard.disconnected(end).is_some(), closes);
    }
}

#[test]
fn without_a_descriptor_there_is_the_heart_beat_alone() {
    /// What has no descriptor.
    struct None_;
    impl Kernel for None_ {
        fn query(&mut self) -> Result<Config, Error> {
            Err(Error::NoDescriptor { given: -2 })
        }
        fn apply(&mut self, _: &Config) -> Result<Config, Error> {
            Err(Error::NoDescriptor { given: -2 })
        }
        fn set_count(&mut self, _: u32) {
            panic!("nothing is written to it");
        }
        fn probe_now(&mut self, _: &Config) {
            panic!("nothing is written to it");
        }
        fn is_probing(&mut self) -> bool {
            false
        }
        fn snapshot(&mut self) -> Option<Snapshot> {
            None
        }
        fn take_error(&mut self) -> ReportedError {
            ReportedError::None
        }
        fn retransmission_limit(&mut self) -> Option<Duration> {
            None
        }
        fn limit_retransmissions(&mut self, _: Duration) {
            panic!("nothing is written to it");
        }
        fn retries(&mut self) -> u32 {
            15
        }
        fn is_multipath(&mut self) -> bool {
            false
        }
    }
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let with_deadline = Settings { detect_within: seconds(6), ..beat };
    for (settings, refused) in [(beat, false), (with_deadline, true)] {
        let (mut guard, mut socket, start) = (Guard::default(), None_, clock());
        guard.change(About::Settings, Ok(settings), start, &mut socket).unwrap();
        guard.attached();
        // A refusal is a failure only where more was asked for than the heart-beat.
        assert_eq!(guard.connected(None, start, &mut socket).is_err(), refused);
        assert!(guard.view().error.contains("heartbeatInterval"), "{}", guard.view().error);
        assert!(guard.wants_received() && guard.view().blind);
        assert_eq!(guard.view().detection_time, seconds(2));
        let (mut now, mut beats) = (start.now, 0);
        let orders = loop {
            now = guard.next_look().expect("it looks").at.max(now);
            let clock = Clock { now, ..start };
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
                beats += 1;
                if beats <= 3 {
                    guard.received(Clock { now: now + Duration::from_millis(100), ..start });
                }
            }
            if orders.abort {
                break orders;
            }
        };
        assert_eq!(orders.verdict.unwrap().reason, LossReason::HeartbeatMissed);
        assert_eq!(beats, 4);
        // Another deadline is not written anywhere either.
        let other = Settings { detect_within: seconds(8), ..settings };
        guard.change(About::DetectWithin, Ok(other), start, &mut socket).unwrap();
    }
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
            if guard.look(0, Clock { now, ..start }, &mut socket).abort {
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
fn keepalive_that_is_on_again_gives_the_peer_its_full_time() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut aborted = None;
    for ms in (0..40_000).step_by(50) {
        let now = start.now + Duration::from_millis(ms);
        socket.switched_off = ms < 20_000;
        if guard.next_look().is_some_and(|look| look.at > now) {
            continue;
        }
        socket.info = silent_uncounted(ms);
        if guard.look(0, Clock { now, ..start }, &mut socket).abort {
            aborted = Some(ms);
            break;
        }
    }
    // While it was off the time began anew, again and again.
    assert!(aborted.is_some_and(|ms| (22_000..=26_500).contains(&ms)), "{aborted:?}");
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
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
            }
            if orders.abort {
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
            let clock = Clock { now, ..start };
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
                beats += 1;
            }
            if orders.abort {
                let end = end(ReportedError::None, ConnectionState::Established);
                assert_eq!(guard.disconnected(end).unwrap().reason, reason);
                assert!((2000..2100).contains(&ms), "{ms}");
            }
        }
        assert_eq!(beats, 1, "one is under way at a time");
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
    guard.look(0, start, &mut socket);
    let words = guard.view().error;
    assert!(words.contains("round trip of 2.0 s"), "{words}");
    guard.accepted(About::Promise);
    guard.look(0, start, &mut socket);
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

/// Plays a kernel whose probes nobody answers, and a silence that began at the start.
fn silent_with(ms: u64, probes: u32) -> Option<Snapshot> {
    let mut info = silent(ms, false)?;
    info.probes = Some(probes);
    Some(info)
}

fn at(start: Clock, ms: u64) -> Clock {
    Clock { now: start.now + Duration::from_millis(ms), ..start }
}

/// Looks when it is time, from one moment to another. Returns when it was given up.
fn look_on(
    guard: &mut Guard,
    socket: &mut Socket,
    start: Clock,
    from: u64,
    to: u64,
    info: impl Fn(u64) -> Option<Snapshot>,
) -> Option<u64> {
    for ms in (from..to).step_by(10) {
        let clock = at(start, ms);
        if guard.next_look().is_none_or(|look| look.at > clock.now) {
            continue;
        }
        socket.info = info(ms);
        if guard.look(0, clock, socket).abort {
            return Some(ms);
        }
    }
    None
}

fn within(seconds: u64) -> Settings {
    Settings { detect_within: Some(Duration::from_secs(seconds)), ..Settings::default() }
}

/// A connection whose peer was last heard at the start and has not answered three probes since.
fn suspect() -> (Guard, Socket, Clock) {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let lost = look_on(&mut guard, &mut socket, start, 100, 5400, |ms| {
        silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
    });
    assert_eq!((lost, guard.state()), (None, State::Suspect));
    socket.info = silent_with(5400, 3);
    socket.told.clear();
    (guard, socket, start)
}

#[test]
fn the_kernels_count_is_ahead_of_the_probes_that_are_out_and_put_back_when_the_peer_is_heard() {
    let (mut guard, mut socket, start) = suspect();
    assert!(socket.in_force.count > Some(4), "{:?}", socket.counts);
    assert_eq!(guard.view().detection_time, seconds(6));
    socket.info = heard(10);
    guard.look(0, at(start, 5500), &mut socket);
    assert_eq!(socket.in_force.count, Some(3));
}

#[test]
fn a_longer_time_set_while_suspect_is_waited_for_and_the_kernel_kept_from_giving_up() {
    for (longer, seconds_) in [(within(7), 7), (within(30), 30)] {
        let (mut guard, mut socket, start) = suspect();
        guard.change(About::DetectWithin, Ok(longer), at(start, 5400), &mut socket).unwrap();
        // A probe is out: the kernel fires one more for each idle time that is written.
        assert!(socket.told.iter().all(|told| told.idle.is_none()), "{:?}", socket.told);
        assert!(socket.in_force.count > Some(4), "{:?}", socket.in_force);
        assert_eq!(guard.view().detection_time, seconds(seconds_));
        let probes = |ms: u64| 3 + ((ms - 5400) / 1000) as u32;
        let lost =
            look_on(&mut guard, &mut socket, start, 5410, 40_000, |ms| silent_with(ms, probes(ms)));
        let lost = lost.expect("it is lost");
        assert!((seconds_ * 1000..=seconds_ * 1000 + 100).contains(&lost), "{lost}");
        assert!(socket.in_force.count > Some(probes(lost)), "{:?}", socket.in_force);
    }
}

#[test]
#[cfg(target_os = "linux")] // where it is known what the kernel does at its next probe
fn with_a_user_timeout_a_longer_time_set_while_a_probe_is_out_is_waited_for_to_its_end() {
    let timed = |seconds_within: u64| {
        let values = Config { user_timeout: seconds(3), ..Config::default() };
        Settings { values, ..within(seconds_within) }
    };
    let (mut guard, mut socket, start) = connected_at(timed(4));
    assert_eq!(socket.in_force.user_timeout, seconds(3));
    look_on(&mut guard, &mut socket, start, 0, 2500, |ms| silent_with(ms, u32::from(ms > 2000)));
    guard.change(About::DetectWithin, Ok(timed(20)), at(start, 2500), &mut socket).unwrap();
    assert_eq!(socket.in_force.user_timeout, Some(Duration::ZERO), "or the next probe is the end");
    let promised = guard.in_force().unwrap();
    assert_eq!(promised.user_timeout, seconds(3));
    assert_eq!(guard.view().detection_time, promised.detection_time());
    let lost =
        look_on(&mut guard, &mut socket, start, 2510, 8000, |ms| silent_with(ms, ms as u32 / 1000));
    assert_eq!(lost, None);
    look_on(&mut guard, &mut socket, start, 8000, 9000, |_| silent_with(10, 0));
    assert_eq!(socket.in_force.user_timeout, seconds(3), "the peer was heard");
}

#[test]
fn a_promise_that_outlasts_all_probes_that_the_kernel_counts_is_asked_for_at_longer_intervals() {
    let (mut guard, mut socket, start) = suspect();
    let patient =
        Config { idle: seconds(300), interval: seconds(1), count: Some(3), ..Config::default() };
    let patient = Settings { values: patient, ..Settings::default() };
    guard.change(About::DetectWithin, Ok(patient), at(start, 5400), &mut socket).unwrap();
    assert_eq!(guard.view().detection_time, seconds(303));
    assert_eq!(socket.in_force.interval, seconds(3), "127 probes are all that it counts");
    look_on(&mut guard, &mut socket, start, 5410, 6000, |_| silent_with(10, 0));
    assert_eq!(socket.in_force.interval, seconds(1), "the peer was heard");
    assert_eq!(socket.in_force.idle, seconds(300));
}

#[test]
fn the_new_idle_time_is_written_when_the_probe_is_answered() {
    let (mut guard, mut socket, start) = suspect();
    guard.change(About::DetectWithin, Ok(within(30)), at(start, 5400), &mut socket).unwrap();
    assert_eq!(socket.in_force.idle, seconds(3));
    socket.info = heard(5);
    guard.look(0, at(start, 5450), &mut socket);
    assert_eq!(socket.in_force.idle, seconds(15));
    assert_eq!(socket.in_force.count, Some(3));
    assert_eq!(guard.state(), State::Healthy);
}

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_shorter_time_set_after_a_long_quiet_gives_the_peer_the_time_to_answer() {
    let (mut guard, mut socket, start) = connected_at(within(20));
    // Nine seconds of nothing, as the plan has it: its first probe comes at ten.
    let lost = look_on(&mut guard, &mut socket, start, 100, 9000, heard);
    assert_eq!((lost, guard.state()), (None, State::Healthy));
    socket.info = heard(9000);
    // Dragged: one step each 16 ms. The first write fires a probe, which a slow path answers late.
    let mut ms = 9000;
    for step in (4..20).rev() {
        guard.change(About::DetectWithin, Ok(within(step)), at(start, ms), &mut socket).unwrap();
        ms += 16;
        socket.info = silent_with(ms, 1);
        look_on(&mut guard, &mut socket, start, ms, ms + 10, |ms| silent_with(ms, 1));
    }
    let writes = socket.told.iter().filter(|told| told.idle.is_some()).count();
    assert_eq!(writes, 1 + 1, "at the connect, and one step of the slider: {:?}", socket.told);
    // It is found, if it is dead, not before the plan of four seconds has asked it.
    let lost = look_on(&mut guard, &mut socket, start, ms + 10, 30_000, |now| {
        silent_with(now, 1 + ((now - ms) / 1000) as u32)
    });
    let lost = lost.expect("it is lost");
    assert!((ms + 2500..=ms + 4100).contains(&lost), "{lost}");
}

#[test]
fn a_shorter_time_in_the_midst_of_retransmissions_waits_for_one_more_of_them() {
    let (mut guard, mut socket, start) = connected_at(within(240));
    let trying = |ms: u64, again: u32| {
        let mut info = silent(ms, true)?;
        (info.retransmits, info.backoff) = (Some(again), Some(again));
        info.total_retransmits = Some(again);
        info.since_data_sent = Some(Duration::from_millis(10_000));
        info.retransmission_timeout = seconds(40);
        Some(info)
    };
    look_on(&mut guard, &mut socket, start, 100, 100_000, |ms| trying(ms, 8));
    let limit = socket.limit;
    socket.info = trying(100_000, 8);
    guard.change(About::DetectWithin, Ok(within(4)), at(start, 100_000), &mut socket).unwrap();
    assert_eq!(socket.limit, limit, "under a smaller one the kernel would give up at once");
    let lost = look_on(&mut guard, &mut socket, start, 100_010, 130_000, |ms| trying(ms, 8));
    assert_eq!(lost, None, "nothing was asked since");
    let lost = look_on(&mut guard, &mut socket, start, 130_000, 140_000, |ms| trying(ms, 9));
    assert!(lost.is_some_and(|lost| lost < 131_000), "{lost:?}");
}

#[test]
fn switched_off_while_suspect_and_on_again_the_peer_is_asked_anew() {
    let (mut guard, mut socket, start) = suspect();
    let off = Config { enabled: false, ..Config::default() };
    let off = Settings { values: off, ..six_seconds() };
    guard.change(About::Enabled, Ok(off), at(start, 5500), &mut socket).unwrap();
    assert_eq!(socket.limit, seconds(120), "the limit goes with it");
    assert_eq!(socket.in_force.count, Some(3));
    // Nobody sends anything meanwhile: the kernel's count of unanswered probes stays.
    socket.info = silent_with(15_000, 3);
    guard.change(About::Enabled, Ok(six_seconds()), at(start, 15_000), &mut socket).unwrap();
    assert!(socket.in_force.count > Some(4), "{:?}", socket.in_force);
    assert_eq!(guard.view().detection_time, seconds(6));
    let lost = look_on(&mut guard, &mut socket, start, 15_010, 40_000, |ms| {
        silent_with(ms, 3 + ((ms - 15_000) / 1000).saturating_sub(2) as u32)
    });
    // As long as the plan gives its probes, and not by what nobody has asked since.
    assert!(lost.is_some_and(|lost| (17_600..19_000).contains(&lost)), "{lost:?}");
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
fn the_two_times_of_the_heart_beat_may_be_set_in_any_order() {
    let ms = |ms| Some(Duration::from_millis(ms));
    for first_interval in [true, false] {
        for (old, new) in [((1000, 5000), (100, 500)), ((100, 500), (1000, 5000))] {
            let (mut guard, mut socket) = (Guard::default(), Socket::default());
            let start = Settings {
                heartbeat_interval: ms(old.0),
                heartbeat_timeout: ms(old.1),
                ..Settings::default()
            };
            guard.change(About::Settings, Ok(start), clock(), &mut socket).unwrap();
            for interval in [first_interval, !first_interval] {
                let before = *guard.settings();
                let asked = guard.settings_asked();
                let wanted = match interval {
                    true => Settings { heartbeat_interval: ms(new.0), ..asked },
                    false => Settings { heartbeat_timeout: ms(new.1), ..asked },
                };
                let about = match interval {
                    true => About::HeartbeatInterval,
                    false => About::HeartbeatTimeout,
                };
                let refused = guard.change(about, Ok(wanted), clock(), &mut socket).is_err();
                assert!(!refused || *guard.settings() == before, "no half of it is kept");
            }
            let now = guard.settings();
            assert_eq!(now.heartbeat_interval, ms(new.0));
            assert_eq!(now.heartbeat_timeout, ms(new.1));
            assert_eq!(guard.view().error, "");
        }
    }
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
fn of_the_heart_beats_two_times_each_has_its_own_refusal() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let bad = Settings { heartbeat_interval: Some(Duration::ZERO), ..six_seconds() };
    guard.change(About::HeartbeatInterval, Ok(bad), start, &mut socket).unwrap_err();
    let words = guard.view().error;
    assert!(words.starts_with("heartbeatInterval: "), "{words}");
    let timeout = Settings { heartbeat_timeout: seconds(3), ..guard.settings_asked() };
    guard.change(About::HeartbeatTimeout, Ok(timeout), start, &mut socket).unwrap();
    assert_eq!(guard.view().error, words);
    // One that does not fit the other is another matter, and the end of the first.
    let longer = Settings { heartbeat_interval: seconds(4), ..guard.settings_asked() };
    guard.change(About::HeartbeatInterval, Ok(longer), start, &mut socket).unwrap_err();
    assert!(guard.view().error.starts_with("heartbeatTimeout: "), "{}", guard.view().error);
    let fitting = Settings { heartbeat_timeout: seconds(5), ..guard.settings_asked() };
    guard.change(About::HeartbeatTimeout, Ok(fitting), start, &mut socket).unwrap();
    assert_eq!(guard.view().error, "");
    assert_eq!(guard.settings().heartbeat_interval, seconds(4));
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
fn a_system_that_was_told_to_give_up_early_is_told_of() {
    for (retries, said) in [(3, true), (8, false), (15, false)] {
        let (mut guard, mut socket) = (Guard::default(), Socket { retries, ..Socket::default() });
        guard.change(About::Settings, Ok(within(30)), clock(), &mut socket).unwrap();
        guard.attached();
        guard.connected(None, clock(), &mut socket).unwrap();
        assert_eq!(guard.view().error.contains("tcp_retries2 is 3"), said, "{retries}");
        guard.change(About::DetectWithin, Ok(within(2)), clock(), &mut socket).unwrap();
        assert_eq!(guard.view().error, "", "within two seconds it does not");
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

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_guard_that_comes_in_a_silence_and_is_given_its_deadline_afterwards_asks_by_it() {
    // As `new KeepAlive(socket)` does it: the kernel's timer is wound up for two hours by then.
    let (mut guard, mut socket, start) = (Guard::default(), Socket::default(), clock());
    socket.info = silent_with(1000, 1);
    guard.attached();
    guard.connected(None, at(start, 1000), &mut socket).unwrap();
    guard.change(About::DetectWithin, Ok(within(4)), at(start, 1000), &mut socket).unwrap();
    let lost = look_on(&mut guard, &mut socket, start, 1010, 20_000, |ms| {
        // Nothing more is sent by itself.
        silent_with(ms, 1)
    });
    assert_eq!(lost, None, "one that nobody has asked");
    assert!(socket.called >= 1, "it is asked out of turn");
    assert_eq!(socket.in_force.idle, seconds(1));
}
