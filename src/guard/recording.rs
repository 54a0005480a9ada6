//! What of a guard and its inputs goes into the [history](crate::history), and when.

use std::time::Instant;

use super::{Asked, Clock, Facts, Guard, Input, State};
use crate::config::{Config, LEAVE_ALONE};
use crate::error::{Error, OptionName};
use crate::found::Found;
use crate::history::History;
use crate::link::Link;
use crate::loss::{Evidence, ReportedError};
use crate::record::{Fields, field, optional, variants};
use crate::refusals::About;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

variants!(State: Self::Detached, Self::Waiting, Self::Healthy, Self::Suspect, Self::Lost);

impl Guard {
    /// What led to the loss, or to the doubts that there are now, as text: see
    /// [`history`](crate::history). While nothing speaks against the peer it is the state of the guard
    /// alone. Empty where there is no connection, and was none that was lost.
    pub fn history(&self) -> String {
        match self.rare.as_ref().and_then(|rare| rare.history.as_ref()) {
            Some(history) => history.text(),
            None if self.link.is_some() => self.begun(Clock::read().now).text(),
            None => String::new(),
        }
    }

    /// A history that begins now.
    fn begun(&self, now: Instant) -> History {
        let mut history = History::new(now);
        let mut state = self.recorded();
        history.begin(now, |to| state.fields(to));
        history
    }

    /// What of it is recorded.
    fn recorded(&self) -> Self {
        Self {
            settings: self.settings,
            state: self.state,
            link: self.link.clone(),
            ..Self::default()
        }
    }

    /// An input comes in.
    pub(super) fn record(&mut self, input: &mut Input, facts: &mut Facts, mut clock: Clock) {
        // After that it may be too late to begin.
        let ends = match input {
            Input::Reported { .. } => true,
            Input::Disconnected(_) => self.link.as_ref().is_some_and(|link| !link.is_closing()),
            _ => false,
        };
        let begins = ends && self.link.is_some();
        if begins && self.rare.as_ref().is_none_or(|rare| rare.history.is_none()) {
            let history = self.begun(clock.now);
            self.keep(|rare| rare.history = Some(history));
        }
        let history = self.rare.as_mut().and_then(|rare| rare.history.as_mut());
        let Some(history) = history else { return };
        let word = input.word();
        history.note(clock.now, word, |to| input.record(facts, &mut clock, to));
    }

    /// All is done that came of an input.
    pub(super) fn keep_history(&mut self, now: Instant) {
        if self.asked.is_some() {
            return; // an answer is still to come
        }
        let wanted = match &self.link {
            Some(link) => self.state == State::Suspect || link.doubts(),
            None => self.state == State::Lost,
        };
        let history = self.rare.as_ref().and_then(|rare| rare.history.as_ref());
        match history.map(History::is_full) {
            Some(_) if !wanted => self.keep(|rare| rare.history = None),
            Some(true) => {
                let mut state = self.recorded();
                self.keep(|rare| {
                    let history = rare.history.as_mut();
                    history.into_iter().for_each(|it| it.begin(now, |to| state.fields(to)));
                });
            }
            None if wanted && self.link.is_some() => {
                let history = self.begun(now);
                self.keep(|rare| rare.history = Some(history));
            }
            _ => {}
        }
    }

    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        self.settings.fields(to);
        field(to, "guard", &mut self.state);
        optional(to, "connected", &mut self.link, Link::blank, Link::fields);
    }

    /// Whether it can be in this state, after it was read.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.settings.check().map_err(|error| error.to_string())?;
        self.settings.check_pair().map_err(|error| error.to_string())?;
        self.link.as_ref().map_or(Ok(()), Link::check)
    }

    /// Whether this is no answer, or one to what was asked.
    pub(crate) fn takes(&self, input: &Input) -> bool {
        match (input, self.asked.as_deref()) {
            (Input::Applied { .. }, asked) => matches!(
                asked,
                Some(Asked::Changing(_) | Asked::Connecting(_) | Asked::Verifying(_))
            ),
            (Input::Error(_), asked) => {
                matches!(asked, Some(Asked::GivingUp(_) | Asked::Ended(_)))
            }
            _ => true,
        }
    }
}

impl Input {
    /// By which it stands in a history.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Input::Settings { .. } => "settings",
            Input::Attached => "attached",
            Input::Detached => "detached",
            Input::Renewed => "renewed",
            Input::LetGo => "let-go",
            Input::Connected { .. } => "connected",
            Input::Looked { .. } => "looked",
            Input::BeatWritten { .. } => "beat-written",
            Input::Received => "received",
            Input::Reported { .. } => "reported",
            Input::Closing { .. } => "closing",
            Input::Disconnected(_) => "disconnected",
            Input::Refused { .. } => "refused",
            Input::Accepted(_) => "accepted",
            Input::Applied { .. } => "applied",
            Input::Error(_) => "error",
        }
    }

    /// The one with that word, to read into.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let evidence = Evidence {
            reported: ReportedError::None,
            heard: false,
            error_pending: false,
            snapshot: None,
            config: None,
        };
        let all = [
            Input::Settings { about: About::Settings, wanted: Ok(Settings::default()) },
            Input::Attached,
            Input::Detached,
            Input::Renewed,
            Input::LetGo,
            Input::Connected { inherited: None },
            Input::Looked { queued: 0, asks: true },
            Input::BeatWritten { queued: 0 },
            Input::Received,
            Input::Reported { error: ReportedError::None, alive: false },
            Input::Closing { alive: false },
            Input::Disconnected(Box::new(evidence)),
            Input::Refused { about: About::Settings, why: "not in the history".to_owned() },
            Input::Accepted(About::Settings),
            Input::Applied { given: Ok(LEAVE_ALONE), read: None },
            Input::Error(ReportedError::None),
        ];
        all.into_iter().find(|input| input.word() == word)
    }

    /// Writes it, with all that belongs to it, or reads it.
    pub(crate) fn record(&mut self, facts: &mut Facts, clock: &mut Clock, to: &mut dyn Fields) {
        self.fields(to);
        // Nothing is asked of a kernel whose last word is there.
        if !matches!(self, Input::Disconnected(_)) {
            facts.fields(to);
        }
        field(to, "asleep", &mut clock.asleep);
    }

    fn fields(&mut self, to: &mut dyn Fields) {
        match self {
            Input::Settings { about, wanted } => {
                field(to, "about", about);
                outcome(to, wanted, Settings::fields);
            }
            Input::Connected { inherited } => {
                let blank = |_| Found::new(&LEAVE_ALONE);
                optional(to, "inherits", inherited, blank, |it, to| {
                    let names =
                        ["i_enabled", "i_idle", "i_interval", "i_count", "i_timeout", "i_limit"];
                    it.fields(names, to);
                });
            }
            Input::Looked { queued, asks } => {
                field(to, "queued", queued);
                field(to, "asks", asks);
            }
            Input::BeatWritten { queued } => field(to, "queued", queued),
            Input::Reported { error, alive } => {
                field(to, "class", error);
                field(to, "alive", alive);
            }
            Input::Closing { alive } => field(to, "alive", alive),
            Input::Disconnected(evidence) => {
                field(to, "class", &mut evidence.reported);
                field(to, "pending", &mut evidence.error_pending);
                snapshot(to, &mut evidence.snapshot);
            }
            Input::Refused { about, .. } | Input::Accepted(about) => field(to, "about", about),
            Input::Applied { given, read } => {
                outcome(to, given, Config::fields);
                let names =
                    ["r_enabled", "r_idle", "r_interval", "r_count", "r_timeout", "r_limit"];
                let mut small = read.as_ref().map(Found::new);
                let blank = |_| Found::new(&LEAVE_ALONE);
                optional(to, "read", &mut small, blank, |it, to| it.fields(names, to));
                if to.reads() {
                    *read = small.map(|small| small.values());
                }
            }
            Input::Error(error) => field(to, "class", error),
            Input::Attached | Input::Detached | Input::Renewed | Input::LetGo | Input::Received => {
            }
        }
    }
}

impl Facts {
    fn fields(&mut self, to: &mut dyn Fields) {
        snapshot(to, &mut self.info);
        let mut small = self.options.as_ref().map(|read| read.as_ref().ok().map(Found::new));
        optional(
            to,
            "options",
            &mut small,
            |_| None,
            |it, to| {
                let names =
                    ["o_enabled", "o_idle", "o_interval", "o_count", "o_timeout", "o_limit"];
                optional(
                    to,
                    "readable",
                    it,
                    |_| Found::new(&LEAVE_ALONE),
                    |it, to| it.fields(names, to),
                );
            },
        );
        if to.reads() {
            let read = |small: Option<Found>| small.map(|small| small.values()).ok_or(UNKNOWN);
            self.options = small.map(read);
        }
        field(to, "probing", &mut self.probing);
        field(to, "multipath", &mut self.multipath);
        field(to, "retries", &mut self.retries);
        let mut asked = self.retransmit_within.is_some();
        let mut limit = self.retransmit_within.flatten();
        field(to, "limits", &mut asked);
        field(to, "limit", &mut limit);
        if to.reads() {
            self.retransmit_within = asked.then_some(limit);
        }
    }
}

fn snapshot(to: &mut dyn Fields, info: &mut Option<Snapshot>) {
    optional(to, "info", info, |_| Snapshot::default(), Snapshot::fields);
}

/// Why something was refused is not written down.
fn outcome<T: Default>(
    to: &mut dyn Fields,
    it: &mut Result<T, Error>,
    each: impl FnOnce(&mut T, &mut dyn Fields),
) {
    let mut refused = it.is_err();
    field(to, "refused", &mut refused);
    if to.reads() {
        *it = if refused { Err(UNKNOWN) } else { Ok(T::default()) };
    }
    if let Ok(it) = it {
        each(it, to);
    }
}

const UNKNOWN: Error =
    Error::Untold { option: OptionName(c"history"), why: "the reason is not written down" };
