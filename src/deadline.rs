//! The one knob [`Config::detect_within`] that sets all of it, and what follows from the values:
//! [`Config::detection_time`].

use std::time::Duration;

use crate::config::Config;
use crate::error::{DETECT_WITHIN, Error, OptionName, Quantity};
use crate::plan::{Limits, Plan, Range};
use crate::sys;
use crate::time::milliseconds;

/// Three probes unless the time is too short for them: one lost packet is no death.
const PROBES: u32 = 3;

impl Config {
    /// The values with which the death of an idle peer is known within `total`.
    ///
    /// `total` is rounded down to what the system can express (Linux: whole seconds) and is then
    /// exactly idle + interval × count. Idle is about half of it, so that a healthy connection
    /// costs one probe in that time; three probes share the rest, two where only 3 s are given and
    /// one where only 2 s are.
    ///
    /// The kernel's probes say nothing while data is unacknowledged, and nothing below that time; a
    /// [`guard`](crate::guard) covers both.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] below the shortest idle time and one probe (Linux: 2 s) and above
    /// twice the longest idle time (65534 s), saying what is possible; [`Error::Unsupported`] on a
    /// system whose sockets take no values (OpenBSD).
    pub fn detect_within(total: Duration) -> Result<Self, Error> {
        Self::detect_within_limits(total, sys::limits()?)
    }

    fn detect_within_limits(total: Duration, limits: &Limits) -> Result<Self, Error> {
        let (idle_range, interval_range) = (limits.idle.range()?, limits.interval.range()?);
        let range = detect_within_range(limits)?;
        let unit = range.duration(1);
        let units = i64::try_from(milliseconds(total) / milliseconds(unit))
            .ok()
            .filter(|units| (range.min..=range.max).contains(units))
            .ok_or_else(|| {
                let ms = i64::try_from(milliseconds(total)).unwrap_or(i64::MAX);
                range.refuse(Quantity::Milliseconds(ms))
            })?;
        // What the shortest idle time leaves for the probes.
        let rest = units - idle_range.min;
        let count = probes(limits).min(rest / interval_range.min);
        // Half of the time for the probes, rounded to the nearest unit, and never none.
        let half = ((units + count) / (2 * count)).max(1).min(rest / count);
        // At the very end of the range idle would not fit: the probes take what is left over.
        let left_over = (units - idle_range.max).max(0);
        let interval = half.max((left_over + count - 1) / count).max(interval_range.min);
        let in_units = |number: i64| unit * u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self {
            enabled: true,
            idle: Some(in_units(units - interval * count)),
            interval: Some(in_units(interval)),
            count: limits.count.range().is_ok().then_some(u32::try_from(count).unwrap_or(1)),
            user_timeout: None,
        })
    }

    /// How long a silent peer can be dead before the kernel says so on an **idle** connection:
    /// idle + interval × count, or on Linux with a user timeout U instead of the count
    /// max(1, ⌈(U − idle) / interval⌉). `None` when keepalive is off.
    ///
    /// Values are taken as the system will round them; for what is left alone the values count
    /// that the system is shipped with (Linux: 7200 s, 75 s, 9). The kernel's timers may fire up to
    /// about an eighth later than this, never earlier. A [`guard`](crate::guard) keeps this time to
    /// 100 ms, and also with data on its way.
    pub fn detection_time(&self) -> Option<Duration> {
        self.detection_time_limits(sys::limits().ok()?)
    }

    fn detection_time_limits(&self, limits: &Limits) -> Option<Duration> {
        if !self.enabled {
            return None;
        }
        // Values out of range cannot be applied; for them the plain arithmetic stands.
        let given = Plan::new(self, limits).map_or(*self, |plan| plan.config(limits));
        let idle = given.idle.unwrap_or(limits.shipped.idle);
        let interval = given.interval.unwrap_or(limits.shipped.interval);
        let probes = match given.user_timeout {
            Some(timeout)
                if limits.user_timeout_replaces_count
                    && !timeout.is_zero()
                    && !interval.is_zero() =>
            {
                let beyond_idle = milliseconds(timeout.saturating_sub(idle));
                let probes = beyond_idle.div_ceil(milliseconds(interval).max(1)).max(1);
                u32::try_from(probes).unwrap_or(u32::MAX)
            }
            _ => given.count.unwrap_or(limits.shipped.count),
        };
        Some(idle.saturating_add(interval.saturating_mul(probes)))
    }
}

/// The number of probes that a plan has at most.
fn probes(limits: &Limits) -> i64 {
    i64::from(if limits.count.range().is_ok() { PROBES } else { limits.shipped.count })
}

/// The times that [`Config::detect_within`] can promise: the shortest idle time and one probe at
/// least, and idle, which is half of it, as long as the system allows at most.
pub(crate) fn detect_within_range(limits: &Limits) -> Result<Range, Error> {
    let (idle, interval) = (limits.idle.range()?, limits.interval.range()?);
    let fewest = if limits.count.range().is_ok() { 1 } else { probes(limits) };
    Ok(Range {
        option: OptionName(DETECT_WITHIN),
        unit: idle.unit,
        min: idle.min + interval.min * fewest,
        max: 2 * idle.max,
    })
}

#[cfg(test)]
mod tests;
