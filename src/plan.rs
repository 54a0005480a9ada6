//! What a system can express: ranges and rounding, as pure arithmetic.
//!
//! A [`Config`] says what is wanted, a [`Limits`] what a system can do, and a [`Plan`] is what comes
//! out: the numbers that go to the kernel, each rounded **up** to the system's unit, or an error
//! that names option, value and range. Nothing here touches a socket.

use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, OptionName, Quantity, Unit};

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
        let part = !wanted.subsec_nanos().is_multiple_of(1_000_000);
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

/// A time in whole milliseconds, in 64 bits; the longest time of all stays the longest.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1000).saturating_add(u64::from(time.subsec_millis()))
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
