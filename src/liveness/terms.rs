//! What is promised of a connection, and what follows from it for the looks at it.

use std::time::Duration;

use crate::config::Config;
use crate::time::{milliseconds, nanos};

/// What is promised of a connection, and the plan that the kernel was given for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The silence after which the peer is lost: idle and all probes of the plan.
    pub within: Duration,
    /// The silence after which the kernel sends the first probe.
    pub idle: Duration,
    /// The time between two probes.
    pub interval: Duration,
}

/// A routine look may be as late as this, whatever the plan, and no later than that.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(8);

impl Terms {
    /// What follows from the values in force on a socket; `None` while keepalive is off.
    pub fn new(in_force: &Config) -> Option<Self> {
        let within = in_force.detection_time()?;
        Some(Self { within, idle: in_force.idle?, interval: in_force.interval? })
    }

    /// How many probes fit into the plan.
    pub(super) fn probes(&self) -> u64 {
        let left = self.within.saturating_sub(self.idle);
        milliseconds(left) / milliseconds(self.interval).max(1)
    }

    /// For how long an answer has to be owed.
    pub(crate) fn owed(&self) -> Duration {
        self.within.saturating_sub(self.asked())
    }

    /// The silence after which the first probe should have been sent: the kernel's timer fires up to an
    /// eighth late. Where that leaves no time for the others, it is looked for before.
    pub(super) fn asked(&self) -> Duration {
        Duration::from_nanos(self.asked_nanos())
    }

    /// In nanoseconds, as in [`lateness`](Self::lateness): both are asked for several times at each look,
    /// and plain numbers are a third of the work.
    fn asked_nanos(&self) -> u64 {
        let (within, idle) = (nanos(self.within), nanos(self.idle));
        idle + (idle / 8).min(within.saturating_sub(idle) / 3)
    }

    /// How late a routine look may be: the longer, the more of them share one wake-up. Half of what
    /// is left for the verdict after it stays; more of it where the first probe may have to be sent then,
    /// because the kernel's timer may be too late for it.
    pub fn lateness(&self) -> Duration {
        let (within, idle, asked) = (nanos(self.within), nanos(self.idle), self.asked_nanos());
        let hurries = asked < idle + idle / 8;
        let owed = within.saturating_sub(asked);
        let most = (owed / if hurries { 4 } else { 2 }).min(nanos(LATEST));
        Duration::from_nanos((idle / 2).min(most).max(nanos(SOONEST)))
    }
}
