//! The beat under way.

use std::time::Instant;

use super::taken::Taken;
use super::{GRAIN, Heartbeat};

/// The beat under way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beat {
    /// There is none, or it was answered.
    None,
    /// It has not left this host yet.
    Waits {
        /// How much has to leave until it has, where the kernel counts that.
        end: Option<u64>,
        /// How much was taken, and where the peer's window ended, when that was last looked at.
        taken: Option<Taken>,
        /// How much waited in the network library.
        queued: u64,
        /// When it was last seen to come nearer to the peer's program, or was asked for.
        moved: Instant,
        /// When the peer's kernel was last seen to take something.
        kept: Instant,
        /// When it was last seen to wait.
        seen: Seen,
    },
    /// It has left, and the peer has said nothing since.
    Left {
        /// When that was seen.
        at: Instant,
        /// What is no answer.
        before: Seen,
    },
}

/// What the peer had said by some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) at: Instant,
    /// Its bytes, where the kernel counts them.
    pub(super) received: Option<u64>,
}

impl Heartbeat {
    pub(super) fn seen(&self, now: Instant) -> Seen {
        Seen { at: now, received: self.received }
    }

    /// Whether the peer has said something since then. Where nobody counts it, at about the same time
    /// is as good: the kernel's grain is coarse.
    pub(super) fn answers(&self, before: Seen) -> bool {
        match (self.received, before.received) {
            (Some(now), Some(then)) => now != then,
            _ => before.at <= self.heard + 2 * GRAIN,
        }
    }
}
