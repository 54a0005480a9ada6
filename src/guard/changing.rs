//! Other settings: judged, told to the kernel where the socket is connected, and kept only if both
//! took them.

use super::{About, Asked, Clock, Facts, Guard, Output, Settings, State};
use crate::config::{Config, LEAVE_ALONE};
use crate::error::Error;
use crate::link::{Applying, Taking, completed, different};
use crate::sys;

/// A change of which the kernel is told.
#[derive(Debug)]
pub(super) struct Changing {
    about: About,
    wanted: Settings,
    facts: Facts,
    part: Part,
}

/// What of the settings goes to the kernel.
#[derive(Debug)]
enum Part {
    /// What became different.
    Difference(Applying),
    /// All of it: what was wanted at the connect was refused.
    All(Taking),
}

impl Guard {
    /// Takes new settings, and tells the kernel at once if the socket is connected.
    pub(super) fn change(
        &mut self,
        about: About,
        wanted: Result<Settings, Error>,
        facts: &mut Facts,
        clock: Clock,
    ) -> Result<(), Error> {
        // What the peer owes is dated by what was known before the kernel is told.
        if let (Some(link), Some(info)) = (&mut self.link, &facts.info) {
            link.notice_sleep(clock, info);
        }
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(error) => return self.refuse_change(about, about, error),
        };
        let told = if wanted == self.settings {
            None
        } else {
            if let Err((refused, error)) = self.judge_wish(about, &wanted) {
                return self.refuse_change(about, refused, error);
            }
            match self.difference(&wanted, facts) {
                Ok(told) => told,
                Err(error) => return self.refuse_change(about, about, error),
            }
        };
        match told {
            None => self.accept_change(about, wanted, facts, clock),
            Some((config, part)) => {
                let facts = std::mem::take(facts);
                let changing = Changing { about, wanted, facts, part };
                self.asked = Some(Box::new(Asked::Changing(changing)));
                self.outputs.push(Output::Apply(config));
            }
        }
        Ok(())
    }

    /// The kernel has taken the change, or refused it.
    pub(super) fn changed(
        &mut self,
        changing: Changing,
        given: Result<Config, Error>,
        read: Option<Config>,
        clock: Clock,
    ) -> Result<(), Error> {
        let Changing { about, wanted, facts, part } = changing;
        let Some(link) = &mut self.link else { return Ok(()) };
        let outcome = match part {
            Part::Difference(applying) => given.map(|given| link.applied(&applying, given, read)),
            Part::All(taking) => match link.taken(taking, given, read) {
                Ok(()) => {
                    self.refusals.accept(About::Connection);
                    Ok(())
                }
                Err((error, put_back)) => {
                    put_back.into_iter().for_each(|it| self.outputs.push(Output::PutBack(it)));
                    Err(error)
                }
            },
        };
        match outcome {
            Ok(()) => {
                self.accept_change(about, wanted, &facts, clock);
                Ok(())
            }
            Err(error) => self.refuse_change(about, about, error),
        }
    }

    fn accept_change(&mut self, about: About, wanted: Settings, facts: &Facts, clock: Clock) {
        self.refusals.accept(about);
        let old = std::mem::replace(&mut self.settings, wanted);
        if is_of_pair(about) || about == About::Settings {
            self.keep(|rare| rare.pair = None);
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
        self.follow_settings(clock, facts);
        self.calm();
    }

    fn refuse_change(&mut self, about: About, refused: About, error: Error) -> Result<(), Error> {
        // Of the pair each is well for itself.
        if refused != about {
            self.refusals.accept(about);
        }
        self.refusals.refuse(refused, error.to_string());
        Err(error)
    }

    /// Whether these settings can be had. If not, also what of them is wrong.
    fn judge_wish(&mut self, about: About, wanted: &Settings) -> Result<(), (About, Error)> {
        wanted.check().map_err(|error| (about, error))?;
        wanted.check_pair().map_err(|error| {
            if is_of_pair(about) {
                let pair = (wanted.heartbeat_interval, wanted.heartbeat_timeout);
                self.keep(|rare| rare.pair = Some(pair));
            }
            (About::Heartbeat, error)
        })
    }

    /// What the kernel is to be told, because it has become different. A return to "leave alone" tells
    /// nothing: the socket keeps what it has until the next connect. Only what stood in the place of
    /// the values goes with `detect_within`.
    fn difference(
        &mut self,
        wanted: &Settings,
        facts: &mut Facts,
    ) -> Result<Option<(Config, Part)>, Error> {
        let new = wanted.config()?;
        let old = self.settings.config()?;
        let Some(link) = &mut self.link else {
            return Ok(None);
        };
        let Some(before) = link.in_force() else {
            // What was wanted at the connect was refused, all of it; here is the next try.
            let options = facts.options.take().filter(|_| !link.is_blind());
            return Ok(options.map(|options| {
                let (config, taking) = link.take(&new, options, facts.info.as_ref());
                (config, Part::All(taking))
            }));
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
        if changed == (Config { enabled: old.enabled, ..LEAVE_ALONE }) {
            return Ok(None);
        }
        let changed = completed(changed, &before, sys::limits()?.together);
        let (config, applying) = link.apply(&changed, before, facts.info.as_ref());
        Ok(Some((config, Part::Difference(applying))))
    }
}

/// Whether one of the heart-beat's two times is changed by itself.
fn is_of_pair(about: About) -> bool {
    matches!(about, About::HeartbeatInterval | About::HeartbeatTimeout)
}
