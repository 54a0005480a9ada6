//! What a system can express: ranges and rounding, as pure arithmetic.
//!
//! A [`Config`] says what is wanted, a [`Limits`] what a system can do, and a [`Plan`] is what comes
//! out: the numbers that go to the kernel, each rounded **up** to the system's unit, or an error
//! that names option, value and range. Nothing here touches a socket.

use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, OptionName, Quantity, Unit};
use crate::time::milliseconds;

/// The values that one option accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) option: OptionName,
    pub(crate) unit: Unit,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Range {
    /// The error that says that `given` is outside of this range.
    #[cold]
    pub(crate) fn refuse(&self, given: Quantity) -> Error {
        Error::OutOfRange {
            option: self.option,
            given,
            min: self.min,
            max: self.max,
            unit: self.unit,
        }
    }

    /// The smallest number of units that is not shorter than `wanted`.
    pub(crate) fn round_up(&self, wanted: Duration) -> Result<u32, Error> {
        // In 64 bits, because a division of 128 would cost as much as a small system call.
        let (seconds, nanos) = (wanted.as_secs(), wanted.subsec_nanos());
        let units = match self.unit {
            Unit::Seconds => seconds.checked_add(u64::from(nanos > 0)),
            Unit::Milliseconds | Unit::Count | Unit::Bytes => seconds
                .checked_mul(1000)
                .and_then(|ms| ms.checked_add(u64::from(nanos.div_ceil(1_000_000)))),
        };
        units.and_then(|units| self.contains(units)).ok_or_else(|| self.refuse_time(wanted))
    }

    #[cold]
    fn refuse_time(&self, wanted: Duration) -> Error {
        let part = wanted.subsec_nanos() % 1_000_000 > 0;
        let ms = milliseconds(wanted).saturating_add(u64::from(part));
        self.refuse(Quantity::Milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// A plain number, checked.
    pub(crate) fn check(&self, count: u32) -> Result<u32, Error> {
        self.contains(u64::from(count))
            .ok_or_else(|| self.refuse(Quantity::Count(i64::from(count))))
    }

    /// A time from a signed number of milliseconds, as C++ and Qt give it.
    #[cfg(feature = "bridge")]
    pub(crate) fn milliseconds(&self, ms: i64) -> Result<Duration, Error> {
        u64::try_from(ms)
            .map(Duration::from_millis)
            .map_err(|_| self.refuse(Quantity::Milliseconds(ms)))
    }

    /// A plain number from a signed one, as C++ and Qt give it.
    #[cfg(feature = "bridge")]
    pub(crate) fn number(&self, count: i64) -> Result<u32, Error> {
        u32::try_from(count).map_err(|_| self.refuse(Quantity::Count(count)))
    }

    /// How long `units` last.
    pub(crate) fn duration(&self, units: u32) -> Duration {
        match self.unit {
            Unit::Seconds => Duration::from_secs(u64::from(units)),
            Unit::Milliseconds | Unit::Count | Unit::Bytes => {
                Duration::from_millis(u64::from(units))
            }
        }
    }

    fn contains(&self, units: u64) -> Option<u32> {
        let value = u32::try_from(units).ok()?;
        (self.min..=self.max).contains(&i64::from(value)).then_some(value)
    }
}

/// What a system makes of one value of a [`Config`]: the range that it accepts, or why it takes none.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code)] // there are systems that lack nothing
pub(crate) enum Offer {
    /// Values within this range.
    Within(Range),
    /// There is no such option.
    Missing {
        /// What it is called where it exists.
        option: OptionName,
        /// Why it is missing, and what to do instead.
        why: &'static str,
    },
}

impl Offer {
    /// The range, or the refusal of every value.
    #[inline]
    pub(crate) fn range(&self) -> Result<&Range, Error> {
        match self {
            Offer::Within(range) => Ok(range),
            Offer::Missing { option, why } => Err(missing(*option, why)),
        }
    }

    fn plan_time(&self, wanted: Option<Duration>) -> Result<Option<u32>, Error> {
        wanted.map(|time| self.range()?.round_up(time)).transpose()
    }

    /// `None` for what was left alone.
    fn time(&self, units: Option<u32>) -> Option<Duration> {
        match self {
            Offer::Within(range) => units.map(|units| range.duration(units)),
            Offer::Missing { .. } => None,
        }
    }
}

#[cold]
fn missing(option: OptionName, why: &'static str) -> Error {
    Error::Unsupported { option, why }
}

/// What one system's sockets accept, and what they do when nobody says anything.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Counted in the same unit as `interval`.
    pub(crate) idle: Offer,
    pub(crate) interval: Offer,
    pub(crate) count: Offer,
    pub(crate) user_timeout: Offer,
    /// Whether a user timeout takes the place of the count on an idle connection.
    pub(crate) user_timeout_replaces_count: bool,
    pub(crate) together: Together,
    /// What the system is shipped with, counted on where a [`Config`] leaves a value alone.
    pub(crate) shipped: Shipped,
}

/// When a system takes idle and interval only together, in one call that has no "leave alone".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // each system has one of them
pub(crate) enum Together {
    /// Each has its own option.
    Never,
    /// Each has its own option, which counts in seconds; the call for both counts in milliseconds.
    BelowSeconds,
    /// There is only the call for both.
    Always,
}

impl Together {
    /// Whether the call for both is needed.
    pub(crate) fn needed(self, idle: Option<Duration>, interval: Option<Duration>) -> bool {
        let fine = |time: Duration| time.subsec_nanos() != 0;
        match self {
            Together::Never => false,
            Together::BelowSeconds => idle.is_some_and(fine) || interval.is_some_and(fine),
            Together::Always => idle.is_some() || interval.is_some(),
        }
    }
}

/// The values that a system is shipped with.
#[derive(Debug)]
pub(crate) struct Shipped {
    pub(crate) idle: Duration,
    pub(crate) interval: Duration,
    pub(crate) count: u32,
}

/// A checked [`Config`] in the units of the system: what the kernel will be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) enabled: bool,
    pub(crate) idle: Option<u32>,
    pub(crate) interval: Option<u32>,
    pub(crate) count: Option<u32>,
    pub(crate) user_timeout: Option<u32>,
}

impl Plan {
    /// Checks every value before any of them is used, so that a refusal changes nothing.
    ///
    /// Inlined, because the limits of a system are constants: `apply` then costs a tenth less of what it
    /// adds to the kernel's own time.
    #[inline(always)]
    pub(crate) fn new(config: &Config, limits: &Limits) -> Result<Self, Error> {
        let plan = Self {
            enabled: config.enabled,
            idle: limits.idle.plan_time(config.idle)?,
            interval: limits.interval.plan_time(config.interval)?,
            count: config.count.map(|count| limits.count.range()?.check(count)).transpose()?,
            user_timeout: limits.user_timeout.plan_time(config.user_timeout)?,
        };
        if plan.idle.is_some() != plan.interval.is_some()
            && limits.together.needed(config.idle, config.interval)
        {
            let lacking = if plan.idle.is_none() { &limits.idle } else { &limits.interval };
            let why = "idle and interval go to this system in one call that has no \"leave alone\"; \
                       give both, or whole seconds where it has options for these";
            return Err(Error::Unsupported { option: lacking.range()?.option, why });
        }
        Ok(plan)
    }

    /// The same as a [`Config`]: what the kernel was really given, after rounding.
    pub(crate) fn config(&self, limits: &Limits) -> Config {
        Config {
            enabled: self.enabled,
            idle: limits.idle.time(self.idle),
            interval: limits.interval.time(self.interval),
            count: self.count,
            user_timeout: limits.user_timeout.time(self.user_timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: Range =
        Range { option: OptionName(c"IDLE"), unit: Unit::Seconds, min: 1, max: 9 };
    const MILLISECONDS: Range = Range {
        option: OptionName(c"INTERVAL"),
        unit: Unit::Milliseconds,
        min: 2,
        max: u32::MAX as i64,
    };
    const COUNT: Range = Range { option: OptionName(c"COUNT"), unit: Unit::Count, min: 1, max: 5 };
    const LIMITS: Limits = Limits {
        idle: Offer::Within(SECONDS),
        interval: Offer::Within(MILLISECONDS),
        count: Offer::Within(COUNT),
        user_timeout: Offer::Missing { option: OptionName(c"TIMEOUT"), why: "there is none" },
        user_timeout_replaces_count: false,
        together: Together::Always,
        shipped: Shipped { idle: Duration::ZERO, interval: Duration::ZERO, count: 1 },
    };

    fn nanos(ms: u64, nanos: u64) -> Duration {
        Duration::from_millis(ms) + Duration::from_nanos(nanos)
    }

    #[test]
    fn a_time_is_rounded_up_to_the_unit_and_no_further() {
        for (range, time, units) in [
            (SECONDS, nanos(1000, 0), 1),
            (SECONDS, nanos(1000, 1), 2),
            (SECONDS, nanos(9000, 0), 9),
            (SECONDS, nanos(0, 1), 1),
            (MILLISECONDS, nanos(2, 0), 2),
            (MILLISECONDS, nanos(1, 1), 2),
            (MILLISECONDS, nanos(1999, 999_999), 2000),
            (MILLISECONDS, nanos(5001, 0), 5001),
        ] {
            assert_eq!(range.round_up(time).unwrap(), units, "{time:?}");
        }
    }

    #[test]
    fn what_is_refused_is_told_as_it_was_given_with_parts_of_a_millisecond_rounded_up() {
        for (range, time, words) in [
            (SECONDS, nanos(9000, 1), "IDLE: 9001 ms is not within 1..9 s"),
            (SECONDS, nanos(9001, 0), "IDLE: 9001 ms is not within 1..9 s"),
            (SECONDS, Duration::ZERO, "IDLE: 0 s is not within 1..9 s"),
            (MILLISECONDS, nanos(1, 0), "INTERVAL: 1 ms is not within 2..4294967295 ms"),
            (MILLISECONDS, nanos(0, 1), "INTERVAL: 1 ms is not within 2..4294967295 ms"),
        ] {
            assert_eq!(range.round_up(time).unwrap_err().to_string(), words);
        }
        assert!(MILLISECONDS.round_up(Duration::MAX).is_err());
        assert!(SECONDS.round_up(Duration::MAX).is_err());
    }

    #[test]
    fn a_number_is_taken_within_its_range() {
        assert_eq!(COUNT.check(1).unwrap(), 1);
        assert_eq!(COUNT.check(5).unwrap(), 5);
        for count in [0, 6, u32::MAX] {
            let refused = COUNT.check(count).unwrap_err().to_string();
            assert_eq!(refused, format!("COUNT: {count} is not within 1..5"));
        }
    }

    #[test]
    fn a_unit_lasts_as_long_as_its_name_says() {
        assert_eq!(SECONDS.duration(3), Duration::from_secs(3));
        assert_eq!(MILLISECONDS.duration(3), Duration::from_millis(3));
        assert_eq!(milliseconds(nanos(61_234, 999_999)), 61_234);
        assert_eq!(milliseconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn what_there_is_no_option_for_is_refused_by_name() {
        let refused = LIMITS.user_timeout.range().unwrap_err().to_string();
        assert!(refused.contains("TIMEOUT") && refused.contains("there is none"), "{refused}");
        assert_eq!(LIMITS.user_timeout.plan_time(None).unwrap(), None);
        assert!(LIMITS.user_timeout.plan_time(Some(Duration::ZERO)).is_err());
        assert_eq!(LIMITS.user_timeout.time(Some(1)), None);
        assert_eq!(LIMITS.idle.time(Some(2)), Some(Duration::from_secs(2)));
        assert_eq!(LIMITS.idle.time(None), None);
    }

    #[test]
    fn one_call_for_both_is_needed_where_the_system_has_no_other_for_that_value() {
        let (whole, part) = (Some(Duration::from_secs(2)), Some(Duration::from_millis(2500)));
        for (together, idle, interval, needed) in [
            (Together::Never, part, part, false),
            (Together::BelowSeconds, whole, whole, false),
            (Together::BelowSeconds, part, whole, true),
            (Together::BelowSeconds, whole, part, true),
            (Together::BelowSeconds, None, None, false),
            (Together::Always, whole, None, true),
            (Together::Always, None, whole, true),
            (Together::Always, None, None, false),
        ] {
            let is_needed = together.needed(idle, interval);
            assert_eq!(is_needed, needed, "{together:?} {idle:?} {interval:?}");
        }
    }

    #[test]
    fn of_two_values_that_go_together_the_missing_one_is_named() {
        let second = Some(Duration::from_secs(1));
        let left = Config::default();
        for (idle, interval, missing) in [(second, None, "INTERVAL"), (None, second, "IDLE")] {
            let refused = Plan::new(&Config { idle, interval, ..left }, &LIMITS).unwrap_err();
            assert_eq!(refused.option().as_str(), missing);
        }
        let both = Config { idle: second, interval: second, count: Some(2), ..left };
        let plan = Plan::new(&both, &LIMITS).unwrap();
        assert_eq!((plan.idle, plan.interval, plan.count), (Some(1), Some(1000), Some(2)));
        assert_eq!(plan.config(&LIMITS), both);
    }
}
