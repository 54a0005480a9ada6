//! What is known of the peer, as a record's fields.

use std::time::{Duration, Instant};

use super::calls::OwnProbes;
use super::changes::{Attempts, Changed, Shorter, Slow};
use super::evidence::{Deaf, Owed, Stuck};
use super::{Liveness, Looking, Terms, Verdict};
use crate::record::{Fields, field, optional, variants};

variants!(Verdict: Self::Healthy, Self::Suspect, Self::Lost);
variants!(Looking: Self::Exactly, Self::Routinely, Self::Supposing);

impl Terms {
    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "within", &mut self.within);
        field(to, "asks_after", &mut self.idle);
        field(to, "asks_every", &mut self.interval);
    }
}

impl Liveness {
    /// One to read into.
    pub(crate) fn blank(now: Instant) -> Self {
        let terms = Terms {
            within: Duration::from_secs(3),
            idle: Duration::from_secs(1),
            interval: Duration::from_secs(1),
        };
        Self::new(terms, now)
    }

    /// Whether it can be in this state, after it was read.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Terms { within, idle, interval } = self.terms;
        if idle > within || interval.is_zero() {
            return Err("these probes are no plan".to_owned());
        }
        Ok(())
    }

    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        self.terms.fields(to);
        field(to, "verdict", &mut self.verdict);
        field(to, "begun", &mut self.begun);
        field(to, "heard", &mut self.heard);
        field(to, "spoke", &mut self.spoke);
        field(to, "then_retransmits", &mut self.then.retransmits);
        field(to, "then_backoff", &mut self.then.backoff);
        field(to, "then_data", &mut self.then.data);
        optional(
            to,
            "owes",
            &mut self.owed,
            |now| Box::new(Owed::blank(now)),
            |it, to| {
                it.fields(to);
            },
        );
        optional(
            to,
            "stuck",
            &mut self.stuck,
            |now| Box::new(Stuck::blank(now)),
            |it, to| {
                it.fields(to);
            },
        );
        optional(
            to,
            "changed",
            &mut self.changed,
            |now| Box::new(Changed::blank(now)),
            |it, to| {
                it.fields(to);
            },
        );
        optional(
            to,
            "deaf",
            &mut self.deaf,
            |now| Box::new(Deaf::blank(now)),
            |it, to| {
                it.fields(to);
            },
        );
        optional(
            to,
            "own_probes",
            &mut self.own_probes,
            |now| Box::new(OwnProbes::blank(now)),
            |it, to| {
                it.fields(to);
            },
        );
        field(to, "prompted", &mut self.prompted);
        field(to, "looked", &mut self.looked);
        field(to, "next", &mut self.next);
        field(to, "looking", &mut self.looking);
        field(to, "late", &mut self.late);
    }
}

impl Owed {
    fn blank(now: Instant) -> Self {
        Self { since: now, late: Duration::ZERO, unanswered_since: None }
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "owed_since", &mut self.since);
        field(to, "owed_late", &mut self.late);
        field(to, "unanswered_since", &mut self.unanswered_since);
    }
}

impl Stuck {
    fn blank(now: Instant) -> Self {
        Self { since: now, acknowledged: 0, not_before: now }
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "stuck_since", &mut self.since);
        field(to, "stuck_at", &mut self.acknowledged);
        field(to, "stuck_not_before", &mut self.not_before);
    }
}

impl Changed {
    fn blank(now: Instant) -> Self {
        Self { since: now, shorter: None, slow: None, probed: None }
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "changed_since", &mut self.since);
        field(to, "probed", &mut self.probed);
        let shorter = |now| Shorter {
            until: now,
            latest: now,
            before: Attempts { probes: 0, retransmits: 0, backoff: 0 },
            asked: None,
        };
        optional(to, "shorter", &mut self.shorter, shorter, |it, to| {
            field(to, "until", &mut it.until);
            field(to, "latest", &mut it.latest);
            it.before.fields(["until_probes", "until_retransmits", "until_backoff"], to);
            field(to, "asked", &mut it.asked);
        });
        let slow =
            |now| Slow { due: now, before: Attempts { probes: 0, retransmits: 0, backoff: 0 } };
        optional(to, "slow", &mut self.slow, slow, |it, to| {
            field(to, "due", &mut it.due);
            it.before.fields(["due_probes", "due_retransmits", "due_backoff"], to);
        });
    }
}

impl Attempts {
    fn fields(&mut self, names: [&'static str; 3], to: &mut dyn Fields) {
        let [probes, retransmits, backoff] = names;
        field(to, probes, &mut self.probes);
        field(to, retransmits, &mut self.retransmits);
        field(to, backoff, &mut self.backoff);
    }
}

impl Deaf {
    fn blank(now: Instant) -> Self {
        Self { at: now, segments: None, heard: None }
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "deaf_at", &mut self.at);
        field(to, "deaf_segments", &mut self.segments);
        field(to, "deaf_heard", &mut self.heard);
    }
}

impl OwnProbes {
    fn blank(now: Instant) -> Self {
        Self { last: 0, answered: now }
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "last_calls", &mut self.last);
        field(to, "answer_until", &mut self.answered);
    }
}
