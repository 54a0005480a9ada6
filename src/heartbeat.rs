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

use std::time::{Duration, Instant};

use crate::liveness::{NextLook, Verdict, answer};
use crate::snapshot::Snapshot;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The time between two beats.
    pub interval: Duration,
    /// The silence after which the peer is lost; longer than the interval.
    pub timeout: Duration,
}

impl Rhythm {
    /// How long an answer may take at least.
    fn patience(&self, info: &Snapshot) -> Duration {
        (self.timeout - self.interval).max(answer(info))
    }
}

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

/// The beat under way.
#[derive(Debug, Clone, Copy)]
enum Beat {
    /// There is none, or it was answered.
    None,
    /// It has not left this host yet.
    Waits {
        /// How much has to leave until it has, where the kernel counts that.
        end: Option<u64>,
        /// How much was taken, and where the peer's window ended, when that was last looked at.
        taken: Option<Taken>,
        /// How much waited in the network library.
        queued: u64,
        /// When it was last seen to come nearer to the peer's program, or was asked for.
        moved: Instant,
        /// When the peer's kernel was last seen to take something.
        kept: Instant,
        /// When it was last seen to wait.
        seen: Seen,
    },
    /// It has left, and the peer has said nothing since.
    Left {
        /// When that was seen.
        at: Instant,
        /// What is no answer.
        before: Seen,
    },
}

/// What the peer had said by some moment.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    /// Its bytes, where the kernel counts them.
    received: Option<u64>,
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
            Beat::Waits { end: None, .. } => Some(now),
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
        if let Beat::Left { .. } | Beat::Waits { end: None, .. } = self.beat {
            self.beat = Beat::None; // what it was to answer is asked anew
        }
        let Self { beat, heard, received, .. } = *self;
        *self = Self { beat, heard, received, ..Self::new(rhythm, now) };
    }

    /// The peer can be asked nothing now, or could not make itself heard. See
    /// [`Guard::put_beats_off`](crate::guard::Guard::put_beats_off).
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
        if let Beat::Left { before, .. } = self.beat
            && self.answers(before)
        {
            self.beat = Beat::None;
        }
    }

    fn seen(&self, now: Instant) -> Seen {
        Seen { at: now, received: self.received }
    }

    /// Whether the peer has said something since then. Where nobody counts it, at about the same time
    /// is as good: the kernel's grain is coarse.
    fn answers(&self, before: Seen) -> bool {
        match (self.received, before.received) {
            (Some(now), Some(then)) => now != then,
            _ => before.at <= self.heard + 2 * GRAIN,
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
            Beat::Waits { moved, .. } => moved + self.rhythm.timeout.max(2 * answer(info)),
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
        let now_taken = Taken::of(info);
        if self.closes
            && let Some(heard) = info.silence().and_then(|silence| now.checked_sub(silence))
        {
            *moved = (*moved).max(heard);
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
        if moves {
            *moved = now;
        }
        // After a stop of the path the program could read nothing until now, and what it reads shows
        // within two round trips.
        if takes && now.saturating_duration_since(*kept) > patience {
            let shows = 2 * answer(info);
            let enough = now.checked_sub(self.rhythm.timeout.saturating_sub(shows));
            *moved = enough.map_or(*moved, |enough| enough.max(*moved));
        }
        if takes {
            *kept = now;
        }
        *taken = now_taken;
        (*queued, *seen) = (queue, now_seen);
    }
}

/// Whether the peer's kernel leaves an attempt to deliver something, or a probe, without an answer.
fn is_unanswered(info: &Snapshot) -> bool {
    info.probes.unwrap_or(0) > 0 || info.retransmits.unwrap_or(0) > 0
}

/// How far the peer has come with what is sent to it.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Bytes that have left.
    left: u64,
    /// Bytes that its kernel has acknowledged.
    acknowledged: u64,
    /// Where its window ends: how much it is ready to take in all. `None` where that is not told.
    edge: Option<u64>,
}

impl Taken {
    fn of(info: &Snapshot) -> Option<Self> {
        let acknowledged = info.bytes_acknowledged.unwrap_or(0);
        Some(Self {
            left: info.bytes_sent?,
            acknowledged,
            edge: info.window.map(|window| acknowledged.saturating_add(u64::from(window))),
        })
    }

    /// Whether the peer's program has read any of it. The end of the window moves with what it reads,
    /// and a little with what it does not: the peer's kernel rounds it up with each segment.
    fn is_read_since(&self, before: &Self) -> bool {
        let taken = self.acknowledged.saturating_sub(before.acknowledged);
        match (self.edge, before.edge) {
            (Some(now), Some(then)) => now > then && now - then >= taken / 8,
            _ => taken > 0 || self.left > before.left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The peer's last byte is so old, and all that was written has left.
    fn heard(since: Duration) -> Snapshot {
        let bytes_sent = Some(1000);
        Snapshot { since_data_received: Some(since), bytes_sent, ..Snapshot::default() }
    }

    /// The same, with bytes that wait in the kernel.
    fn held(since: Duration, sent: u64, unsent: u32) -> Snapshot {
        Snapshot { bytes_sent: Some(sent), unsent: Some(unsent), ..heard(since) }
    }

    /// Beats each second, lost after two and a half.
    fn started() -> (Heartbeat, Instant) {
        let now = Instant::now();
        (Heartbeat::new(Rhythm { interval: SECOND, timeout: SECOND * 5 / 2 }, now), now)
    }

    /// Looks as a guard does: what is due is written.
    fn look(heart: &mut Heartbeat, now: Instant, info: &Snapshot) -> Pulse {
        let pulse = heart.look(now, info, 0);
        if pulse.beat {
            heart.written(now, info, 0);
        }
        pulse
    }

    /// The time of the loss of a peer that says nothing from `now` on.
    fn lost_at(heart: &mut Heartbeat, start: Instant, mut now: Instant) -> Instant {
        while look(heart, now, &heard(now - start)).peer != Verdict::Lost {
            assert!(now < start + SECOND * 1000, "never");
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        now
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
            let pulse = look(&mut heart, now, &heard(since));
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
            let pulse = look(&mut heart, now, &heard(now - start));
            beats += u32::from(pulse.beat);
            verdicts.push(pulse.peer);
            if pulse.peer == Verdict::Lost {
                assert_eq!(now, start + SECOND * 5 / 2 + GRAIN);
                break;
            }
        }
        assert!(verdicts.contains(&Verdict::Suspect));
        assert_eq!(beats, 1, "one is under way at a time");
    }

    #[test]
    fn an_answer_that_takes_longer_than_the_interval_is_followed_by_the_next_beat() {
        let (mut heart, start) = started();
        let (mut now, mut life, mut asked, mut beats) = (start, start, None, 0);
        while now < start + SECOND * 60 {
            now = heart.next_look().at.max(now + GRAIN / 10);
            // Each answer takes 1.4 s.
            if let Some(answered) = asked.map(|asked| asked + SECOND * 14 / 10)
                && answered <= now
            {
                (life, asked) = (answered, None);
            }
            let pulse = look(&mut heart, now, &heard(now - life));
            assert_ne!(pulse.peer, Verdict::Lost, "{:?}", now - start);
            if pulse.beat {
                assert_eq!(asked, None, "one is under way at a time");
                (asked, beats) = (Some(now), beats + 1);
            }
        }
        assert!((38..=43).contains(&beats), "{beats}");
    }

    #[test]
    fn a_debt_begins_when_the_beat_has_left() {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
        // Nagle holds it back behind what is on its way: 100 bytes, 4 of them the beat.
        heart.written(due, &held(SECOND, 1000, 100), 0);
        let mut now = due;
        while now < due + SECOND {
            now = heart.next_look().at;
            let pulse = heart.look(now, &held(now - start, 1099, 1), 0);
            assert!(!pulse.beat, "at most one waits");
            assert_ne!(pulse.peer, Verdict::Lost);
        }
        // The rest of it leaves, and as much that was written after it waits.
        let left = heart.next_look().at;
        heart.look(left, &held(left - start, 1100, 50), 0);
        let mut now = left;
        while heart.look(now, &held(now - start, 1100, 50), 0).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, left + SECOND * 3 / 2 + GRAIN, "from there on it is owed");
    }

    #[test]
    fn an_answer_that_came_before_the_beat_was_seen_to_have_left_is_an_answer() {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
        heart.written(due, &held(SECOND, 1000, 100), 0);
        // It left and was answered between two looks.
        let now = heart.next_look().at;
        let pulse = heart.look(now, &held(Duration::from_millis(60), 1100, 0), 0);
        assert_eq!(pulse.peer, Verdict::Healthy);
        assert!(matches!(heart.beat, Beat::None));
    }

    #[test]
    fn the_answer_to_the_beat_before_is_none_to_the_next() {
        let (mut heart, start) = started();
        let said = |since, bytes| Snapshot { bytes_received: Some(bytes), ..heard(since) };
        assert!(look(&mut heart, start + SECOND, &said(SECOND, 10)).beat);
        // It was answered so late that the next one goes out at once.
        let late = start + SECOND * 22 / 10;
        assert!(look(&mut heart, late, &said(Duration::from_millis(1), 20)).beat);
        let grid = start + SECOND * 4;
        assert!(!look(&mut heart, grid, &said(grid - late, 20)).beat, "it is unanswered");
        assert!(look(&mut heart, grid + SECOND / 10, &said(SECOND / 100, 30)).beat);
    }

    #[test]
    fn what_the_network_library_holds_is_in_front_of_a_beat_too() {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 10), 500).beat);
        heart.written(due, &held(SECOND, 1000, 10), 504);
        let mut now = due;
        for sent in (1000..1514).step_by(20) {
            now = heart.next_look().at;
            heart.look(now, &held(now - start, sent, 10), 1514 - sent);
            assert!(matches!(heart.beat, Beat::Waits { .. }), "{sent}");
        }
        heart.look(now, &held(now - start, 1514, 10), 0);
        assert!(matches!(heart.beat, Beat::Left { at, .. } if at == now));
    }

    #[test]
    fn a_beat_behind_data_that_moves_is_waited_for_and_one_behind_data_that_does_not_is_missed() {
        for moves in [true, false] {
            let (mut heart, start) = started();
            let due = start + SECOND;
            assert!(heart.look(due, &held(SECOND, 1000, 100_000), 0).beat);
            heart.written(due, &held(SECOND, 1000, 100_000), 0);
            let (mut now, mut sent, mut peer) = (due, 1000, Verdict::Healthy);
            while now < start + SECOND * 60 && peer != Verdict::Lost {
                now = heart.next_look().at.max(now + GRAIN / 10);
                sent += u64::from(moves);
                peer = heart.look(now, &held(now - start, sent, 90_000), 0).peer;
            }
            assert_eq!(peer == Verdict::Lost, !moves);
            if !moves {
                // Within the timeout and one interval of the last byte.
                assert_eq!(now, start + SECOND * 7 / 2 + GRAIN);
            }
        }
    }

    #[test]
    fn data_that_is_taken_moves_although_nothing_new_leaves() {
        let (mut heart, start) = started();
        let due = start + SECOND;
        let stuck = |now: Instant, taken| Snapshot {
            bytes_acknowledged: Some(taken),
            ..held(now - start, 1000, 9000)
        };
        assert!(heart.look(due, &stuck(due, 0), 0).beat);
        heart.written(due, &stuck(due, 0), 0);
        let mut now = due;
        for taken in 1..100 {
            now = heart.next_look().at.max(now + GRAIN);
            assert_ne!(heart.look(now, &stuck(now, taken), 0).peer, Verdict::Lost);
        }
        assert!(now > start + SECOND * 4);
    }

    #[test]
    fn what_the_peers_kernel_acknowledges_is_no_life_of_its_program() {
        let (mut heart, start) = started();
        let mut now = start;
        let mut peer = Verdict::Healthy;
        while peer != Verdict::Lost {
            now += Duration::from_millis(5);
            let ms = (now - start).as_millis() as u64;
            let taken = Some(1000 + 100 * ms);
            let info =
                Snapshot { bytes_sent: taken, bytes_acknowledged: taken, ..heard(now - start) };
            peer = look(&mut heart, now, &info).peer;
            assert!(now < start + SECOND * 7 / 2);
        }
    }

    #[test]
    fn after_a_gap_the_peer_gets_its_full_time_anew() {
        let (mut heart, start) = started();
        look(&mut heart, start + SECOND, &heard(SECOND));
        // Stopped for a minute; what was meant to be written before may leave only now.
        let back = start + SECOND * 60;
        let pulse = look(&mut heart, back, &heard(SECOND * 60));
        assert_eq!(pulse, Pulse { beat: false, peer: Verdict::Healthy });
        assert_eq!(lost_at(&mut heart, start, back), back + SECOND * 5 / 2 + GRAIN);
    }

    #[test]
    fn after_a_sleep_of_the_machine_a_beat_that_is_under_way_may_be_answered_late() {
        for waits in [false, true] {
            let (mut heart, start) = started();
            let unsent = if waits { 100 } else { 0 };
            let due = start + SECOND;
            assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
            heart.written(due, &held(SECOND, 1000, unsent), 0);
            let back = start + SECOND * 2;
            heart.pardon(back, &heard(back - start));
            assert_eq!(heart.next_look(), NextLook::exactly(back));
            let info = held(SECOND * 2, 1000, unsent);
            let pulse = look(&mut heart, back, &info);
            assert_eq!(pulse, Pulse { beat: false, peer: Verdict::Healthy });
            let mut now = back;
            while heart.look(now, &held(now - start, 1000, unsent), 0).peer != Verdict::Lost {
                now = heart.next_look().at.max(now + GRAIN / 10);
            }
            assert_eq!(now, back + SECOND * 5 / 2 + GRAIN);
        }
    }

    #[test]
    fn after_a_sleep_of_the_machine_it_asks_at_once() {
        let (mut heart, start) = started();
        let back = start + SECOND / 2;
        heart.pardon(back, &heard(back - start));
        let pulse = look(&mut heart, back, &heard(SECOND / 2));
        assert_eq!(pulse, Pulse { beat: true, peer: Verdict::Healthy });
    }

    #[test]
    fn a_heart_beat_that_begins_again_gives_the_peer_its_full_time_and_asks_anew() {
        let (mut heart, start) = started();
        look(&mut heart, start + SECOND, &heard(SECOND));
        let now = start + SECOND * 2;
        heart.resume(Rhythm { interval: SECOND / 2, timeout: SECOND }, now, &heard(SECOND * 2));
        let pulse = look(&mut heart, now + SECOND / 2, &heard(SECOND * 5 / 2));
        assert_eq!(pulse, Pulse { beat: true, peer: Verdict::Healthy });
        assert_eq!(lost_at(&mut heart, start, now + SECOND / 2), now + SECOND + GRAIN);
    }

    #[test]
    fn another_rhythm_leaves_what_is_owed_and_is_no_earlier_end_than_either_promise() {
        let rhythm =
            |interval, timeout| Rhythm { interval: SECOND * interval, timeout: SECOND * timeout };
        for (changed, to, lost) in [
            // Shorter: the peer gets the patience of the new rhythm, from now on or by its beat.
            (2, rhythm(1, 2), 3),
            (8, rhythm(1, 2), 9),
            // Longer: it is waited for to its end.
            (2, rhythm(2, 30), 30),
            (8, rhythm(8, 12), 12),
        ] {
            let start = Instant::now();
            let mut heart = Heartbeat::new(rhythm(1, 10), start);
            let mut now = start;
            while now < start + SECOND * changed {
                look(&mut heart, now, &heard(now - start));
                now = heart.next_look().at.max(now + GRAIN);
            }
            let now = start + SECOND * changed;
            heart.change(to, now, &heard(now - start));
            let end = lost_at(&mut heart, start, now) - start;
            let late = end.saturating_sub(SECOND * lost);
            assert!(end >= SECOND * lost && late < SECOND / 4, "{changed} s, {to:?}: {end:?}");
        }
    }

    #[test]
    fn a_rhythm_that_is_changed_all_the_time_beats_and_finds_a_hung_program() {
        for step in [100, 300, 900] {
            let (mut heart, start) = started();
            let (mut now, mut beats) = (start, 0);
            let mut changes = start;
            loop {
                if changes <= now {
                    let odd = (now - start).as_millis() as u64 / step % 2;
                    let interval = Duration::from_millis(900 + 100 * odd);
                    heart.change(
                        Rhythm { interval, timeout: SECOND * 5 / 2 },
                        now,
                        &heard(now - start),
                    );
                    changes += Duration::from_millis(step);
                }
                let pulse = heart.look(now, &heard(now - start), 0);
                if pulse.beat {
                    beats += 1;
                    // As in a slot of the program's that is asked for the beat.
                    let rhythm = *heart.rhythm();
                    heart.change(rhythm, now, &heard(now - start));
                    heart.written(now, &heard(now - start), 0);
                }
                if pulse.peer == Verdict::Lost {
                    break;
                }
                now = heart.next_look().at.min(changes).max(now + GRAIN);
                assert!(now < start + SECOND * 10, "{step}: never");
            }
            assert!((1..=3).contains(&beats), "it is asked anew: {beats}");
            assert!(now - start <= SECOND * 7 / 2, "{step}: {:?}", now - start);
        }
    }

    #[test]
    fn another_rhythm_queues_no_second_beat() {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
        heart.written(due, &held(SECOND, 1000, 100), 0);
        let rhythm = *heart.rhythm();
        heart.change(rhythm, due, &held(SECOND, 1000, 100));
        let later = due + SECOND;
        assert!(!heart.look(later, &held(SECOND * 2, 1000, 100), 0).beat);
    }

    #[test]
    fn data_that_only_the_peers_kernel_takes_is_no_reason_to_wait() {
        // Its program reads, or does not and the window is used up; the edge creeps with each segment.
        for reads in [true, false] {
            let (mut heart, start) = started();
            let info = |now: Instant| {
                let taken = 100 * (now - start).as_millis() as u64;
                let creeps = taken / 20;
                let window = if reads { 60_000 } else { 1_000_000 - taken + creeps };
                Snapshot {
                    bytes_acknowledged: Some(taken),
                    window: Some(u32::try_from(window).unwrap()),
                    ..held(now - start, 1000 + taken, 50_000)
                }
            };
            let due = start + SECOND;
            assert!(heart.look(due, &info(due), 90_000).beat);
            heart.written(due, &info(due), 90_000_000);
            let (mut now, mut peer) = (due, Verdict::Healthy);
            while peer != Verdict::Lost && now < start + SECOND * 9 {
                now = heart.next_look().at.max(now + GRAIN);
                peer = heart.look(now, &info(now), 90_000_000).peer;
            }
            assert_eq!(peer == Verdict::Lost, !reads);
            assert!(reads || now <= start + SECOND * 7 / 2 + GRAIN, "{:?}", now - start);
        }
    }

    #[test]
    fn what_is_read_counts_by_what_was_taken_and_not_by_what_has_left_after_it() {
        let (mut heart, start) = started();
        let info = |now: Instant, sent: u64, taken: u64| Snapshot {
            bytes_acknowledged: Some(taken),
            window: Some(26_049),
            ..held(now - start, sent, 1700)
        };
        let due = start + SECOND;
        assert!(heart.look(due, &info(due, 4, 0), 0).beat);
        heart.written(due, &info(due, 4, 0), 0);
        // An outage, at whose end the four bytes are taken and more leaves at once.
        let mut now = due;
        while now < due + SECOND * 2 {
            now = heart.next_look().at.max(now + GRAIN);
            heart.look(now, &info(now, 4, 0), 0);
        }
        let healed = now + GRAIN;
        heart.look(healed, &info(healed, 1456, 4), 0);
        assert!(matches!(heart.beat, Beat::Waits { moved, .. } if moved == healed));
    }

    #[test]
    fn a_beat_behind_data_is_waited_for_as_long_as_two_round_trips_take() {
        let (mut heart, start) = started();
        let slow = |now: Instant| Snapshot {
            round_trip_time: Some(SECOND * 3),
            ..held(now - start, 1000, 100_000)
        };
        let due = start + SECOND;
        assert!(heart.look(due, &slow(due), 0).beat);
        heart.written(due, &slow(due), 0);
        let mut now = due;
        while heart.look(now, &slow(now), 0).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, due + SECOND * 6 + GRAIN);
    }

    #[test]
    fn a_program_that_is_late_at_every_look_finds_a_silent_peer_and_warns_first() {
        let (mut heart, start) = started();
        let mut verdicts = vec![];
        let mut now = start;
        while verdicts.last() != Some(&Verdict::Lost) {
            now = heart.next_look().at.max(now) + SECOND / 2;
            assert!(now < start + SECOND * 6, "{verdicts:?}");
            verdicts.push(look(&mut heart, now, &heard(now - start)).peer);
        }
        assert_eq!(verdicts[verdicts.len() - 2], Verdict::Suspect);
    }

    #[test]
    fn a_peer_that_was_asked_late_may_answer_late() {
        let (mut heart, start) = started();
        // Nothing was asked before this program came to it at 2.4 s.
        let asked = start + SECOND * 12 / 5;
        assert!(look(&mut heart, asked, &heard(SECOND * 12 / 5)).beat);
        assert_eq!(lost_at(&mut heart, start, asked), asked + SECOND * 3 / 2 + GRAIN);
    }

    #[test]
    fn a_path_that_takes_longer_than_the_patience_gets_its_round_trip() {
        let rhythm = Rhythm { interval: SECOND, timeout: SECOND * 11 / 10 };
        let start = Instant::now();
        let mut heart = Heartbeat::new(rhythm, start);
        let slow = Snapshot { round_trip_time: Some(SECOND), ..heard(SECOND) };
        assert!(look(&mut heart, start + SECOND, &slow).beat);
        let mut now = start + SECOND;
        let far = |now| Snapshot { round_trip_time: Some(SECOND), ..heard(now - start) };
        while look(&mut heart, now, &far(now)).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, start + SECOND * 2 + GRAIN);
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
                last = (now, look(&mut heart, now, &info).peer);
            }
            assert_eq!(last.1 == Verdict::Lost, !answers);
            if !answers {
                let after = last.0 - start;
                assert!(after >= SECOND * 5 / 2 && after <= SECOND * 3, "{after:?}");
            }
        }
    }

    #[test]
    fn a_peer_that_cannot_answer_because_nobody_reads_here_gets_its_full_time_afterwards() {
        let (mut heart, start) = started();
        let mut now = start;
        let full = |now| Snapshot { receive_window: Some(0), ..heard(now - start) };
        while now < start + SECOND * 20 {
            now = heart.next_look().at.max(now + GRAIN / 10);
            assert_ne!(look(&mut heart, now, &full(now)).peer, Verdict::Lost);
        }
        // There is room again from here on; the peer's kernel may try again as long afterwards.
        let open = |now| Snapshot { receive_window: Some(1), ..heard(now - start) };
        let opened = now;
        while look(&mut heart, now, &open(now)).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert!(now - opened > SECOND * 19 && now - opened < SECOND * 21, "{:?}", now - opened);
    }

    #[test]
    fn bytes_that_are_only_counted_are_counted_across_a_change_of_the_rhythm() {
        let (mut heart, start) = started();
        let counted = |bytes| Snapshot { bytes_received: Some(bytes), ..Snapshot::default() };
        assert!(look(&mut heart, start + SECOND, &counted(10)).beat);
        let now = start + SECOND * 2;
        heart.change(Rhythm { interval: SECOND, timeout: SECOND * 3 }, now, &counted(10));
        // The answer is found by the first look after it.
        look(&mut heart, now + SECOND, &counted(20));
        assert_eq!(heart.life, now + SECOND);
    }

    #[test]
    fn on_a_path_slower_than_the_timeout_a_beat_under_way_gets_its_round_trip_anew_after_a_sleep() {
        let (mut heart, start) = started();
        let slow = |now| Snapshot { round_trip_time: Some(SECOND * 9), ..heard(now - start) };
        assert!(look(&mut heart, start + SECOND, &slow(start + SECOND)).beat);
        let back = start + SECOND * 5;
        heart.pardon(back, &slow(back));
        let mut now = back;
        while look(&mut heart, now, &slow(now)).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, back + SECOND * 9 + GRAIN);
    }

    #[test]
    fn each_silence_that_is_found_late_is_spared_once() {
        let (mut heart, start) = started();
        // Found when the time is over already.
        for from in [start, start + SECOND * 60] {
            look(&mut heart, from, &heard_at(from, from));
            look(&mut heart, from + SECOND, &heard_at(from + SECOND, from));
            let late = from + SECOND * 10;
            let mut now = late;
            while look(&mut heart, now, &heard_at(now, from)).peer != Verdict::Lost {
                now = heart.next_look().at.max(now + GRAIN / 10);
            }
            assert_eq!(now, late + SECOND * 5 / 2 + GRAIN, "{:?}", from - start);
        }
    }

    /// The peer's last byte came at that time.
    fn heard_at(now: Instant, byte: Instant) -> Snapshot {
        heard(now - byte)
    }

    #[test]
    fn a_byte_of_about_the_time_at_which_the_beat_left_may_be_its_answer() {
        for (before, answer) in [(15, true), (25, false)] {
            let (mut heart, start) = started();
            let due = start + SECOND;
            assert!(look(&mut heart, due, &heard(SECOND)).beat);
            let byte = due - Duration::from_millis(before);
            let now = due + SECOND / 4;
            look(&mut heart, now, &heard_at(now, byte));
            assert_eq!(matches!(heart.beat, Beat::None), answer, "{before}");
        }
    }

    #[test]
    fn a_byte_that_nobody_has_read_yet_is_life() {
        let (mut heart, start) = started();
        look(&mut heart, start + SECOND, &heard(SECOND));
        look(&mut heart, start + SECOND * 2, &heard(SECOND * 2));
        let pulse = look(&mut heart, start + SECOND * 26 / 10, &heard(SECOND / 10));
        assert_eq!(pulse.peer, Verdict::Healthy);
    }

    #[test]
    fn where_nobody_tells_anything_what_the_program_received_is_life() {
        let (mut heart, start) = started();
        let mut now = start;
        for second in 1..=20u32 {
            let received = start + SECOND * second + SECOND / 10;
            while now < received {
                let pulse = heart.look(now, &Snapshot::default(), 0);
                if pulse.beat {
                    heart.written(now, &Snapshot::default(), 0);
                }
                assert_eq!(pulse.peer, Verdict::Healthy);
                now = heart.next_look().at.max(now + GRAIN / 10).min(received);
            }
            heart.received(received);
        }
        while heart.look(now, &Snapshot::default(), 0).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert!(now - start < SECOND * 23, "{:?}", now - start);
    }

    #[test]
    fn a_close_that_cannot_send_its_rest_is_over_after_the_timeout() {
        let (mut heart, start) = started();
        let closing = start + SECOND / 2;
        heart.close(closing);
        let stuck = |now: Instant| held(now - start, 1000, 5000);
        let mut now = heart.next_look().at;
        assert_eq!(now, closing);
        while heart.look(now, &stuck(now), 70_000).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
            assert!(now < start + SECOND * 10);
        }
        assert_eq!(now, closing + SECOND * 5 / 2 + GRAIN);
    }
}
