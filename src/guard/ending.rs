//! The end of a connection: what the network library reports of it, the program's own close, the loss;
//! and the end of the guard's part in it.

use super::{About, Clock, Guard, Output, State};
use crate::heartbeat::Rhythm;
use crate::link::{GRACE, Stage};
use crate::loss::{self, Evidence, ReportedError};
use crate::snapshot::{ConnectionState, Snapshot};

impl Guard {
    pub(super) fn attach(&mut self) {
        self.detach();
        self.turn(State::Waiting);
    }

    pub(super) fn detach(&mut self) {
        self.link = None;
        self.keep(|rare| rare.left = None);
        self.loss_reason = None;
        self.turn(State::Detached);
        for about in [About::Socket, About::Connection, About::Promise] {
            self.refusals.accept(about);
        }
    }

    pub(super) fn renew(&mut self) {
        self.link = None;
        self.keep(|rare| rare.left = None);
        if self.state != State::Lost {
            self.turn(State::Waiting);
        }
    }

    pub(super) fn let_go(&mut self) {
        if let Some(found) = self.found() {
            self.outputs.push(Output::PutBack(found));
        }
        self.detach();
    }

    /// The network library reported an error on the connection.
    pub(super) fn report(&mut self, error: ReportedError, alive: bool, clock: Clock) {
        if alive && error != ReportedError::ClosedByPeer {
            return;
        }
        if let Some(link) = &mut self.link {
            link.reported = Some(error);
            if link.is_blind() {
                link.ending().doubt = Some(clock.now + GRACE);
            }
        }
    }

    /// The socket begins to close.
    pub(super) fn close(&mut self, alive: bool, clock: Clock) {
        let within = self.settings.config().ok().and_then(|config| config.detection_time());
        let Some(link) = &mut self.link else { return };
        let own = (alive || link.is_blind()) && link.reported.is_none();
        if link.stage != Stage::Over {
            link.stage = if own { Stage::Closing } else { Stage::Open };
        }
        if !own {
            return;
        }
        if let (true, Some(timeout)) = (link.is_blind() && link.heart().is_none(), within) {
            // What waits to leave is all that can be seen of it.
            let rhythm = Rhythm { interval: timeout / 2, timeout };
            link.end_beats();
            link.beat(Some(rhythm), clock.now, &Snapshot::default());
        }
        if let Some(heart) = link.heartbeat() {
            heart.close(clock.now);
        }
    }

    /// The socket is no longer connected. There is a loss to tell, unless the program closed the
    /// connection itself, none was made, or the guard is switched off.
    pub(super) fn end(&mut self, evidence: &Evidence, clock: Clock) {
        self.keep(|rare| rare.left = None);
        let Some(link) = self.link.take() else { return };
        let evidence = Evidence {
            reported: link.reported.unwrap_or(evidence.reported),
            heard: link.reported.is_some(),
            config: link.in_force(),
            ..*evidence
        };
        let own = link.stage != Stage::Open;
        let asked_for = own || !self.settings.values.enabled;
        let found = || if asked_for { None } else { loss::classify(&evidence) };
        let loss = link.end().and_then(|end| end.verdict).or_else(found);
        match loss {
            Some(loss) => self.say(loss, clock),
            None => self.turn(State::Waiting),
        }
    }
}

/// Whether the kernel holds the connection to be over, at least in the peer's direction.
pub(super) fn has_ended(state: &ConnectionState) -> bool {
    use ConnectionState::{CloseWait, Closed, Closing, LastAck, TimeWait};
    matches!(state, Closed | CloseWait | Closing | LastAck | TimeWait)
}
