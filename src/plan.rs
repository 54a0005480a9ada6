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

/// What one system's sockets accept, and what they do when nobody says anything.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) idle: Range,
    pub(crate) interval: Range,
    pub(crate) count: Range,
    pub(crate) user_timeout: Range,
    /// What the system is shipped with, counted on where a [`Config`] leaves a value alone.
    pub(crate) shipped: Shipped,
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
    pub(crate) fn new(config: &Config, limits: &Limits) -> Result<Self, Error> {
        let up = |value: Option<Duration>, range: &Range| {
            value.map(|value| range.round_up(value)).transpose()
        };
        Ok(Self {
            enabled: config.enabled,
            idle: up(config.idle, &limits.idle)?,
            interval: up(config.interval, &limits.interval)?,
            count: config.count.map(|count| limits.count.check(count)).transpose()?,
            user_timeout: up(config.user_timeout, &limits.user_timeout)?,
        })
    }

    /// The same as a [`Config`]: what the kernel was really given, after rounding.
    pub(crate) fn config(&self, limits: &Limits) -> Config {
        Config {
            enabled: self.enabled,
            idle: self.idle.map(|units| limits.idle.duration(units)),
            interval: self.interval.map(|units| limits.interval.duration(units)),
            count: self.count,
            user_timeout: self.user_timeout.map(|units| limits.user_timeout.duration(units)),
        }
    }
}
