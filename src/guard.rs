//! One connection's whole policy, without I/O: settings and evidence in, decisions out.
//!
//! The owner of a [`Guard`] tells it what happens to the socket, does what it asks for (the calls
//! that touch the kernel are passed in), and shows its [`View`] to the world.

use std::time::{Duration, Instant};

use crate::config::{Config, LEAVE_ALONE};
use crate::error::{Error, OptionName};
use crate::found::Found;
use crate::heartbeat::{Heartbeat, Rhythm};
use crate::kernel::Kernel;
use crate::link::{GRACE, Link, Unreported, completed, different, is_loose};
use crate::liveness::{Liveness, NextLook, Terms, Verdict};
use crate::loss::{self, Evidence, Loss, LossReason, ReportedError};
use crate::refusals::Refusals;
use crate::retransmission;
use crate::snapshot::{ConnectionState, Snapshot};
use crate::sys;

pub use crate::refusals::About;
pub use crate::settings::Settings;

/// The time, as a guard wants to know it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now.
    pub now: Instant,
    /// How long this machine has slept since it was started (Linux: CLOCK_BOOTTIME without
    /// CLOCK_MONOTONIC).
    pub asleep: Duration,
}

impl Clock {
    /// The time at this moment.
    pub fn read() -> Self {
        Self { now: Instant::now(), asleep: sys::asleep() }
    }
}

/// What a look at the connection calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orders {
    /// The connection is lost: tell it.
    pub loss: Option<Loss>,
    /// Abort the connection now.
    pub abort: bool,
    /// Why it is aborted. The loss itself comes from [`Guard::disconnected`]. `None` where the
    /// program's own close takes too long: that is no loss.
    pub verdict: Option<Loss>,
    /// Write a beat, and call [`Guard::beat_written`].
    pub beat: bool,
}

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
    /// The two times of the heart-beat that were asked for and do not fit each other: one of them may
    /// still change.
    pair: Option<Box<(Option<Duration>, Option<Duration>)>>,
    state: State,
    /// The connection under guard.
    link: Option<Link>,
    /// What was found on the socket of a connection that is lost and was not aborted: it is still
    /// there, and nobody watches it.
    left: Option<Box<Found>>,
    loss_reason: Option<LossReason>,
    refusals: Refusals,
}

impl Guard {
    /// What the program asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings with the heart-beat's times as they were asked for last, whether or not they fit
    /// each other. A change of one of the two begins here, and so they can be set in any order.
    pub fn settings_asked(&self) -> Settings {
        match self.pair.as_deref() {
            Some(&(heartbeat_interval, heartbeat_timeout)) => {
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
            None => self.left.as_deref().copied(),
        }
    }

    /// Whether [`received`](Self::received) has to be called, because nobody else tells that the
    /// peer's program said something.
    pub fn wants_received(&self) -> bool {
        self.link.as_ref().is_some_and(|link| {
            let told = sys::diagnosis().data_received && !link.blind && !link.multipath;
            link.beats && !told
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
            blind: self.link.as_ref().is_some_and(|link| link.blind),
        }
    }

    /// When to look at the connection next, if at all.
    pub fn next_look(&self) -> Option<NextLook> {
        let link = self.link.as_ref().filter(|link| self.judges(link))?;
        if let Some(end) = link.end().and_then(|end| end.unreported) {
            return Some(NextLook::exactly(link.report_due(end)));
        }
        let looks = [
            link.liveness.as_ref().map(Liveness::next_look),
            link.heart().map(Heartbeat::next_look),
            link.end().and_then(|end| end.doubt).map(NextLook::exactly),
        ];
        looks.into_iter().flatten().min_by_key(|look| look.at + look.lateness)
    }

    /// Takes new settings, and tells the kernel at once if the socket is connected. `wanted` is
    /// already a refusal where a value could not even be put into settings; `about` is what is
    /// changed.
    ///
    /// # Errors
    ///
    /// A refusal, by the ranges or by the kernel; the old settings stay.
    pub fn change(
        &mut self,
        about: About,
        wanted: Result<Settings, Error>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        // What the peer owes is dated by what was known before the kernel is told.
        let info = self.link.as_mut().filter(|link| !link.blind).and_then(|link| {
            let info = link.ask(kernel)?;
            link.notice_sleep(clock, &info);
            Some(info)
        });
        let mut refused = about;
        let outcome = wanted.and_then(|wanted| {
            if wanted != self.settings {
                wanted.check()?;
                self.check_pair(about, &wanted).inspect_err(|_| refused = About::Heartbeat)?;
                self.tell_change(&wanted, info.as_ref(), kernel)?;
            }
            Ok(wanted)
        });
        match &outcome {
            Ok(_) => self.refusals.accept(about),
            Err(error) => {
                // Of the pair each is well for itself.
                if refused != about {
                    self.refusals.accept(about);
                }
                self.refusals.refuse(refused, error.to_string());
            }
        }
        let old = std::mem::replace(&mut self.settings, outcome?);
        if is_of_pair(about) || about == About::Settings {
            self.pair = None;
            self.refusals.accept(About::Heartbeat);
        }
        if old.values.enabled != self.settings.values.enabled {
            let state = match (self.settings.values.enabled, &self.link, self.state) {
                (true, Some(_), _) => State::Healthy,
                (false, _, State::Healthy | State::Suspect) => State::Waiting,
                (_, _, state) => state,
            };
            self.turn(state);
        }
        self.watch(clock, info, kernel);
        self.calm();
        Ok(Orders::default())
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

    fn check_pair(&mut self, about: About, wanted: &Settings) -> Result<(), Error> {
        let outcome = wanted.check_pair();
        if outcome.is_err() && is_of_pair(about) {
            let pair = (wanted.heartbeat_interval, wanted.heartbeat_timeout);
            self.pair = Some(Box::new(pair));
        }
        outcome
    }

    /// Writes what has become different. A return to "leave alone" writes nothing: the socket keeps
    /// what it has until the next connect. Only what stood in the place of the values goes with
    /// `detect_within`.
    fn tell_change(
        &mut self,
        wanted: &Settings,
        info: Option<&Snapshot>,
        kernel: &mut impl Kernel,
    ) -> Result<(), Error> {
        let new = wanted.config()?;
        let old = self.settings.config()?;
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        let Some(before) = link.in_force() else {
            // What was wanted at the connect was refused, all of it; here is the next try.
            if !link.blind {
                link.take(&new, info, kernel)?;
                self.refusals.accept(About::Connection);
            }
            return Ok(());
        };
        let leaves = self.settings.detect_within.is_some() && wanted.detect_within.is_none();
        let found = link.found.filter(|_| leaves).map_or(LEAVE_ALONE, |found| found.values());
        let changed = Config {
            enabled: new.enabled,
            idle: different(new.idle, old.idle, found.idle, before.idle),
            interval: different(new.interval, old.interval, found.interval, before.interval),
            count: different(new.count, old.count, found.count, before.count),
            user_timeout: new.user_timeout.filter(|_| new.user_timeout != old.user_timeout),
        };
        if changed != (Config { enabled: old.enabled, ..LEAVE_ALONE }) {
            let changed = completed(changed, &before, sys::limits()?.together);
            link.tell(&changed, Some(before), info, kernel)?;
        }
        Ok(())
    }

    /// A socket was set.
    pub fn attached(&mut self) {
        self.detached();
        self.turn(State::Waiting);
    }

    /// The socket was taken away, or died.
    pub fn detached(&mut self) {
        (self.link, self.left) = (None, None);
        self.loss_reason = None;
        self.turn(State::Detached);
        for about in [About::Socket, About::Connection, About::Promise] {
            self.refusals.accept(about);
        }
    }

    /// The owner of the socket has taken another one in its place.
    pub fn renewed(&mut self) {
        (self.link, self.left) = (None, None);
        if self.state != State::Lost {
            self.turn(State::Waiting);
        }
    }

    /// The guard goes while the connection lives: puts back what it has put on the socket.
    pub fn let_go(&mut self, kernel: &mut impl Kernel) {
        if let Some(found) = self.found() {
            found.put_back(kernel);
        }
        self.detached();
    }

    /// The socket is connected: applies all values to it, unless it has them already because it has
    /// them from the socket that accepted it. Then `inherited` is what that one had before.
    ///
    /// # Errors
    ///
    /// What the kernel refused, or cannot tell. The connection is watched all the same, as far as
    /// that goes.
    pub fn connected(
        &mut self,
        inherited: Option<Found>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        self.loss_reason = None;
        self.refusals.accept(About::Connection);
        self.refusals.accept(About::Promise);
        let enabled = self.settings.values.enabled;
        self.turn(if enabled { State::Healthy } else { State::Waiting });
        let mut link = Link::new(clock);
        let info = kernel.snapshot();
        let mut outcome = self.settings.config().and_then(|config| match inherited {
            Some(found) => {
                link.inherit(&config, found);
                Ok(())
            }
            None => link.take(&config, info.as_ref(), kernel),
        });
        link.multipath = inherited.is_none() && kernel.is_multipath();
        let no_descriptor = matches!(outcome, Err(Error::NoDescriptor { .. }));
        if no_descriptor || !tells(info.as_ref()) {
            link.blind = true;
            outcome = outcome.and(Err(TELLS_NOTHING));
        }
        if no_descriptor {
            outcome = Err(NO_DESCRIPTOR);
        }
        (self.link, self.left) = (Some(link), None);
        self.watch(clock, info, kernel);
        self.tell_multipath();
        match outcome {
            Ok(()) => Ok(Orders::default()),
            // A heart-beat alone takes nothing that is missing here.
            Err(error) if self.is_blind() && !self.settings.asks_of_kernel() => {
                self.refusals.note(About::Connection, error.to_string());
                Ok(Orders::default())
            }
            Err(error) => {
                self.refusals.refuse(About::Connection, error.to_string());
                Err(error)
            }
        }
    }

    fn is_blind(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.blind)
    }

    /// A deadline that nobody can keep is not promised in silence.
    fn tell_multipath(&mut self) {
        let multipath = self.link.as_ref().is_some_and(|link| link.multipath);
        if multipath && self.settings.asks_of_kernel() {
            self.refusals.refuse(About::Connection, MULTIPATH.to_string());
        }
    }

    /// Brings what watches the connection in line with the settings. `info` is what the kernel knew
    /// before it was told.
    fn watch(&mut self, clock: Clock, info: Option<Snapshot>, kernel: &mut impl Kernel) {
        let enabled = self.settings.values.enabled;
        let rhythm = self.settings.rhythm().filter(|_| enabled);
        let Some(link) = &mut self.link else {
            return;
        };
        let sees = enabled && !link.multipath && !link.blind;
        let terms = link.in_force().filter(|_| sees).and_then(|config| Terms::new(&config));
        if link.liveness.as_ref().map(Liveness::terms) != terms.as_ref() {
            match (&mut link.liveness, terms) {
                (Some(live), Some(terms)) => {
                    live.change(terms, clock.now, &info.unwrap_or_default());
                }
                (live, terms) => {
                    let info = info.unwrap_or_default();
                    *live = terms.map(|terms| Liveness::begin(terms, clock.now, &info));
                }
            }
            link.retries = if terms.is_some() { kernel.retries() } else { 0 };
            link.warned = false;
            let early = terms.and_then(|terms| gives_up_early(&terms, link.retries));
            match early {
                Some(words) if self.settings.asks_of_kernel() => {
                    self.refusals.refuse(About::Promise, words);
                }
                _ => self.refusals.accept(About::Promise),
            }
        }
        let Some(link) = &mut self.link else {
            return;
        };
        let beat = std::mem::replace(&mut link.beats, rhythm.is_some());
        match (&mut link.heartbeat, rhythm) {
            (Some(heart), Some(rhythm)) if !beat => {
                heart.resume(rhythm, clock.now, &info.unwrap_or_default());
            }
            (Some(heart), Some(rhythm)) if *heart.rhythm() != rhythm => {
                heart.change(rhythm, clock.now, &info.unwrap_or_default());
            }
            (heart @ None, Some(rhythm)) => {
                *heart = Some(Box::new(Heartbeat::new(rhythm, clock.now)));
            }
            _ => {}
        }
        if !link.blind {
            let info = info.unwrap_or_default();
            if !enabled {
                link.lower_count(kernel); // nothing is probed
            }
            link.limit_retransmissions(&info, kernel);
        }
    }

    /// Looks at the connection. `queued`: how many bytes the network library holds that it has not
    /// given to the kernel yet.
    pub fn look(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) -> Orders {
        let now = clock.now;
        if !self.link.as_ref().is_some_and(|link| self.judges(link)) {
            return Orders::default();
        }
        let loose = self.settings.config().is_ok_and(|config| is_loose(&config));
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        if link.end().and_then(|end| end.doubt).is_some_and(|at| at <= now) {
            // Still connected: what was reported was no loss.
            (link.ending().doubt, link.reported) = (None, None);
        }
        let sees = !link.blind && !link.multipath && link.in_force().is_some();
        debug_assert!(sees || link.liveness.is_none(), "nothing is judged that cannot be seen");
        let info = if link.blind { Some(Snapshot::default()) } else { link.ask(kernel) };
        let Some(info) = info else {
            // Where the kernel cannot be asked any more nothing of it can be judged, now or later.
            link.blind = true;
            link.lower_count(kernel);
            (link.liveness, link.reported) = (None, None);
            link.goes_on();
            self.refusals.refuse(About::Connection, TELLS_NOTHING.to_string());
            self.calm();
            return Orders::default();
        };
        link.notice_sleep(clock, &info);
        // While the program closes, the peer's FIN is no end of what is still to be sent.
        let half = link.closing && info.state == Some(ConnectionState::CloseWait);
        if let Some(state) = info.state.filter(|state| has_ended(state) && !half) {
            return self.look_at_end(state, info, clock, kernel);
        }
        link.goes_on();
        if link.verify(loose, now, &info, kernel) {
            self.watch(clock, Some(info), kernel);
            self.tell_multipath();
        }
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        let mut peer =
            link.liveness.as_mut().map_or(Verdict::Healthy, |live| live.look(now, &info));
        if peer == Verdict::Lost && info.probes.is_none() && !kernel.is_probing() {
            peer = Verdict::Healthy;
            link.liveness.as_mut().into_iter().for_each(|live| live.pardon(now));
        }
        if peer == Verdict::Lost {
            // Where no look came in time it was not called, and is so now.
            link.keep_probing(now, &info, kernel);
            peer = link.liveness.as_ref().map_or(peer, Liveness::verdict);
        }
        let pulse = link.pulse(now, &info, queued);
        let program = pulse.map_or(Verdict::Healthy, |pulse| pulse.peer);
        if peer == Verdict::Lost || program == Verdict::Lost {
            return self.give_up(peer, &info, kernel);
        }
        link.keep_probing(now, &info, kernel);
        link.limit_retransmissions(&info, kernel);
        if link.closing {
            return Orders::default(); // of which nobody is told
        }
        let beat = pulse.is_some_and(|pulse| pulse.beat);
        let suspect = peer == Verdict::Suspect || program == Verdict::Suspect;
        self.turn(if suspect { State::Suspect } else { State::Healthy });
        self.warn(&info);
        Orders { beat, ..Orders::default() }
    }

    /// The peer's program can be asked nothing now, or could not make itself heard: the program's own
    /// protocol is not up yet (a TLS handshake), or it reads nothing of what has come. To be called
    /// before [`look`](Self::look) as long as that is so: no beat is due, and no answer is owed.
    pub fn put_beats_off(&mut self, clock: Clock) {
        if let Some(heart) = self.link.as_mut().and_then(|link| link.heartbeat.as_mut()) {
            heart.put_off(clock.now);
        }
    }

    /// The beat that a look called for was written, or the program was asked to write it. `queued` as
    /// for [`look`](Self::look), after that.
    pub fn beat_written(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) {
        let Some(link) = &mut self.link else { return };
        let told = !link.blind && !link.multipath;
        let info = if told { link.ask(kernel) } else { None };
        let Some(heart) = &mut link.heartbeat else { return };
        heart.written(clock.now, &info.unwrap_or_default(), queued);
    }

    /// The time of the peer is over.
    fn give_up(&mut self, peer: Verdict, info: &Snapshot, kernel: &mut impl Kernel) -> Orders {
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        if link.closing {
            return self.cut_short();
        }
        debug_assert_eq!(self.state, State::Suspect, "a warning comes before a verdict");
        let beats = link.heart().map(|heart| heart.rhythm().interval);
        let silent = peer == Verdict::Lost || !kernel_answers(info, beats.unwrap_or_default());
        // The kernel's error is the network library's to find, unless this is the end of it.
        let error = match self.settings.abort_on_loss {
            true => kernel.take_error(),
            false => ReportedError::None,
        };
        self.decide(loss::overdue(info, silent, error), ConnectionState::Established)
    }

    /// The program is closing, and does not get to the end of it. That is no loss.
    fn cut_short(&mut self) -> Orders {
        if let Some(link) = &mut self.link {
            // Where it is not to be aborted there is nothing more to find out.
            (link.liveness, link.heartbeat, link.beats) = (None, None, false);
            link.goes_on();
            link.over = true;
        }
        Orders { abort: self.settings.abort_on_loss, ..Orders::default() }
    }

    /// The kernel knows that the connection is over. The network library will find out when it
    /// reads, and tell; with a full buffer it does not read.
    fn look_at_end(
        &mut self,
        state: ConnectionState,
        info: Snapshot,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Orders {
        let Some(link) = &mut self.link else {
            return Orders::default();
        };
        let heard = clock.now.checked_sub(info.silence().unwrap_or_default());
        let end = Unreported { seen: clock.now, heard: heard.unwrap_or(clock.now) };
        let end = *link.ending().unreported.get_or_insert(end);
        if link.report_due(end) > clock.now {
            return Orders::default();
        }
        if link.closing {
            return self.cut_short();
        }
        let reported = match state {
            ConnectionState::Closed if self.settings.abort_on_loss => kernel.take_error(),
            ConnectionState::Closed => ReportedError::None,
            _ => ReportedError::ClosedByPeer,
        };
        // Somebody else took the error away, or it is left to them: the figures have to do.
        let reported =
            if reported == ReportedError::None { ReportedError::Other } else { reported };
        let evidence = Evidence {
            reported,
            heard: true,
            error_pending: false,
            snapshot: Some(info),
            config: link.in_force(),
        };
        let loss = loss::classify(&evidence);
        loss.map_or_else(Orders::default, |loss| self.decide(loss, state))
    }

    /// The connection is lost, by our own verdict. What the peer has sent before a FIN stays
    /// readable: such a connection is not aborted.
    fn decide(&mut self, loss: Loss, state: ConnectionState) -> Orders {
        debug_assert!(self.link.as_ref().is_some_and(|link| self.judges(link)), "one verdict");
        let gone = matches!(state, ConnectionState::Established | ConnectionState::Closed);
        if self.settings.abort_on_loss && gone {
            if let Some(link) = &mut self.link {
                link.ending().verdict = Some(loss);
            }
            return Orders { abort: true, verdict: Some(loss), ..Orders::default() };
        }
        self.left = self.link.take().and_then(|link| link.found).map(Box::new);
        self.tell(loss);
        Orders { loss: Some(loss), ..Orders::default() }
    }

    /// The program has received data. To be called while
    /// [`wants_received`](Self::wants_received) says so.
    pub fn received(&mut self, clock: Clock) {
        if let Some(heart) = self.link.as_mut().and_then(|link| link.heartbeat.as_mut()) {
            heart.received(clock.now);
        }
    }

    /// The network library reported an error on the connection. `alive` is the kernel's view: while
    /// the connection is alive the report is no loss but an expired wait or a misuse, except that
    /// the peer can end a TLS session before the connection.
    pub fn reported(&mut self, error: ReportedError, alive: bool, clock: Clock) {
        if alive && error != ReportedError::ClosedByPeer {
            return;
        }
        if let Some(link) = &mut self.link {
            link.reported = Some(error);
            if link.blind {
                link.ending().doubt = Some(clock.now + GRACE);
            }
        }
    }

    /// The socket begins to close. `alive` is the kernel's view: a close of a connection that is
    /// alive, at least in this direction, with no error reported, is the program's own. It gets no
    /// longer than a loss would.
    pub fn closing(&mut self, alive: bool, clock: Clock) {
        let within = self.settings.config().ok().and_then(|config| config.detection_time());
        if let Some(link) = &mut self.link {
            link.closing = (alive || link.blind) && link.reported.is_none();
            if !link.closing {
                return;
            }
            if let (true, Some(timeout)) = (link.blind && link.heart().is_none(), within) {
                // What waits to leave is all that can be seen of it.
                let rhythm = Rhythm { interval: timeout / 2, timeout };
                link.heartbeat = Some(Box::new(Heartbeat::new(rhythm, clock.now)));
                link.beats = true;
            }
            if let Some(heart) = &mut link.heartbeat {
                heart.close(clock.now);
            }
        }
    }

    /// The socket is no longer connected. Returns the loss, or `None` if there is none to tell: the
    /// program closed the connection itself, none was made, or the guard is switched off.
    pub fn disconnected(&mut self, mut evidence: Evidence) -> Option<Loss> {
        self.left = None;
        let link = self.link.take()?;
        evidence.heard = link.reported.is_some();
        evidence.config = link.in_force();
        if let Some(reported) = link.reported {
            evidence.reported = reported;
        }
        let asked_for = link.closing || !self.settings.values.enabled;
        let found = || if asked_for { None } else { loss::classify(&evidence) };
        let loss = link.end().and_then(|end| end.verdict).or_else(found);
        match loss {
            Some(loss) => self.tell(loss),
            None => self.turn(State::Waiting),
        }
        loss
    }

    /// Something was refused outside of the guard, such as an object that is no socket.
    pub fn refused(&mut self, about: About, why: impl Into<String>) {
        self.refusals.refuse(about, why.into());
    }

    /// A call outside of the guard was accepted.
    pub fn accepted(&mut self, about: About) {
        self.refusals.accept(about);
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

    /// Whether a verdict is to be found. On a connection that the program itself is closing it ends
    /// the close.
    fn judges(&self, link: &Link) -> bool {
        let decided = link.end().is_some_and(|end| end.verdict.is_some());
        self.settings.values.enabled && !decided && !link.over
    }

    fn tell(&mut self, loss: Loss) {
        log::warn!(target: "qkeepalive::verdict", "lost: {:?}: {loss}", loss.reason);
        self.loss_reason = Some(loss.reason);
        self.turn(State::Lost);
    }

    fn turn(&mut self, state: State) {
        if state != self.state {
            log::debug!(target: "qkeepalive::verdict", "{:?} -> {state:?}", self.state);
            self.state = state;
        }
    }

    /// Says once for each connection that its path is too slow for what was asked.
    fn warn(&mut self, info: &Snapshot) {
        let Some(link) = &mut self.link else { return };
        let (Some(live), Some(round_trip)) = (&link.liveness, info.round_trip_time) else { return };
        let Terms { within, idle, .. } = *live.terms();
        let needed = idle + 2 * round_trip;
        if within > needed || link.warned {
            return;
        }
        link.warned = true;
        let words = format!(
            "a loss within {:.1} s cannot be told from this connection's round trip of {:.1} s: a \
             peer that lives may be taken for lost; more than {:.1} s is needed",
            within.as_secs_f64(),
            round_trip.as_secs_f64(),
            needed.as_secs_f64()
        );
        self.refusals.refuse(About::Promise, words);
    }
}

/// Whether one of the heart-beat's two times is changed by itself.
fn is_of_pair(about: About) -> bool {
    matches!(about, About::HeartbeatInterval | About::HeartbeatTimeout)
}

const NO_DESCRIPTOR: Error = Error::Untold {
    option: OptionName(c"socket"),
    why: "this connection has no descriptor of its own (it goes through a SOCKS proxy, or is not TCP); \
          keepalive, warnings and reasons need one, the heart-beat does not: set heartbeatInterval",
};

const MULTIPATH: Error = Error::Untold {
    option: OptionName(c"IPPROTO_MPTCP"),
    why: "the kernel tells of one path of this connection only; a loss is told when the kernel gives all of \
          them up, which can take minutes; the heart-beat works in time: set heartbeatInterval",
};

const TELLS_NOTHING: Error = Error::Untold {
    option: OptionName(c"TCP_INFO"),
    why: "the kernel, or a sandbox around this program, tells nothing of this connection; a loss is told \
          when the kernel finds it, without a warning, and late with data on its way; the heart-beat \
          works in time: set heartbeatInterval",
};

/// Whether the kernel tells of the connection what this system's kernel does.
fn tells(info: Option<&Snapshot>) -> bool {
    info.is_some_and(|info| !sys::diagnosis().silence || info.silence().is_some())
}

/// Why the kernel would give up before the time is over, if this system was told to be impatient.
/// As shipped it is not said: a time of more than a quarter of an hour is no promise of a deadline.
fn gives_up_early(terms: &Terms, retries: u32) -> Option<String> {
    let after = retransmission::system_gives_up_after(retries);
    (retries < retransmission::SHIPPED && after < terms.within).then(|| {
        format!(
            "net.ipv4.tcp_retries2 is {retries}: with data on its way this system gives a \
             connection up after about {:.0} s, before the {:.0} s that were asked for",
            after.as_secs_f64(),
            terms.within.as_secs_f64()
        )
    })
}

/// Whether the kernel holds the connection to be over, at least in the peer's direction.
fn has_ended(state: &ConnectionState) -> bool {
    use ConnectionState::{CloseWait, Closed, Closing, LastAck, TimeWait};
    matches!(state, Closed | CloseWait | Closing | LastAck | TimeWait)
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
