//! The application's heart-beat: when to write one, and when the peer has missed too many.
//!
//! Pure: the clock and the kernel's [`Snapshot`] are passed in. TCP's own probes are answered by the
//! peer's kernel; a heart-beat is answered by its program. Any byte that arrives counts as life,
//! also one that this side has not read yet.

use std::time::{Duration, Instant};

use crate::liveness::{NextLook, Verdict};
use crate::snapshot::Snapshot;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The time between two beats.
    pub interval: Duration,
    /// The silence after which the peer is lost; longer than the interval.
    pub timeout: Duration,
}

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// A beat is to be written now.
    pub beat: bool,
    /// How the peer's program stands.
    pub peer: Verdict,
}

/// The kernel's timestamps are this coarse, at most.
const GRAIN: Duration = Duration::from_millis(10);
/// A look that comes this much too late was kept waiting: this program did something else, or was
/// stopped.
const LATE: Duration = Duration::from_millis(20);
/// Then a peer gets as long again before the verdict, and at least this: what was written before may
/// have left only now.
const GRACE: Duration = Duration::from_millis(50);

/// The heart-beat of one connection.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    rhythm: Rhythm,
    /// The peer's last byte, or when it got its full time anew.
    life: Instant,
    /// When the first beat after that was due and this program ran: only then an answer is owed.
    asked: Option<Instant>,
    /// No verdict before this.
    spared: Option<Instant>,
    suspected: bool,
    next_beat: Instant,
    next_look: Instant,
    acknowledged: Option<u64>,
    /// Bytes of the peer, where the kernel counts them and does not say when they came.
    received: Option<u64>,
}

impl Heartbeat {
    /// Begins; the first beat is due after one interval.
    pub fn new(rhythm: Rhythm, now: Instant) -> Self {
        let next_beat = now + rhythm.interval;
        Self {
            rhythm,
            life: now,
            asked: None,
            spared: None,
            suspected: false,
            next_beat,
            next_look: next_beat,
            acknowledged: None,
            received: None,
        }
    }

    /// What was asked for.
    pub fn rhythm(&self) -> &Rhythm {
        &self.rhythm
    }

    /// When to look next.
    pub fn next_look(&self) -> NextLook {
        NextLook::exactly(self.next_look)
    }

    /// The peer gets its full time anew: this machine has slept.
    pub fn pardon(&mut self, now: Instant) {
        self.hear(now);
        self.next_beat = now;
        self.next_look = now;
    }

    /// The program has received something: for a kernel that tells nothing of it.
    pub fn received(&mut self, now: Instant) {
        self.hear(now);
    }

    fn hear(&mut self, life: Instant) {
        if life > self.life + GRAIN {
            self.spared = None;
        }
        self.life = self.life.max(life);
        // A beat of about the same time is as good as answered: the kernel's grain is coarse.
        self.asked = self.asked.filter(|asked| *asked > self.life + 2 * GRAIN);
    }

    /// Looks whether a beat is due or missed. `queued`: whether the program's network library holds
    /// data that it has not given to the kernel yet.
    pub fn look(&mut self, now: Instant, info: &Snapshot, queued: bool) -> Pulse {
        let Rhythm { interval, timeout } = self.rhythm;
        let late = now.saturating_duration_since(self.next_look);
        match (info.since_data_received, info.bytes_received) {
            (Some(since), _) => self.hear(now.checked_sub(since).unwrap_or(now)),
            (None, bytes) => {
                let before = std::mem::replace(&mut self.received, bytes);
                if before.is_some() && before != bytes {
                    self.hear(now);
                }
            }
        }
        let waiting = queued || info.unsent.is_some_and(|bytes| bytes > 0);
        self.follow_queue(now, waiting, info);

        let due = self.next_beat <= now;
        if due {
            // Beats that were missed are not made up for.
            self.next_beat = (self.next_beat + interval).max(now + interval / 2);
            self.asked.get_or_insert(now);
        }
        let owes = self.asked.unwrap_or(self.next_beat) + (timeout - interval);
        let missed_at = (self.life + timeout).max(owes);
        if late > LATE && now >= missed_at {
            // Once for each silence, or a program that is always late would never find one.
            self.spared.get_or_insert(now + late.clamp(GRACE.min(timeout), timeout));
        }
        let missed_at = self.spared.map_or(missed_at, |spared| spared.max(missed_at)) + GRAIN;
        let suspect_at = missed_at - GRAIN - (timeout - interval) / 2;
        let peer = match self.suspected {
            true if now >= missed_at => Verdict::Lost,
            _ if now >= suspect_at => Verdict::Suspect,
            _ => Verdict::Healthy,
        };
        self.suspected = peer != Verdict::Healthy;
        let next = if peer == Verdict::Healthy { suspect_at } else { missed_at };
        // Bytes that are only counted came at some time before the look that finds them.
        let soon = self.received.map(|_| now + interval / 4);
        self.next_look = soon.into_iter().fold(next.min(self.next_beat).max(now), Instant::min);
        // Behind data that cannot leave, beats would pile up and arrive all at once later.
        Pulse { beat: due && !waiting, peer }
    }

    /// While a beat cannot be sent because other data waits before it, the peer's program shows its
    /// life by taking that data.
    fn follow_queue(&mut self, now: Instant, waiting: bool, info: &Snapshot) {
        let before = self.acknowledged;
        self.acknowledged = info.bytes_acknowledged.filter(|_| waiting);
        if before.is_some() && self.acknowledged.is_some() && before != self.acknowledged {
            self.hear(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn heard(since: Duration) -> Snapshot {
        Snapshot { since_data_received: Some(since), ..Snapshot::default() }
    }

    /// Beats each second, lost after two and a half.
    fn started() -> (Heartbeat, Instant) {
        let now = Instant::now();
        (Heartbeat::new(Rhythm { interval: SECOND, timeout: SECOND * 5 / 2 }, now), now)
    }

    #[test]
    fn beats_come_at_their_interval_while_the_peer_answers() {
        let (mut heart, start) = started();
        let mut beats = vec![];
        let mut now = start;
        while now < start + SECOND * 10 {
            now = heart.next_look().at;
            // The answer to the last beat came after a tenth of a second.
            let since = (now - start).as_millis() as u64 % 1000;
            let since = Duration::from_millis((since + 899) % 1000 + 1);
            let pulse = heart.look(now, &heard(since), false);
            assert_eq!(pulse.peer, Verdict::Healthy);
            beats.extend(pulse.beat.then_some(now - start));
        }
        assert_eq!(beats, (1..=10).map(|n| SECOND * n).collect::<Vec<_>>());
    }

    #[test]
    fn a_silent_peer_is_suspect_and_then_lost_after_the_timeout() {
        let (mut heart, start) = started();
        let (mut verdicts, mut beats) = (vec![], 0);
        loop {
            let now = heart.next_look().at;
            let pulse = heart.look(now, &heard(now - start), false);
            beats += u32::from(pulse.beat);
            verdicts.push(pulse.peer);
            if pulse.peer == Verdict::Lost {
                assert_eq!(now, start + SECOND * 5 / 2 + GRAIN);
                break;
            }
        }
        assert!(verdicts.contains(&Verdict::Suspect));
        assert_eq!(beats, 2);
    }

    #[test]
    fn no_beat_is_queued_behind_data_that_cannot_leave() {
        let (mut heart, start) = started();
        let stalled = Snapshot { unsent: Some(1), ..heard(SECOND) };
        assert!(!heart.look(start + SECOND, &stalled, false).beat);
        assert!(!heart.look(start + SECOND * 2, &heard(SECOND), true).beat);
        assert!(heart.look(start + SECOND * 3, &heard(SECOND), false).beat);
    }

    #[test]
    fn a_peer_that_takes_our_data_lives_and_one_that_takes_none_does_not() {
        for (takes, expected) in [(1000, Verdict::Healthy), (0, Verdict::Lost)] {
            let (mut heart, start) = started();
            let mut last = Verdict::Healthy;
            for tenth in 1..=30u32 {
                let now = start + SECOND * tenth / 10;
                let info = Snapshot {
                    unsent: Some(100_000),
                    bytes_acknowledged: Some(u64::from(tenth) * takes),
                    ..heard(now - start)
                };
                last = heart.look(now, &info, false).peer;
            }
            assert_eq!(last, expected);
        }
    }

    #[test]
    fn after_a_gap_the_peer_gets_its_full_time_anew() {
        let (mut heart, start) = started();
        heart.look(start + SECOND, &heard(SECOND), false);
        // Stopped for a minute; the peer had nothing to answer.
        let back = start + SECOND * 60;
        let pulse = heart.look(back, &heard(SECOND * 60), false);
        assert_eq!(pulse, Pulse { beat: true, peer: Verdict::Healthy });
        let mut now = back;
        while heart.look(now, &heard(now - start), false).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN);
        }
        assert_eq!(now, back + SECOND * 5 / 2 + GRAIN);
    }

    #[test]
    fn a_program_that_is_late_at_every_look_finds_a_silent_peer_and_warns_first() {
        let (mut heart, start) = started();
        let mut verdicts = vec![];
        let mut now = start;
        while verdicts.last() != Some(&Verdict::Lost) {
            now = heart.next_look().at.max(now) + SECOND / 2;
            assert!(now < start + SECOND * 5, "{verdicts:?}");
            verdicts.push(heart.look(now, &heard(now - start), false).peer);
        }
        assert_eq!(verdicts[verdicts.len() - 2], Verdict::Suspect);
    }

    #[test]
    fn a_peer_that_was_asked_late_may_answer_late() {
        let (mut heart, start) = started();
        // Nothing was asked before this program came to it at 2.4 s.
        let asked = start + SECOND * 12 / 5;
        assert!(heart.look(asked, &heard(SECOND * 12 / 5), false).beat);
        let mut now = asked;
        while heart.look(now, &heard(now - start), false).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN);
        }
        assert_eq!(now, asked + SECOND * 3 / 2 + GRAIN);
    }

    #[test]
    fn bytes_that_are_only_counted_are_life_and_none_are_a_loss() {
        for answers in [true, false] {
            let (mut heart, start) = started();
            let mut last = (start, Verdict::Healthy);
            while last.0 < start + SECOND * 20 && last.1 != Verdict::Lost {
                let now = heart.next_look().at.max(last.0 + GRAIN);
                let seconds = (now - start).as_secs();
                let bytes_received = Some(if answers { seconds } else { 0 });
                let info = Snapshot { bytes_received, ..Snapshot::default() };
                last = (now, heart.look(now, &info, false).peer);
            }
            assert_eq!(last.1 == Verdict::Lost, !answers);
            if !answers {
                let after = last.0 - start;
                assert!(after >= SECOND * 5 / 2 && after <= SECOND * 3, "{after:?}");
            }
        }
    }

    #[test]
    fn a_byte_that_nobody_has_read_yet_is_life() {
        let (mut heart, start) = started();
        heart.look(start + SECOND, &heard(SECOND), false);
        heart.look(start + SECOND * 2, &heard(SECOND * 2), false);
        let pulse = heart.look(start + SECOND * 26 / 10, &heard(SECOND / 10), false);
        assert_eq!(pulse.peer, Verdict::Healthy);
    }
}
