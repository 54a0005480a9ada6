//! What is known of a connection, as a record's fields.

use std::time::{Duration, Instant};

use super::{Beats, End, Link, Retransmissions, Sight, Stage, Unreported};
use crate::config::LEAVE_ALONE;
use crate::door::Clock;
use crate::found::Found;
use crate::heartbeat::Heartbeat;
use crate::liveness::Liveness;
use crate::loss::{Loss, LossReason};
use crate::record::{Field, Fields, field, optional, variants};

variants!(Stage: Self::Open, Self::Closing, Self::Over);
variants!(Sight: Self::All, Self::OnePath, Self::Nothing { several: false },
    Self::Nothing { several: true });

impl Link {
    /// One to read into.
    pub(crate) fn blank(now: Instant) -> Self {
        Self::new(Clock { now, asleep: Duration::ZERO })
    }

    /// Whether it can be in this state, after it was read.
    pub(crate) fn check(&self) -> Result<(), String> {
        let live = self.liveness.as_ref().map_or(Ok(()), Liveness::check);
        live.and_then(|()| match self.heartbeat.as_deref() {
            Some(Beats::Beating(heart) | Beats::Resting(heart)) => heart.check(),
            None => Ok(()),
        })
    }

    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "stage", &mut self.stage);
        field(to, "sight", &mut self.sight);
        field(to, "reported", &mut self.reported);
        let found = |_| Found::new(&LEAVE_ALONE);
        optional(to, "promises", &mut self.promised, found, |it, to| {
            let names = ["p_enabled", "p_idle", "p_interval", "p_count", "p_timeout", "p_limit"];
            it.fields(names, to);
        });
        optional(to, "found", &mut self.found, found, |it, to| {
            let names = ["f_enabled", "f_idle", "f_interval", "f_count", "f_timeout", "f_limit"];
            it.fields(names, to);
        });
        optional(to, "watched", &mut self.liveness, Liveness::blank, Liveness::fields);
        beats(&mut self.heartbeat, to);
        optional(to, "ends", &mut self.end, |_| Box::default(), |it, to| it.fields(to));
        field(to, "retries", &mut self.retries);
        field(to, "limit", &mut self.retransmissions);
        field(to, "unverified", &mut self.unverified);
        field(to, "raised", &mut self.raised);
        field(to, "waits_idle", &mut self.waits.idle);
        field(to, "waits_interval", &mut self.waits.interval);
        field(to, "waits_timeout", &mut self.waits.user_timeout);
        field(to, "warned", &mut self.warned);
        field(to, "slept_ms", &mut self.asleep);
    }
}

fn beats(beats: &mut Option<Box<Beats>>, to: &mut dyn Fields) {
    let mut beating = matches!(beats.as_deref(), Some(Beats::Beating(_)));
    field(to, "beats", &mut beating);
    let blank = |now| {
        let heart = Heartbeat::blank(now);
        Box::new(if beating { Beats::Beating(heart) } else { Beats::Resting(heart) })
    };
    optional(to, "heart", beats, blank, |beats, to| match &mut **beats {
        Beats::Beating(heart) | Beats::Resting(heart) => heart.fields(to),
    });
}

impl End {
    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "doubt", &mut self.doubt);
        let blank = |now| Unreported { seen: now, heard: now };
        optional(to, "unreported", &mut self.unreported, blank, |it, to| {
            field(to, "end_seen", &mut it.seen);
            field(to, "end_heard", &mut it.heard);
        });
        let blank = |_| Loss { reason: LossReason::Unknown, snapshot: None };
        optional(to, "decided", &mut self.verdict, blank, |it, to| {
            field(to, "decided_why", &mut it.reason);
        });
    }
}

/// In microseconds; a negative number stands for a system that has none.
impl Field for Retransmissions {
    fn to_number(&self, base: Instant) -> Option<i64> {
        match self {
            Retransmissions::Untouched => None,
            Retransmissions::Missing => Some(-1),
            Retransmissions::Within(limit) => limit.to_number(base),
        }
    }

    fn of_number(number: Option<i64>, base: Instant) -> Self {
        match number {
            None => Retransmissions::Untouched,
            Some(..0) => Retransmissions::Missing,
            Some(_) => Retransmissions::Within(Duration::of_number(number, base)),
        }
    }
}
