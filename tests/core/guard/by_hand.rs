//! A kernel played by hand, and a guard that looks at it.

pub(super) use std::time::{Duration, Instant};

pub(super) use crate::driven::Driven;
pub(super) use qkeepalive::driver::Orders;
pub(super) use qkeepalive::found::Found;
pub(super) use qkeepalive::guard::{About, Clock, Guard, Settings, State};
pub(super) use qkeepalive::kernel::Kernel;
pub(super) use qkeepalive::loss::{Evidence, ReportedError};
pub(super) use qkeepalive::{Config, ConnectionState, Error, LossReason, Snapshot};

/// Notes what it is told, and has it in force.
pub(super) struct Socket {
    pub(super) told: Vec<Config>,
    pub(super) refuses: bool,
    pub(super) in_force: Config,
    pub(super) info: Option<Snapshot>,
    pub(super) error: Option<ReportedError>,
    pub(super) called: u32,
    pub(super) switched_off: bool,
    pub(super) counts: Vec<u32>,
    pub(super) limit: Option<Duration>,
    pub(super) multipath: bool,
    pub(super) retries: u32,
    pub(super) noted: Option<u32>,
    /// How often it was asked what it knows.
    pub(super) asked: u32,
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
            asked: 0,
        }
    }
}

/// As the system was shipped.
pub(super) const SHIPPED: Config = Config {
    enabled: false,
    idle: Some(Duration::from_secs(7200)),
    interval: Some(Duration::from_secs(75)),
    count: Some(9),
    user_timeout: Some(Duration::ZERO),
};

/// A peer that answers all that it is asked, heard so long ago.
pub(super) fn heard(ms: u64) -> Option<Snapshot> {
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
        self.asked += 1;
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

pub(super) fn clock() -> Clock {
    Clock { now: Instant::now(), asleep: Duration::ZERO }
}

pub(super) fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

pub(super) fn six_seconds() -> Settings {
    Settings { detect_within: seconds(6), ..Settings::default() }
}

pub(super) fn connected() -> (Guard, Socket) {
    let (mut guard, mut socket) = (Guard::default(), Socket::default());
    guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
    guard.attached();
    guard.connected(None, clock(), &mut socket).unwrap();
    (guard, socket)
}

pub(super) fn end(reported: ReportedError, state: ConnectionState) -> Evidence {
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

/// A peer that the kernel has not heard for so long, with a probe or data unanswered.
pub(super) fn silent(ms: u64, data: bool) -> Option<Snapshot> {
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
pub(super) fn look_until(
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

pub(super) fn connected_at(settings: Settings) -> (Guard, Socket, Clock) {
    let (mut guard, mut socket, clock) = (Guard::default(), Socket::default(), clock());
    guard.change(About::Settings, Ok(settings), clock, &mut socket).unwrap();
    guard.attached();
    guard.connected(None, clock, &mut socket).unwrap();
    (guard, socket, clock)
}

/// Plays a kernel whose probes nobody answers, and a silence that began at the start.
pub(super) fn silent_with(ms: u64, probes: u32) -> Option<Snapshot> {
    let mut info = silent(ms, false)?;
    info.probes = Some(probes);
    Some(info)
}

pub(super) fn at(start: Clock, ms: u64) -> Clock {
    Clock { now: start.now + Duration::from_millis(ms), ..start }
}

/// Looks when it is time, from one moment to another. Returns when it was given up.
pub(super) fn look_on(
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

pub(super) fn within(seconds: u64) -> Settings {
    Settings { detect_within: Some(Duration::from_secs(seconds)), ..Settings::default() }
}
