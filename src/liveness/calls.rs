//! The probes of our own, where the kernel's would come too late, or may have been lost.

use std::time::{Duration, Instant};

use super::{GRAIN, Liveness, Looking, Verdict, answer};
use crate::snapshot::Snapshot;

/// The last probe before the verdict leaves this much time for its answer.
pub(super) const LAST_CALL: Duration = Duration::from_millis(300);
/// And this much, where it went out late, if the plan has as much.
pub(super) const LATE_CALL: Duration = Duration::from_secs(1);

/// What was sent for the kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnProbes {
    /// How many last calls.
    pub(super) last: u8,
    /// No verdict before this.
    pub(super) answered: Instant,
}

impl Liveness {
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
    pub(super) fn call(&mut self, now: Instant, info: &Snapshot) -> &mut OwnProbes {
        let plan = answer(info).max(self.terms.interval.min(LATE_CALL));
        let answered = if self.late { now + plan } else { now };
        let called =
            self.own_probes.get_or_insert_with(|| Box::new(OwnProbes { last: 0, answered }));
        called.answered = called.answered.max(answered);
        called
    }

    pub(super) fn last_calls(&self) -> u8 {
        self.own_probes.as_ref().map_or(0, |called| called.last)
    }

    /// How long before the verdict the next last call goes out. Where an answer may take long the first
    /// one goes out early, and what it met on its way may be over long before the end: a second follows.
    pub(super) fn next_last_call(&self, info: &Snapshot) -> Option<Duration> {
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
    pub(super) fn first_due(&self) -> Instant {
        self.spoke.max(self.begun) + self.terms.asked()
    }
}

/// How long before a verdict the last call goes out.
pub(super) fn last_call_before(info: &Snapshot) -> Duration {
    LAST_CALL.max(2 * answer(info))
}
