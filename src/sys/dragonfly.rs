//! DragonFly BSD. See tcp(4), and `sys/netinet/tcp_usrreq.c` and `tcp_timer.c` of its source.
//!
//! The options count milliseconds before version 5.8 and seconds since; the system itself is asked.
//! It tells nothing of a connection. The probes' timer counts from the last segment of any kind and
//! goes on while data is unacknowledged.

use std::sync::OnceLock;
use std::time::Duration;

use super::bsd::Options;
use super::bsd::by_name::IN_MILLISECONDS;
use super::posix::scratch;
use super::total;
use super::unix::{SocketOption, tcp};
use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan};

pub(crate) use super::bsd::error_pending;
pub(crate) use super::posix::{
    identity, is_multipath, limit_retransmissions, probe_now, retransmission_limit, set_count,
    state_by_addresses as snapshot, unacknowledged,
};
pub use super::unix::AsDescriptor;
#[cfg(feature = "bridge")]
pub(crate) use super::unix::borrow;
pub(crate) use super::unix::{
    Borrowed, Owned, discard_unsent, duplicate, error_name, lend, take_error,
};

// Their unit is asked for, so none is named.
static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Count);
static INTERVAL: SocketOption = tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Count);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);

const USER_TIMEOUT: OptionName = OptionName(c"TCP_USER_TIMEOUT");

/// The kernel refuses zero and what its ticks, at most a thousand in a second, cannot hold.
static LIMITS: Limits = total::limits(
    IDLE.name,
    INTERVAL.name,
    COUNT.name,
    Offer::Missing {
        option: USER_TIMEOUT,
        why: "DragonFly has none; its keepalive gives up in its time also while data is \
              unacknowledged",
    },
);

/// Units of idle and interval in a second. Two thousand million is 23 days in milliseconds, which the
/// kernel keeps, and 63 years in seconds, which no kernel's ticks hold: it is refused, or comes back
/// as something else. Without a socket to ask on it is seconds for now, as in every version since
/// 2020, and the question stays open.
fn per_second() -> u32 {
    static ASKED: OnceLock<u32> = OnceLock::new();
    const MANY: u32 = 2_000_000_000;
    ASKED.get().copied().unwrap_or_else(|| {
        let Ok(socket) = scratch() else { return 1 };
        *ASKED.get_or_init(|| {
            let kept = IDLE.write(lend(&socket), MANY).and_then(|()| IDLE.read(lend(&socket)));
            let kept = kept.ok().and_then(|value| u32::try_from(value).ok());
            // A tick is ten milliseconds at the longest.
            if kept.is_some_and(|value| value.abs_diff(MANY) <= 10) { 1000 } else { 1 }
        })
    })
}

fn options() -> Options {
    Options {
        idle: &IDLE,
        interval: &INTERVAL,
        count: &COUNT,
        user_timeout: None,
        per_second: per_second(),
    }
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        set_system_defaults: true,
        unreachable_is_distinct: true,
        ..Diagnosis::default()
    }
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(&LIMITS)
}

pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    total::check(plan, &LIMITS)?;
    options().apply(socket, plan)
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    options().query(socket)
}

/// Never asked for: there is no limit to set that would depend on it.
pub(crate) fn retries() -> u32 {
    super::bsd::RETRIES
}

/// None of its clocks counts the time asleep.
pub(crate) fn asleep() -> Duration {
    Duration::ZERO
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    IN_MILLISECONDS.read()
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    IN_MILLISECONDS.set(config, USER_TIMEOUT)
}
