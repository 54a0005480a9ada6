//! What was asked for of a heart-beat.

use std::time::Duration;

use crate::liveness::answer;
use crate::snapshot::Snapshot;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The time between two beats.
    pub interval: Duration,
    /// The silence after which the peer is lost; longer than the interval.
    pub timeout: Duration,
}

impl Rhythm {
    /// How long an answer may take at least.
    pub(super) fn patience(&self, info: &Snapshot) -> Duration {
        (self.timeout - self.interval).max(answer(info))
    }
}
