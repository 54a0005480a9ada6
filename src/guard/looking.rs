//! A look at the connection: what there is to see, whether the peer lives, and the verdict.

use std::time::Duration;

use super::ending::has_ended;
use super::words::{TELLS_NOTHING, too_slow};
use super::{About, Asked, Clock, Facts, Guard, Output, State};
use crate::config::Config;
use crate::error::Error;
use crate::history;
use crate::link::{Applying, Link, Sight, Stage, Unreported, Verified};
use crate::liveness::{Liveness, Verdict};
use crate::loss::{self, Evidence, Loss, ReportedError};
use crate::snapshot::{ConnectionState, Snapshot};

/// A look at a socket that does not have what is promised of it, and is told so.
#[derive(Debug)]
pub(super) struct Verifying {
    applying: Applying,
    queued: u64,
    facts: Facts,
}

/// A peer whose time is over. The kernel may know why.
#[derive(Debug)]
pub(super) struct GivingUp {
    info: Snapshot,
    /// Its kernel owes an answer; otherwise it is its program.
    silent: bool,
}

/// A connection that has ended. The kernel may know why.
#[derive(Debug)]
pub(super) struct Ended {
    info: Snapshot,
    state: ConnectionState,
}

impl Guard {
    /// Looks at the connection.
    pub(super) fn look(&mut self, queued: u64, asks: bool, facts: &mut Facts, clock: Clock) {
        let now = clock.now;
        if let Some(heart) = self.link.as_mut().and_then(Link::heartbeat).filter(|_| !asks) {
            heart.put_off(now);
        }
        if !self.link.as_ref().is_some_and(|link| self.judges(link)) {
            return;
        }
        let loose = self.is_loose();
        let Some(link) = &mut self.link else { return };
        if link.end().and_then(|end| end.doubt).is_some_and(|at| at <= now) {
            // Still connected: what was reported was no loss.
            (link.ending().doubt, link.reported) = (None, None);
        }
        let sees = link.sight == Sight::All && link.in_force().is_some();
        debug_assert!(sees || link.liveness.is_none(), "nothing is judged that cannot be seen");
        if link.is_blind() {
            facts.info = Some(Snapshot::default());
        }
        let Some(info) = &facts.info else {
            // Where the kernel cannot be asked any more nothing of it can be judged, now or later.
            link.lose_sight();
            link.lower_count(&mut self.outputs);
            (link.liveness, link.reported) = (None, None);
            link.goes_on();
            self.refusals.refuse(About::Connection, TELLS_NOTHING.to_string());
            self.calm();
            return;
        };
        link.notice_sleep(clock, info);
        // While the program closes, the peer's FIN is no end of what is still to be sent.
        let half = link.is_closing() && info.state == Some(ConnectionState::CloseWait);
        if let Some(state) = info.state.filter(|state| has_ended(state) && !half) {
            let info = *info;
            return self.look_at_end(state, info, clock);
        }
        link.goes_on();
        match link.verify(loose, now, info, facts) {
            Verified::Missing(config, applying) => {
                let verifying = Verifying { applying, queued, facts: std::mem::take(facts) };
                self.asked = Some(Box::new(Asked::Verifying(verifying)));
                self.outputs.push(Output::Apply(config));
                return;
            }
            Verified::Changed => self.follow(facts, clock),
            Verified::Holds => {}
        }
        self.judge(queued, facts, clock);
    }

    /// What is promised is another now.
    fn follow(&mut self, facts: &Facts, clock: Clock) {
        self.follow_settings(clock, facts);
        self.refuse_multipath();
    }

    /// The socket was told what it did not have.
    pub(super) fn verified(
        &mut self,
        verifying: Verifying,
        given: Result<Config, Error>,
        read: Option<Config>,
        clock: Clock,
    ) {
        let Verifying { applying, queued, facts } = verifying;
        let Some(link) = &mut self.link else { return };
        link.applied_again(&applying, given, read);
        if link.has_several_paths() {
            self.follow(&facts, clock);
        }
        self.judge(queued, &facts, clock);
    }

    /// Whether the peer lives.
    fn judge(&mut self, queued: u64, facts: &Facts, clock: Clock) {
        let now = clock.now;
        let (Some(link), Some(info)) = (&mut self.link, &facts.info) else { return };
        let mut peer = link.liveness.as_mut().map_or(Verdict::Healthy, |live| live.look(now, info));
        if peer == Verdict::Lost && info.probes.is_none() && facts.probing != Some(true) {
            // Nobody has counted probes, and somebody has switched them off.
            peer = Verdict::Healthy;
            link.liveness.as_mut().into_iter().for_each(|live| live.pardon(now));
        }
        if peer == Verdict::Lost {
            // Where no look came in time it was not called, and is so now.
            link.keep_probing(now, info, &mut self.outputs);
            peer = link.liveness.as_ref().map_or(peer, Liveness::verdict);
        }
        let pulse = link.pulse(now, info, queued);
        let program = pulse.map_or(Verdict::Healthy, |pulse| pulse.peer);
        if peer == Verdict::Lost || program == Verdict::Lost {
            return self.give_up(peer, info, clock);
        }
        link.keep_probing(now, info, &mut self.outputs);
        link.limit_retransmissions(info, facts.retransmit_within, &mut self.outputs);
        if link.is_closing() {
            return; // of which nobody is told
        }
        let suspect = peer == Verdict::Suspect || program == Verdict::Suspect;
        self.turn(if suspect { State::Suspect } else { State::Healthy });
        self.warn(info);
        if pulse.is_some_and(|pulse| pulse.beat) {
            self.outputs.push(Output::Beat);
        }
    }

    /// The time of the peer is over.
    fn give_up(&mut self, peer: Verdict, info: &Snapshot, clock: Clock) {
        let Some(link) = &self.link else { return };
        if link.is_closing() {
            return self.cut_short();
        }
        debug_assert_eq!(self.state, State::Suspect, "a warning comes before a verdict");
        let beats = link.heart().map(|heart| heart.rhythm().interval);
        let silent = peer == Verdict::Lost || !kernel_answers(info, beats.unwrap_or_default());
        let overdue = GivingUp { info: *info, silent };
        // The kernel's error is the network library's to find, unless this is the end of it.
        if self.settings.abort_on_loss {
            self.asked = Some(Box::new(Asked::GivingUp(overdue)));
            self.outputs.push(Output::TakeError);
        } else {
            self.condemn(&overdue, ReportedError::None, clock);
        }
    }

    /// `error` is what the kernel has heard of the network.
    pub(super) fn condemn(&mut self, overdue: &GivingUp, error: ReportedError, clock: Clock) {
        let GivingUp { info, silent } = overdue;
        let loss = loss::overdue(info, *silent, error);
        self.give_verdict(loss, ConnectionState::Established, clock);
    }

    /// The program is closing, and does not get to the end of it. That is no loss.
    fn cut_short(&mut self) {
        if let Some(link) = &mut self.link {
            // Where it is not to be aborted there is nothing more to find out.
            link.liveness = None;
            link.end_beats();
            link.goes_on();
            link.stage = Stage::Over;
        }
        if self.settings.abort_on_loss {
            self.outputs.push(Output::Abort(None));
        }
    }

    /// The kernel knows that the connection is over. The network library will find out when it
    /// reads, and tell; with a full buffer it does not read.
    fn look_at_end(&mut self, state: ConnectionState, info: Snapshot, clock: Clock) {
        let Some(link) = &mut self.link else { return };
        let heard = clock.now.checked_sub(info.silence().unwrap_or_default());
        let end = Unreported { seen: clock.now, heard: heard.unwrap_or(clock.now) };
        let end = *link.ending().unreported.get_or_insert(end);
        if link.report_due(end) > clock.now {
            return;
        }
        if link.is_closing() {
            return self.cut_short();
        }
        let ended = Ended { info, state };
        match state {
            ConnectionState::Closed if self.settings.abort_on_loss => {
                self.asked = Some(Box::new(Asked::Ended(ended)));
                self.outputs.push(Output::TakeError);
            }
            ConnectionState::Closed => self.explain(&ended, ReportedError::None, clock),
            _ => self.explain(&ended, ReportedError::ClosedByPeer, clock),
        }
    }

    /// `error` is what the kernel says of the end.
    pub(super) fn explain(&mut self, ended: &Ended, error: ReportedError, clock: Clock) {
        let Ended { info, state } = *ended;
        // Somebody else took the error away, or it is left to them: the figures have to do.
        let reported = if error == ReportedError::None { ReportedError::Other } else { error };
        let evidence = Evidence {
            reported,
            heard: true,
            error_pending: false,
            snapshot: Some(info),
            config: self.in_force(),
        };
        if let Some(loss) = loss::classify(&evidence) {
            self.give_verdict(loss, state, clock);
        }
    }

    /// The connection is lost, by our own verdict. What the peer has sent before a FIN stays
    /// readable: such a connection is not aborted.
    fn give_verdict(&mut self, loss: Loss, state: ConnectionState, clock: Clock) {
        debug_assert!(self.link.as_ref().is_some_and(|link| self.judges(link)), "one verdict");
        let gone = matches!(state, ConnectionState::Established | ConnectionState::Closed);
        if self.settings.abort_on_loss && gone {
            if let Some(link) = &mut self.link {
                link.ending().verdict = Some(loss);
            }
            self.note_end(clock, history::ABORTS, loss);
            self.outputs.push(Output::Abort(Some(loss)));
            return;
        }
        let left = self.link.take().and_then(|link| link.found);
        self.keep(|rare| rare.left = left);
        self.say(loss, clock);
    }

    /// Whether a verdict is to be found. On a connection that the program itself is closing it ends
    /// the close.
    pub(super) fn judges(&self, link: &Link) -> bool {
        let decided = link.end().is_some_and(|end| end.verdict.is_some());
        self.settings.values.enabled && !decided && link.stage != Stage::Over
    }

    /// Says once for each connection that its path is too slow for what was asked.
    fn warn(&mut self, info: &Snapshot) {
        let Some(link) = &mut self.link else { return };
        let (Some(live), Some(round_trip)) = (&link.liveness, info.round_trip_time) else { return };
        let words = too_slow(live.terms(), round_trip).filter(|_| !link.warned);
        if let Some(words) = words {
            link.warned = true;
            self.refusals.refuse(About::Promise, words);
        }
    }
}

/// Whether the peer's kernel answers what is sent to it, as far as can be seen at once. While it
/// does, it was heard after the last but one of the beats that come at this interval.
fn kernel_answers(info: &Snapshot, interval: Duration) -> bool {
    let overdue = interval + DELAYED.max(2 * info.round_trip_time.unwrap_or_default());
    let waiting = info.unacked.unwrap_or(0) > 0 && info.since_data_sent < info.silence();
    let unanswered = waiting && info.silence().is_some_and(|silence| silence > overdue);
    info.probes.unwrap_or(0) == 0 && info.retransmits.unwrap_or(0) == 0 && !unanswered
}

/// A kernel delays what it has only to acknowledge, in the hope that its program sends something.
const DELAYED: Duration = Duration::from_millis(300);
