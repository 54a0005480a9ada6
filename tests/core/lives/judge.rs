//! What has to hold in every life. The judge sees both ends and the path, which no guard does.

use std::collections::VecDeque;
use std::fmt;

use qkeepalive::LossReason;

use super::guarded::Promise;
use super::kernel::{End, Options, Socket};
use super::time::{MS, S, Us, seconds};

/// The rules, each by its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Nobody is lost who was heard within the time that is promised now.
    HeardWithinTheTime,
    /// Nobody is lost who lives, over a path that has been well for long enough.
    LivesOnAWellPath,
    /// Who is gone is found in time.
    FoundInTime,
    /// A warning comes before each verdict.
    WarnedFirst,
    /// Each loss is told exactly once, and nothing else is told.
    ToldOnce,
    /// What was put on the socket is taken back.
    GivenBack,
    /// One beat at a time is on its way.
    OneBeatAtATime,
    /// The kernel's own count does not come before the verdict.
    GuardBeforeKernel,
    /// What led to a loss is written down, and leads to it again.
    Replayed,
}

impl Invariant {
    pub const ALL: [Self; 9] = [
        Self::HeardWithinTheTime,
        Self::LivesOnAWellPath,
        Self::FoundInTime,
        Self::WarnedFirst,
        Self::ToldOnce,
        Self::GivenBack,
        Self::OneBeatAtATime,
        Self::GuardBeforeKernel,
        Self::Replayed,
    ];
}

#[derive(Debug, Clone)]
pub struct Violation {
    pub invariant: Invariant,
    pub at: Us,
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}: {}", self.invariant, seconds(self.at), self.detail)
    }
}

/// What is true at one moment.
#[derive(Debug)]
pub struct Truth<'a> {
    /// The world's time, and this machine's.
    pub world: Us,
    pub now: Us,
    pub socket: &'a Socket,
    pub promise: Option<Promise>,
    pub rhythm: Option<(Us, Us)>,
    pub round_trip: Us,
    pub well_for: Us,
    pub peer_lives: bool,
    pub program_lives_for: Us,
    /// How long the peer's program and then its kernel take to get an answer out.
    pub lag: Us,
    pub blocked: bool,
    /// When the peer's program was last unable to make itself heard, by this machine's clock: for
    /// its own reasons, and for the path's.
    pub mute: [(Us, Us); 2],
}

impl Truth<'_> {
    fn answer(&self) -> Us {
        let measured = self.socket.round_trip + 4 * self.socket.variation;
        measured.max(self.round_trip).max(50 * MS)
    }

    /// How long a path has to be well before a verdict over it is wrong whatever was before.
    fn long_enough(&self, promise: &Promise) -> Us {
        let mut stimulus = (promise.within / 6).max(S);
        if self.socket.has_data() {
            // Nothing is sent on such a connection before the kernel's next attempt.
            stimulus = stimulus.max(self.socket.longest_spacing());
        }
        let measured = self.socket.round_trip + 4 * self.socket.variation;
        if !promise.counted || self.round_trip > (2 * measured).max(300 * MS) {
            // With a user timeout in force no probe can be had but the plan's own, by the timer that
            // is running. And where a path has become slower since it was last measured, one more
            // probe before the end is answered too late.
            stimulus = stimulus.max(promise.interval + promise.interval / 8);
        }
        if !promise.counted {
            stimulus = stimulus.max(self.socket.keepalive_spacing());
        }
        stimulus + 2 * self.round_trip + 4 * self.socket.variation + 400 * MS
    }

    /// Whether the round trip leaves any time for an answer; the guard says so if not.
    fn is_promise_possible(&self, promise: &Promise) -> bool {
        promise.within > promise.idle + 2 * self.answer()
    }
}

#[derive(Debug)]
struct Beat {
    written: Us,
    /// Where in the stream it ends.
    ends: u64,
    left: Option<Us>,
    /// It was of another rhythm.
    before: bool,
}

/// What happened to connections, for the table.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub connections: u64,
    pub right: u64,
    pub wrong: u64,
    pub warnings: u64,
    pub reasons: [u64; 8],
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.right += other.right;
        self.wrong += other.wrong;
        self.warnings += other.warnings;
        for (all, more) in self.reasons.iter_mut().zip(other.reasons) {
            *all += more;
        }
    }
}

#[derive(Debug, Default)]
pub struct Judge {
    pub violations: Vec<Violation>,
    pub tally: Tally,
    /// What was on the socket before the guard came.
    found: Option<Options>,
    /// Since when the full time runs anew, for the peer's kernel and for its program.
    since: Us,
    before: Us,
    beating_since: Us,
    /// Until when the event loop was last blocked.
    free: Us,
    warned: bool,
    told: u32,
    beats: VecDeque<Beat>,
}

/// What the kernel's grain and rounding take.
const GRAIN: Us = 6 * MS;

impl Judge {
    fn violated(&mut self, invariant: Invariant, at: Us, detail: String) {
        if !self.violations.iter().any(|seen| seen.invariant == invariant) {
            self.violations.push(Violation { invariant, at, detail });
        }
    }

    fn is_violated(&self, invariant: Invariant) -> bool {
        self.violations.iter().any(|seen| seen.invariant == invariant)
    }

    pub fn not_replayed(&mut self, now: Us, why: String) {
        self.violated(Invariant::Replayed, now, why);
    }

    // --- What happens ---

    pub fn connected(&mut self, now: Us) {
        self.tally.connections += 1;
        self.told = 0;
        self.free = now;
        self.beats.clear();
    }

    /// The guard takes the connection.
    pub fn guarded(&mut self, found: Options, now: Us) {
        self.found = Some(found);
        (self.since, self.beating_since, self.before) = (now, now, 0);
        self.warned = false;
        self.told = 0;
        // What another guard has sent is none of this one's.
        self.beats.clear();
    }

    /// `before`: when the time would have been over without the change.
    /// `rhythm`: whether the heart-beat has another one, and whether it begins with that.
    pub fn changed(&mut self, now: Us, before: Us, rhythm: (bool, bool)) {
        (self.since, self.before) = (now, before);
        let (other, begins) = rhythm;
        if begins {
            self.beats.retain(|beat| beat.left.is_none());
        }
        if other {
            // It asks anew; only what is still queued is not queued twice. What is owed is owed still.
            self.beats.iter_mut().for_each(|beat| beat.before |= beat.left.is_some());
            self.beating_since = now;
        }
    }

    pub fn woke(&mut self, now: Us) {
        (self.since, self.beating_since) = (now, now);
    }

    pub fn unblocked(&mut self, now: Us) {
        self.free = now;
    }

    pub fn looked(&mut self, suspect: bool) {
        self.tally.warnings += u64::from(suspect && !self.warned);
        self.warned = suspect;
    }

    pub fn beat(&mut self, truth: &Truth, ends: u64) {
        // What came while it waited to leave may have been its answer: nobody can tell.
        let heard = truth.socket.data_received_at;
        let open = |beat: &&Beat| !beat.before && beat.left.is_none_or(|_| beat.written > heard);
        let out = self.beats.iter().find(open);
        if let Some(out) = out {
            let detail = format!(
                "another beat is wanted while that of {} is {}",
                seconds(out.written),
                if out.left.is_some() { "unanswered" } else { "unsent" }
            );
            self.violated(Invariant::OneBeatAtATime, truth.world, detail);
        }
        self.beats.retain(|beat| beat.left.is_none_or(|left| left > heard));
        self.beats.push_back(Beat { written: truth.now, ends, left: None, before: false });
    }

    /// Something may have left.
    pub fn sent(&mut self, now: Us, socket: &Socket) {
        for beat in self.beats.iter_mut().filter(|beat| beat.left.is_none()) {
            if socket.nxt >= beat.ends {
                beat.left = Some(now);
            }
        }
    }

    // --- In time ---

    /// The silence ends, or nobody will look any more: was it longer than it may be?
    pub fn check_silence(&mut self, truth: &Truth) {
        if self.told > 0 || truth.blocked || self.is_violated(Invariant::FoundInTime) {
            return;
        }
        let (socket, now) = (truth.socket, truth.now);
        if let Some(promise) = truth.promise.as_ref().filter(|it| truth.is_promise_possible(it)) {
            let stranded = socket.stranded_at.unwrap_or(0);
            // What told this kernel of an end was the last that was heard.
            let ended = socket.ended.map_or(0, |_| socket.ended_at);
            let from = socket.heard().max(self.since).max(stranded).max(ended);
            let Promise { within, idle, .. } = *promise;
            let mut within = within + 100 * MS + 2 * truth.answer();
            if socket.has_data() {
                // Two attempts to deliver it, of which the first is under way.
                let next = socket.options.longest_timeout.min(2 * socket.timeout);
                let spacing = socket.longest_spacing();
                // Where the kernel's spacing is longer than what was promised, two of them.
                within = (within + next.max(spacing)).max(2 * (spacing + truth.answer()) + S);
            }
            // After a block it is not known since when an answer is owed.
            let owed = promise.within - idle;
            let mut by = (from + within).max(self.free + owed + 500 * MS + 2 * truth.answer());
            if !promise.counted {
                // With a user timeout nobody can ask again before the kernel's timer does, which runs
                // for the interval before a change.
                by = by.max(self.before + 100 * MS);
            }
            if now > by {
                let detail = format!(
                    "silent for {} with {} promised, and not told",
                    seconds(now - from),
                    seconds(promise.within)
                );
                return self.violated(Invariant::FoundInTime, truth.world, detail);
            }
        }
        // While nobody here reads the peer's program may have no room for an answer.
        if let Some((interval, timeout)) = truth.rhythm.filter(|_| socket.offered() > 0) {
            // And its kernel tries again only when the time until then is doubled.
            let tries = socket.opened_at + socket.shut_for.min(30 * S);
            let heard = socket.data_received_at.max(if socket.opened_at > 0 { tries } else { 0 });
            let silent = heard.max(self.beating_since);
            let within = timeout + interval + 100 * MS + 2 * truth.answer();
            // A beat behind what the peer's kernel still takes has to wait for its turn.
            let left = self.beats.iter().find(|beat| beat.left.is_some_and(|left| left > silent));
            let waits = socket.has_data() && left.is_none();
            let moved = socket.progress_at.max(socket.left_at).max(socket.read_at);
            let moved = if waits { moved } else { 0 };
            // To a beat that was held back an answer is owed since it has left. What could not leave
            // this host does so with the next attempt, and the beat after it, or never.
            let held = match left {
                Some(beat) => {
                    let left = beat.left.filter(|left| *left > beat.written);
                    left.map(|left| left + timeout - interval)
                }
                None => socket.stranded_at.map(|at| at + socket.longest_spacing() + timeout),
            };
            let held = held.map_or(0, |by| by + 500 * MS + 2 * truth.answer());
            for (from, to) in truth.mute {
                // A program that was not asked because there was so much to read is no such case.
                let by = (silent.max(from).max(moved).max(self.free) + within).max(held);
                if now.min(to) > by {
                    let detail = format!(
                        "its program was silent for {} with {} promised, and not told",
                        seconds(now - silent.max(from)),
                        seconds(timeout)
                    );
                    return self.violated(Invariant::FoundInTime, truth.world, detail);
                }
            }
        }
    }

    // --- Verdicts ---

    /// The guard has decided by itself.
    pub fn decided(&mut self, truth: &Truth) {
        self.check_silence(truth);
        if !self.warned {
            self.violated(Invariant::WarnedFirst, truth.world, "lost without a warning".into());
        }
        let before = self.violations.len();
        let silent = self.is_overdue(truth);
        let missed = self.is_beat_missed(truth);
        if !silent && !missed {
            let detail = format!("lost by the guard; {}", figures(truth));
            self.violated(Invariant::HeardWithinTheTime, truth.world, detail);
        }
        if silent && !missed {
            self.check_path(truth, "by the guard");
        }
        let promises = truth.promise.zip(truth.rhythm).filter(|_| missed);
        if let Some((promise, (interval, timeout))) = promises {
            // The answer's own way through the peer's kernel is in its lag.
            let needed = self.long_enough_for_beat(truth, &promise);
            let answers = truth.lag + truth.answer() < timeout - interval;
            if answers && truth.program_lives_for >= needed && truth.well_for >= needed {
                let detail = format!(
                    "lost by the heart-beat though its program answers; well for {}; {}",
                    seconds(truth.well_for),
                    figures(truth)
                );
                self.violated(Invariant::LivesOnAWellPath, truth.world, detail);
            }
        }
        self.count(before);
    }

    fn long_enough_for_beat(&self, truth: &Truth, promise: &Promise) -> Us {
        // What was in front of it may have come to the peer with the last attempt only.
        let attempt = truth.socket.spacing_before();
        truth.long_enough(promise) + attempt + truth.lag + truth.answer()
    }

    fn count(&mut self, violations_before: usize) {
        if self.violations.len() > violations_before {
            self.tally.wrong += 1;
        } else {
            self.tally.right += 1;
        }
    }

    /// Whether the peer's kernel owes something for as long as was promised.
    fn is_overdue(&self, truth: &Truth) -> bool {
        let socket = truth.socket;
        truth.promise.is_some_and(|promise| {
            let least = promise.within.saturating_sub(GRAIN);
            let stuck = socket.is_in_flight() && truth.now - socket.progress_at >= least;
            socket.silence() >= least || stuck
        })
    }

    /// Whether its program owes an answer to a beat for long enough.
    fn is_beat_missed(&self, truth: &Truth) -> bool {
        let Some((interval, timeout)) = truth.rhythm else {
            return false;
        };
        let socket = truth.socket;
        let owed = (timeout - interval).saturating_sub(GRAIN);
        let silent = truth.now - socket.data_received_at >= timeout.saturating_sub(GRAIN);
        let unanswered = self
            .beats
            .iter()
            .filter_map(|beat| beat.left)
            .filter(|left| *left > socket.data_received_at)
            .any(|left| truth.now - left >= owed);
        // A beat that was held back behind what nobody takes is none the less owed.
        let stuck = socket.has_data() && truth.now - socket.progress_at >= owed;
        // Nor does it count that its kernel takes what its program is not known to read.
        let (from, to) = truth.mute[0];
        let mute = to >= truth.now && truth.now.saturating_sub(from) >= owed;
        let unread = (mute || truth.now - socket.read_at >= owed)
            && self.beats.iter().any(|it| it.left.is_none() && truth.now - it.written >= owed);
        silent && (unanswered || stuck || unread)
    }

    fn check_path(&mut self, truth: &Truth, by: &str) {
        let Some(promise) = &truth.promise else { return };
        if truth.peer_lives
            && truth.is_promise_possible(promise)
            && truth.well_for >= truth.long_enough(promise)
        {
            let detail = format!(
                "lost {by} though it lives; well for {}; {}",
                seconds(truth.well_for),
                figures(truth)
            );
            self.violated(Invariant::LivesOnAWellPath, truth.world, detail);
        }
    }

    /// The kernel has ended the connection.
    pub fn kernel_ended(&mut self, truth: &Truth, end: End) {
        let Some(found) = self.found else { return };
        let Some(promise) = truth.promise.filter(|_| self.told == 0) else { return };
        // Opted into, with all that it kills.
        if matches!(end, End::UserTimeout | End::Reset) {
            return;
        }
        let before = self.violations.len();
        // What the system does by its own rule is none of the guard's doing.
        let unlimited = truth.socket.options.longest_timeout == found.longest_timeout;
        // A card that takes nothing is tried so many times every half second.
        let stranded = truth.socket.stranded_at.is_some_and(|at| truth.now - at <= S)
            || (end == End::WindowProbe && truth.socket.stranded_at.is_some());
        let own_rule = end != End::Keepalive && (unlimited || stranded);
        if !own_rule && !self.is_overdue(truth) {
            let detail = format!("killed by the kernel ({end:?}); {}", figures(truth));
            self.violated(Invariant::HeardWithinTheTime, truth.world, detail);
        }
        // While nobody here looks it does as it was told, and that is all.
        if !own_rule && !truth.blocked {
            self.check_path(truth, "by the kernel");
        }
        // The kernel counts no further.
        let counted = truth.socket.probes < 127;
        // Of a peer that has closed nothing is judged any more but that.
        let counted = counted && !truth.socket.is_half_closed();
        if end == End::Keepalive && counted && !truth.blocked && truth.now > self.free + 500 * MS {
            let detail = format!(
                "killed by the kernel's count with {} promised; {}",
                seconds(promise.within),
                figures(truth)
            );
            self.violated(Invariant::GuardBeforeKernel, truth.world, detail);
        }
        self.count(before);
    }

    /// A loss was told.
    pub fn told(&mut self, world: Us, reason: LossReason) {
        self.told += 1;
        let number = match reason {
            LossReason::PeerClosed => 1,
            LossReason::PeerReset => 2,
            LossReason::ProbesUnanswered => 3,
            LossReason::DataUnacknowledged => 4,
            LossReason::HeartbeatMissed => 5,
            LossReason::NetworkUnreachable => 6,
            _ => 7,
        };
        self.tally.reasons[number] += 1;
        if self.told > 1 {
            self.violated(Invariant::ToldOnce, world, "one loss was told twice".into());
        }
    }

    /// The connection is over. `lost`: by no doing of this side, and under an enabled guard; `None`
    /// where that is a matter of opinion.
    pub fn over(&mut self, world: Us, lost: Option<bool>) {
        if lost == Some(true) && self.told == 0 {
            self.violated(Invariant::ToldOnce, world, "a loss was not told".into());
        }
        if lost == Some(false) && self.told > 0 {
            let detail = "a loss was told of a close of our own, or while switched off";
            self.violated(Invariant::ToldOnce, world, detail.into());
        }
        self.found = None;
    }

    /// Lost and told, and not aborted: what comes after is nobody's loss.
    pub fn is_told(&self) -> bool {
        self.told > 0
    }

    // --- Taken back ---

    pub fn let_go(&mut self, world: Us, left: &Options) {
        if let Some(found) = self.found.take().filter(|found| found != left) {
            let detail = format!("let go with {left:?}, found {found:?}");
            self.violated(Invariant::GivenBack, world, detail);
        }
    }

    /// After a change of the settings.
    pub fn check_limit(&mut self, truth: &Truth, wanted: bool) {
        let Some(found) = self.found else { return };
        let limit = truth.socket.options.longest_timeout;
        if !wanted && limit != found.longest_timeout {
            let detail = format!(
                "retransmissions are still limited to {}, which nothing asks for",
                seconds(limit)
            );
            self.violated(Invariant::GivenBack, truth.world, detail);
        }
    }
}

fn figures(truth: &Truth) -> String {
    let socket = truth.socket;
    let within = truth.promise.map_or("-".into(), |promise| seconds(promise.within));
    let beats = truth.rhythm.map_or(String::new(), |(interval, timeout)| {
        format!(", beats {} / {}", seconds(interval), seconds(timeout))
    });
    format!(
        "promised {within}{beats}, silent for {}, no data for {}, nothing taken for {}, \
         nothing read for {}, in flight {}, unsent {}, probes {}, retransmits {}, round trip {} us",
        seconds(socket.silence()),
        seconds(truth.now - socket.data_received_at),
        seconds(truth.now - socket.progress_at.min(truth.now)),
        seconds(truth.now - socket.read_at.min(truth.now)),
        socket.nxt - socket.una,
        socket.unsent(),
        socket.probes,
        socket.retransmits,
        truth.round_trip,
    )
}
