//! The one place where a simulated life touches the library: every call to the guard, and what the
//! guard asks of the kernel.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use qkeepalive::driver::Orders;
use qkeepalive::found::Found;
use qkeepalive::guard::{About, Clock, Guard, Settings, State};
use qkeepalive::history::{self, MOST};
use qkeepalive::kernel::Kernel;
use qkeepalive::loss::{Evidence, ReportedError};
use qkeepalive::replay::replay;
use qkeepalive::{Config, ConnectionState, Error, LossReason, Snapshot, retransmission};

use crate::driven::Driven as _;

use super::kernel::{End, Link, Options, SEGMENT, SHIPPED, Socket, TICK};
use super::time::{MS, Us};

/// When lives begin. Far from the clock's own beginning: what is dated before a life exists, too.
static BEGINNING: LazyLock<Instant> = LazyLock::new(|| Instant::now() + Duration::from_secs(9999));

fn time(us: Us) -> Duration {
    Duration::from_micros(us)
}

fn us(time: Duration) -> Us {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the guard wants done, of what a socket's owner does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub loss: Option<LossReason>,
    pub abort: bool,
    pub beat: bool,
}

/// What is promised of the peer's kernel.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    pub within: Us,
    pub idle: Us,
    pub interval: Us,
    pub counted: bool,
}

/// The machine's time, and how long of it the machine was asleep.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Us,
    pub asleep: Us,
}

impl From<Moment> for Clock {
    fn from(moment: Moment) -> Self {
        Clock { now: *BEGINNING + time(moment.now), asleep: time(moment.asleep) }
    }
}

#[derive(Debug, Default)]
pub struct Guarded {
    guard: Guard,
    /// What follows from it and from the settings, as of the last change.
    promise: Option<Promise>,
    rhythm: Option<(Us, Us)>,
}

impl Guarded {
    pub fn settings(&self) -> &Settings {
        self.guard.settings()
    }

    pub fn state(&self) -> State {
        self.guard.state()
    }

    pub fn is_connected(&self) -> bool {
        self.guard.is_connected()
    }

    pub fn is_enabled(&self) -> bool {
        self.guard.settings().values.enabled
    }

    /// What holds of the peer's kernel now, if anything does.
    pub fn promise(&self) -> Option<Promise> {
        self.promise.filter(|_| self.guard.is_connected())
    }

    /// The heart-beat's interval and timeout.
    pub fn rhythm(&self) -> Option<(Us, Us)> {
        self.rhythm.filter(|_| self.guard.is_connected())
    }

    /// The two as they were until the guard told a loss.
    pub fn last_promises(&self) -> (Option<Promise>, Option<(Us, Us)>) {
        (self.promise, self.rhythm)
    }

    fn note_promises(&mut self) {
        let settings = *self.settings();
        let in_force = self.guard.in_force().filter(|_| self.is_enabled());
        self.promise = in_force.and_then(|in_force| {
            let in_force = Config { enabled: true, ..in_force };
            Some(Promise {
                within: us(in_force.detection_time()?),
                idle: us(in_force.idle?),
                interval: us(in_force.interval?),
                counted: in_force.user_timeout.is_none_or(|timeout| timeout.is_zero()),
            })
        });
        let interval = settings.heartbeat_interval.filter(|_| self.is_enabled());
        self.rhythm = interval.map(|interval| {
            let timeout = settings.heartbeat_timeout.unwrap_or(2 * interval);
            (us(interval), us(timeout))
        });
    }

    /// Whether retransmissions should be limited for what is promised.
    pub fn wants_limit(&self, socket: &Socket) -> bool {
        self.promise().is_some_and(|promise| {
            let info = snapshot(socket);
            retransmission::limit(time(promise.within), &info, socket.retries).is_some()
        })
    }

    /// When it wants to look, and how much later it may be.
    pub fn next_look(&self) -> Option<(Us, Us)> {
        let look = self.guard.next_look()?;
        Some((us(look.at.saturating_duration_since(*BEGINNING)), us(look.lateness)))
    }

    pub fn attached(&mut self) {
        self.guard.attached();
    }

    /// The socket's owner has made another one.
    pub fn renewed(&mut self) {
        self.guard.renewed();
    }

    /// What a listener with these settings hands on to what it accepts.
    pub fn listener(settings: &Settings, retries: u32) -> Options {
        let mut socket = Socket::new(0, SHIPPED, 0, 1 << 16, 1 << 16);
        socket.retries = retries;
        let mut guarded = Self::default();
        let clock = Moment { now: 0, asleep: 0 };
        let _ = guarded.change(settings, clock, &mut socket);
        guarded.attached();
        guarded.connected(false, clock, &mut socket);
        let mut options = socket.options;
        let promise = guarded.promise();
        options.longest_timeout = promise
            .and_then(|promise| retransmission::limit_at_accept(time(promise.within), retries))
            .map_or(SHIPPED.longest_timeout, us);
        options
    }

    pub fn connected(&mut self, inherits: bool, moment: Moment, socket: &mut Socket) -> Wanted {
        // What the listener had before its guard came.
        let inherited = inherits.then(|| {
            let mut found = Found::new(&config(&SHIPPED));
            found.note_retransmissions(Some(time(SHIPPED.longest_timeout)));
            found
        });
        let orders = self.guard.connected(inherited, moment.into(), &mut Calls { socket });
        self.note_promises();
        wanted(orders.unwrap_or_default())
    }

    /// `None` where the settings are refused.
    pub fn change(
        &mut self,
        settings: &Settings,
        moment: Moment,
        socket: &mut Socket,
    ) -> Option<Wanted> {
        let mut calls = Calls { socket };
        let orders =
            self.guard.change(About::Settings, Ok(*settings), moment.into(), &mut calls).ok()?;
        self.note_promises();
        Some(wanted(orders))
    }

    pub fn look(&mut self, queued: u64, moment: Moment, socket: &mut Socket) -> Wanted {
        let orders = self.guard.look(queued, moment.into(), &mut Calls { socket });
        wanted(orders)
    }

    /// The program has written what was asked for.
    pub fn beat_written(&mut self, queued: u64, moment: Moment, socket: &mut Socket) -> Wanted {
        self.guard.beat_written(queued, moment.into(), &mut Calls { socket });
        Wanted::default()
    }

    /// The guard goes, and the connection lives on.
    pub fn let_go(&mut self, socket: &mut Socket) {
        self.guard.let_go(&mut Calls { socket });
    }

    /// The network library has met this end of the connection, which the kernel knows of.
    pub fn reported(&mut self, end: Option<End>, moment: Moment) {
        self.guard.reported(class(end), false, moment.into());
    }

    pub fn closing(&mut self, alive: bool, moment: Moment) {
        self.guard.closing(alive, moment.into());
    }

    /// The socket is closed; `error` is what stands in the library.
    pub fn disconnected(
        &mut self,
        error: Option<Option<End>>,
        moment: Moment,
        socket: &Socket,
    ) -> Wanted {
        let evidence = Evidence {
            reported: error.map_or(ReportedError::None, class),
            heard: false,
            error_pending: false,
            snapshot: Some(snapshot(socket)),
            config: None,
        };
        let loss = self.guard.disconnected_at(evidence, moment.into());
        Wanted { loss: loss.map(|loss| loss.reason), ..Wanted::default() }
    }
}

impl Guarded {
    /// Whether the guard comes to the same loss when what led to it happens once more.
    pub fn replays(&self, told: LossReason) -> Result<(), String> {
        let history = self.guard.history();
        if history.len() > MOST + history::TITLE.len() + 1 {
            return Err(format!("{} bytes:\n{history}", history.len()));
        }
        let replay = replay(&history).map_err(|error| format!("{error}:\n{history}"))?;
        let same = replay.is_the_same() && replay.lost.is_some_and(|(_, loss)| loss.reason == told);
        if same { Ok(()) } else { Err(format!("{told:?}, {:?}:\n{history}", replay.lost)) }
    }
}

fn wanted(orders: Orders) -> Wanted {
    Wanted { loss: orders.loss.map(|loss| loss.reason), abort: orders.abort, beat: orders.beat }
}

/// How a library names an end; `None` is the peer's FIN.
fn class(end: Option<End>) -> ReportedError {
    match end {
        None | Some(End::Reset) => ReportedError::ClosedByPeer,
        Some(_) => ReportedError::TimedOut,
    }
}

fn config(options: &Options) -> Config {
    Config {
        enabled: options.keepalive,
        idle: Some(time(options.idle)),
        interval: Some(time(options.interval)),
        count: Some(options.count),
        user_timeout: Some(time(options.user_timeout)),
    }
}

struct Calls<'a> {
    socket: &'a mut Socket,
}

impl Kernel for Calls<'_> {
    fn query(&mut self) -> Result<Config, Error> {
        Ok(config(&self.socket.options))
    }

    fn apply(&mut self, wanted: &Config) -> Result<Config, Error> {
        let whole = |time: Duration| us(time).div_ceil(1000 * MS) * 1000 * MS;
        if let Some(timeout) = wanted.user_timeout {
            self.socket.options.user_timeout = us(timeout);
        }
        let idle = wanted.idle.map(whole);
        if let Some(idle) = idle.filter(|idle| *idle != self.socket.options.idle) {
            self.socket.set_idle(idle);
        }
        if let Some(interval) = wanted.interval {
            self.socket.options.interval = whole(interval);
        }
        if let Some(count) = wanted.count {
            self.socket.options.count = count;
        }
        self.socket.set_keepalive(wanted.enabled);
        Ok(Config {
            idle: wanted.idle.map(|idle| time(whole(idle))),
            interval: wanted.interval.map(|interval| time(whole(interval))),
            ..*wanted
        })
    }

    fn set_count(&mut self, count: u32) {
        self.socket.options.count = count;
    }

    fn retransmission_limit(&mut self) -> Option<Duration> {
        Some(time(self.socket.options.longest_timeout))
    }

    fn limit_retransmissions(&mut self, limit: Duration) {
        self.socket.options.longest_timeout = us(limit);
    }

    fn is_probing(&mut self) -> bool {
        self.socket.options.keepalive
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        Some(snapshot(self.socket))
    }

    fn bytes_left(&mut self, _: &Snapshot) -> Option<u64> {
        Some(self.socket.nxt)
    }

    fn take_error(&mut self) -> ReportedError {
        let unreachable = std::mem::take(&mut self.socket.soft_error);
        if unreachable { ReportedError::Unreachable } else { ReportedError::None }
    }

    fn probe_now(&mut self, in_force: &Config) {
        if let Some(idle) = in_force.idle {
            self.socket.set_idle(us(idle));
        }
    }

    fn retries(&mut self) -> u32 {
        self.socket.retries
    }

    fn is_multipath(&mut self) -> bool {
        self.socket.multipath
    }
}

/// What `TCP_INFO` shows of it.
pub fn snapshot(socket: &Socket) -> Snapshot {
    let ticks = |us: Us| us / TICK * TICK;
    let since = |at: Us| Some(time(ticks(socket.now).saturating_sub(ticks(at))));
    let ended = socket.ended.is_some();
    let in_flight = if ended { 0 } else { (socket.nxt - socket.una).div_ceil(SEGMENT) };
    let mut info = Snapshot::default();
    info.state = Some(match (ended, socket.is_half_closed()) {
        (true, _) => ConnectionState::Closed,
        (false, true) => ConnectionState::CloseWait,
        (false, false) => ConnectionState::Established,
    });
    info.probes = Some(socket.probes);
    info.retransmits = Some(socket.retransmits);
    info.total_retransmits = Some(socket.total_retransmits);
    info.backoff = Some(socket.backoff);
    info.unacked = Some(in_flight as u32);
    info.unsent = Some(socket.unsent() as u32);
    info.round_trip_time = Some(time(socket.round_trip));
    info.round_trip_variation = Some(time(socket.variation));
    info.retransmission_timeout = Some(time(ticks(socket.timeout)));
    info.since_data_sent = since(socket.data_sent_at);
    info.since_data_received = since(socket.data_received_at);
    info.since_ack_received = since(socket.ack_received_at);
    info.bytes_acknowledged = Some(socket.una);
    info.bytes_received = Some(socket.received);
    info.bytes_sent = Some(socket.handed);
    info.window = Some(socket.peers_window() as u32);
    info.receive_window = Some(socket.offered() as u32);
    info
}

/// How the link's state reads in a trace.
pub fn link(link: Link) -> &'static str {
    match link {
        Link::Up => "",
        Link::Busy => " busy",
        Link::NoRoute => " no route",
    }
}
