//! What the kernel is told of a connection, so that nothing of it makes the kernel give up by itself.
//! See docs/decisions/0013-settings-in-a-silence.md.

use std::time::Duration;

use super::Link;
use super::probing::{MOST_PROBES, Retransmissions, small};
use crate::config::{Config, LEAVE_ALONE};
use crate::error::Error;
use crate::found::Found;
use crate::plan::Together;
use crate::retransmission;
use crate::snapshot::Snapshot;
use crate::sys;

/// Values that would have the kernel give up, or ask too often, while probes are out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// Each write of it sends another probe.
    pub(super) idle: bool,
    /// So often the kernel cannot ask until the promise is over.
    pub(super) interval: bool,
    /// With one in force the kernel gives up at its next probe.
    pub(super) user_timeout: bool,
}

/// The kernel is being told.
#[derive(Debug)]
pub(crate) struct Applying {
    wanted: Config,
    was: Config,
    planned: Option<u32>,
    raised: Option<u32>,
    waits: Waits,
}

/// The socket is being taken under guard.
#[derive(Debug)]
pub(crate) struct Taking {
    applying: Applying,
    /// What was there.
    before: Config,
    /// Why that could not be read.
    unread: Option<Error>,
}

impl Link {
    /// Takes the socket under guard: notes what is there, and returns what the kernel is to be told.
    /// Somebody else's probes may be under way, also where keepalive is off by now: `info` knows.
    pub(crate) fn take(
        &mut self,
        wanted: &Config,
        options: Result<Config, Error>,
        info: Option<&Snapshot>,
    ) -> (Config, Taking) {
        let (before, unread) = match options {
            Ok(before) => (before, None),
            Err(error) => (Config { enabled: false, ..LEAVE_ALONE }, Some(error)),
        };
        self.found = Some(Found::new(&before));
        let (told, applying) = self.apply(wanted, before, info);
        (told, Taking { applying, before, unread })
    }

    /// What came of that. With an error comes what has to be put back: a sandbox may let some of the
    /// values through and not the rest.
    pub(crate) fn taken(
        &mut self,
        taking: Taking,
        given: Result<Config, Error>,
        read: Option<Config>,
    ) -> Result<(), (Error, Option<Found>)> {
        let Taking { applying, before, unread } = taking;
        match given {
            Ok(given) => {
                self.applied(&applying, given, read);
                // What could not be read is known by now, if it was given.
                let unknown = unread.filter(|_| is_loose(&applying.wanted));
                unknown.map_or(Ok(()), |error| Err((error, None)))
            }
            Err(error) => {
                self.found = None;
                Err((error, Some(Found::new(&before))))
            }
        }
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

    /// What the kernel is to be told, so that nothing of it makes the kernel give up by itself.
    ///
    /// Linux keeps its count of unanswered probes across all changes: those that are out are added
    /// to the new count. And what would have it give up for them waits: see [`Waits`].
    pub(crate) fn apply(
        &self,
        wanted: &Config,
        was: Config,
        info: Option<&Snapshot>,
    ) -> (Config, Applying) {
        let probes = info.and_then(|info| info.probes).unwrap_or(0);
        let planned = wanted.count.or(was.count);
        let mut told = *wanted;
        let mut waits =
            Waits { idle: self.waits.idle && wanted.idle.is_none(), ..Waits::default() };
        let mut raised = self.raised.filter(|_| wanted.count.is_none()).map(u32::from);
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
        debug_assert!(raised.is_none_or(|raised| Some(raised) > planned), "{raised:?} {planned:?}");
        (told, Applying { wanted: *wanted, was, planned, raised, waits })
    }

    /// The kernel has taken it: what it has really `given`, and what was `read` after that.
    pub(crate) fn applied(&mut self, applying: &Applying, given: Config, read: Option<Config>) {
        let Applying { wanted, was, planned, raised, waits } = *applying;
        let as_told = |wanted: Option<Duration>, given: Option<Duration>, waits: bool| {
            wanted.map(|wanted| given.filter(|_| !waits).unwrap_or(wanted))
        };
        let given = Config {
            interval: as_told(wanted.interval, given.interval, waits.interval),
            count: wanted.count,
            user_timeout: as_told(wanted.user_timeout, given.user_timeout, waits.user_timeout),
            ..given
        };
        (self.raised, self.waits) = (raised.and_then(small), waits);
        let mut read = read.unwrap_or(was);
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
        self.promise(&remembered(over(&given, &read), &wanted, &was));
    }

    /// The same for values that were [missing](super::Verified::Missing). A refusal leaves the promise.
    pub(crate) fn applied_again(
        &mut self,
        applying: &Applying,
        given: Result<Config, Error>,
        read: Option<Config>,
    ) {
        if let Ok(given) = given {
            self.applied(applying, given, read);
        }
        self.retransmissions = Retransmissions::Untouched;
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
pub(super) fn over(first: &Config, second: &Config) -> Config {
    Config {
        enabled: first.enabled,
        idle: first.idle.or(second.idle),
        interval: first.interval.or(second.interval),
        count: first.count.or(second.count),
        user_timeout: first.user_timeout.or(second.user_timeout),
    }
}

/// Whether the socket does what is promised, as far as that can be read.
pub(super) fn same(found: &Config, promised: &Config) -> bool {
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
pub(super) fn remembered(after: Config, changed: &Config, before: &Config) -> Config {
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
