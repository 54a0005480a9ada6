//! One connection's whole policy, without I/O: what happens goes in as data, what is to be done comes
//! out as data.
//!
//! There is one door in, [`Guard::handle`], and one door out, [`Guard::poll`]. Whoever owns the socket
//! tells what happens to it and shows the guard's [`View`] to the world; the
//! [driver](crate::driver) asks the kernel and tells it, for Qt, for a
//! [`GuardedStream`](crate::GuardedStream) and for the tests alike.
//!
//! | Module | Holds |
//! |---|---|
//! | `changing` | other settings |
//! | `connecting` | a connection that is taken under guard, and what watches it |
//! | `looking` | a look at it, and the verdict |
//! | `ending` | its end |
//! | `recording` | what is kept of it for the [history] |
//! | `words` | what is said of a promise that cannot be kept |

mod changing;
mod connecting;
mod ending;
mod looking;
mod recording;
mod words;

use std::time::Duration;

use crate::config::Config;
use crate::error::Error;
use crate::found::Found;
use crate::heartbeat::Heartbeat;
use crate::history::{self, History};
use crate::link::Link;
use crate::liveness::{Liveness, NextLook, Verdict};
use crate::loss::{Loss, LossReason};
use crate::refusals::Refusals;
use crate::retransmission;
use crate::sys;

use crate::door::Outputs;
pub use crate::door::{Clock, Facts, Input, Output, Wants};
use changing::Changing;
use connecting::Connecting;
use looking::{Ended, GivingUp, Verifying};

pub use crate::refusals::About;
pub use crate::settings::Settings;

/// Where a guarded connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// No socket is set.
    #[default]
    Detached,
    /// A socket is set and not connected, or the guard is switched off.
    Waiting,
    /// Connected, and nothing speaks against the peer.
    Healthy,
    /// An answer of the peer is overdue.
    Suspect,
    /// Lost; stays so until the next connect.
    Lost,
}

/// What the guard shows of itself. Compare two of them to see what has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What the program asked for.
    pub settings: Settings,
    /// Where the connection stands.
    pub state: State,
    /// Why the last connection was lost, until the next connect.
    pub loss_reason: Option<LossReason>,
    /// The last refusal; it stays until what it is about is set well.
    pub error: String,
    /// The worst case from the last sign of life to the verdict, as really in force; `None` where
    /// nothing is.
    pub detection_time: Option<Duration>,
    /// The kernel tells nothing of this connection, although this system's kernel does: there are no
    /// warnings, no verdict but the kernel's own and the heart-beat's, and hardly a reason.
    pub blind: bool,
}

/// The policy of one guarded connection.
#[derive(Debug, Default)]
pub struct Guard {
    settings: Settings,
    state: State,
    /// The connection under guard.
    link: Option<Link>,
    loss_reason: Option<LossReason>,
    refusals: Refusals,
    /// What an answer is waited for.
    asked: Option<Box<Asked>>,
    outputs: Outputs,
    rare: Option<Box<Rare>>,
}

/// What few guards have.
#[derive(Debug, Default)]
struct Rare {
    /// The two times of the heart-beat that were asked for and do not fit each other: one of them may
    /// still change.
    pair: Option<(Option<Duration>, Option<Duration>)>,
    /// What was found on the socket of a connection that is lost and was not aborted: it is still
    /// there, and nobody watches it.
    left: Option<Found>,
    history: Option<History>,
}

/// What is going on until the answer to an [`Output`] comes in.
#[derive(Debug)]
enum Asked {
    /// The kernel is told other values.
    Changing(Changing),
    /// The kernel is told the values at a connect.
    Connecting(Connecting),
    /// It is told once more what it does not have.
    Verifying(Verifying),
    /// The peer's time is over.
    GivingUp(GivingUp),
    /// The kernel knows that the connection has ended.
    Ended(Ended),
}

impl Guard {
    /// Takes in what has happened, and decides. `facts` is what the kernel says at this moment, as far
    /// as that is [wanted](Self::wants). What comes of it is [polled](Self::poll).
    ///
    /// # Errors
    ///
    /// A refusal, by the ranges or by the kernel. Of settings: the old ones stay. Of a connection: it is
    /// watched all the same, as far as that goes.
    pub fn handle(
        &mut self,
        mut input: Input,
        mut facts: Facts,
        clock: Clock,
    ) -> Result<(), Error> {
        self.record(&mut input, &mut facts, clock);
        let outcome = self.decide(input, facts, clock);
        self.keep_history(clock.now);
        outcome
    }

    fn decide(&mut self, input: Input, mut facts: Facts, clock: Clock) -> Result<(), Error> {
        let asked = self.asked.take();
        match input {
            Input::Settings { about, wanted } => self.change(about, wanted, &mut facts, clock)?,
            Input::Attached => self.attach(),
            Input::Detached => self.detach(),
            Input::Renewed => self.renew(),
            Input::LetGo => self.let_go(),
            Input::Connected { inherited } => self.connect(inherited, &mut facts, clock)?,
            Input::Looked { queued, asks } => self.look(queued, asks, &mut facts, clock),
            Input::BeatWritten { queued } => self.beat_written(queued, &facts, clock),
            Input::Received => self.received(clock),
            Input::Reported { error, alive } => self.report(error, alive, clock),
            Input::Closing { alive } => self.close(alive, clock),
            Input::Disconnected(evidence) => self.end(&evidence, clock),
            Input::Refused { about, why } => self.refusals.refuse(about, why),
            Input::Accepted(about) => self.refusals.accept(about),
            Input::Applied { given, read } => match asked.map(|asked| *asked) {
                Some(Asked::Changing(changing)) => self.changed(changing, given, read, clock)?,
                Some(Asked::Connecting(it)) => self.connected(it, given, read, clock)?,
                Some(Asked::Verifying(it)) => self.verified(it, given, read, clock),
                other => debug_assert!(false, "an answer to {other:?}"),
            },
            Input::Error(error) => match asked.map(|asked| *asked) {
                Some(Asked::GivingUp(overdue)) => self.condemn(&overdue, error, clock),
                Some(Asked::Ended(ended)) => self.explain(&ended, error, clock),
                other => debug_assert!(false, "an answer to {other:?}"),
            },
        }
        Ok(())
    }

    /// What is to be done next; `None` when all is done. To be asked after each
    /// [`handle`](Self::handle), until there is nothing more.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// What has to be known of the kernel with this input.
    pub fn wants(&self, input: &Input, clock: Clock) -> Wants {
        let link = self.link.as_ref();
        let tells = link.is_some_and(|link| !link.is_blind());
        let left = link.is_some_and(Link::has_heartbeat);
        match input {
            Input::Connected { inherited } => Wants {
                info: true,
                options: inherited.is_none(),
                multipath: inherited.is_none(),
                retries: true,
                retransmit_within: self.limits_at_connect(inherited.as_ref()),
                ..Wants::default()
            },
            Input::Settings { .. } => Wants {
                info: tells,
                left,
                options: tells && self.in_force().is_none(),
                retries: tells,
                retransmit_within: link.is_some_and(Link::wants_limit),
                ..Wants::default()
            },
            Input::Looked { .. } => match link.filter(|link| tells && self.judges(link)) {
                Some(link) => {
                    let (options, multipath) = link.verifies(self.is_loose(), clock.now);
                    let live = link.liveness.as_ref();
                    let limits =
                        live.is_some_and(|live| retransmission::is_limited(live.terms().within));
                    Wants {
                        info: true,
                        left,
                        options,
                        probing: live.is_some_and(|live| live.verdict() != Verdict::Healthy),
                        multipath,
                        retransmit_within: limits && link.wants_limit(),
                        ..Wants::default()
                    }
                }
                None => Wants::default(),
            },
            Input::BeatWritten { .. } => {
                let told = link.is_some_and(|link| !link.is_blind() && !link.has_several_paths());
                Wants { info: told, left: told, ..Wants::default() }
            }
            _ => Wants::default(),
        }
    }

    /// Whether the limit for retransmissions is going to be another with the connect.
    fn limits_at_connect(&self, inherited: Option<&Found>) -> bool {
        let within = self.settings.config().ok().and_then(|config| config.detection_time());
        let known = inherited.is_some_and(|found| found.retransmit_within().is_some());
        within.is_some_and(retransmission::is_limited) && !known
    }

    /// What the program asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings with the heart-beat's times as they were asked for last, whether or not they fit
    /// each other. A change of one of the two begins here, and so they can be set in any order.
    pub fn settings_asked(&self) -> Settings {
        match self.rare.as_ref().and_then(|rare| rare.pair) {
            Some((heartbeat_interval, heartbeat_timeout)) => {
                Settings { heartbeat_interval, heartbeat_timeout, ..self.settings }
            }
            None => self.settings,
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a connection is under guard.
    pub fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    /// What is promised of the connection's socket: what was asked for, and where nothing was, what
    /// the socket has. `None` where there is no connection, or the kernel refused the values.
    pub fn in_force(&self) -> Option<Config> {
        self.link.as_ref()?.in_force()
    }

    /// What was found on the socket of the connection, and is put back when it is let go of.
    pub fn found(&self) -> Option<Found> {
        match &self.link {
            Some(link) => link.found,
            None => self.rare.as_ref()?.left,
        }
    }

    /// Whether [`Input::Received`] has to be told, because nobody else tells that the peer's program
    /// said something.
    pub fn wants_received(&self) -> bool {
        self.link.as_ref().is_some_and(|link| {
            let told =
                sys::diagnosis().data_received && !link.is_blind() && !link.has_several_paths();
            link.heart().is_some() && !told
        })
    }

    /// What the guard shows of itself now.
    pub fn view(&self) -> View {
        View {
            settings: self.settings,
            state: self.state,
            loss_reason: self.loss_reason,
            error: self.refusals.last().to_owned(),
            detection_time: self.link.as_ref().and_then(Link::detection_time),
            blind: self.link.as_ref().is_some_and(Link::is_blind),
        }
    }

    /// When to look at the connection next ([`Input::Looked`]), if at all.
    pub fn next_look(&self) -> Option<NextLook> {
        self.link.as_ref().filter(|link| self.judges(link))?.next_look()
    }

    /// How many refusals were to be told so far, also those that no call has returned: a promise that
    /// cannot be kept on this path, a kernel that tells nothing any more.
    pub fn refusals(&self) -> u32 {
        self.refusals.told()
    }

    /// Whether this was refused and is still wrong.
    pub fn is_refused(&self, why: &str) -> bool {
        self.refusals.has(why)
    }

    fn received(&mut self, clock: Clock) {
        if let Some(heart) = self.link.as_mut().and_then(Link::heartbeat) {
            heart.received(clock.now);
        }
    }

    fn beat_written(&mut self, queued: u64, facts: &Facts, clock: Clock) {
        if let Some(heart) = self.link.as_mut().and_then(Link::heartbeat) {
            heart.written(clock.now, &facts.info.unwrap_or_default(), queued);
        }
    }

    /// Whoever suspected the peer may look no more.
    fn calm(&mut self) {
        let suspects = self.link.as_ref().is_some_and(|link| {
            let peer = link.liveness.as_ref().map(Liveness::verdict);
            peer.is_some_and(|peer| peer != Verdict::Healthy)
                || link.heart().is_some_and(Heartbeat::suspects)
        });
        if self.state == State::Suspect && !suspects {
            self.turn(State::Healthy);
        }
    }

    fn is_blind(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_blind)
    }

    /// Whether values of the system's own are in force: they may change.
    fn is_loose(&self) -> bool {
        self.settings.config().is_ok_and(|config| crate::link::is_loose(&config))
    }

    fn say(&mut self, loss: Loss, clock: Clock) {
        self.note_end(clock, history::LOST, loss);
        log::warn!(target: "qkeepalive::verdict", "lost: {:?}: {loss}", loss.reason);
        self.loss_reason = Some(loss.reason);
        log::debug!(target: "qkeepalive::verdict", "{}", self.history());
        self.turn(State::Lost);
        self.outputs.push(Output::Lost(loss));
    }

    fn note_end(&mut self, clock: Clock, word: &str, loss: Loss) {
        let history = self.rare.as_mut().and_then(|rare| rare.history.as_mut());
        history.into_iter().for_each(|it| it.came(clock.now, word, Some(loss.reason)));
    }

    /// Changes what few guards have. What nobody has takes no room.
    fn keep(&mut self, change: impl FnOnce(&mut Rare)) {
        let mut rare = self.rare.take().unwrap_or_default();
        change(&mut rare);
        let Rare { pair, left, history } = &*rare;
        if pair.is_some() || left.is_some() || history.is_some() {
            self.rare = Some(rare);
        }
    }

    fn turn(&mut self, state: State) {
        if state != self.state {
            log::debug!(target: "qkeepalive::verdict", "{:?} -> {state:?}", self.state);
            self.state = state;
        }
    }
}
