//! What a guard knows of one connection while it lasts, and all that it tells the kernel about it.

use std::time::{Duration, Instant};

use crate::config::{Config, LEAVE_ALONE};
use crate::error::Error;
use crate::found::Found;
use crate::guard::Clock;
use crate::heartbeat::{Heartbeat, Pulse};
use crate::kernel::Kernel;
use crate::liveness::Liveness;
use crate::loss::{Loss, ReportedError};
use crate::plan::{Together, milliseconds};
use crate::retransmission;
use crate::snapshot::Snapshot;
use crate::sys;

/// What is known of one connection while it lasts.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) closing: bool,
    pub(crate) reported: Option<ReportedError>,
    /// The kernel tells nothing.
    pub(crate) blind: bool,
    /// What is promised of the socket; `None` where the kernel refused the values.
    promised: Option<Found>, // small
    /// What was there before.
    pub(crate) found: Option<Found>,
    pub(crate) liveness: Option<Liveness>,
    pub(crate) heartbeat: Option<Box<Heartbeat>>, // few have one
    /// Whether it beats. One that rests knows of the beat that is under way.
    pub(crate) beats: bool,
    /// What is known of its end, when that comes near.
    end: Option<Box<End>>,
    /// Nothing is judged any more: the program's own close took too long, and is not to be aborted.
    pub(crate) over: bool,
    pub(crate) multipath: bool,
    pub(crate) retries: u32,
    pub(crate) retransmissions: Retransmissions,
    /// The socket's values are said to come from the socket that accepted it. After so many looks it
    /// is seen whether they do.
    pub(crate) unverified: u8,
    /// The kernel's count of probes, where it is more than the plan has.
    pub(crate) raised: Option<u32>,
    /// What the kernel does not have yet of what is in force: it waits for the answer to a probe.
    pub(crate) waits: Waits,
    pub(crate) warned: bool,
    /// In milliseconds.
    asleep: u64,
}

/// What is known of the end of a connection.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// When a report that a blind guard could not check is known to have been no loss.
    pub(crate) doubt: Option<Instant>,
    /// The kernel knows of one that the network library does not report.
    pub(crate) unreported: Option<Unreported>,
    /// What was decided here, to be told when the connection has been aborted.
    pub(crate) verdict: Option<Loss>,
}

/// An end that the kernel knows of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreported {
    /// When that was first seen.
    pub(crate) seen: Instant,
    /// The last that was heard of the peer, which is not earlier than the end.
    pub(crate) heard: Instant,
}

/// Values that would have the kernel give up, or ask too often, while probes are out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Each write of it sends another probe.
    pub(crate) idle: bool,
    /// So often the kernel cannot ask until the promise is over.
    interval: bool,
    /// With one in force the kernel gives up at its next probe.
    user_timeout: bool,
}

/// What became of the kernel's limit for retransmissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retransmissions {
    /// It is as it was found.
    Untouched,
    /// This system has none.
    Missing,
    /// It is ours.
    Within(Duration),
}

/// The network library gets this long to find an end that the kernel knows of.
pub(crate) const GRACE: Duration = Duration::from_millis(250);

/// The kernel's socket option for it takes no more (Linux).
const MOST_PROBES: u32 = 127;

impl Link {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            closing: false,
            reported: None,
            blind: false,
            promised: None,
            found: None,
            liveness: None,
            heartbeat: None,
            beats: false,
            end: None,
            over: false,
            multipath: false,
            retries: 0,
            retransmissions: Retransmissions::Untouched,
            unverified: 0,
            raised: None,
            waits: Waits::default(),
            warned: false,
            asleep: milliseconds(clock.asleep),
        }
    }

    /// What is promised of the socket; `None` where the kernel refused the values.
    pub(crate) fn in_force(&self) -> Option<Config> {
        self.promised.map(|promised| promised.values())
    }

    fn promise(&mut self, in_force: &Config) {
        self.promised = Some(Found::new(in_force));
    }

    /// What the kernel knows, and for a heart-beat how much has really left.
    pub(crate) fn ask(&self, kernel: &mut impl Kernel) -> Option<Snapshot> {
        let mut info = kernel.snapshot()?;
        if self.heartbeat.is_some() {
            info.bytes_sent = kernel.bytes_left(&info);
        }
        Some(info)
    }

    /// Takes the socket under guard: notes what is there, and tells the kernel what is wanted. Somebody
    /// else's probes may be under way, also where keepalive is off by now: `info` knows.
    pub(crate) fn take(
        &mut self,
        wanted: &Config,
        info: Option<&Snapshot>,
        kernel: &mut impl Kernel,
    ) -> Result<(), Error> {
        let found = kernel.query();
        let unread = Config { enabled: false, ..LEAVE_ALONE };
        let mut before = found.as_ref().copied().unwrap_or(unread);
        if let Some(count) = kernel.noted_count() {
            before.count = before.count.map(|left| left.min(count));
        }
        self.found = Some(Found::new(&before));
        if let Err(error) = self.tell(wanted, Some(before), info, kernel) {
            self.found = None;
            // A sandbox may let some of the values through and not the rest.
            Found::new(&before).put_back(kernel);
            return Err(error);
        }
        // What could not be read is known by now, if it was given.
        found.map(|_| ()).or_else(|error| if is_loose(wanted) { Err(error) } else { Ok(()) })
    }

    /// The socket has the values from the one that accepted it, and that one's from before as well.
    pub(crate) fn inherit(&mut self, wanted: &Config, found: Found) {
        let values = found.values();
        self.promise(&over(wanted, &values));
        self.found = Some(found);
        self.unverified = 2;
        let within = found.retransmit_within().and_then(|_| wanted.detection_time());
        let limit = within.and_then(|time| retransmission::limit_at_accept(time, sys::retries()));
        if let Some(limit) = limit {
            self.retransmissions = Retransmissions::Within(limit);
        }
    }

    /// Tells the kernel what is wanted, so that nothing of it makes the kernel give up by itself.
    ///
    /// Linux keeps its count of unanswered probes across all changes: those that are out are added
    /// to the new count. And what would have it give up for them waits: see [`Waits`].
    pub(crate) fn tell(
        &mut self,
        wanted: &Config,
        before: Option<Config>,
        info: Option<&Snapshot>,
        kernel: &mut impl Kernel,
    ) -> Result<(), Error> {
        let was = before.unwrap_or(LEAVE_ALONE);
        let probes = info.and_then(|info| info.probes).unwrap_or(0);
        let planned = wanted.count.or(was.count);
        let mut told = *wanted;
        let mut waits =
            Waits { idle: self.waits.idle && wanted.idle.is_none(), ..Waits::default() };
        let mut raised = self.raised.filter(|_| wanted.count.is_none());
        if probes > 0 {
            let count = planned.map(|count| (count + probes + 2).min(MOST_PROBES));
            raised = count.filter(|_| count != planned);
            told.count = count;
            if was.enabled && told.idle.is_some() && told.idle != was.idle {
                told.idle = None;
                waits.idle = true;
            }
            let promise = over(wanted, &was);
            let silence = info.and_then(Snapshot::silence).unwrap_or_default();
            if let Some(slower) = slower_interval(&promise, silence, probes) {
                told.interval = Some(slower);
                waits.interval = true;
            }
            if promise.enabled && promise.user_timeout.is_some_and(|timeout| !timeout.is_zero()) {
                told.user_timeout = Some(Duration::ZERO);
                waits.user_timeout = true;
                // Meanwhile it is the count that has to last to the end of the promise.
                raised = lasting_count(&promise, told.interval, silence, probes).max(raised);
                told.count = raised.or(told.count);
            }
        }
        // What waited, and does not any more.
        if self.waits.interval && !waits.interval {
            told.interval = told.interval.or(was.interval);
        }
        if self.waits.user_timeout && !waits.user_timeout {
            told.user_timeout = told.user_timeout.or(was.user_timeout);
        }
        let given = kernel.apply(&told)?;
        let as_told = |wanted: Option<Duration>, given: Option<Duration>, waits: bool| {
            wanted.map(|wanted| given.filter(|_| !waits).unwrap_or(wanted))
        };
        let given = Config {
            interval: as_told(wanted.interval, given.interval, waits.interval),
            count: wanted.count,
            user_timeout: as_told(wanted.user_timeout, given.user_timeout, waits.user_timeout),
            ..given
        };
        debug_assert!(raised.is_none_or(|raised| Some(raised) > planned), "{raised:?} {planned:?}");
        (self.raised, self.waits) = (raised, waits);
        let mut read = kernel.query().unwrap_or(was);
        read.enabled = given.enabled;
        if raised.is_some() {
            read.count = planned;
        }
        if waits.idle {
            read.idle = wanted.idle.or(was.idle);
        }
        if waits.interval {
            read.interval = wanted.interval.or(was.interval);
        }
        if waits.user_timeout {
            read.user_timeout = wanted.user_timeout.or(was.user_timeout);
        }
        self.promise(&remembered(over(&given, &read), wanted, &was));
        Ok(())
    }

    /// By when the network library has to report this end: within the time that was promised, which began
    /// some time before the peer was last heard; but it gets a moment for it.
    pub(crate) fn report_due(&self, end: Unreported) -> Instant {
        let program = self.heart().map(Heartbeat::silent_until);
        let silence = self.liveness.as_ref().map(|live| end.heard + live.terms().owed());
        let due = silence.into_iter().chain(program).min();
        due.unwrap_or(end.seen).max(end.seen + GRACE)
    }

    /// What is known of its end.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_deref()
    }

    /// To know more of it.
    pub(crate) fn ending(&mut self) -> &mut End {
        self.end.get_or_insert_default()
    }

    /// It has not ended, as far as the kernel knows.
    pub(crate) fn goes_on(&mut self) {
        self.end.as_mut().into_iter().for_each(|end| end.unreported = None);
    }

    /// The heart-beat, if it beats.
    pub(crate) fn heart(&self) -> Option<&Heartbeat> {
        self.heartbeat.as_deref().filter(|_| self.beats)
    }

    /// What watches the heart-beat, with what it may know.
    pub(crate) fn pulse(&mut self, now: Instant, info: &Snapshot, queued: u64) -> Option<Pulse> {
        let heart = self.heartbeat.as_mut().filter(|_| self.beats)?;
        // Of several paths the kernel describes one.
        let info = if self.multipath { &Snapshot::default() } else { info };
        Some(heart.look(now, info, queued))
    }

    /// The time from the peer's last sign of life to the verdict.
    pub(crate) fn detection_time(&self) -> Option<Duration> {
        // Of several paths each is given up by itself, and the connection when the kernel likes.
        let in_force = self.in_force().filter(|_| !self.multipath);
        let kernel = in_force.and_then(|config| config.detection_time());
        let program = self.heart().map(|heart| heart.rhythm().timeout);
        kernel.into_iter().chain(program).min()
    }

    /// A machine that has slept knows nothing of the time meanwhile.
    pub(crate) fn notice_sleep(&mut self, clock: Clock, info: &Snapshot) {
        // The two clocks behind the difference are not read at one moment.
        let asleep = milliseconds(clock.asleep);
        if asleep > self.asleep + 10 {
            if let Some(live) = &mut self.liveness {
                live.pardon(clock.now);
            }
            if let Some(heart) = &mut self.heartbeat {
                let info = if self.multipath { &Snapshot::default() } else { info };
                heart.pardon(clock.now, info);
            }
        }
        // Whoever was kept waiting between the two reads has seen too little.
        self.asleep = self.asleep.max(asleep);
    }

    /// Sees whether what is promised of the socket is on the socket: once where it is said to come
    /// from another one, and where the system's own values are in force, which may change. Returns
    /// whether the promise is another now.
    pub(crate) fn verify(
        &mut self,
        loose: bool,
        now: Instant,
        info: &Snapshot,
        kernel: &mut impl Kernel,
    ) -> bool {
        let due = self.liveness.as_ref().is_some_and(|live| live.next_look().at <= now);
        let Some(promised) = self.in_force().filter(|_| due && self.raised.is_none()) else {
            return false;
        };
        if self.unverified > 0 {
            self.unverified -= 1;
            if self.unverified > 0 {
                return false;
            }
            self.multipath = kernel.is_multipath();
            if let Some(found) = kernel.query().ok().filter(|found| !same(found, &promised)) {
                // It came before the listening socket had the values, or that one has others now.
                let _ = self.tell(&promised, Some(found), Some(info), kernel);
                self.retransmissions = Retransmissions::Untouched;
            }
            return self.multipath;
        }
        if !loose || self.waits != Waits::default() {
            return false;
        }
        let Ok(found) = kernel.query() else { return false };
        self.promise(&remembered(found, &LEAVE_ALONE, &promised));
        self.in_force() != Some(promised)
    }

    /// Sees to it that the kernel sends its probes, and does not give up for them before we do.
    pub(crate) fn keep_probing(&mut self, now: Instant, info: &Snapshot, kernel: &mut impl Kernel) {
        let (Some(live), Some(in_force)) =
            (&mut self.liveness, self.promised.map(|it| it.values()))
        else {
            return;
        };
        // With a user timeout the count is of no account, and at a second probe the kernel gives up.
        let timed = in_force.user_timeout.is_some_and(|timeout| !timeout.is_zero());
        if timed && !self.waits.user_timeout {
            if live.first_call(now, info) {
                kernel.probe_now(&in_force);
            }
            return;
        }
        let (Some(probes), Some(count)) = (info.probes, in_force.count) else {
            if live.last_call(now, info) {
                kernel.probe_now(&in_force);
            }
            return;
        };
        if probes == 0 {
            // Heard again. The count is as before, or the next death would take longer without us.
            if self.raised.take().is_some() {
                kernel.set_count(count);
            }
            let Waits { idle, interval, user_timeout } = std::mem::take(&mut self.waits);
            if idle || interval || user_timeout {
                let _ = kernel.apply(&Config {
                    idle: in_force.idle.filter(|_| idle),
                    interval: in_force.interval.filter(|_| interval),
                    user_timeout: in_force.user_timeout.filter(|_| user_timeout),
                    ..LEAVE_ALONE
                });
            }
        } else {
            // Enough for all that it sends until the next look, and some more.
            let next = live.next_look();
            let ahead = (next.at + next.lateness).saturating_duration_since(now);
            let sent = ahead.as_millis() / live.terms().interval.as_millis().max(1);
            let sent = u32::try_from(sent).unwrap_or(MOST_PROBES);
            let needed = probes.saturating_add(sent).saturating_add(2);
            if needed > self.raised.unwrap_or(0) {
                let raised = needed.max(probes.saturating_add(count) + 2).min(MOST_PROBES);
                debug_assert!(raised >= count, "the kernel would give up before the plan does");
                kernel.set_count(raised);
                self.raised = Some(raised);
            }
        }
        let first = live.first_call(now, info) || live.next_call(now, info);
        if first || live.last_call(now, info) {
            kernel.probe_now(&in_force);
            self.waits.idle = false;
        }
    }

    pub(crate) fn lower_count(&mut self, kernel: &mut impl Kernel) {
        let raised = self.raised.take();
        if let Some(count) = raised.and_then(|_| self.in_force()?.count) {
            kernel.set_count(count);
        }
    }

    /// Limits the time between two retransmissions to what the promise takes, or puts the limit back
    /// that was there before.
    pub(crate) fn limit_retransmissions(&mut self, info: &Snapshot, kernel: &mut impl Kernel) {
        let within = self.liveness.as_ref().map(|live| live.terms().within);
        // Where there is no room for an answer the kernel's own limit must not be the end.
        let within = within.filter(|_| info.receive_window != Some(0));
        let wanted = within.and_then(|time| retransmission::limit(time, info, self.retries));
        let found = self.found.and_then(|found| found.retransmit_within());
        match (wanted, self.retransmissions) {
            (_, Retransmissions::Missing) | (None, Retransmissions::Untouched) => {}
            // A round trip is never the same twice.
            (Some(wanted), Retransmissions::Within(limit))
                if wanted <= limit + limit / 4 && limit <= wanted + wanted => {}
            (None, Retransmissions::Within(_)) => {
                found.into_iter().for_each(|limit| kernel.limit_retransmissions(limit));
                self.retransmissions = Retransmissions::Untouched;
            }
            (Some(wanted), now) => {
                let Some(found) = &mut self.found else { return };
                if found.retransmit_within().is_none() {
                    found.note_retransmissions(kernel.retransmission_limit());
                }
                let now = match now {
                    Retransmissions::Within(limit) => Some(limit),
                    _ => found.retransmit_within(),
                };
                let Some(now) = now else {
                    self.retransmissions = Retransmissions::Missing;
                    return;
                };
                // Under a smaller limit the kernel gives up for attempts that it has already made.
                if wanted < now && is_trying_again(info) {
                    return;
                }
                kernel.limit_retransmissions(wanted);
                self.retransmissions = Retransmissions::Within(wanted);
            }
        }
    }
}

/// Whether the kernel's own value stands somewhere: it may be changed for the whole system.
pub(crate) fn is_loose(config: &Config) -> bool {
    config.idle.is_none() || config.interval.is_none() || config.count.is_none()
}

/// What has to be written of one value: the new one if it is another, or what was there before where
/// that comes back into force.
pub(crate) fn different<T: PartialEq + Copy>(
    new: Option<T>,
    old: Option<T>,
    found: Option<T>,
    before: Option<T>,
) -> Option<T> {
    match new {
        Some(_) => new.filter(|_| new != old),
        None => found.filter(|_| found != before),
    }
}

/// Whether data is being sent again. Probes of a closed window are not: the kernel counts those that
/// are unanswered, whatever their time.
fn is_trying_again(info: &Snapshot) -> bool {
    info.retransmits.unwrap_or(0) > 0
}

/// At what interval the kernel may ask for the rest of the promise, where it would use up what it can
/// count at the promised one. In whole seconds, as it counts them.
fn slower_interval(promise: &Config, silence: Duration, probes: u32) -> Option<Duration> {
    let interval = promise.interval?;
    let left = promise.detection_time()?.saturating_sub(silence);
    let room = MOST_PROBES.saturating_sub(probes + 4).max(1);
    let slower = Duration::from_secs(left.as_secs() / u64::from(room) + 1);
    (interval.saturating_mul(room) < left && slower > interval).then_some(slower)
}

/// How many probes the kernel has to count until the promise is over.
fn lasting_count(
    promise: &Config,
    slower: Option<Duration>,
    silence: Duration,
    probes: u32,
) -> Option<u32> {
    let interval = slower.or(promise.interval)?.as_millis().max(1);
    let left = promise.detection_time()?.saturating_sub(silence).as_millis();
    let more = u32::try_from(left / interval).unwrap_or(MOST_PROBES);
    Some(more.saturating_add(probes + 2).min(MOST_PROBES))
}

/// Each value of the first that there is, and else that of the second.
fn over(first: &Config, second: &Config) -> Config {
    Config {
        enabled: first.enabled,
        idle: first.idle.or(second.idle),
        interval: first.interval.or(second.interval),
        count: first.count.or(second.count),
        user_timeout: first.user_timeout.or(second.user_timeout),
    }
}

/// Whether the socket does what is promised, as far as that can be read.
fn same(found: &Config, promised: &Config) -> bool {
    over(found, promised) == *promised
}

/// The change with what has to go to the system together with it.
pub(crate) fn completed(changed: Config, before: &Config, together: Together) -> Config {
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

#[cfg(test)]
mod tests;
