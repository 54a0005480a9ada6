//! What the kernel's figures say: when the peer was heard, what it owes an answer to, and since when.

use std::time::{Duration, Instant};

use super::{GRAIN, Liveness, TICK, Terms};
use crate::snapshot::Snapshot;

/// What the kernel has counted of its own attempts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) retransmits: u32,
    pub(super) backoff: u32,
    /// Whether data went out after the peer was heard.
    pub(super) data: bool,
}

/// This side has no room for what the peer sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deaf {
    /// When it was last seen so.
    pub(super) at: Instant,
    /// Segments of the peer until then.
    pub(super) segments: Option<u32>,
    /// When more of them were last seen.
    pub(super) heard: Option<Instant>,
}

/// The peer owes an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub(super) since: Instant,
    /// How late the look was that found it.
    pub(super) late: Duration,
    /// Since when enough stimuli are unanswered.
    pub(super) unanswered_since: Option<Instant>,
}

/// Data is on its way, and nothing of it was acknowledged since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stuck {
    pub(super) since: Instant,
    pub(super) acknowledged: u64,
    /// It is no longer so: at the look before it was not.
    pub(super) not_before: Instant,
}

impl Liveness {
    /// How many probes have surely been sent in such a silence, and how long ago the first of them,
    /// for a kernel that does not count them. All of this kind, the BSDs and what came of them, send
    /// keepalive probes whenever nothing was heard for the idle time, also while data is
    /// unacknowledged.
    pub(super) fn probes_due(&self, silence: Duration) -> (u32, Duration) {
        let Terms { idle, interval, .. } = self.terms;
        let Some(since_first) = silence.checked_sub(idle + idle / 8 + TICK) else {
            return (0, Duration::ZERO);
        };
        let more = since_first.as_millis() / interval.as_millis().max(1);
        (u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1), since_first)
    }

    /// Does this side have room for what the peer sends?
    pub(super) fn follow_room(&mut self, now: Instant, info: &Snapshot) {
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
    pub(super) fn silence(&self, now: Instant, info: &Snapshot) -> Option<Duration> {
        let told = info.silence()?;
        let counted = self.deaf.as_ref().and_then(|deaf| deaf.heard);
        Some(counted.map_or(told, |heard| told.min(now.saturating_duration_since(heard))))
    }

    /// Was the peer heard since the last look?
    pub(super) fn listen(&mut self, now: Instant, silence: Duration, info: &Snapshot) {
        let heard = now.checked_sub(silence).unwrap_or(now);
        // The kernel's clock and ours drift apart a little during a long silence.
        let tolerance = 2 * GRAIN + now.saturating_duration_since(self.heard) / 256;
        let anew = heard > self.heard + tolerance;
        self.heard = self.heard.max(heard.min(now));
        self.spoke = heard.min(now);
        if anew {
            self.owed = None;
            self.changed = None;
            self.own_probes = None;
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
    pub(super) fn count(&mut self, now: Instant, silence: Duration, info: &Snapshot) {
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
        let owed =
            self.owed.get_or_insert_with(|| Box::new(Owed { since, late, unanswered_since: None }));
        owed.since = owed.since.min(since);
        // Data is sent again and again; of probes there may be one in the plan.
        let planned = self.terms.probes().clamp(1, 2) as u32;
        let needed = if info.has_data_to_deliver() && info.probes.is_some() { 2 } else { planned };
        if stimuli >= needed {
            owed.unanswered_since.get_or_insert(now);
        }
    }

    /// The number of unanswered stimuli, and for how long the first of them is unanswered at least.
    pub(super) fn unanswered(&self, silence: Duration, info: &Snapshot) -> (u32, Duration) {
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
    pub(super) fn follow_data(&mut self, before: Instant, now: Instant, info: &Snapshot) {
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

    /// Data that was sent three times in vain.
    pub(super) fn stuck_data(&self, info: &Snapshot) -> Option<&Stuck> {
        self.stuck.as_deref().filter(|_| info.retransmits.unwrap_or(0) >= 2)
    }
}

/// Whether data went out after the peer was last heard.
pub(super) fn data_sent_within(silence: Duration, info: &Snapshot) -> bool {
    info.has_data_to_deliver() && info.since_data_sent.is_some_and(|sent| sent < silence)
}
