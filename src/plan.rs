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
        let unit = self.unit_length().as_nanos();
        let units = wanted.as_nanos().div_ceil(unit);
        self.contains(units).ok_or_else(|| {
            let ms = wanted.as_nanos().div_ceil(1_000_000);
            self.refuse(Quantity::Milliseconds(i128::try_from(ms).unwrap_or(i128::MAX)))
        })
    }

    /// A plain number, checked.
    pub(crate) fn check(&self, count: u32) -> Result<u32, Error> {
        self.contains(u128::from(count))
            .ok_or_else(|| self.refuse(Quantity::Count(i64::from(count))))
    }

    /// A time from a signed number of milliseconds, as C++ and Qt give it.
    #[cfg(feature = "bridge")]
    pub(crate) fn milliseconds(&self, ms: i64) -> Result<Duration, Error> {
        u64::try_from(ms)
            .map(Duration::from_millis)
            .map_err(|_| self.refuse(Quantity::Milliseconds(i128::from(ms))))
    }

    /// A plain number from a signed one, as C++ and Qt give it.
    #[cfg(feature = "bridge")]
    pub(crate) fn number(&self, count: i64) -> Result<u32, Error> {
        u32::try_from(count).map_err(|_| self.refuse(Quantity::Count(count)))
    }

    /// How long `units` last.
    pub(crate) fn duration(&self, units: u32) -> Duration {
        self.unit_length() * units
    }

    fn contains(&self, units: u128) -> Option<u32> {
        let value = u32::try_from(units).ok()?;
        (self.min..=self.max).contains(&i64::from(value)).then_some(value)
    }

    fn unit_length(&self) -> Duration {
        match self.unit {
            Unit::Seconds => Duration::from_secs(1),
            Unit::Milliseconds | Unit::Count => Duration::from_millis(1),
        }
    }
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
