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

/// How much later than asked for a look may come before that is a gap in which this program did not
/// run: stopped, or busy with something else.
const GAP: u32 = 8; // the part of the timeout
/// The kernel's timestamps are this coarse, at most.
const GRAIN: Duration = Duration::from_millis(10);

/// The heart-beat of one connection.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    rhythm: Rhythm,
    /// The peer's last byte, or when it got its full time anew.
    life: Instant,
    next_beat: Instant,
    next_look: Instant,
    acknowledged: Option<u64>,
}

impl Heartbeat {
    /// Begins; the first beat is due after one interval.
    pub fn new(rhythm: Rhythm, now: Instant) -> Self {
        let next_beat = now + rhythm.interval;
        Self { rhythm, life: now, next_beat, next_look: next_beat, acknowledged: None }
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
        self.life = now;
        self.next_beat = now;
        self.next_look = now;
    }

    /// Looks whether a beat is due or missed. `queued`: whether the program's network library holds
    /// data that it has not given to the kernel yet.
    pub fn look(&mut self, now: Instant, info: &Snapshot, queued: bool) -> Pulse {
        let Rhythm { interval, timeout } = self.rhythm;
        if now > self.next_look + (timeout / GAP).max(2 * GRAIN) {
            self.pardon(now);
        }
        if let Some(since) = info.since_data_received {
            self.life = self.life.max(now.checked_sub(since).unwrap_or(now));
        }
        let waiting = queued || info.unsent.is_some_and(|bytes| bytes > 0);
        self.follow_queue(now, waiting, info);

        let due = self.next_beat <= now;
        if due {
            // Beats that were missed are not made up for.
            self.next_beat = (self.next_beat + interval).max(now + interval / 2);
        }
        let missed_at = self.life + timeout + GRAIN;
        let suspect_at = self.life + (interval + timeout) / 2;
        let peer = match now {
            now if now >= missed_at => Verdict::Lost,
            now if now >= suspect_at => Verdict::Suspect,
            _ => Verdict::Healthy,
        };
        let next = if peer == Verdict::Healthy { suspect_at } else { missed_at };
        self.next_look = next.min(self.next_beat).max(now);
        // Behind data that cannot leave, beats would pile up and arrive all at once later.
        Pulse { beat: due && !waiting, peer }
    }

    /// While a beat cannot be sent because other data waits before it, the peer's program shows its
    /// life by taking that data.
    fn follow_queue(&mut self, now: Instant, waiting: bool, info: &Snapshot) {
        let before = self.acknowledged;
        self.acknowledged = info.bytes_acknowledged.filter(|_| waiting);
        if before.is_some() && self.acknowledged.is_some() && before != self.acknowledged {
            self.life = now;
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
    fn a_byte_that_nobody_has_read_yet_is_life() {
        let (mut heart, start) = started();
        heart.look(start + SECOND, &heard(SECOND), false);
        heart.look(start + SECOND * 2, &heard(SECOND * 2), false);
        let pulse = heart.look(start + SECOND * 26 / 10, &heard(SECOND / 10), false);
        assert_eq!(pulse.peer, Verdict::Healthy);
    }
}
