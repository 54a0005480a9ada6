//! Times as plain numbers.

use std::time::Duration;

/// A time in whole milliseconds, in 64 bits; the longest time of all stays the longest.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1000).saturating_add(u64::from(time.subsec_millis()))
}

/// In nanoseconds.
pub(crate) fn nanos(time: Duration) -> u64 {
    // No time here is longer than a lifetime of machines.
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}
