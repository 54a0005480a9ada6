//! The application's heart-beat: when to write one, and when the peer has missed too many.
//!
//! Pure: the clock and the kernel's [`Snapshot`] are passed in. TCP's own probes are answered by the
//! peer's kernel; a heart-beat is answered by its program. So only bytes that the peer sent are life,
//! also those that this side has not read yet; that its kernel acknowledges ours says nothing.
//!
//! The peer owes an answer from the moment on at which a beat has *left* this host. Until then the
//! beat may wait behind other data: in the program's network library, or in the kernel, for Nagle or
//! for a window. At most one beat is under way at a time, unsent or unanswered. One that cannot leave
//! because nothing at all leaves any more ends as one that is not answered, and so does one behind data
//! that the peer's kernel still takes and its program does not: its window's edge stands still then. And
//! nothing is owed while this side's own program does not read, so that no answer finds room.

mod beat;
mod fields;
mod rhythm;
mod taken;

use std::time::{Duration, Instant};

use crate::liveness::{NextLook, Verdict, answer};
use crate::snapshot::Snapshot;

use beat::Beat;
pub use rhythm::Rhythm;
use taken::{Taken, is_unanswered};

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// A beat is to be written now; [`Heartbeat::written`] wants to hear of it.
    pub beat: bool,
    /// How the peer's program stands.
    pub peer: Verdict,
}

/// The kernel's timestamps are this coarse, at most.
const GRAIN: Duration = Duration::from_millis(10);
/// A look that comes this much too late was kept waiting: this program did something else, or was
/// stopped.
const LATE: Duration = Duration::from_millis(20);
/// Then a peer gets as long again before the verdict, and at least this: what the program meant to
/// write before may have left only now.
const GRACE: Duration = Duration::from_millis(50);
/// A close is not cut short before this: what cannot be delivered is tried again a few times by then.
const SHORTEST_CLOSE: Duration = Duration::from_secs(2);
/// Where there was no room for an answer it is waited for no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How rarely at most a beat under way is looked for when the next one is due, or it waits to leave.
const STEP: Duration = Duration::from_millis(250);

/// The heart-beat of one connection.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    rhythm: Rhythm,
    /// The peer's last byte, or when it got its full time anew.
    life: Instant,
    /// Its last byte, nothing else.
    heard: Instant,
    beat: Beat,
    /// No verdict before this.
    spared: Option<Instant>,
    suspected: bool,
    next_beat: Instant,
    next_look: Instant,
    /// Bytes of the peer, where the kernel counts them.
    received: Option<u64>,
    /// It counts them and does not say when they came.
    untimed: bool,
    /// Since when an answer is owed to a beat before the last change of the rhythm.
    debt: Option<Instant>,
    /// The program closes the connection.
    closes: bool,
    /// Since when nobody here reads, so that there is no room for an answer.
    shut: Option<Instant>,
}

impl Heartbeat {
    /// Begins; the first beat is due after one interval.
    pub fn new(rhythm: Rhythm, now: Instant) -> Self {
        debug_assert!(rhythm.interval < rhythm.timeout, "{rhythm:?}");
        let next_beat = now + rhythm.interval;
        Self {
            rhythm,
            life: now,
            heard: now,
            beat: Beat::None,
            spared: None,
            suspected: false,
            next_beat,
            next_look: next_beat,
            received: None,
            untimed: false,
            debt: None,
            closes: false,
            shut: None,
        }
    }

    /// Goes on in another rhythm: the peer is asked anew, and what it owes is owed still. It is not lost
    /// before the end that was promised until now, or before it could have answered a beat of now,
    /// whichever comes first.
    pub fn change(&mut self, rhythm: Rhythm, now: Instant, info: &Snapshot) {
        debug_assert!(rhythm.interval < rhythm.timeout, "{rhythm:?}");
        self.listen(now, info);
        let end = self.missed_at(info);
        let asked = match self.beat {
            Beat::Left { at, .. } => Some(at),
            // In the midst of it: a slot of the program's that was asked for the beat.
            Beat::Waits { end: None, .. } if !self.closes => Some(now),
            _ => None,
        };
        if let Some(at) = asked {
            self.debt.get_or_insert(at);
            self.beat = Beat::None;
        }
        self.rhythm = rhythm;
        self.spared = Some(end.min(now + rhythm.patience(info)));
        self.next_beat = self.next_beat.min(now + rhythm.interval);
        self.next_look = now;
    }

    /// Begins again, after it was switched off. The peer gets its full time anew; only a beat that is
    /// still queued is not queued twice.
    pub fn resume(&mut self, rhythm: Rhythm, now: Instant, info: &Snapshot) {
        self.listen(now, info);
        self.spare_beat(now);
        let unsent = match self.beat {
            // It may have left meanwhile.
            Beat::Waits { end: Some(end), .. } => info.bytes_sent.is_none_or(|left| left < end),
            _ => false,
        };
        if !unsent && !self.closes {
            self.beat = Beat::None; // what it was to answer is asked anew
        }
        let Self { beat, heard, received, closes, .. } = *self;
        *self = Self { beat, heard, received, closes, ..Self::new(rhythm, now) };
    }

    /// The peer can be asked nothing now, or could not make itself heard. See
    /// [`Input::Looked`](crate::guard::Input::Looked).
    pub fn put_off(&mut self, now: Instant) {
        self.life = self.life.max(now);
        self.spared = None;
        self.spare_beat(now);
        if self.next_beat <= now {
            self.next_beat = now + self.rhythm.interval.min(STEP);
        }
    }

    /// Whether the last look has found an answer overdue.
    pub fn suspects(&self) -> bool {
        self.suspected
    }

    /// What was asked for.
    pub fn rhythm(&self) -> &Rhythm {
        &self.rhythm
    }

    /// Until when the peer may be silent, whatever it was asked.
    pub(crate) fn silent_until(&self) -> Instant {
        self.life + self.rhythm.timeout
    }

    /// When to look next.
    pub fn next_look(&self) -> NextLook {
        NextLook::exactly(self.next_look)
    }

    /// The peer gets its full time anew: this machine has slept.
    pub fn pardon(&mut self, now: Instant, info: &Snapshot) {
        self.listen(now, info); // a beat that is under way may be answered
        self.life = self.life.max(now);
        self.spared = None;
        self.spare_beat(now);
        self.next_beat = now;
        self.next_look = now;
    }

    /// What the beat under way is waited for begins anew.
    fn spare_beat(&mut self, now: Instant) {
        self.debt = None;
        match &mut self.beat {
            Beat::None => {}
            Beat::Waits { moved, kept, .. } => (*moved, *kept) = (now, now),
            Beat::Left { at, .. } => *at = now,
        }
    }

    /// The program has received something: for a kernel that tells nothing of it.
    pub fn received(&mut self, now: Instant) {
        self.hear(now);
    }

    /// The program begins to close the connection: no more beats, and what still waits to leave is
    /// the last of them.
    ///
    /// Only what cannot be delivered any more is cut short: the peer's kernel decides, and a program that
    /// reads slowly gets all of it.
    pub fn close(&mut self, now: Instant) {
        let queued = u64::MAX;
        let seen = self.seen(now);
        self.beat = Beat::Waits { end: None, taken: None, queued, moved: now, kept: now, seen };
        self.closes = true;
        self.next_look = now;
    }

    /// The beat that a look called for has been written, or the program was asked to write it.
    /// `queued`: how many bytes the program's network library holds now that it has not given to the
    /// kernel.
    pub fn written(&mut self, now: Instant, info: &Snapshot, queued: u64) {
        if let Beat::Waits { end, .. } = &mut self.beat {
            *end = info.bytes_sent.map(|left| left + u64::from(info.unsent.unwrap_or(0)) + queued);
            self.follow(now, info, queued);
            self.next_look = self.next_look.min(self.waiting_look(now));
        }
    }

    fn hear(&mut self, heard: Instant) {
        if heard > self.life + GRAIN {
            (self.spared, self.debt) = (None, None);
        }
        self.heard = self.heard.max(heard);
        self.life = self.life.max(heard);
        let answered = matches!(self.beat, Beat::Left { before, .. } if self.answers(before));
        if answered {
            self.beat = Beat::None;
        }
    }

    /// Looks whether a beat is due or missed. `queued`: how many bytes the program's network library
    /// holds that it has not given to the kernel yet.
    pub fn look(&mut self, now: Instant, info: &Snapshot, queued: u64) -> Pulse {
        let Rhythm { interval, timeout } = self.rhythm;
        let late = now.saturating_duration_since(self.next_look);
        self.listen(now, info);
        self.follow_room(now, info);
        self.follow(now, info, queued);

        let beat = self.next_beat <= now && matches!(self.beat, Beat::None);
        if beat {
            // Beats that were missed are not made up for.
            self.next_beat = (self.next_beat + interval).max(now + interval / 2);
            let taken = Taken::of(info);
            let seen = self.seen(now);
            self.beat = Beat::Waits { end: None, taken, queued, moved: now, kept: now, seen };
        }
        if late > LATE && now >= self.unspared(info) {
            // Once for each silence, or a program that is always late would never find one.
            self.spared.get_or_insert(now + late.clamp(GRACE.min(timeout), timeout));
        }
        let missed_at = self.missed_at(info) + GRAIN;
        let suspect_at = missed_at - GRAIN - (timeout - interval) / 2;
        let peer = match self.suspected {
            true if now >= missed_at => Verdict::Lost,
            _ if now >= suspect_at => Verdict::Suspect,
            _ => Verdict::Healthy,
        };
        debug_assert!(
            !beat || peer != Verdict::Lost || self.debt.is_some(),
            "who is asked may answer"
        );
        self.suspected = peer != Verdict::Healthy;
        let verdict = if peer == Verdict::Healthy { suspect_at } else { missed_at };
        self.next_look = verdict.min(self.waiting_look(now)).max(now);
        Pulse { beat, peer }
    }

    /// When the peer's time is over, by what is known now.
    fn missed_at(&self, info: &Snapshot) -> Instant {
        let missed_at = self.unspared(info);
        self.spared.map_or(missed_at, |spared| spared.max(missed_at))
    }

    fn unspared(&self, info: &Snapshot) -> Instant {
        let missed_at = match self.beat {
            // Due at the earliest at the next beat.
            Beat::None => self.next_beat + self.rhythm.patience(info),
            // What is in front of it takes a round trip, and that it was read shows in the answer to
            // what comes after it.
            Beat::Waits { moved, .. } if self.closes => {
                moved + self.rhythm.timeout.max(2 * answer(info)).max(SHORTEST_CLOSE)
            }
            // That what was taken is read shows up to two round trips later.
            Beat::Waits { moved, kept, .. } => {
                let shows = 2 * answer(info);
                let end = moved + self.rhythm.timeout.max(shows);
                end.max((kept + shows).min(end + shows))
            }
            Beat::Left { at, .. } => at + self.rhythm.patience(info),
        };
        let before = self.debt.map(|debt| debt + self.rhythm.patience(info));
        let missed_at = before.map_or(missed_at, |before| before.min(missed_at));
        missed_at.max(self.life + self.rhythm.timeout)
    }

    /// Has this side room for an answer? Where it had none, the peer's kernel tries again at times that
    /// double: within as long again it has tried.
    fn follow_room(&mut self, now: Instant, info: &Snapshot) {
        if info.receive_window == Some(0) {
            self.shut.get_or_insert(now);
            self.life = self.life.max(now);
        } else if let Some(since) = self.shut.take() {
            self.spared = Some(now + now.saturating_duration_since(since).min(LONGEST_WAIT));
        }
    }

    /// When to look for the beat under way, or for the next one.
    fn waiting_look(&self, now: Instant) -> Instant {
        let step = (self.rhythm.interval / 8).clamp(GRAIN, STEP);
        let look = match self.beat {
            Beat::None => self.next_beat,
            // The next one goes out as soon as this one is answered.
            Beat::Left { .. } => self.next_beat.max(now + step),
            Beat::Waits { .. } => now + step,
        };
        // Bytes that are counted without a time came at some time before the look that finds them.
        if self.untimed { look.min(now + (self.rhythm.interval / 4).max(GRAIN)) } else { look }
    }

    /// Has the peer said anything?
    fn listen(&mut self, now: Instant, info: &Snapshot) {
        let before = std::mem::replace(&mut self.received, info.bytes_received);
        let came = before.is_some() && before != info.bytes_received;
        self.untimed = info.since_data_received.is_none() && info.bytes_received.is_some();
        match info.since_data_received {
            Some(since) => self.hear(now.checked_sub(since).unwrap_or(now)),
            None if came => self.hear(now),
            None => {}
        }
    }

    /// Has the beat under way left this host, or at least come nearer to that?
    fn follow(&mut self, now: Instant, info: &Snapshot, queue: u64) {
        let Beat::Waits { seen, .. } = self.beat else { return };
        let (answered, now_seen) = (self.answers(seen), self.seen(now));
        let patience = self.rhythm.patience(info);
        let Beat::Waits { end, taken, queued, moved, kept, seen } = &mut self.beat else {
            return;
        };
        let gone = match (*end, info.bytes_sent) {
            (Some(end), Some(left)) => left >= end,
            // Nobody counts what has left. What is in the kernel is as good as that.
            _ => queue == 0,
        };
        if gone && !self.closes {
            // It left at some time since it was last seen to wait, and so what came since then can
            // be its answer.
            let left = Beat::Left { at: now, before: *seen };
            self.beat = if answered { Beat::None } else { left };
            return;
        }
        let now_taken = Taken::of(info).map(|now| now.after(taken.as_ref()));
        if self.closes {
            let heard = info.silence().and_then(|silence| now.checked_sub(silence));
            *moved = heard.map_or(*moved, |heard| heard.max(*moved));
        }
        let moves = match (now_taken, *taken) {
            _ if self.closes && info.probes.is_some() => !is_unanswered(info),
            (Some(now), Some(before)) => now.is_read_since(&before),
            _ => queue < *queued,
        };
        let takes = match (now_taken, *taken) {
            (Some(now), Some(before)) => now.acknowledged > before.acknowledged,
            _ => false,
        };
        let stopped = taken.is_some_and(|before| before.by_path);
        if moves {
            *moved = now;
        }
        // After a stop of the path the program could read nothing until now, and gets its time for it.
        // Where it was the peer's window that held the rest back, the program has had enough to read.
        let stood = now.saturating_duration_since(*kept) > patience / 2;
        if takes && stood && stopped {
            let shows = patience.max(2 * answer(info));
            let enough = now.checked_sub(self.rhythm.timeout.saturating_sub(shows));
            *moved = enough.map_or(*moved, |enough| enough.max(*moved));
        }
        if takes && (stopped || !stood) {
            *kept = now;
        }
        *taken = now_taken;
        (*queued, *seen) = (queue, now_seen);
    }
}

#[cfg(test)]
mod tests;
