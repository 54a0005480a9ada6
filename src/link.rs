//! What a guard knows of one connection while it lasts.
//!
//! | Module | Holds |
//! |---|---|
//! | `applying` | what the kernel is told, so that nothing of it makes the kernel give up by itself |
//! | `probing` | what keeps the kernel asking while the peer is silent |

mod applying;
mod fields;
mod probing;

use std::time::{Duration, Instant};

use crate::config::{Config, LEAVE_ALONE};
use crate::door::{Clock, Facts};
use crate::found::Found;
use crate::heartbeat::{Heartbeat, Pulse, Rhythm};
use crate::liveness::{Liveness, NextLook};
use crate::loss::{Loss, ReportedError};
use crate::snapshot::Snapshot;
use crate::time::milliseconds;

pub(crate) use applying::{Applying, Taking, completed, different, is_loose};
use applying::{Waits, remembered, same};
use probing::Retransmissions;

/// What is known of one connection while it lasts.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) stage: Stage,
    pub(crate) sight: Sight,
    pub(crate) reported: Option<ReportedError>,
    /// What is promised of the socket; `None` where the kernel refused the values.
    promised: Option<Found>, // small
    /// What was there before.
    pub(crate) found: Option<Found>,
    pub(crate) liveness: Option<Liveness>,
    heartbeat: Option<Box<Beats>>, // few have one
    /// What is known of its end, when that comes near.
    end: Option<Box<End>>,
    pub(crate) retries: u32,
    retransmissions: Retransmissions,
    /// The socket's values are said to come from the socket that accepted it. After so many looks it
    /// is seen whether they do.
    unverified: u8,
    /// The kernel's count of probes, where it is more than the plan has.
    raised: Option<u8>, // small
    /// What the kernel does not have yet of what is in force: it waits for the answer to a probe.
    waits: Waits,
    /// The program was told that the path is too slow for what it wants.
    pub(crate) warned: bool,
    /// In milliseconds.
    asleep: u64,
}

/// How far it is on the way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// This side has done nothing to end it.
    Open,
    /// The program is closing it.
    Closing,
    /// Nothing is judged any more: the program's own close took too long, and is not to be aborted.
    Over,
}

/// What the kernel tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All that this system tells.
    All,
    /// Of several paths one.
    OnePath,
    /// Nothing.
    Nothing {
        /// Of a connection that has several paths.
        several: bool,
    },
}

/// The heart-beat of a connection.
#[derive(Debug, Clone)]
enum Beats {
    /// It beats.
    Beating(Heartbeat),
    /// It does not now, and knows of the beat that is under way.
    Resting(Heartbeat),
}

/// What is known of the end of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    /// When a report that a blind guard could not check is known to have been no loss.
    pub(crate) doubt: Option<Instant>,
    /// The kernel knows of one that the network library does not report.
    pub(crate) unreported: Option<Unreported>,
    /// What was decided here, to be told when the connection has been aborted.
    pub(crate) verdict: Option<Loss>,
}

/// An end that the kernel knows of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreported {
    /// When that was first seen.
    pub(crate) seen: Instant,
    /// The last that was heard of the peer, which is not earlier than the end.
    pub(crate) heard: Instant,
}

/// What became of what is promised of the socket.
#[allow(clippy::large_enum_variant)] // of the large one there is one in a connection's life
pub(crate) enum Verified {
    /// It holds, as far as was looked.
    Holds,
    /// It is another now.
    Changed,
    /// The socket does not have it: the kernel is to be told this.
    Missing(Config, Applying),
}

/// The network library gets this long to find an end that the kernel knows of.
pub(crate) const GRACE: Duration = Duration::from_millis(250);

impl Link {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            stage: Stage::Open,
            sight: Sight::All,
            reported: None,
            promised: None,
            found: None,
            liveness: None,
            heartbeat: None,
            end: None,
            retries: 0,
            retransmissions: Retransmissions::Untouched,
            unverified: 0,
            raised: None,
            waits: Waits::default(),
            warned: false,
            asleep: milliseconds(clock.asleep),
        }
    }

    /// What is promised of the socket; `None` where the kernel refused the values.
    pub(crate) fn in_force(&self) -> Option<Config> {
        self.promised.map(|promised| promised.values())
    }

    fn promise(&mut self, in_force: &Config) {
        self.promised = Some(Found::new(in_force));
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.stage == Stage::Closing
    }

    /// The kernel tells nothing of it.
    pub(crate) fn is_blind(&self) -> bool {
        matches!(self.sight, Sight::Nothing { .. })
    }

    /// It has several paths, of which the kernel tells one.
    pub(crate) fn has_several_paths(&self) -> bool {
        matches!(self.sight, Sight::OnePath | Sight::Nothing { several: true })
    }

    /// The kernel tells nothing of it any more.
    pub(crate) fn lose_sight(&mut self) {
        self.sight = Sight::Nothing { several: self.has_several_paths() };
    }

    /// When to look at it next: at the first of its deadlines, of which these are all.
    pub(crate) fn next_look(&self) -> Option<NextLook> {
        // Of one that has ended nothing else is waited for.
        if let Some(end) = self.end().and_then(|end| end.unreported) {
            return Some(NextLook::exactly(self.report_due(end)));
        }
        let deadlines = [
            self.liveness.as_ref().map(Liveness::next_look),
            self.heart().map(Heartbeat::next_look),
            self.end().and_then(|end| end.doubt).map(NextLook::exactly),
        ];
        deadlines.into_iter().flatten().min_by_key(|look| look.at + look.lateness)
    }

    /// By when the network library has to report this end: within the time that was promised, which began
    /// some time before the peer was last heard; but it gets a moment for it.
    pub(crate) fn report_due(&self, end: Unreported) -> Instant {
        let program = self.heart().map(Heartbeat::silent_until);
        let silence = self.liveness.as_ref().map(|live| end.heard + live.terms().owed());
        let due = silence.into_iter().chain(program).min();
        due.unwrap_or(end.seen).max(end.seen + GRACE)
    }

    /// Whether something speaks against the peer, or it is coming to its end.
    pub(crate) fn doubts(&self) -> bool {
        self.reported.is_some()
            || self.end.as_ref().is_some_and(|end| end.unreported.is_some())
            || self.liveness.as_ref().is_some_and(Liveness::doubts)
            || self.heart().is_some_and(Heartbeat::suspects)
    }

    /// What is known of its end.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_deref()
    }

    /// To know more of it.
    pub(crate) fn ending(&mut self) -> &mut End {
        self.end.get_or_insert_default()
    }

    /// It has not ended, as far as the kernel knows.
    pub(crate) fn goes_on(&mut self) {
        self.end.as_mut().into_iter().for_each(|end| end.unreported = None);
    }

    /// The heart-beat, if it beats.
    pub(crate) fn heart(&self) -> Option<&Heartbeat> {
        match self.heartbeat.as_deref() {
            Some(Beats::Beating(heart)) => Some(heart),
            Some(Beats::Resting(_)) | None => None,
        }
    }

    /// The heart-beat, also one that rests.
    pub(crate) fn heartbeat(&mut self) -> Option<&mut Heartbeat> {
        match self.heartbeat.as_deref_mut()? {
            Beats::Beating(heart) | Beats::Resting(heart) => Some(heart),
        }
    }

    /// Whether somebody has to know what has really left this host.
    pub(crate) fn has_heartbeat(&self) -> bool {
        self.heartbeat.is_some()
    }

    /// Has it beat like this from now on, or not at all.
    pub(crate) fn beat(&mut self, rhythm: Option<Rhythm>, now: Instant, info: &Snapshot) {
        let beats = match (self.heartbeat.take().map(|beats| *beats), rhythm) {
            (None, None) => return,
            (None, Some(rhythm)) => Beats::Beating(Heartbeat::new(rhythm, now)),
            (Some(Beats::Beating(heart) | Beats::Resting(heart)), None) => Beats::Resting(heart),
            (Some(Beats::Resting(mut heart)), Some(rhythm)) => {
                heart.resume(rhythm, now, info);
                Beats::Beating(heart)
            }
            (Some(Beats::Beating(mut heart)), Some(rhythm)) => {
                if *heart.rhythm() != rhythm {
                    heart.change(rhythm, now, info);
                }
                Beats::Beating(heart)
            }
        };
        self.heartbeat = Some(Box::new(beats));
    }

    /// Nothing is asked of the peer's program any more.
    pub(crate) fn end_beats(&mut self) {
        self.heartbeat = None;
    }

    /// What watches the heart-beat, with what it may know.
    pub(crate) fn pulse(&mut self, now: Instant, info: &Snapshot, queued: u64) -> Option<Pulse> {
        // Of several paths the kernel describes one.
        let several = self.has_several_paths();
        match self.heartbeat.as_deref_mut()? {
            Beats::Beating(heart) if several => Some(heart.look(now, &Snapshot::default(), queued)),
            Beats::Beating(heart) => Some(heart.look(now, info, queued)),
            Beats::Resting(_) => None,
        }
    }

    /// The time from the peer's last sign of life to the verdict.
    pub(crate) fn detection_time(&self) -> Option<Duration> {
        // Of several paths each is given up by itself, and the connection when the kernel likes.
        let in_force = self.in_force().filter(|_| !self.has_several_paths());
        let kernel = in_force.and_then(|config| config.detection_time());
        let program = self.heart().map(|heart| heart.rhythm().timeout);
        kernel.into_iter().chain(program).min()
    }

    /// A machine that has slept knows nothing of the time meanwhile.
    pub(crate) fn notice_sleep(&mut self, clock: Clock, info: &Snapshot) {
        // The two clocks behind the difference are not read at one moment.
        let asleep = milliseconds(clock.asleep);
        if asleep > self.asleep + 10 {
            if let Some(live) = &mut self.liveness {
                live.pardon(clock.now);
            }
            let info = if self.has_several_paths() { &Snapshot::default() } else { info };
            if let Some(heart) = self.heartbeat() {
                heart.pardon(clock.now, info);
            }
        }
        // Whoever was kept waiting between the two reads has seen too little.
        self.asleep = self.asleep.max(asleep);
    }

    /// Whether [`verify`](Self::verify) is going to look at the socket's values, and whether at its
    /// paths as well.
    pub(crate) fn verifies(&self, loose: bool, now: Instant) -> (bool, bool) {
        let due = self.is_to_verify(now);
        let inherited = due && self.unverified == 1;
        let followed = due && self.unverified == 0 && loose && self.waits == Waits::default();
        (inherited || followed, inherited)
    }

    fn is_to_verify(&self, now: Instant) -> bool {
        let due = self.liveness.as_ref().is_some_and(|live| live.next_look().at <= now);
        due && self.promised.is_some() && self.raised.is_none()
    }

    /// Sees whether what is promised of the socket is on the socket: once where it is said to come
    /// from another one, and where the system's own values are in force, which may change.
    pub(crate) fn verify(
        &mut self,
        loose: bool,
        now: Instant,
        info: &Snapshot,
        facts: &Facts,
    ) -> Verified {
        let (looks, at_paths) = self.verifies(loose, now);
        if self.is_to_verify(now) {
            self.unverified = self.unverified.saturating_sub(1);
        }
        let (Some(promised), true) = (self.in_force(), looks) else { return Verified::Holds };
        let read = facts.options.as_ref().and_then(|read| read.as_ref().ok());
        if at_paths {
            if facts.multipath == Some(true) {
                self.sight = Sight::OnePath;
            }
            return match read.filter(|found| !same(found, &promised)) {
                // It came before the listening socket had the values, or that one has others now.
                Some(found) => {
                    let (told, applying) = self.apply(&promised, *found, Some(info));
                    Verified::Missing(told, applying)
                }
                None if self.has_several_paths() => Verified::Changed,
                None => Verified::Holds,
            };
        }
        let Some(found) = read else { return Verified::Holds };
        self.promise(&remembered(*found, &LEAVE_ALONE, &promised));
        if self.in_force() == Some(promised) { Verified::Holds } else { Verified::Changed }
    }
}
