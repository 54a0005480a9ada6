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

mod fields;

use std::time::{Duration, Instant};

use crate::config::Config;
use crate::plan::milliseconds;
use crate::snapshot::Snapshot;

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

impl Terms {
    /// What follows from the values in force on a socket; `None` while keepalive is off.
    pub fn new(in_force: &Config) -> Option<Self> {
        let within = in_force.detection_time()?;
        Some(Self { within, idle: in_force.idle?, interval: in_force.interval? })
    }

    /// How many probes fit into the plan.
    fn probes(&self) -> u64 {
        let left = self.within.saturating_sub(self.idle);
        milliseconds(left) / milliseconds(self.interval).max(1)
    }

    /// For how long an answer has to be owed.
    pub(crate) fn owed(&self) -> Duration {
        self.within.saturating_sub(self.asked())
    }

    /// The silence after which the first probe should have been sent: the kernel's timer fires up to an
    /// eighth late. Where that leaves no time for the others, it is looked for before.
    fn asked(&self) -> Duration {
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

/// As a plain number.
fn nanos(time: Duration) -> u64 {
    // No time here is longer than a lifetime of machines.
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}

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

/// A routine look may be as late as this, whatever the plan, and no later than that.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(8);
/// The kernel's timestamps are this coarse, at most.
const GRAIN: Duration = Duration::from_millis(10);
/// An answer is not overdue before this, however short the round trip: peers delay theirs.
const OVERDUE: Duration = Duration::from_millis(300);
/// The warning precedes the verdict by this at least.
const WARNING: Duration = Duration::from_millis(100);
/// The last probe before the verdict leaves this much time for its answer.
const LAST_CALL: Duration = Duration::from_millis(300);
/// And this much, where it went out late, if the plan has as much.
const LATE_CALL: Duration = Duration::from_secs(1);
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
    called: Option<Box<Called>>, // rare
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

/// What the kernel has counted of its own attempts.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    retransmits: u32,
    backoff: u32,
    /// Whether data went out after the peer was heard.
    data: bool,
}

/// The terms were changed since the peer was last heard.
#[derive(Debug, Clone, Copy)]
struct Changed {
    /// No debt is older than this: the probes that the kernel counts were not all sent at the
    /// interval of the present plan.
    since: Instant,
    /// The time became shorter.
    shorter: Option<Shorter>,
    /// The interval became shorter.
    slow: Option<Slow>,
    /// When a probe of our own was last sent.
    probed: Option<Instant>,
}

/// The interval became shorter: the kernel's timer may still run for the one before.
#[derive(Debug, Clone, Copy)]
struct Slow {
    /// When another attempt is overdue by the new interval.
    due: Instant,
    /// The kernel's own attempts until the change.
    before: Attempts,
}

/// The time became shorter in the midst of a silence.
#[derive(Debug, Clone, Copy)]
struct Shorter {
    /// No verdict before this: the peer gets about as long as the new plan gives its probes.
    until: Instant,
    /// What cannot be sent, or not before this, is not waited for any longer.
    latest: Instant,
    /// The kernel's own attempts until then.
    before: Attempts,
    /// When another one was first seen: one that can still be answered under the new terms.
    asked: Option<Instant>,
}

/// This side has no room for what the peer sends.
#[derive(Debug, Clone, Copy)]
struct Deaf {
    /// When it was last seen so.
    at: Instant,
    /// Segments of the peer until then.
    segments: Option<u32>,
    /// When more of them were last seen.
    heard: Option<Instant>,
}

/// What the kernel counts of its attempts to reach the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempts {
    probes: u32,
    retransmits: u32,
    backoff: u32,
}

impl Attempts {
    fn of(info: &Snapshot) -> Self {
        Self {
            probes: info.probes.unwrap_or(0),
            retransmits: info.total_retransmits.unwrap_or(0),
            backoff: info.backoff.unwrap_or(0),
        }
    }
}

/// What was sent for the kernel.
#[derive(Debug, Clone, Copy)]
struct Called {
    /// How many last calls.
    last: u8,
    /// No verdict before this.
    answered: Instant,
}

/// The peer owes an answer.
#[derive(Debug, Clone, Copy)]
struct Owed {
    since: Instant,
    /// How late the look was that found it.
    late: Duration,
    /// Since when enough stimuli are unanswered.
    enough: Option<Instant>,
}

/// Data is on its way, and nothing of it was acknowledged since.
#[derive(Debug, Clone, Copy)]
struct Stuck {
    since: Instant,
    acknowledged: u64,
    /// It is no longer so: at the look before it was not.
    not_before: Instant,
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
            called: None,
            prompted: None,
            looked: now,
            next: now,
            looking: Looking::Exactly,
            late: false,
        }
    }

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
        self.called = None;
        self.next = now;
        self.looking = Looking::Exactly;
    }

    /// A probe more than the plan has was sent. The age of the debt is not counted by it.
    pub fn probed(&mut self, now: Instant) {
        let since = self.owed.as_ref().map_or(now, |owed| owed.since);
        let shorter = self.changed.as_ref().and_then(|changed| changed.shorter);
        self.changed = Some(Box::new(Changed { since, shorter, slow: None, probed: Some(now) }));
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

    /// Whether one more probe should go out now, before the time is over: the plan's last one may
    /// have been lost in an outage that has ended since, or the next one comes too late for a verdict,
    /// by a timer that was started for a longer interval. Nobody is lost who was not called: where no
    /// look came before the time was over, the call goes out then, and the verdict waits for its answer.
    pub fn last_call(&mut self, now: Instant, info: &Snapshot) -> bool {
        let soon = || Some(now + self.next_last_call(info)? >= self.due_at(now, info)?);
        let open = match self.verdict {
            Verdict::Healthy => false,
            Verdict::Suspect => true,
            Verdict::Lost => self.late && self.last_calls() == 0,
        };
        let call = open && !info.has_data_to_deliver() && soon() == Some(true);
        if call {
            self.call(now, info).last += 1;
            self.verdict = Verdict::Suspect;
            self.probed(now);
            // It may be the one that was missing: then it is seen before its answer is due.
            self.next = self.next.max(now + GRAIN).min(now + answer(info));
        }
        call
    }

    /// Notes what is sent now for the kernel. Where nobody looked in time it went out late, and no verdict
    /// comes before the plan's time for an answer is over: nothing is known of what the path has become
    /// meanwhile.
    fn call(&mut self, now: Instant, info: &Snapshot) -> &mut Called {
        let plan = answer(info).max(self.terms.interval.min(LATE_CALL));
        let answered = if self.late { now + plan } else { now };
        let called = self.called.get_or_insert_with(|| Box::new(Called { last: 0, answered }));
        called.answered = called.answered.max(answered);
        called
    }

    fn last_calls(&self) -> u8 {
        self.called.as_ref().map_or(0, |called| called.last)
    }

    /// How long before the verdict the next last call goes out. Where an answer may take long the first
    /// one goes out early, and what it met on its way may be over long before the end: a second follows.
    fn next_last_call(&self, info: &Snapshot) -> Option<Duration> {
        let first = last_call_before(info);
        match self.last_calls() {
            0 => Some(first),
            1 if first >= 2 * LAST_CALL => Some(first / 2),
            _ => None,
        }
    }

    /// Whether another probe should go out now, because the kernel's timer runs for an interval that
    /// was longer before a change. It goes on at the present one then.
    pub fn next_call(&mut self, now: Instant, info: &Snapshot) -> bool {
        let silent = info.probes.is_some_and(|probes| probes > 0) && !info.has_data_to_deliver();
        let due = self.slow(info).map(|slow| slow.due).filter(|due| silent && *due <= now);
        if due.is_some() {
            self.call(now, info);
            self.probed(now);
        }
        due.is_some()
    }

    /// When a probe can be sent: not before this, and not in a silence that is shorter than the idle
    /// time. The kernel would only wait for the rest of it.
    fn callable(&self, at: Instant) -> Instant {
        at.max(self.spoke + self.terms.idle)
    }

    /// What became of a shorter interval, as long as no attempt was seen since.
    fn slow(&self, info: &Snapshot) -> Option<Slow> {
        self.changed.as_ref()?.slow.filter(|slow| slow.before == Attempts::of(info))
    }

    /// Whether the first probe should be sent now, because the kernel will not in time. After a probe that
    /// was answered its timer goes on at the interval: where that is longer than the idle time, or was
    /// so before a change, the next silence is not asked before. And where the idle time is most of
    /// the promise, its timer may be too late for it. Says so once for each silence.
    pub fn first_call(&mut self, now: Instant, info: &Snapshot) -> bool {
        let due = self.first_due();
        let silent = info.probes == Some(0) && !info.has_data_to_deliver();
        let call = due <= now && silent && self.prompted.is_none();
        if call {
            self.prompted = Some(u32::try_from((now - due).as_millis()).unwrap_or(u32::MAX));
            // Before the kernel's count of one is over, too: it is raised when the probe is seen.
            self.next = now + answer(info).min(self.terms.interval / 2);
            self.looking = Looking::Exactly;
        }
        call
    }

    /// When the first probe should have been sent.
    fn first_due(&self) -> Instant {
        self.spoke.max(self.begun) + self.terms.asked()
    }

    /// How many probes have surely been sent in such a silence, and how long ago the first of them,
    /// for a kernel that does not count them. All of this kind, the BSDs and what came of them, send
    /// keepalive probes whenever nothing was heard for the idle time, also while data is
    /// unacknowledged.
    fn probes_due(&self, silence: Duration) -> (u32, Duration) {
        let Terms { idle, interval, .. } = self.terms;
        let Some(since_first) = silence.checked_sub(idle + idle / 8 + TICK) else {
            return (0, Duration::ZERO);
        };
        let more = since_first.as_millis() / interval.as_millis().max(1);
        (u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1), since_first)
    }

    /// Does this side have room for what the peer sends?
    fn follow_room(&mut self, now: Instant, info: &Snapshot) {
        if info.receive_window != Some(0) {
            return;
        }
        let segments = info.segments_received;
        let before = self.deaf.as_deref();
        let came = before.is_some_and(|before| before.segments != segments);
        let heard = if came { Some(now) } else { before.and_then(|before| before.heard) };
        self.deaf = Some(Box::new(Deaf { at: now, segments, heard }));
    }

    /// For how long the peer was not heard.
    fn silence(&self, now: Instant, info: &Snapshot) -> Option<Duration> {
        let told = info.silence()?;
        let counted = self.deaf.as_ref().and_then(|deaf| deaf.heard);
        Some(counted.map_or(told, |heard| told.min(now.saturating_duration_since(heard))))
    }

    /// Was the peer heard since the last look?
    fn listen(&mut self, now: Instant, silence: Duration, info: &Snapshot) {
        let heard = now.checked_sub(silence).unwrap_or(now);
        // The kernel's clock and ours drift apart a little during a long silence.
        let tolerance = 2 * GRAIN + now.saturating_duration_since(self.heard) / 256;
        let anew = heard > self.heard + tolerance;
        self.heard = self.heard.max(heard.min(now));
        self.spoke = heard.min(now);
        if anew {
            self.owed = None;
            self.changed = None;
            self.called = None;
            self.prompted = None;
        }
        if self.owed.is_none() {
            self.then = Sent {
                retransmits: info.total_retransmits.unwrap_or(0),
                backoff: info.backoff.unwrap_or(0),
                data: data_sent_within(silence, info),
            };
        }
    }

    /// What was sent to the peer since it was last heard, and for how long?
    fn count(&mut self, now: Instant, silence: Duration, info: &Snapshot) {
        // Before the kernel would send a probe nothing is looked into: an answer that is on its way
        // is no debt.
        if now.saturating_duration_since(self.heard) < self.terms.idle.min(self.terms.within) {
            return;
        }
        let (stimuli, owed_for) = self.unanswered(silence, info);
        if stimuli == 0 {
            return;
        }
        let mut since = now.checked_sub(owed_for).unwrap_or(now).max(self.heard);
        // Of one that was sent for the kernel it is known when.
        if let Some(late) = self.prompted.filter(|_| !info.has_data_to_deliver()) {
            let late = Duration::from_millis(late.into());
            since = since.min((self.first_due() + late).max(self.heard));
        }
        if let Some(changed) = &self.changed {
            since = since.max(changed.since);
        }
        // The timer's grain and what a busy machine adds count as late as well.
        let late = now.saturating_duration_since(self.next)
            + Duration::from_millis(self.prompted.unwrap_or(0).into());
        let late = late.min(self.terms.lateness());
        // A probe that is only supposed to be out may have left a tick earlier.
        let late = late.max(if info.probes.is_none() { TICK } else { 2 * GRAIN });
        debug_assert!(self.heard <= now && since <= now, "nothing is owed in advance");
        let owed = self.owed.get_or_insert_with(|| Box::new(Owed { since, late, enough: None }));
        owed.since = owed.since.min(since);
        // Data is sent again and again; of probes there may be one in the plan.
        let planned = self.terms.probes().clamp(1, 2) as u32;
        let needed = if info.has_data_to_deliver() && info.probes.is_some() { 2 } else { planned };
        if stimuli >= needed {
            owed.enough.get_or_insert(now);
        }
    }

    /// The number of unanswered stimuli, and for how long the first of them is unanswered at least.
    fn unanswered(&self, silence: Duration, info: &Snapshot) -> (u32, Duration) {
        let Some(probes) = info.probes else {
            let (probes, since_first) = self.probes_due(silence);
            let again = info.total_retransmits.unwrap_or(0).wrapping_sub(self.then.retransmits);
            return (probes.saturating_add(again), since_first);
        };
        if !info.has_data_to_deliver() {
            // n probes are n - 1 intervals.
            let since_first = self.terms.interval.saturating_mul(probes.saturating_sub(1));
            return (probes, since_first.min(silence));
        }
        let unacknowledged_for = info.unacknowledged_for().unwrap_or_default();
        let retransmits = info.retransmits.unwrap_or(0);
        let mut data = u32::from(data_sent_within(silence, info));
        let at_most = info.attempted_for() + info.since_data_sent.unwrap_or_default();
        if data > 0 && at_most + at_most / 8 <= silence {
            data += retransmits; // all of them after the peer was heard
        }
        // One attempt that cannot even leave this host counts in the backoff only.
        let again = info
            .total_retransmits
            .unwrap_or(0)
            .wrapping_sub(self.then.retransmits)
            .max(info.backoff.unwrap_or(0).saturating_sub(self.then.backoff));
        let data = data.max(again.saturating_add(u32::from(self.then.data)));
        let owed_for = if data > 0 { unacknowledged_for.min(silence) } else { Duration::ZERO };
        (data.saturating_add(probes), owed_for)
    }

    /// Is data on its way that nobody acknowledges?
    fn follow_data(&mut self, before: Instant, now: Instant, info: &Snapshot) {
        let (Some(acknowledged), true) =
            (info.bytes_acknowledged, info.unacked.is_some_and(|segments| segments > 0))
        else {
            self.stuck = None;
            return;
        };
        let unacknowledged_for = info.unacknowledged_for().unwrap_or_default();
        // Nothing was acknowledged while nothing was taken for an acknowledgement.
        let begun = self.deaf.as_ref().map_or(self.begun, |deaf| self.begun.max(deaf.at));
        let since = now.checked_sub(unacknowledged_for).unwrap_or(now);
        match &mut self.stuck {
            Some(stuck) if stuck.acknowledged == acknowledged => {
                // With a user timeout the kernel's last wait is cut short, and what follows from its
                // number is too long.
                stuck.since = stuck.since.min(since).max(begun).max(stuck.not_before);
            }
            stuck => {
                let not_before = before.max(begun);
                let since = since.max(not_before);
                *stuck = Some(Box::new(Stuck { since, acknowledged, not_before }));
            }
        }
    }

    /// Was the peer asked since the time became shorter?
    fn follow_change(&mut self, now: Instant, info: &Snapshot) {
        let shorter = self.changed.as_mut().and_then(|changed| changed.shorter.as_mut());
        if let Some(shorter) = shorter.filter(|shorter| Attempts::of(info) != shorter.before) {
            shorter.asked.get_or_insert(now);
        }
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
        let enough = self.owed.as_ref().and_then(|owed| owed.enough);
        let silent =
            enough.and_then(|enough| Some(self.silent_at(now, info)?.max(enough + answer(info))));
        // The oldest data was sent a little before the last of what came back was.
        let within = self.terms.within;
        let stuck = self.stuck_data(info).map(|stuck| stuck.since + within + answer(info));
        let lost = [silent, stuck].into_iter().flatten().min()?;
        let called = self.called.as_ref().map(|called| called.answered);
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

    /// After the time became shorter in the midst of a silence: when the peer has been asked under
    /// the new terms and had the time to answer.
    fn asked_anew(&self, now: Instant, info: &Snapshot) -> Option<Instant> {
        let shorter = self.changed.as_ref()?.shorter?;
        // Until then the last call is near, and sends one where it can.
        let answered = |asked: Instant| asked + last_call_before(info);
        let asked = match shorter.asked {
            Some(asked) => answered(asked), // however late that was
            None => answered(now).min(shorter.latest),
        };
        Some(shorter.until.max(asked))
    }

    /// Data that was sent three times in vain.
    fn stuck_data(&self, info: &Snapshot) -> Option<&Stuck> {
        self.stuck.as_deref().filter(|_| info.retransmits.unwrap_or(0) >= 2)
    }
}

/// How long before a verdict the last call goes out.
fn last_call_before(info: &Snapshot) -> Duration {
    LAST_CALL.max(2 * answer(info))
}

/// Whether data went out after the peer was last heard.
fn data_sent_within(silence: Duration, info: &Snapshot) -> bool {
    info.has_data_to_deliver() && info.since_data_sent.is_some_and(|sent| sent < silence)
}

/// How long an answer may take.
pub(crate) fn answer(info: &Snapshot) -> Duration {
    let spread = 4 * info.round_trip_variation.unwrap_or_default();
    (info.round_trip_time.unwrap_or_default() + spread).max(5 * GRAIN)
}

#[cfg(test)]
mod tests;
