//! A connection that is taken under guard, and what watches it from then on.

use super::words::{MULTIPATH, NO_DESCRIPTOR, TELLS_NOTHING, gives_up_early};
use super::{About, Asked, Clock, Facts, Guard, Output, State};
use crate::config::Config;
use crate::error::Error;
use crate::found::Found;
use crate::link::{Link, Sight, Taking};
use crate::liveness::{Liveness, Terms};
use crate::snapshot::Snapshot;
use crate::sys;

/// A connection whose kernel is told what is wanted of it.
#[derive(Debug)]
pub(super) struct Connecting {
    taking: Taking,
    facts: Facts,
}

impl Guard {
    /// The socket is connected: has all values told to the kernel, unless it has them already.
    pub(super) fn connect(
        &mut self,
        inherited: Option<Found>,
        facts: &mut Facts,
        clock: Clock,
    ) -> Result<(), Error> {
        self.loss_reason = None;
        self.refusals.accept(About::Connection);
        self.refusals.accept(About::Promise);
        let enabled = self.settings.values.enabled;
        self.turn(if enabled { State::Healthy } else { State::Waiting });
        self.keep(|rare| rare.left = None);
        let link = self.link.insert(Link::new(clock));
        let options = facts.options.take();
        match (self.settings.config(), inherited, options) {
            (Err(error), _, _) => self.take_under_guard(Err(error), facts, clock),
            (Ok(config), Some(found), _) => {
                link.inherit(&config, found);
                self.take_under_guard(Ok(()), facts, clock)
            }
            (Ok(config), None, options) => {
                let options = options.unwrap_or(Err(TELLS_NOTHING));
                let (config, taking) = link.take(&config, options, facts.info.as_ref());
                let connecting = Connecting { taking, facts: std::mem::take(facts) };
                self.asked = Some(Box::new(Asked::Connecting(connecting)));
                self.outputs.push(Output::Apply(config));
                Ok(())
            }
        }
    }

    /// The kernel has taken the values, or refused them.
    pub(super) fn connected(
        &mut self,
        connecting: Connecting,
        given: Result<Config, Error>,
        read: Option<Config>,
        clock: Clock,
    ) -> Result<(), Error> {
        let Connecting { taking, facts } = connecting;
        let Some(link) = &mut self.link else { return Ok(()) };
        let outcome = link.taken(taking, given, read).map_err(|(error, put_back)| {
            put_back.into_iter().for_each(|it| self.outputs.push(Output::PutBack(it)));
            error
        });
        self.take_under_guard(outcome, &facts, clock)
    }

    /// `outcome` is what has come of the values.
    fn take_under_guard(
        &mut self,
        mut outcome: Result<(), Error>,
        facts: &Facts,
        clock: Clock,
    ) -> Result<(), Error> {
        let Some(link) = &mut self.link else { return Ok(()) };
        let several = facts.multipath == Some(true);
        let no_descriptor = matches!(outcome, Err(Error::NoDescriptor { .. }));
        if no_descriptor || !tells(facts.info.as_ref()) {
            link.sight = Sight::Nothing { several };
            outcome = outcome.and(Err(TELLS_NOTHING));
        } else if several {
            link.sight = Sight::OnePath;
        }
        if no_descriptor {
            outcome = Err(NO_DESCRIPTOR);
        }
        self.follow_settings(clock, facts);
        self.refuse_multipath();
        match outcome {
            Ok(()) => Ok(()),
            // A heart-beat alone takes nothing that is missing here.
            Err(error) if self.is_blind() && !self.settings.asks_of_kernel() => {
                self.refusals.note(About::Connection, error.to_string());
                Ok(())
            }
            Err(error) => {
                self.refusals.refuse(About::Connection, error.to_string());
                Err(error)
            }
        }
    }

    /// A deadline that nobody can keep is not promised in silence.
    pub(super) fn refuse_multipath(&mut self) {
        let several = self.link.as_ref().is_some_and(Link::has_several_paths);
        if several && self.settings.asks_of_kernel() {
            self.refusals.refuse(About::Connection, MULTIPATH.to_string());
        }
    }

    /// Brings what watches the connection in line with the settings. `facts` are of before the kernel
    /// was told.
    pub(super) fn follow_settings(&mut self, clock: Clock, facts: &Facts) {
        let enabled = self.settings.values.enabled;
        let rhythm = self.settings.rhythm().filter(|_| enabled);
        let Some(link) = &mut self.link else {
            return;
        };
        let info = facts.info.unwrap_or_default();
        let sees = enabled && link.sight == Sight::All;
        let terms = link.in_force().filter(|_| sees).and_then(|config| Terms::new(&config));
        if link.liveness.as_ref().map(Liveness::terms) != terms.as_ref() {
            match (&mut link.liveness, terms) {
                (Some(live), Some(terms)) => live.change(terms, clock.now, &info),
                (live, terms) => {
                    *live = terms.map(|terms| Liveness::begin(terms, clock.now, &info));
                }
            }
            link.retries = terms.map_or(0, |_| facts.retries.unwrap_or(link.retries));
            link.warned = false;
            let early = terms.and_then(|terms| gives_up_early(&terms, link.retries));
            match early {
                Some(words) if self.settings.asks_of_kernel() => {
                    self.refusals.refuse(About::Promise, words);
                }
                _ => self.refusals.accept(About::Promise),
            }
        }
        link.beat(rhythm, clock.now, &info);
        if !link.is_blind() {
            if !enabled {
                link.lower_count(&mut self.outputs); // nothing is probed
            }
            link.limit_retransmissions(&info, facts.retransmit_within, &mut self.outputs);
        }
    }
}

/// Whether the kernel tells of the connection what this system's kernel does.
fn tells(info: Option<&Snapshot>) -> bool {
    info.is_some_and(|info| !sys::diagnosis().silence || info.silence().is_some())
}
