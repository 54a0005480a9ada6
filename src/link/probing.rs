//! What keeps the kernel asking while the peer is silent, and keeps it from giving up before we do.

use std::time::{Duration, Instant};

use super::Link;
use super::applying::Waits;
use crate::config::{Config, LEAVE_ALONE};
use crate::door::{Output, Outputs};
use crate::retransmission;
use crate::snapshot::Snapshot;

/// What became of the kernel's limit for retransmissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retransmissions {
    /// It is as it was found.
    Untouched,
    /// This system has none.
    Missing,
    /// It is ours.
    Within(Duration),
}

/// The kernel's socket option for it takes no more (Linux).
pub(super) const MOST_PROBES: u32 = 127;

impl Link {
    /// Sees to it that the kernel sends its probes, and does not give up for them before we do.
    pub(crate) fn keep_probing(&mut self, now: Instant, info: &Snapshot, out: &mut Outputs) {
        let (Some(live), Some(in_force)) =
            (&mut self.liveness, self.promised.map(|it| it.values()))
        else {
            return;
        };
        // With a user timeout the count is of no account, and at a second probe the kernel gives up.
        let timed = in_force.user_timeout.is_some_and(|timeout| !timeout.is_zero());
        if timed && !self.waits.user_timeout {
            if live.first_call(now, info) {
                out.push(Output::Probe(in_force));
            }
            return;
        }
        let (Some(probes), Some(count)) = (info.probes, in_force.count) else {
            if live.last_call(now, info) {
                out.push(Output::Probe(in_force));
            }
            return;
        };
        if probes == 0 {
            // Heard again. The count is as before, or the next death would take longer without us.
            if self.raised.take().is_some() {
                out.push(Output::SetCount(count));
            }
            let Waits { idle, interval, user_timeout } = std::mem::take(&mut self.waits);
            if idle || interval || user_timeout {
                out.push(Output::ApplyWaiting(Config {
                    idle: in_force.idle.filter(|_| idle),
                    interval: in_force.interval.filter(|_| interval),
                    user_timeout: in_force.user_timeout.filter(|_| user_timeout),
                    ..LEAVE_ALONE
                }));
            }
        } else {
            // Enough for all that it sends until the next look, and some more.
            let next = live.next_look();
            let ahead = (next.at + next.lateness).saturating_duration_since(now);
            let sent = ahead.as_millis() / live.terms().interval.as_millis().max(1);
            let sent = u32::try_from(sent).unwrap_or(MOST_PROBES);
            let needed = probes.saturating_add(sent).saturating_add(2);
            if needed > self.raised.map_or(0, u32::from) {
                let raised = needed.max(probes.saturating_add(count) + 2).min(MOST_PROBES);
                debug_assert!(raised >= count, "the kernel would give up before the plan does");
                out.push(Output::SetCount(raised));
                self.raised = small(raised);
            }
        }
        let first = live.first_call(now, info) || live.next_call(now, info);
        if first || live.last_call(now, info) {
            out.push(Output::Probe(in_force));
            self.waits.idle = false;
        }
    }

    /// Nothing is probed any more.
    pub(crate) fn lower_count(&mut self, out: &mut Outputs) {
        let raised = self.raised.take();
        if let Some(count) = raised.and_then(|_| self.in_force()?.count) {
            out.push(Output::SetCount(count));
        }
    }

    /// Whether the kernel's own limit for retransmissions has to be known, before it is another.
    pub(crate) fn wants_limit(&self) -> bool {
        let found = self.found.is_some_and(|found| found.retransmit_within().is_none());
        found && self.retransmissions == Retransmissions::Untouched
    }

    /// Limits the time between two retransmissions to what the promise takes, or puts the limit back
    /// that was there before. `limit` is the one that is there now, if that was asked for:
    /// [`wants_limit`](Self::wants_limit).
    pub(crate) fn limit_retransmissions(
        &mut self,
        info: &Snapshot,
        limit: Option<Option<Duration>>,
        out: &mut Outputs,
    ) {
        let within = self.liveness.as_ref().map(|live| live.terms().within);
        // Where there is no room for an answer the kernel's own limit must not be the end.
        let within = within.filter(|_| info.receive_window != Some(0));
        let wanted = within.and_then(|time| retransmission::limit(time, info, self.retries));
        let found = self.found.and_then(|found| found.retransmit_within());
        match (wanted, self.retransmissions) {
            (_, Retransmissions::Missing) | (None, Retransmissions::Untouched) => {}
            // A round trip is never the same twice.
            (Some(wanted), Retransmissions::Within(limit))
                if wanted <= limit + limit / 4 && limit <= wanted + wanted => {}
            (None, Retransmissions::Within(_)) => {
                found.into_iter().for_each(|limit| out.push(Output::RetransmitWithin(limit)));
                self.retransmissions = Retransmissions::Untouched;
            }
            (Some(wanted), now) => {
                let Some(found) = &mut self.found else { return };
                if found.retransmit_within().is_none() {
                    let Some(limit) = limit else { return };
                    found.note_retransmissions(limit);
                }
                let now = match now {
                    Retransmissions::Within(limit) => Some(limit),
                    _ => found.retransmit_within(),
                };
                let Some(now) = now else {
                    self.retransmissions = Retransmissions::Missing;
                    return;
                };
                // Under a smaller limit the kernel gives up for attempts that it has already made.
                if wanted < now && is_trying_again(info) {
                    return;
                }
                out.push(Output::RetransmitWithin(wanted));
                self.retransmissions = Retransmissions::Within(wanted);
            }
        }
    }
}

/// A count of probes, kept small: no system counts further than 255.
pub(super) fn small(count: u32) -> Option<u8> {
    u8::try_from(count).ok()
}

/// Whether data is being sent again. Probes of a closed window are not: the kernel counts those that
/// are unanswered, whatever their time.
fn is_trying_again(info: &Snapshot) -> bool {
    info.retransmits.unwrap_or(0) > 0
}
