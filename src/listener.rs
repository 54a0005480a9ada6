//! What a listening socket hands down to the connections that it accepts: it is given the values
//! once, and none of the connections costs a call.

use std::time::Duration;

use crate::config::Config;
use crate::error::Error;
use crate::plan::Offer;
use crate::retransmission;
use crate::socket::apply_to;
use crate::sys::{self, Borrowed};

/// What a connection has from the socket that accepted it, or such a socket has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inherited {
    pub(crate) values: Config,
    /// The longest time between two retransmissions; `None` where there is no such option.
    pub(crate) retransmit_within: Option<Duration>,
}

/// Whether what is put on this socket is found on its connections, and means there what it says.
///
/// Those of an MPTCP listener inherit, too. But each has to be asked whether it is MPTCP, because
/// the kernel's view of such a connection is one of its paths.
pub(crate) fn hands_down(listener: Borrowed<'_>) -> bool {
    sys::diagnosis().accepted_inherit && !sys::is_multipath(listener)
}

impl Inherited {
    pub(crate) fn of(socket: Borrowed<'_>) -> Result<Self, Error> {
        let values = sys::query(socket)?;
        Ok(Self { values, retransmit_within: sys::retransmission_limit(socket).ok() })
    }

    /// Gives the listener these values and what belongs to them, and returns what it has then.
    ///
    /// The values come last: a connection that is made in between and has them has the rest, too.
    pub(crate) fn give(listener: Borrowed<'_>, config: &Config) -> Result<Self, Error> {
        let found = sys::retransmission_limit(listener).ok();
        let within = config.detection_time();
        let limit = within.and_then(|time| retransmission::limit_at_accept(time, sys::retries()));
        if let Some(limit) = limit.filter(|_| found.is_some()) {
            sys::limit_retransmissions(listener, limit)?;
        }
        match apply_to(listener, config) {
            Ok(_) => Self::of(listener),
            Err(error) => {
                if let Some(found) = found {
                    sys::limit_retransmissions(listener, found)?;
                }
                Err(error)
            }
        }
    }

    /// Whether a connection that has this has what `config` asks for, and nothing that changes its
    /// meaning: a user timeout of the program's own would take the place of the count.
    pub(crate) fn suits(&self, config: &Config) -> bool {
        let has = &self.values;
        has.enabled == config.enabled
            && (has.idle, has.interval, has.count) == (config.idle, config.interval, config.count)
            && has.user_timeout.is_none_or(|timeout| timeout.is_zero())
    }

    /// What is to be put back in the end, if a listener that was given `put` is found with `now`:
    /// what the program has changed itself since, and the rest as it was found at first.
    pub(crate) fn found_anew(&self, put: &Self, now: &Self) -> Self {
        let (first, was, is) = (&self.values, &put.values, &now.values);
        Self {
            values: Config {
                enabled: unless_changed(was.enabled, is.enabled, first.enabled),
                idle: unless_changed(was.idle, is.idle, first.idle),
                interval: unless_changed(was.interval, is.interval, first.interval),
                count: unless_changed(was.count, is.count, first.count),
                user_timeout: None, // never given
            },
            retransmit_within: unless_changed(
                put.retransmit_within,
                now.retransmit_within,
                self.retransmit_within,
            ),
        }
    }

    /// Gives the listener back what it had.
    pub(crate) fn put_back(&self, listener: Borrowed<'_>) -> Result<(), Error> {
        let limits = sys::limits()?;
        // The system-wide values, which a socket has from the start, may be longer than what can be
        // written on it.
        let nearest = |time: Option<Duration>, offer: &Offer| {
            let most = u32::try_from(offer.range().ok()?.max).unwrap_or(u32::MAX);
            Some(time?.min(offer.range().ok()?.duration(most)))
        };
        if let Some(limit) = self.retransmit_within {
            sys::limit_retransmissions(listener, limit)?;
        }
        apply_to(
            listener,
            &Config {
                idle: nearest(self.values.idle, &limits.idle),
                interval: nearest(self.values.interval, &limits.interval),
                user_timeout: None,
                ..self.values
            },
        )?;
        Ok(())
    }
}

/// The first value, unless somebody has changed what was put in its place.
fn unless_changed<T: PartialEq>(put: T, now: T, first: T) -> T {
    if now == put { first } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(idle: u64, count: u32, limit: Option<u64>) -> Inherited {
        let seconds = Duration::from_secs;
        Inherited {
            values: Config {
                enabled: count != 9,
                idle: Some(seconds(idle)),
                interval: Some(seconds(1)),
                count: Some(count),
                user_timeout: Some(Duration::ZERO),
            },
            retransmit_within: limit.map(seconds),
        }
    }

    #[test]
    fn what_somebody_has_changed_since_is_kept_and_the_rest_is_as_it_was_found() {
        let (first, put) = (has(7200, 9, Some(120)), has(3, 3, Some(1)));
        let anew = first.found_anew(&put, &put);
        assert_eq!(anew.values.idle, first.values.idle);
        assert_eq!((anew.values.count, anew.values.enabled), (Some(9), false));
        assert_eq!(anew.retransmit_within, first.retransmit_within);
        assert_eq!(anew.values.user_timeout, None, "it was not given");
        let changed = first.found_anew(&put, &has(100, 3, Some(7)));
        assert_eq!(changed.values.idle, Some(Duration::from_secs(100)));
        assert_eq!(changed.values.count, Some(9));
        assert_eq!(changed.retransmit_within, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_user_timeout_of_the_programs_does_not_suit() {
        let mut has = has(3, 3, None);
        let wanted = Config { user_timeout: None, ..has.values };
        assert!(has.suits(&wanted));
        has.values.user_timeout = Some(Duration::from_secs(20));
        assert!(!has.suits(&wanted));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_listener_gets_back_what_it_had_even_what_cannot_be_written() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = sys::lend(&listener);
        let found = Inherited::of(socket).unwrap();
        let config = Config::detect_within(Duration::from_secs(6)).unwrap();
        let put = Inherited::give(socket, &config).unwrap();
        assert!(put.suits(&config));
        assert_eq!(Inherited::of(socket).unwrap(), put);
        found.put_back(socket).unwrap();
        assert_eq!(Inherited::of(socket).unwrap(), found);
        // As where net.ipv4.tcp_keepalive_time is half a day.
        let mut longer = found;
        longer.values.idle = Some(Duration::from_secs(43200));
        longer.put_back(socket).unwrap();
        assert_eq!(Inherited::of(socket).unwrap().values.idle, Some(Duration::from_secs(32767)));
    }
}
