//! What was refused and is still wrong, by what it is about. A refusal stays until just that is well.

use crate::record::variants;

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// All settings, given at once.
    Settings,
    /// Whether keepalive is on.
    Enabled,
    /// Idle.
    Idle,
    /// The interval between two probes.
    Interval,
    /// The number of probes.
    Count,
    /// The user timeout.
    UserTimeout,
    /// The time within which a loss is to be known.
    DetectWithin,
    /// The heart-beat's interval.
    HeartbeatInterval,
    /// The heart-beat's timeout.
    HeartbeatTimeout,
    /// The two together: they have to fit each other.
    Heartbeat,
    /// What is written at each beat.
    Payload,
    /// Whether a lost connection is aborted.
    AbortOnLoss,
    /// The socket.
    Socket,
    /// The connection: what the kernel refused, or cannot tell of it.
    Connection,
    /// The way to the peer, or this system's own values, which do not allow for the promise.
    Promise,
}

variants!(About: Self::Settings, Self::Enabled, Self::Idle, Self::Interval, Self::Count,
    Self::UserTimeout, Self::DetectWithin, Self::HeartbeatInterval, Self::HeartbeatTimeout,
    Self::Heartbeat, Self::Payload, Self::AbortOnLoss, Self::Socket, Self::Connection,
    Self::Promise);

/// All that is wrong.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    #[allow(clippy::box_collection)] // there is one for each of thousands of guards
    wrong: Option<Box<Vec<(About, String)>>>,
    /// How many were to be told so far.
    told: u32,
}

impl Refusals {
    /// It is refused, and this is why.
    pub(crate) fn refuse(&mut self, about: About, why: String) {
        log::warn!(target: "qkeepalive", "{why}");
        self.told = self.told.wrapping_add(1);
        self.note(about, why);
    }

    /// It is wrong, and nobody asked for it: it is not told, only there to be read.
    pub(crate) fn note(&mut self, about: About, why: String) {
        self.accept(about);
        self.wrong.get_or_insert_default().push((about, why));
    }

    /// How many were to be told so far: tells whether there is another one.
    pub(crate) fn told(&self) -> u32 {
        self.told
    }

    /// It is well.
    pub(crate) fn accept(&mut self, about: About) {
        let Some(wrong) = &mut self.wrong else { return };
        wrong.retain(|(of, _)| *of != about);
        if wrong.is_empty() {
            self.wrong = None;
        }
    }

    /// Whether this is among them.
    pub(crate) fn has(&self, why: &str) -> bool {
        self.wrong.iter().flat_map(|wrong| wrong.iter()).any(|(_, words)| words == why)
    }

    /// The last of them; empty if all is well.
    pub(crate) fn last(&self) -> &str {
        self.wrong.as_ref().and_then(|wrong| wrong.last()).map_or("", |(_, why)| why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stays_until_just_that_is_well() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.last(), "");
        refusals.refuse(About::Idle, "idle".to_owned());
        refusals.refuse(About::Count, "count".to_owned());
        assert_eq!(refusals.last(), "count");
        assert!(refusals.has("idle") && !refusals.has("other"));
        refusals.accept(About::Interval);
        assert_eq!(refusals.last(), "count");
        refusals.accept(About::Count);
        assert_eq!(refusals.last(), "idle");
        refusals.refuse(About::Idle, "idle again".to_owned());
        assert_eq!(refusals.last(), "idle again");
        refusals.accept(About::Idle);
        assert_eq!(refusals.last(), "");
    }
}
