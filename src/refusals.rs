//! What was refused and is still wrong, by what it is about. A refusal stays until just that is well.

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

/// All that is wrong.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Vec<(About, String)>);

impl Refusals {
    /// It is refused, and this is why.
    pub(crate) fn refuse(&mut self, about: About, why: String) {
        log::warn!(target: "qkeepalive", "{why}");
        self.accept(about);
        self.0.push((about, why));
    }

    /// It is well.
    pub(crate) fn accept(&mut self, about: About) {
        self.0.retain(|(of, _)| *of != about);
        if self.0.is_empty() {
            self.0 = Vec::new(); // as thousands of them are
        }
    }

    /// Whether this is among them.
    pub(crate) fn has(&self, why: &str) -> bool {
        self.0.iter().any(|(_, words)| words == why)
    }

    /// The last of them; empty if all is well.
    pub(crate) fn last(&self) -> &str {
        self.0.last().map_or("", |(_, why)| why)
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
