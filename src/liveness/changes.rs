//! Terms that change in the midst of a silence, or begin in one: nothing is taken back of what is known, and
//! the peer is asked under the new ones. See docs/decisions/0013-settings-in-a-silence.md.

use std::time::Instant;

use super::calls::last_call_before;
use super::{Liveness, Looking, Terms, Verdict};
use crate::snapshot::Snapshot;

/// The terms were changed since the peer was last heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed {
    /// No debt is older than this: the probes that the kernel counts were not all sent at the
    /// interval of the present plan.
    pub(super) since: Instant,
    /// The time became shorter.
    pub(super) shorter: Option<Shorter>,
    /// The interval became shorter.
    pub(super) slow: Option<Slow>,
    /// When a probe of our own was last sent.
    pub(super) probed: Option<Instant>,
}

/// The interval became shorter: the kernel's timer may still run for the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slow {
    /// When another attempt is overdue by the new interval.
    pub(super) due: Instant,
    /// The kernel's own attempts until the change.
    pub(super) before: Attempts,
}

/// The time became shorter in the midst of a silence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shorter {
    /// No verdict before this: the peer gets about as long as the new plan gives its probes.
    pub(super) until: Instant,
    /// What cannot be sent, or not before this, is not waited for any longer.
    pub(super) latest: Instant,
    /// The kernel's own attempts until then.
    pub(super) before: Attempts,
    /// When another one was first seen: one that can still be answered under the new terms.
    pub(super) asked: Option<Instant>,
}

/// What the kernel counts of its attempts to reach the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempts {
    pub(super) probes: u32,
    pub(super) retransmits: u32,
    pub(super) backoff: u32,
}

impl Attempts {
    pub(super) fn of(info: &Snapshot) -> Self {
        Self {
            probes: info.probes.unwrap_or(0),
            retransmits: info.total_retransmits.unwrap_or(0),
            backoff: info.backoff.unwrap_or(0),
        }
    }
}

impl Liveness {
    /// The same, on a connection of which `info` is known. In a silence in which the peer was asked
    /// before, by others and under other terms, it is asked once more, and only that counts.
    pub fn begin(terms: Terms, now: Instant, info: &Snapshot) -> Self {
        let mut live = Self::new(terms, now);
        let before = Attempts::of(info);
        let asked = before.probes > 0 || info.retransmits.unwrap_or(0) > 0 || before.backoff > 0;
        if let Some(silence) = info.silence().filter(|_| asked) {
            live.heard = now.checked_sub(silence).unwrap_or(now);
            live.spoke = live.heard;
            let latest = now + terms.within.max(info.attempt_within());
            let shorter = Shorter { until: now + terms.owed(), latest, before, asked: None };
            let slow = Slow { due: live.callable(now), before };
            let changed =
                Changed { since: now, shorter: Some(shorter), slow: Some(slow), probed: None };
            live.changed = Some(Box::new(changed));
        }
        live
    }

    /// Goes on under other terms: what is known of the peer stays. `info` is what the kernel knows
    /// before it is told of the change.
    pub fn change(&mut self, terms: Terms, now: Instant, info: &Snapshot) {
        // What the peer owes is dated by the plan under which it was asked. Nobody hears of what this
        // look has shown, so the next one may have to warn.
        let verdict = self.verdict;
        self.look(now, info);
        self.verdict = verdict;
        debug_assert!(terms.idle <= terms.within, "{terms:?}");
        let old = std::mem::replace(&mut self.terms, terms);
        let since = self.owed.as_ref().map_or(now, |owed| owed.since);
        let before = self.changed.as_ref().and_then(|changed| changed.shorter);
        let shorter = if terms.within < old.within {
            // Not later than it would have been without the change. Who was asked after an earlier one
            // is not asked once more.
            let old_end = self.heard + old.within;
            let old_end = before.map_or(old_end, |before| old_end.max(before.until));
            let asked = before.and_then(|before| before.asked);
            let answered = asked.unwrap_or(now) + last_call_before(info);
            let until = (now + terms.owed()).min(old_end.max(answered));
            let latest = old_end.max(now + terms.within);
            let before = before.filter(|_| asked.is_some()).map(|before| before.before);
            let before = before.unwrap_or_else(|| Attempts::of(info));
            Some(Shorter { until, latest, before, asked })
        } else {
            before
        };
        // A new idle time waits while a probe is out, and the timer may run for one that is longer.
        let silent = info.probes.unwrap_or(0) > 0;
        let silent = silent && terms.idle < old.idle;
        let waits = self.slow(info).is_some() || silent || terms.interval < old.interval;
        // It may have run for long already: then the peer was asked once since it was last heard, and
        // the path may have changed since. One probe each interval, however often the terms change.
        let probed = self.changed.as_ref().and_then(|changed| changed.probed);
        let due = probed.map_or(now, |probed| probed + terms.interval + terms.interval / 8);
        let due = self.callable(now.max(due));
        let slow = waits.then(|| Slow { due, before: Attempts::of(info) });
        self.changed = Some(Box::new(Changed { since, shorter, slow, probed }));
        if self.verdict == Verdict::Lost {
            self.verdict = Verdict::Suspect; // by the old terms
        }
        self.own_probes = None;
        self.next = now;
        self.looking = Looking::Exactly;
    }

    /// A probe more than the plan has was sent. The age of the debt is not counted by it.
    pub fn probed(&mut self, now: Instant) {
        let since = self.owed.as_ref().map_or(now, |owed| owed.since);
        let shorter = self.changed.as_ref().and_then(|changed| changed.shorter);
        self.changed = Some(Box::new(Changed { since, shorter, slow: None, probed: Some(now) }));
    }

    /// When a probe can be sent: not before this, and not in a silence that is shorter than the idle
    /// time. The kernel would only wait for the rest of it.
    pub(super) fn callable(&self, at: Instant) -> Instant {
        at.max(self.spoke + self.terms.idle)
    }

    /// What became of a shorter interval, as long as no attempt was seen since.
    pub(super) fn slow(&self, info: &Snapshot) -> Option<Slow> {
        self.changed.as_ref()?.slow.filter(|slow| slow.before == Attempts::of(info))
    }

    /// Was the peer asked since the time became shorter?
    pub(super) fn follow_change(&mut self, now: Instant, info: &Snapshot) {
        let shorter = self.changed.as_mut().and_then(|changed| changed.shorter.as_mut());
        if let Some(shorter) = shorter.filter(|shorter| Attempts::of(info) != shorter.before) {
            shorter.asked.get_or_insert(now);
        }
    }

    /// After the time became shorter in the midst of a silence: when the peer has been asked under
    /// the new terms and had the time to answer.
    pub(super) fn asked_anew(&self, now: Instant, info: &Snapshot) -> Option<Instant> {
        let shorter = self.changed.as_ref()?.shorter?;
        // Until then the last call is near, and sends one where it can.
        let answered = |asked: Instant| asked + last_call_before(info);
        let asked = match shorter.asked {
            Some(asked) => answered(asked), // however late that was
            None => answered(now).min(shorter.latest),
        };
        Some(shorter.until.max(asked))
    }
}
