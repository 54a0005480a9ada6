//! Whether the peer lives: Healthy → Suspect → Lost, from what the kernel knows of the connection.
//!
//! Pure: the clock and the kernel's [`Snapshot`] are passed in at each look, and
//! [`next_look`](Liveness::next_look) says when to look again.
//!
//! The kernel is asked to send *stimuli*: keepalive probes on an idle connection, retransmissions
//! and window probes on one with data. A peer **owes an answer** when a stimulus was sent after it
//! was last heard. It is **lost** when it owes one and
//!
//! * has been silent for the whole time that was promised ([`Terms::within`]),
//! * two stimuli are unanswered, because one lost packet is no death (one, if the plan has no more),
//! * and the answer has been owed for about as long as the plan gives its probes: data written after
//!   a long quiet spell is not condemned at once.
//!
//! A closed window that is still acknowledged is none of this, however long it lasts: each window
//! probe is answered, and the peer was heard after it. Beside that rule stands a second one, for a
//! path that fails in our direction only: data retransmitted and not acknowledged for the promised
//! time is lost although the peer is still heard.
//!
//! A change of the terms takes nothing back of what is known: a longer time is waited for to its end,
//! and a shorter one is not over before the peer was asked under it and had the time to answer.
//!
//! So does a watch that begins in the midst of a silence, in which somebody else has asked: the peer is
//! asked once more. And while nobody here reads, so that there is no room for what the peer sends, the
//! kernel takes none of its segments for an answer, and only counts them: then they are life.
//!
//! Linux tells all of this. Where a system tells less, the same rules stand on less: see
//! docs/decisions/0009-less-evidence.md.

mod calls;
mod changes;
mod evidence;
mod fields;
mod terms;

use std::time::{Duration, Instant};

use crate::snapshot::Snapshot;

use calls::{LAST_CALL, OwnProbes};
use changes::Changed;
use evidence::{Deaf, Owed, Sent, Stuck};
pub use terms::Terms;

/// Where the peer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against it.
    Healthy,
    /// An answer is overdue.
    Suspect,
    /// The time is over.
    Lost,
}

/// The time of the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextLook {
    /// When.
    pub at: Instant,
    /// By how much it may come later, together with those of others.
    pub lateness: Duration,
}

impl NextLook {
    /// At this time, and no later.
    pub fn exactly(at: Instant) -> Self {
        Self { at, lateness: Duration::ZERO }
    }
}

/// The kernel's timestamps are this coarse, at most.
const GRAIN: Duration = Duration::from_millis(10);
/// An answer is not overdue before this, however short the round trip: peers delay theirs.
const OVERDUE: Duration = Duration::from_millis(300);
/// The warning precedes the verdict by this at least.
const WARNING: Duration = Duration::from_millis(100);
/// The timers of some kernels tick twice a second.
const TICK: Duration = Duration::from_millis(500);

/// Watches one connection.
#[derive(Debug, Clone)]
pub struct Liveness {
    terms: Terms,
    verdict: Verdict,
    /// When the watch began, or was last begun anew: nothing is owed for longer.
    begun: Instant,
    /// When the peer was last heard, or got its full time anew.
    heard: Instant,
    /// When it was last heard, nothing else: the kernel probes by that.
    spoke: Instant,
    /// The counters at the first look after that.
    then: Sent,
    owed: Option<Box<Owed>>, // rare
    stuck: Option<Box<Stuck>>,
    /// What a change of the terms in the midst of a silence has left behind.
    changed: Option<Box<Changed>>,
    /// What is known while the kernel takes nothing for an answer.
    deaf: Option<Box<Deaf>>, // rare
    /// The probes of our own in this silence.
    own_probes: Option<Box<OwnProbes>>, // rare
    /// The first probe was sent for the kernel, so many milliseconds later than it was due.
    prompted: Option<u32>,
    looked: Instant,
    next: Instant,
    looking: Looking,
    /// The last look came so late that what was to be sent before it was not.
    late: bool,
}

/// What the next look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looking {
    /// Something is due at that very time.
    Exactly,
    /// Nothing is wrong. The kernel will show how many probes are unanswered.
    Routinely,
    /// Nothing is wrong, and the kernel shows no probes: what is found is a tick old already.
    Supposing,
}

impl Liveness {
    /// Begins to watch a connection on which these terms are in force.
    pub fn new(terms: Terms, now: Instant) -> Self {
        debug_assert!(terms.idle <= terms.within, "{terms:?}");
        Self {
            terms,
            verdict: Verdict::Healthy,
            begun: now,
            heard: now,
            spoke: now,
            then: Sent::default(),
            owed: None,
            stuck: None,
            changed: None,
            deaf: None,
            own_probes: None,
            prompted: None,
            looked: now,
            next: now,
            looking: Looking::Exactly,
            late: false,
        }
    }

    /// The terms it was given.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the last look has shown.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether the peer owes an answer, or does not acknowledge what was sent again and again.
    pub(crate) fn doubts(&self) -> bool {
        self.owed.is_some() || self.verdict != Verdict::Healthy
    }

    /// When to look next.
    pub fn next_look(&self) -> NextLook {
        let lateness = match self.looking {
            Looking::Exactly => Duration::ZERO,
            Looking::Routinely => self.terms.lateness(),
            Looking::Supposing => {
                self.terms.lateness().min(self.terms.owed().saturating_sub(TICK) / 2)
            }
        };
        NextLook { at: self.next, lateness }
    }

    /// The machine has slept, and the silence meanwhile says nothing: the peer gets its full time
    /// anew.
    pub fn pardon(&mut self, now: Instant) {
        // The kernel's timer knows nothing of it.
        let slow = self.changed.as_ref().and_then(|changed| changed.slow);
        let changed = slow.map(|slow| {
            Box::new(Changed { since: now, shorter: None, slow: Some(slow), probed: None })
        });
        *self = Self { verdict: self.verdict, changed, ..Self::new(self.terms, now) };
    }

    /// Looks at what the kernel knows now.
    pub fn look(&mut self, now: Instant, info: &Snapshot) -> Verdict {
        if now < self.looked {
            self.pardon(now); // the clock was put back, and what was dated before is void
        }
        let before = std::mem::replace(&mut self.looked, now);
        let next = self.next_look();
        self.late = now > next.at + next.lateness + LAST_CALL;
        self.follow_room(now, info);
        // A system that does not say when the peer was heard gives no reason to condemn it.
        if let Some(silence) = self.silence(now, info) {
            self.listen(now, silence, info);
            self.count(now, silence, info);
        }
        self.follow_data(before, now, info);
        self.follow_change(now, info);
        self.judge(now, info);
        self.verdict
    }

    fn judge(&mut self, now: Instant, info: &Snapshot) {
        let lost_at = self.lost_at(now, info);
        let due_at = self.due_at(now, info);
        let suspect_at = self.suspect_at(lost_at, info);
        let reached = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        self.verdict = match self.verdict {
            Verdict::Suspect | Verdict::Lost if reached(lost_at) => Verdict::Lost,
            _ if reached(suspect_at) => Verdict::Suspect,
            _ => Verdict::Healthy,
        };
        self.looking = match (self.verdict, suspect_at) {
            (Verdict::Healthy, None) if info.probes.is_none() => Looking::Supposing,
            (Verdict::Healthy, None) => Looking::Routinely,
            _ => Looking::Exactly,
        };
        self.next = match (self.verdict, suspect_at) {
            (Verdict::Healthy, None) => {
                let call = self.slow(info).map(|slow| slow.due).filter(|due| *due > now);
                let call = call.filter(|_| info.probes.is_some_and(|probes| probes > 0));
                let routine = self.next_routine_look(now, info);
                call.map_or(routine, |call| call.min(routine))
            }
            // Not only then: meanwhile the kernel may go on counting its probes.
            (Verdict::Healthy, Some(at)) => at.min(now + self.terms.lateness()),
            (Verdict::Suspect | Verdict::Lost, _) => {
                let step = (self.terms.within / 32)
                    .clamp(Duration::from_millis(50), Duration::from_millis(500));
                let before = self.next_last_call(info);
                let call = due_at.and_then(|due| due.checked_sub(before?));
                let call = call.filter(|call| *call > now);
                let at = [call, lost_at].into_iter().flatten().fold(now + step, Instant::min);
                at.max(now + GRAIN)
            }
        };
    }

    /// While nothing is wrong: when the first probe has surely been sent.
    fn next_routine_look(&self, now: Instant, info: &Snapshot) -> Instant {
        let tick = if info.probes.is_none() { TICK } else { Duration::ZERO };
        let first = (self.terms.asked() + tick).min(self.terms.within);
        let (by_peer, later) = (self.spoke + first, now + self.terms.lateness());
        if by_peer > now {
            return by_peer;
        }
        // Keepalive may have begun with this watch.
        let by_us = self.begun + first;
        if by_us > now { by_us.min(later) } else { later }
    }

    fn suspect_at(&self, lost_at: Option<Instant>, info: &Snapshot) -> Option<Instant> {
        let overdue = OVERDUE.max(2 * info.round_trip_time.unwrap_or_default());
        let owed = self.owed.as_ref().map(|owed| owed.since + overdue);
        let stuck = self.stuck_data(info).map(|stuck| stuck.since + overdue);
        let warning = lost_at.and_then(|lost| lost.checked_sub(WARNING));
        [owed, stuck, warning].into_iter().flatten().min()
    }

    fn lost_at(&self, now: Instant, info: &Snapshot) -> Option<Instant> {
        let unanswered_since = self.owed.as_ref().and_then(|owed| owed.unanswered_since);
        let silent = unanswered_since
            .and_then(|enough| Some(self.silent_at(now, info)?.max(enough + answer(info))));
        // The oldest data was sent a little before the last of what came back was.
        let within = self.terms.within;
        let stuck = self.stuck_data(info).map(|stuck| stuck.since + within + answer(info));
        let lost = [silent, stuck].into_iter().flatten().min()?;
        let called = self.own_probes.as_ref().map(|called| called.answered);
        let asked = [self.asked_anew(now, info), called];
        Some(asked.into_iter().flatten().fold(lost, Instant::max))
    }

    /// When the silence is too long, provided that enough stimuli are unanswered by then.
    fn due_at(&self, now: Instant, info: &Snapshot) -> Option<Instant> {
        let due = self.silent_at(now, info)?;
        Some(due.max(self.asked_anew(now, info).unwrap_or(due)))
    }

    /// When the promised time of the silence is over, and an answer was owed for long enough.
    fn silent_at(&self, now: Instant, info: &Snapshot) -> Option<Instant> {
        let within = self.terms.within;
        let owed = self.owed.as_ref()?;
        let owed_for = self.terms.owed().saturating_sub(owed.late);
        let in_time = owed.since + owed_for.max(answer(info));
        // By the kernel's clock, too: this one may have been put forward.
        let silent = now + within.saturating_sub(self.silence(now, info)?);
        Some((self.heard + within + GRAIN).max(silent).max(in_time))
    }
}

/// How long an answer may take.
pub(crate) fn answer(info: &Snapshot) -> Duration {
    let spread = 4 * info.round_trip_variation.unwrap_or_default();
    (info.round_trip_time.unwrap_or_default() + spread).max(5 * GRAIN)
}

#[cfg(test)]
mod tests;
