//! One connection's whole policy, without I/O: settings and evidence in, decisions out.
//!
//! The owner of a [`Guard`] tells it what happens to the socket, does what it asks for (the calls
//! that touch the kernel are passed in), and shows its [`View`] to the world.

use std::time::Duration;

use crate::config::Config;
use crate::error::Error;
use crate::loss::{self, Evidence, Loss, LossReason};
use crate::plan::Plan;
use crate::sys;

/// What the program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// The values one by one. While not [`enabled`](Config::enabled), keepalive is off on the
    /// socket, and the verdict with it.
    pub values: Config,
    /// One knob in place of idle, interval and count; see [`Config::detect_within`].
    pub detect_within: Option<Duration>,
}

impl Settings {
    /// What they ask of the kernel.
    fn config(&self) -> Result<Config, Error> {
        let Some(total) = self.detect_within else {
            return Ok(self.values);
        };
        let Config { enabled, user_timeout, .. } = self.values;
        Ok(Config { enabled, user_timeout, ..Config::detect_within(total)? })
    }

    /// Checks each value, also one that another takes the place of for the time being.
    fn check(&self) -> Result<(), Error> {
        Plan::new(&self.values, sys::limits()?)?;
        self.config().map(|_| ())
    }
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
    /// The last refusal, until the next success.
    pub error: String,
    /// The worst case from the last sign of life to the verdict on an idle connection, as really in
    /// force; `None` where nothing is.
    pub detection_time: Option<Duration>,
}

/// The calls that touch the kernel, on the connected socket.
pub trait Kernel {
    /// Applies the values and returns what is then in force.
    ///
    /// # Errors
    ///
    /// What the system refused; the socket is then as it was.
    fn apply(&mut self, config: &Config) -> Result<Config, Error>;
}

/// The policy of one guarded connection.
#[derive(Debug, Default)]
pub struct Guard {
    settings: Settings,
    state: State,
    connected: bool,
    closing: bool,
    reported: Option<loss::ReportedError>,
    in_force: Option<Config>,
    loss_reason: Option<LossReason>,
    error: String,
}

impl Guard {
    /// What the program asked for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the guard shows of itself now.
    pub fn view(&self) -> View {
        View {
            settings: self.settings,
            state: self.state,
            loss_reason: self.loss_reason,
            error: self.error.clone(),
            detection_time: self.in_force.and_then(|config| config.detection_time()),
        }
    }

    /// Takes new settings, and tells the kernel at once if the socket is connected. `wanted` is
    /// already a refusal where a value could not even be put into settings.
    ///
    /// # Errors
    ///
    /// A refusal, by the ranges or by the kernel; the old settings stay.
    pub fn change(
        &mut self,
        wanted: Result<Settings, Error>,
        kernel: &mut impl Kernel,
    ) -> Result<(), Error> {
        let outcome = wanted.and_then(|wanted| {
            if wanted != self.settings {
                wanted.check()?;
                if self.connected {
                    self.tell_change(&wanted, kernel)?;
                }
            }
            Ok(wanted)
        });
        self.note(&outcome);
        let wanted = outcome?;
        if wanted.values.enabled != self.settings.values.enabled {
            self.state = match (wanted.values.enabled, self.connected, self.state) {
                (true, true, _) => State::Healthy,
                (false, _, State::Healthy) => State::Waiting,
                (_, _, state) => state,
            };
        }
        self.settings = wanted;
        Ok(())
    }

    /// Writes what has become different. A return to "leave alone" writes nothing: the socket
    /// keeps what it has until the next connect.
    fn tell_change(&mut self, wanted: &Settings, kernel: &mut impl Kernel) -> Result<(), Error> {
        let new = wanted.config()?;
        if self.in_force.is_none() {
            // What was wanted at the connect was refused, all of it; here is the next try.
            self.in_force = Some(kernel.apply(&new)?);
            return Ok(());
        }
        let old = self.settings.config()?;
        let changed = Config {
            enabled: new.enabled,
            idle: new.idle.filter(|_| new.idle != old.idle),
            interval: new.interval.filter(|_| new.interval != old.interval),
            count: new.count.filter(|_| new.count != old.count),
            user_timeout: new.user_timeout.filter(|_| new.user_timeout != old.user_timeout),
        };
        if changed != (Config { enabled: old.enabled, ..LEAVE_ALONE }) {
            self.in_force = Some(kernel.apply(&changed)?);
        }
        Ok(())
    }

    /// A socket was set.
    pub fn attached(&mut self) {
        self.forget_connection();
        self.loss_reason = None;
        self.state = State::Waiting;
        self.error.clear();
    }

    /// The socket was taken away, or died.
    pub fn detached(&mut self) {
        self.forget_connection();
        self.loss_reason = None;
        self.state = State::Detached;
        self.error.clear();
    }

    /// The socket is connected: applies all values to it.
    ///
    /// # Errors
    ///
    /// What the kernel refused. The connection is watched all the same.
    pub fn connected(&mut self, kernel: &mut impl Kernel) -> Result<(), Error> {
        self.forget_connection();
        self.connected = true;
        self.loss_reason = None;
        self.state = if self.settings.values.enabled { State::Healthy } else { State::Waiting };
        let outcome = self.settings.config().and_then(|config| kernel.apply(&config));
        self.note(&outcome);
        self.in_force = Some(outcome?);
        Ok(())
    }

    /// The network library reported an error on the connection. `alive` is the kernel's view: while
    /// the connection is alive the report is no loss but an expired wait or a misuse, except that
    /// the peer can end a TLS session before the connection.
    pub fn reported(&mut self, error: loss::ReportedError, alive: bool) {
        if self.connected && (!alive || error == loss::ReportedError::ClosedByPeer) {
            self.reported = Some(error);
        }
    }

    /// The socket begins to close. `alive` is the kernel's view: a close of a connection that is
    /// alive, with no error reported, is the program's own.
    pub fn closing(&mut self, alive: bool) {
        self.closing = self.connected && alive && self.reported.is_none();
    }

    /// The socket is no longer connected. Returns the loss, or `None` if there is none to tell: the
    /// program closed the connection itself, none was made, or the guard is switched off.
    pub fn disconnected(&mut self, mut evidence: Evidence) -> Option<Loss> {
        if !self.connected {
            return None;
        }
        evidence.heard = self.reported.is_some();
        evidence.config = self.in_force;
        if let Some(reported) = self.reported {
            evidence.reported = reported;
        }
        let asked_for = self.closing || !self.settings.values.enabled;
        self.forget_connection();
        let loss = if asked_for { None } else { loss::classify(&evidence) };
        self.loss_reason = loss.map(|loss| loss.reason);
        self.state = if loss.is_some() { State::Lost } else { State::Waiting };
        loss
    }

    /// Something was refused outside of the guard, such as an object that is no socket.
    pub fn refused(&mut self, why: impl Into<String>) {
        self.error = why.into();
    }

    fn note<T>(&mut self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.error.clear(),
            Err(error) => self.error = error.to_string(),
        }
    }

    fn forget_connection(&mut self) {
        self.connected = false;
        self.closing = false;
        self.reported = None;
        self.in_force = None;
    }
}

const LEAVE_ALONE: Config =
    Config { enabled: true, idle: None, interval: None, count: None, user_timeout: None };
