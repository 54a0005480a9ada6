//! What a guard has found on a socket, and puts back when it lets go of it.

use std::time::Duration;

use crate::config::{Config, LEAVE_ALONE};
use crate::kernel::Kernel;
use crate::record::{Fields, field};
use crate::time::milliseconds;

/// The values of a socket before a guard came.
///
/// Kept small: there is one for each guarded connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    enabled: bool,
    /// All in milliseconds, as what is not known.
    idle: u32,
    interval: u32,
    count: u32,
    user_timeout: u32,
    retransmit_within: u32,
}

const UNKNOWN: u32 = u32::MAX;

impl Found {
    /// These values; nothing is known yet of the limit for retransmissions.
    pub fn new(values: &Config) -> Self {
        Self {
            enabled: values.enabled,
            idle: small(values.idle),
            interval: small(values.interval),
            count: values.count.unwrap_or(UNKNOWN),
            user_timeout: small(values.user_timeout),
            retransmit_within: UNKNOWN,
        }
    }

    /// The values.
    pub fn values(&self) -> Config {
        Config {
            enabled: self.enabled,
            idle: time(self.idle),
            interval: time(self.interval),
            count: (self.count != UNKNOWN).then_some(self.count),
            user_timeout: time(self.user_timeout),
        }
    }

    /// The longest time between two retransmissions, if it was looked at.
    pub fn retransmit_within(&self) -> Option<Duration> {
        time(self.retransmit_within)
    }

    /// Notes it, at the first time only: later it is our own.
    pub fn note_retransmissions(&mut self, limit: Option<Duration>) {
        if self.retransmit_within == UNKNOWN {
            self.retransmit_within = small(limit);
        }
    }

    /// Puts all of it back on the living connection. What is as it was is not written, and nothing
    /// that is refused keeps the rest from its place.
    ///
    /// Unanswered probes stay counted in the kernel. Where it goes on probing by itself they are
    /// added to its count: it must not give up for those that were sent under another plan.
    pub fn put_back(&self, kernel: &mut impl Kernel) {
        if let Some(limit) = self.retransmit_within() {
            kernel.limit_retransmissions(limit);
        }
        let values = self.values();
        let kernel_probes = kernel.snapshot().and_then(|info| info.probes);
        let Ok(now) = kernel.query() else { return };
        let probes = kernel_probes.filter(|_| values.enabled).unwrap_or(0);
        if let (1.., Some(count)) = (probes, values.count) {
            kernel.note_count(count);
        }
        let mut put = |part: Config| {
            // A system's own values may be out of a socket's range, and are not written then.
            let _ = kernel.apply(&Config { enabled: values.enabled, ..part });
        };
        // Off comes first: each of the others could restart the probes.
        if now.enabled && !values.enabled {
            put(LEAVE_ALONE);
        }
        let count = values.count.map(|count| count.saturating_add(probes).min(127));
        let count = count.filter(|_| count != now.count);
        let changed = |then: Option<Duration>, now| then.filter(|_| then != now);
        let interval = changed(values.interval, now.interval);
        let user_timeout = changed(values.user_timeout, now.user_timeout);
        let idle = changed(values.idle, now.idle);
        for part in [
            Config { count, ..LEAVE_ALONE },
            Config { interval, ..LEAVE_ALONE },
            Config { user_timeout, ..LEAVE_ALONE },
            Config { idle, ..LEAVE_ALONE },
        ] {
            if part != LEAVE_ALONE {
                put(part);
            }
        }
        if values.enabled && !now.enabled {
            put(LEAVE_ALONE);
        }
    }

    pub(crate) fn fields(&mut self, names: [&'static str; 6], to: &mut dyn Fields) {
        let [enabled, idle, interval, count, user_timeout, retransmit_within] = names;
        field(to, enabled, &mut self.enabled);
        field(to, idle, &mut self.idle);
        field(to, interval, &mut self.interval);
        field(to, count, &mut self.count);
        field(to, user_timeout, &mut self.user_timeout);
        field(to, retransmit_within, &mut self.retransmit_within);
    }

    /// As numbers, for C++ to keep: see `of_numbers`.
    #[cfg(feature = "bridge")]
    pub(crate) fn numbers(&self) -> [i64; 6] {
        let Self { enabled, idle, interval, count, user_timeout, retransmit_within } = *self;
        [
            enabled.into(),
            idle.into(),
            interval.into(),
            count.into(),
            user_timeout.into(),
            retransmit_within.into(),
        ]
    }

    /// What `numbers` gave.
    #[cfg(feature = "bridge")]
    pub(crate) fn of_numbers(numbers: [i64; 6]) -> Self {
        let [enabled, rest @ ..] = numbers;
        let [idle, interval, count, user_timeout, retransmit_within] =
            rest.map(|number| u32::try_from(number).unwrap_or(UNKNOWN));
        Self { enabled: enabled != 0, idle, interval, count, user_timeout, retransmit_within }
    }
}

fn small(time: Option<Duration>) -> u32 {
    time.and_then(|time| u32::try_from(milliseconds(time)).ok()).unwrap_or(UNKNOWN)
}

fn time(ms: u32) -> Option<Duration> {
    (ms != UNKNOWN).then(|| Duration::from_millis(u64::from(ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_kept_as_it_was() {
        let values = Config {
            enabled: true,
            idle: Some(Duration::from_secs(7200)),
            interval: None,
            count: Some(9),
            user_timeout: Some(Duration::ZERO),
        };
        let mut found = Found::new(&values);
        assert_eq!(found.values(), values);
        assert_eq!(found.retransmit_within(), None);
        found.note_retransmissions(Some(Duration::from_secs(120)));
        found.note_retransmissions(Some(Duration::from_secs(1)));
        assert_eq!(found.retransmit_within(), Some(Duration::from_secs(120)));
        #[cfg(feature = "bridge")]
        assert_eq!(Found::of_numbers(found.numbers()), found);
    }
}
