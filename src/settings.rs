//! What a program asks of a guard, and whether it can be had.

use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, OptionName, Quantity, Unit};
use crate::heartbeat::Rhythm;
use crate::plan::{Plan, Range};
use crate::record::{Fields, field};
use crate::sys;
use crate::time::milliseconds;

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
    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        self.values.fields(to);
        field(to, "detect_within", &mut self.detect_within);
        field(to, "heartbeat_interval", &mut self.heartbeat_interval);
        field(to, "heartbeat_timeout", &mut self.heartbeat_timeout);
        field(to, "abort_on_loss", &mut self.abort_on_loss);
    }

    /// What they ask of the kernel.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        let Some(total) = self.detect_within else {
            return Ok(self.values);
        };
        let Config { enabled, user_timeout, .. } = self.values;
        Ok(Config { enabled, user_timeout, ..Config::detect_within(total)? })
    }

    /// The heart-beat, if there is one.
    pub(crate) fn rhythm(&self) -> Option<Rhythm> {
        let interval = self.heartbeat_interval?;
        let timeout = self.heartbeat_timeout.unwrap_or(interval.saturating_mul(2));
        Some(Rhythm { interval, timeout })
    }

    /// Checks each value, also one that another takes the place of for the time being.
    pub(crate) fn check(&self) -> Result<(), Error> {
        Plan::new(&self.values, sys::limits()?)?;
        self.heartbeat_interval.map(|time| HEARTBEAT_INTERVAL.round_up(time)).transpose()?;
        self.heartbeat_timeout.map(|time| HEARTBEAT_TIMEOUT.round_up(time)).transpose()?;
        self.config().map(|_| ())
    }

    /// Checks the two times of the heart-beat against each other: a peer that answers each beat is
    /// silent for one interval in between.
    pub(crate) fn check_pair(&self) -> Result<(), Error> {
        match self.rhythm() {
            Some(Rhythm { interval, timeout }) if timeout <= interval => {
                let ms = |time| i64::try_from(milliseconds(time)).unwrap_or(i64::MAX);
                let longer = Range { min: ms(interval) + 1, ..HEARTBEAT_TIMEOUT };
                Err(longer.refuse(Quantity::Milliseconds(ms(timeout))))
            }
            _ => Ok(()),
        }
    }

    /// What is asked of the kernel's keepalive, rather than left as it is.
    pub(crate) fn asks_of_kernel(&self) -> bool {
        let Config { enabled, idle, interval, count, user_timeout } = self.values;
        let values = idle.is_some() || interval.is_some() || count.is_some();
        enabled && (values || user_timeout.is_some() || self.detect_within.is_some())
    }
}
