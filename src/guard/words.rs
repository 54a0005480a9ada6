//! What is said of a promise that cannot be kept.

use std::time::Duration;

use crate::error::{Error, OptionName};
use crate::liveness::Terms;
use crate::retransmission;

/// A connection without a descriptor of its own.
pub(super) const NO_DESCRIPTOR: Error = Error::Untold {
    option: OptionName(c"socket"),
    why: "this connection has no descriptor of its own (it goes through a SOCKS proxy, or is not TCP); \
          keepalive, warnings and reasons need one, the heart-beat does not: set heartbeatInterval",
};

/// A connection of several paths.
pub(super) const MULTIPATH: Error = Error::Untold {
    option: OptionName(c"IPPROTO_MPTCP"),
    why: "the kernel tells of one path of this connection only; a loss is told when the kernel gives all of \
          them up, which can take minutes; the heart-beat works in time: set heartbeatInterval",
};

/// A kernel that tells nothing.
pub(super) const TELLS_NOTHING: Error = Error::Untold {
    option: OptionName(c"TCP_INFO"),
    why: "the kernel, or a sandbox around this program, tells nothing of this connection; a loss is told \
          when the kernel finds it, without a warning, and late with data on its way; the heart-beat \
          works in time: set heartbeatInterval",
};

/// Why the kernel would give up before the time is over, if this system was told to be impatient.
/// As shipped it is not said: a time of more than a quarter of an hour is no promise of a deadline.
pub(super) fn gives_up_early(terms: &Terms, retries: u32) -> Option<String> {
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

/// Why a path is too slow for what was asked, if it is.
pub(super) fn too_slow(terms: &Terms, round_trip: Duration) -> Option<String> {
    let needed = terms.idle + 2 * round_trip;
    (terms.within <= needed).then(|| {
        format!(
            "a loss within {:.1} s cannot be told from this connection's round trip of {:.1} s: a \
             peer that lives may be taken for lost; more than {:.1} s is needed",
            terms.within.as_secs_f64(),
            round_trip.as_secs_f64(),
            needed.as_secs_f64()
        )
    })
}
