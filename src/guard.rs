//! One connection's whole policy, without I/O: settings and evidence in, decisions out.
//!
//! The owner of a [`Guard`] tells it what happens to the socket, does what it asks for (the calls
//! that touch the kernel are passed in), and shows its [`View`] to the world.

use std::time::{Duration, Instant};

use crate::config::{Config, LEAVE_ALONE};
use crate::error::{Error, OptionName, Quantity, Unit};
use crate::heartbeat::{Heartbeat, Rhythm};
use crate::kernel::Kernel;
use crate::liveness::{Liveness, NextLook, Terms, Verdict};
use crate::loss::{self, Evidence, Loss, LossReason, ReportedError};
use crate::plan::{Plan, Range, Together, milliseconds};
use crate::refusals::Refusals;
use crate::retransmission;
use crate::snapshot::{ConnectionState, Snapshot};
use crate::sys;

pub use crate::refusals::About;

/// What the program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The values one by one. While not [`enabled`](Config::enabled), keepalive is off on the
    /// socket, and the verdict with it.
    pub values: Config,
    /// One knob in place of idle, interval and count, by default not used; see
    /// [`Config::detect_within`].
    pub detect_within: Option<Duration>,
    /// The time between two beats, 1 ms to 2147483647 ms; `None`, the default, for no heart-beat.
    pub heartbeat_interval: Option<Duration>,
    /// The silence after which the peer's program is lost, longer than the interval; `None`, the
    /// default, is twice the interval.
    pub heartbeat_timeout: Option<Duration>,
    /// Whether the connection is aborted when the loss is known here before the kernel knows it.
    /// Default: yes.
    pub abort_on_loss: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            values: Config::default(),
            detect_within: None,
            heartbeat_interval: None,
            heartbeat_timeout: None,
            abort_on_loss: true,
        }
    }
}

/// The times of a heart-beat. Qt's timers count milliseconds in an int.
pub(crate) const HEARTBEAT_INTERVAL: Range = Range {
    option: OptionName(c"heartbeatInterval"),
    unit: Unit::Milliseconds,
    min: 1,
    max: i32::MAX as i64,
};
pub(crate) const HEARTBEAT_TIMEOUT: Range =
    Range { option: OptionName(c"heartbeatTimeout"), ..HEARTBEAT_INTERVAL };

impl Settings {
    /// What they ask of the kernel.
    fn config(&self) -> Result<Config, Error> {
        let Some(total) = self.detect_within else {
            return Ok(self.values);
        };
        let Config { enabled, user_timeout, .. } = self.values;
        Ok(Config { enabled, user_timeout, ..Config::detect_within(total)? })
    }

    /// The heart-beat, if there is one.
    fn rhythm(&self) -> Option<Rhythm> {
        let interval = self.heartbeat_interval?;
        let timeout = self.heartbeat_timeout.unwrap_or(interval.saturating_mul(2));
        Some(Rhythm { interval, timeout })
    }

    /// Checks each value, also one that another takes the place of for the time being.
    fn check(&self) -> Result<(), Error> {
        Plan::new(&self.values, sys::limits()?)?;
        self.heartbeat_interval.map(|time| HEARTBEAT_INTERVAL.round_up(time)).transpose()?;
        self.heartbeat_timeout.map(|time| HEARTBEAT_TIMEOUT.round_up(time)).transpose()?;
        // A peer that answers each beat is silent for one interval in between.
        if let Some(Rhythm { interval, timeout }) = self.rhythm()
            && timeout <= interval
        {
            let ms = |time| i64::try_from(milliseconds(time)).unwrap_or(i64::MAX);
            let longer = Range { min: ms(interval) + 1, ..HEARTBEAT_TIMEOUT };
            return Err(longer.refuse(Quantity::Milliseconds(ms(timeout))));
        }
        self.config().map(|_| ())
    }
}

/// The time, as a guard wants to know it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now.
    pub now: Instant,
    /// How long this machine has slept since it was started (Linux: CLOCK_BOOTTIME without
    /// CLOCK_MONOTONIC).
    pub asleep: Duration,
}

impl Clock {
    /// The time at this moment.
    pub fn read() -> Self {
        Self { now: Instant::now(), asleep: sys::asleep() }
    }
}

/// What a look at the connection calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orders {
    /// The connection is lost: tell it.
    pub loss: Option<Loss>,
    /// Abort the connection now.
    pub abort: bool,
    /// Why it is aborted. The loss itself comes from [`Guard::disconnected`].
    pub verdict: Option<Loss>,
    /// Write a beat.
    pub beat: bool,
    /// Limit the time between two retransmissions to this.
    pub retransmit_within: Option<Duration>,
}

/// Where a guarded connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// No socket is set.
    #[default]
    Detached,
    /// A socket is set and not connected, or the guard is switched off.
    Waiting,
    /// Connected, and nothing speaks against the peer.
    Healthy,
    /// An answer of the peer is overdue.
    Suspect,
    /// Lost; stays so until the next connect.
    Lost,
}

/// What the guard shows of itself. Compare two of them to see what has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What the program asked for.
    pub settings: Settings,
    /// Where the connection stands.
    pub state: State,
    /// Why the last connection was lost, until the next connect.
    pub loss_reason: Option<LossReason>,
    /// The last refusal; it stays until what it is about is set well.
    pub error: String,
    /// The worst case from the last sign of life to the verdict, as really in force; `None` where
    /// nothing is.
    pub detection_time: Option<Duration>,
}

/// The policy of one guarded connection.
#[derive(Debug, Default)]
pub struct Guard {
    settings: Settings,
    state: State,
    /// The connection under guard.
    link: Option<Link>,
    loss_reason: Option<LossReason>,
    refusals: Refusals,
}

/// What is known of one connection while it lasts.
#[derive(Debug)]
struct Link {
    closing: bool,
    reported: Option<ReportedError>,
    /// `None` where the kernel refused the values.
    in_force: Option<Config>,
    liveness: Option<Liveness>,
    heartbeat: Option<Box<Heartbeat>>, // few have one
    /// The kernel knows of an end; when it is told if the network library does not report it.
    ended: Option<Instant>,
    /// What was decided here, to be told when the connection has been aborted.
    verdict: Option<Box<Loss>>,
    multipath: bool,
    retries: u32,
    /// The values came from the socket that accepted it, the limit for retransmissions among them.
    inherits: bool,
    retransmit_within: Option<Duration>,
    /// A last probe was sent, with a raised count.
    called: bool,
    warned: bool,
    asleep: Duration,
}

impl Guard {
    /// What the program asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a connection is under guard.
    pub fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// What the guard shows of itself now.
    pub fn view(&self) -> View {
        View {
            settings: self.settings,
            state: self.state,
            loss_reason: self.loss_reason,
            error: self.refusals.last().to_owned(),
            detection_time: self.link.as_ref().and_then(Link::detection_time),
        }
    }

    /// When to look at the connection next, if at all.
    pub fn next_look(&self) -> Option<NextLook> {
        let link = self.link.as_ref().filter(|link| self.judges(link))?;
        if let Some(at) = link.ended {
            return Some(NextLook::exactly(at));
        }
        let looks = [
            link.liveness.as_ref().map(Liveness::next_look),
            link.heartbeat.as_ref().map(|heart| heart.next_look()),
        ];
        looks.into_iter().flatten().min_by_key(|look| look.at + look.lateness)
    }

    /// Takes new settings, and tells the kernel at once if the socket is connected. `wanted` is
    /// already a refusal where a value could not even be put into settings; `about` is what is
    /// changed.
    ///
    /// # Errors
    ///
    /// A refusal, by the ranges or by the kernel; the old settings stay.
    pub fn change(
        &mut self,
        about: About,
        wanted: Result<Settings, Error>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        let outcome = wanted.and_then(|wanted| {
            if wanted != self.settings {
                wanted.check()?;
                self.tell_change(&wanted, kernel)?;
            }
            Ok(wanted)
        });
        self.note(about, &outcome);
        let old = std::mem::replace(&mut self.settings, outcome?);
        if old.values.enabled != self.settings.values.enabled {
            self.state = match (self.settings.values.enabled, &self.link, self.state) {
                (true, Some(_), _) => State::Healthy,
                (false, _, State::Healthy | State::Suspect) => State::Waiting,
                (_, _, state) => state,
            };
        }
        Ok(self.watch(clock, old.rhythm() != self.settings.rhythm(), kernel))
    }

    /// Writes what has become different. A return to "leave alone" writes nothing: the socket
    /// keeps what it has until the next connect.
    fn tell_change(&mut self, wanted: &Settings, kernel: &mut impl Kernel) -> Result<(), Error> {
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        let new = wanted.config()?;
        if link.in_force.is_none() {
            // What was wanted at the connect was refused, all of it; here is the next try.
            link.in_force = Some(kernel.apply(&new)?);
            self.refusals.accept(About::Connection);
            return Ok(());
        }
        let old = self.settings.config()?;
        let changed = Config {
            enabled: new.enabled,
            idle: new.idle.filter(|_| new.idle != old.idle),
            interval: new.interval.filter(|_| new.interval != old.interval),
            count: new.count.filter(|_| new.count != old.count),
            user_timeout: new.user_timeout.filter(|_| new.user_timeout != old.user_timeout),
        };
        if changed != (Config { enabled: old.enabled, ..LEAVE_ALONE })
            && let Some(before) = link.in_force
        {
            let changed = completed(changed, &before, sys::limits()?.together);
            link.in_force = Some(remembered(kernel.apply(&changed)?, &changed, &before));
        }
        Ok(())
    }

    /// A socket was set.
    pub fn attached(&mut self) {
        self.detached();
        self.state = State::Waiting;
    }

    /// The socket was taken away, or died.
    pub fn detached(&mut self) {
        self.link = None;
        self.loss_reason = None;
        self.state = State::Detached;
        for about in [About::Socket, About::Connection, About::Promise] {
            self.refusals.accept(about);
        }
    }

    /// The owner of the socket has taken another one in its place.
    pub fn renewed(&mut self) {
        self.link = None;
        if self.state != State::Lost {
            self.state = State::Waiting;
        }
    }

    /// The socket is connected: applies all values to it, unless it has them already because it
    /// `inherits` them from the socket that accepted it.
    ///
    /// # Errors
    ///
    /// What the kernel refused. The connection is watched all the same.
    pub fn connected(
        &mut self,
        inherits: bool,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        self.loss_reason = None;
        self.state = if self.settings.values.enabled { State::Healthy } else { State::Waiting };
        let outcome = self
            .settings
            .config()
            .and_then(|config| if inherits { Ok(config) } else { kernel.apply(&config) });
        self.refusals.accept(About::Promise);
        self.note(About::Connection, &outcome);
        self.link = Some(Link {
            closing: false,
            reported: None,
            in_force: outcome.as_ref().ok().copied(),
            liveness: None,
            heartbeat: None,
            ended: None,
            verdict: None,
            multipath: !inherits && kernel.is_multipath(),
            retries: 0,
            inherits,
            retransmit_within: None,
            called: false,
            warned: false,
            asleep: clock.asleep,
        });
        let orders = self.watch(clock, true, kernel);
        outcome.map(|_| orders)
    }

    /// Brings what watches the connection in line with the settings.
    fn watch(&mut self, clock: Clock, beat_anew: bool, kernel: &mut impl Kernel) -> Orders {
        let enabled = self.settings.values.enabled;
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        let terms =
            link.in_force.filter(|_| enabled && !link.multipath).and_then(|c| Terms::new(&c));
        if link.liveness.as_ref().map(Liveness::terms) != terms.as_ref() {
            match (&mut link.liveness, terms) {
                (Some(live), Some(terms)) => live.change(terms, clock.now),
                (live, terms) => *live = terms.map(|terms| Liveness::new(terms, clock.now)),
            }
            link.retries = if terms.is_some() { kernel.retries() } else { 0 };
            if std::mem::take(&mut link.inherits) {
                link.retransmit_within = terms
                    .and_then(|terms| retransmission::limit_at_accept(terms.within, link.retries));
            }
            link.warned = false;
            self.refusals.accept(About::Promise);
        }
        let rhythm = self.settings.rhythm().filter(|_| enabled);
        if beat_anew || rhythm.is_some() != link.heartbeat.is_some() {
            link.heartbeat = rhythm.map(|rhythm| Box::new(Heartbeat::new(rhythm, clock.now)));
        }
        let info = link.liveness.as_ref().and_then(|_| kernel.snapshot());
        let retransmit_within = info.and_then(|info| link.limit_retransmissions(&info));
        Orders { retransmit_within, ..Orders::default() }
    }

    /// Looks at the connection. `queued`: whether the network library holds data that it has not
    /// given to the kernel yet.
    pub fn look(&mut self, queued: bool, clock: Clock, kernel: &mut impl Kernel) -> Orders {
        let now = clock.now;
        if !self.link.as_ref().is_some_and(|link| self.judges(link)) {
            return Orders::default();
        }
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        let Some(info) = kernel.snapshot() else {
            // Where the kernel cannot be asked nothing can be judged, now or later.
            (link.liveness, link.heartbeat, link.ended) = (None, None, None);
            return Orders::default();
        };
        link.notice_sleep(clock);
        if let Some(state) = info.state.filter(has_ended) {
            return self.look_at_end(state, info, clock, kernel);
        }
        link.ended = None;
        let mut peer =
            link.liveness.as_mut().map_or(Verdict::Healthy, |live| live.look(now, &info));
        if peer == Verdict::Lost && info.probes.is_none() && !kernel.is_probing() {
            peer = Verdict::Healthy;
            link.liveness.as_mut().into_iter().for_each(|live| live.pardon(now));
        }
        let pulse = link.heartbeat.as_mut().map(|heart| heart.look(now, &info, queued));
        let program = pulse.map_or(Verdict::Healthy, |pulse| pulse.peer);
        if peer == Verdict::Lost || program == Verdict::Lost {
            let beats = link.heartbeat.as_ref().map(|heart| heart.rhythm().interval);
            let silent = peer == Verdict::Lost || !kernel_answers(&info, beats.unwrap_or_default());
            let loss = loss::overdue(&info, silent, kernel.take_error());
            return self.decide(loss, ConnectionState::Established);
        }
        let suspect = peer == Verdict::Suspect || program == Verdict::Suspect;
        self.state = if suspect { State::Suspect } else { State::Healthy };
        link.call_once_more(now, &info, kernel);
        let retransmit_within = link.limit_retransmissions(&info);
        let beat = pulse.is_some_and(|pulse| pulse.beat);
        self.warn(&info);
        Orders { beat, retransmit_within, ..Orders::default() }
    }

    /// The kernel knows that the connection is over. The network library will find out when it
    /// reads, and tell; with a full buffer it does not read.
    fn look_at_end(
        &mut self,
        state: ConnectionState,
        info: Snapshot,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Orders {
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        // It is told within the promised time of the end, which was some time before this look.
        let program = link.heartbeat.as_ref().map(|heart| heart.rhythm().timeout);
        let silence = link.liveness.as_ref().map(|live| live.terms().owed());
        let wait = silence.into_iter().chain(program).min().unwrap_or_default().max(GRACE);
        let at = *link.ended.get_or_insert(clock.now + wait);
        if at > clock.now {
            return Orders::default();
        }
        let reported = match state {
            ConnectionState::Closed => kernel.take_error(),
            _ => ReportedError::ClosedByPeer,
        };
        // Somebody else took the error away: the figures have to do.
        let reported =
            if reported == ReportedError::None { ReportedError::Other } else { reported };
        let evidence = Evidence {
            reported,
            heard: true,
            error_pending: false,
            snapshot: Some(info),
            config: link.in_force,
        };
        let loss = loss::classify(&evidence);
        loss.map_or_else(Orders::default, |loss| self.decide(loss, state))
    }

    /// The connection is lost, by our own verdict. What the peer has sent before a FIN stays
    /// readable: such a connection is not aborted.
    fn decide(&mut self, loss: Loss, state: ConnectionState) -> Orders {
        let gone = matches!(state, ConnectionState::Established | ConnectionState::Closed);
        if self.settings.abort_on_loss && gone {
            if let Some(link) = &mut self.link {
                link.verdict = Some(Box::new(loss));
            }
            return Orders { abort: true, verdict: Some(loss), ..Orders::default() };
        }
        self.link = None;
        self.tell(loss);
        Orders { loss: Some(loss), ..Orders::default() }
    }

    /// The program has received data. Only a heart-beat has to be told so, and only on a system
    /// whose kernel does not tell it (`bytes_received` and `since_data_received` of [`Snapshot`]).
    pub fn received(&mut self, clock: Clock) {
        if let Some(heart) = self.link.as_mut().and_then(|link| link.heartbeat.as_mut()) {
            heart.received(clock.now);
        }
    }

    /// The network library reported an error on the connection. `alive` is the kernel's view: while
    /// the connection is alive the report is no loss but an expired wait or a misuse, except that
    /// the peer can end a TLS session before the connection.
    pub fn reported(&mut self, error: ReportedError, alive: bool) {
        if let Some(link) = &mut self.link
            && (!alive || error == ReportedError::ClosedByPeer)
        {
            link.reported = Some(error);
        }
    }

    /// The socket begins to close. `alive` is the kernel's view: a close of a connection that is
    /// alive, with no error reported, is the program's own.
    pub fn closing(&mut self, alive: bool) {
        if let Some(link) = &mut self.link {
            link.closing = alive && link.reported.is_none();
        }
    }

    /// The socket is no longer connected. Returns the loss, or `None` if there is none to tell: the
    /// program closed the connection itself, none was made, or the guard is switched off.
    pub fn disconnected(&mut self, mut evidence: Evidence) -> Option<Loss> {
        let link = self.link.take()?;
        evidence.heard = link.reported.is_some();
        evidence.config = link.in_force;
        if let Some(reported) = link.reported {
            evidence.reported = reported;
        }
        let asked_for = link.closing || !self.settings.values.enabled;
        let found = || if asked_for { None } else { loss::classify(&evidence) };
        let loss = link.verdict.map(|loss| *loss).or_else(found);
        match loss {
            Some(loss) => self.tell(loss),
            None => self.state = State::Waiting,
        }
        loss
    }

    /// Something was refused outside of the guard, such as an object that is no socket.
    pub fn refused(&mut self, about: About, why: impl Into<String>) {
        self.refusals.refuse(about, why.into());
    }

    /// A call outside of the guard was accepted.
    pub fn accepted(&mut self, about: About) {
        self.refusals.accept(about);
    }

    /// Whether this was refused and is still wrong.
    pub fn is_refused(&self, why: &str) -> bool {
        self.refusals.has(why)
    }

    /// Whether a verdict is to be found: not on a connection that the program itself is closing.
    fn judges(&self, link: &Link) -> bool {
        self.settings.values.enabled && !link.closing && link.verdict.is_none()
    }

    fn tell(&mut self, loss: Loss) {
        self.loss_reason = Some(loss.reason);
        self.state = State::Lost;
    }

    fn note<T>(&mut self, about: About, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.refusals.accept(about),
            Err(error) => self.refusals.refuse(about, error.to_string()),
        }
    }

    /// Says once for each connection that its path is too slow for what was asked.
    fn warn(&mut self, info: &Snapshot) {
        let Some(link) = &mut self.link else { return };
        let (Some(live), Some(round_trip)) = (&link.liveness, info.round_trip_time) else { return };
        let Terms { within, idle, .. } = *live.terms();
        let needed = idle + 2 * round_trip;
        if within > needed || link.warned {
            return;
        }
        link.warned = true;
        let words = format!(
            "a loss within {:.1} s cannot be told from this connection's round trip of {:.1} s: a \
             peer that lives may be taken for lost; more than {:.1} s is needed",
            within.as_secs_f64(),
            round_trip.as_secs_f64(),
            needed.as_secs_f64()
        );
        self.refusals.refuse(About::Promise, words);
    }
}

/// The network library gets this long to find an end that the kernel knows of.
const GRACE: Duration = Duration::from_millis(250);

impl Link {
    /// The time from the peer's last sign of life to the verdict.
    fn detection_time(&self) -> Option<Duration> {
        let kernel = self.in_force.and_then(|config| config.detection_time());
        let program = self.heartbeat.as_ref().map(|heart| heart.rhythm().timeout);
        kernel.into_iter().chain(program).min()
    }

    /// A machine that has slept knows nothing of the time meanwhile.
    fn notice_sleep(&mut self, clock: Clock) {
        // The two clocks behind the difference are not read at one moment.
        if clock.asleep > self.asleep + Duration::from_millis(10) {
            if let Some(live) = &mut self.liveness {
                live.pardon(clock.now);
            }
            if let Some(heart) = &mut self.heartbeat {
                heart.pardon(clock.now);
            }
        }
        self.asleep = clock.asleep;
    }

    /// Has one more probe sent shortly before the time is over.
    fn call_once_more(&mut self, now: Instant, info: &Snapshot, kernel: &mut impl Kernel) {
        let (Some(live), Some(in_force)) = (&mut self.liveness, self.in_force) else { return };
        // With a user timeout the kernel gives up at the next probe.
        let possible = in_force.user_timeout.is_none_or(|timeout| timeout.is_zero());
        if possible && live.last_call(now, info) {
            kernel.probe_now(&in_force);
            self.called = true;
        } else if self.called && live.verdict() == Verdict::Healthy {
            // Heard again. The count is as before, or the next death would take longer.
            let count = Config { enabled: in_force.enabled, count: in_force.count, ..LEAVE_ALONE };
            let _ = kernel.apply(&count);
            self.called = false;
        }
    }

    /// The limit for retransmissions if it has to be another than now.
    fn limit_retransmissions(&mut self, info: &Snapshot) -> Option<Duration> {
        let within = self.liveness.as_ref()?.terms().within;
        let wanted = retransmission::limit(within, info, self.retries)?;
        // A round trip is never the same twice.
        let fits = self
            .retransmit_within
            .is_some_and(|limit| wanted <= limit + limit / 4 && limit <= wanted + wanted);
        if fits {
            return None;
        }
        self.retransmit_within = Some(wanted);
        Some(wanted)
    }
}

/// The change with what has to go to the system together with it.
fn completed(changed: Config, before: &Config, together: Together) -> Config {
    if !together.needed(changed.idle, changed.interval) {
        return changed;
    }
    Config {
        idle: changed.idle.or(before.idle),
        interval: changed.interval.or(before.interval),
        ..changed
    }
}

/// What is in force after a change: what was left alone is as it was, also where the system does
/// not say so, or says it in whole seconds only.
fn remembered(after: Config, changed: &Config, before: &Config) -> Config {
    let same = |after: Option<Duration>, before: Option<Duration>| match (after, before) {
        (Some(after), Some(before))
            if after < before + Duration::from_secs(1) && after > before =>
        {
            Some(before)
        }
        (after, before) => after.or(before),
    };
    Config {
        idle: changed.idle.and(after.idle).or_else(|| same(after.idle, before.idle)),
        interval: changed
            .interval
            .and(after.interval)
            .or_else(|| same(after.interval, before.interval)),
        ..after
    }
}

/// Whether the kernel holds the connection to be over, at least in the peer's direction.
fn has_ended(state: &ConnectionState) -> bool {
    use ConnectionState::{CloseWait, Closed, Closing, LastAck, TimeWait};
    matches!(state, Closed | CloseWait | Closing | LastAck | TimeWait)
}

/// Whether the peer's kernel answers what is sent to it, as far as can be seen at once. While it
/// does, it was heard after the last but one of the beats that come at this interval.
fn kernel_answers(info: &Snapshot, interval: Duration) -> bool {
    let overdue = interval + DELAYED.max(2 * info.round_trip_time.unwrap_or_default());
    let waiting = info.unacked.unwrap_or(0) > 0 && info.since_data_sent < info.silence();
    let unanswered = waiting && info.silence().is_some_and(|silence| silence > overdue);
    info.probes.unwrap_or(0) == 0 && info.retransmits.unwrap_or(0) == 0 && !unanswered
}

/// A kernel delays what it has only to acknowledge, in the hope that its program sends something.
const DELAYED: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use super::*;

    fn times(idle: u64, interval: u64) -> Config {
        let ms = |ms| (ms > 0).then(|| Duration::from_millis(ms));
        Config { idle: ms(idle), interval: ms(interval), ..LEAVE_ALONE }
    }

    #[test]
    fn what_goes_to_the_system_together_is_completed_by_what_was_sent_before() {
        let before = times(3000, 1000);
        for (together, changed, sent) in [
            (Together::Never, times(500, 0), times(500, 0)),
            (Together::BelowSeconds, times(2000, 0), times(2000, 0)),
            (Together::BelowSeconds, times(500, 0), times(500, 1000)),
            (Together::BelowSeconds, times(0, 250), times(3000, 250)),
            (Together::Always, times(2000, 0), times(2000, 1000)),
            (Together::Always, times(0, 0), times(0, 0)),
        ] {
            assert_eq!(completed(changed, &before, together), sent, "{together:?}");
        }
    }

    #[test]
    fn what_was_sent_is_remembered_where_the_system_tells_it_roughly_or_not_at_all() {
        for (before, changed, read, known) in [
            // Read back in whole seconds.
            (times(500, 250), times(0, 0), times(1000, 1000), times(500, 250)),
            // Not read back at all.
            (times(500, 250), times(0, 0), times(0, 0), times(500, 250)),
            // What was changed is what was given.
            (times(500, 250), times(1000, 0), times(1000, 1000), times(1000, 250)),
            // Somebody else has changed it.
            (times(500, 250), times(0, 0), times(9000, 1000), times(9000, 250)),
            // Whole seconds are as they are read.
            (times(3000, 1000), times(0, 2000), times(3000, 2000), times(3000, 2000)),
        ] {
            assert_eq!(remembered(read, &changed, &before), known);
        }
    }
}
