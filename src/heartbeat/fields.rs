//! What is known of the peer's program, as a record's fields.

use std::time::{Duration, Instant};

use super::beat::{Beat, Seen};
use super::taken::Taken;
use super::{Heartbeat, Rhythm};
use crate::record::{Fields, field, optional};

impl Heartbeat {
    /// One to read into.
    pub(crate) fn blank(now: Instant) -> Self {
        let rhythm = Rhythm { interval: Duration::from_secs(1), timeout: Duration::from_secs(2) };
        Self::new(rhythm, now)
    }

    /// Whether it can be in this state, after it was read.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.rhythm.interval >= self.rhythm.timeout {
            return Err("this heart-beat is no rhythm".to_owned());
        }
        Ok(())
    }

    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "beats_every", &mut self.rhythm.interval);
        field(to, "beats_within", &mut self.rhythm.timeout);
        field(to, "life", &mut self.life);
        field(to, "life_heard", &mut self.heard);
        self.beat.fields(to);
        field(to, "spared", &mut self.spared);
        field(to, "suspected", &mut self.suspected);
        field(to, "next_beat", &mut self.next_beat);
        field(to, "next_pulse", &mut self.next_look);
        field(to, "came", &mut self.received);
        field(to, "untimed", &mut self.untimed);
        field(to, "debt", &mut self.debt);
        field(to, "closes", &mut self.closes);
        field(to, "shut", &mut self.shut);
    }
}

/// What is under way, as a number.
const WAITS: u8 = 1;
const LEFT: u8 = 2;

impl Beat {
    fn fields(&mut self, to: &mut dyn Fields) {
        let mut kind = match self {
            Beat::None => 0,
            Beat::Waits { .. } => WAITS,
            Beat::Left { .. } => LEFT,
        };
        field(to, "beat", &mut kind);
        if to.reads() {
            let now = to.base();
            let seen = Seen { at: now, received: None };
            *self = match kind {
                WAITS => {
                    Beat::Waits { end: None, taken: None, queued: 0, moved: now, kept: now, seen }
                }
                LEFT => Beat::Left { at: now, before: seen },
                _ => Beat::None,
            };
        }
        match self {
            Beat::None => {}
            Beat::Waits { end, taken, queued, moved, kept, seen } => {
                field(to, "beat_end", end);
                field(to, "beat_queued", queued);
                field(to, "beat_moved", moved);
                field(to, "beat_kept", kept);
                seen.fields(to);
                let blank = |_| Taken {
                    left: 0,
                    acknowledged: 0,
                    lately: None,
                    edge: None,
                    by_path: false,
                };
                optional(to, "taken", taken, blank, |it, to| {
                    field(to, "taken_left", &mut it.left);
                    field(to, "taken_acked", &mut it.acknowledged);
                    field(to, "taken_lately", &mut it.lately);
                    field(to, "taken_edge", &mut it.edge);
                    field(to, "taken_by_path", &mut it.by_path);
                });
            }
            Beat::Left { at, before } => {
                field(to, "beat_left", at);
                before.fields(to);
            }
        }
    }
}

impl Seen {
    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "beat_seen", &mut self.at);
        field(to, "beat_came", &mut self.received);
    }
}
