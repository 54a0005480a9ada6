//! macOS, iOS and Apple's other systems. See tcp(4) and `bsd/netinet/tcp_usrreq.c`, `tcp_timer.c`
//! and `tcp_input.c` of xnu.
//!
//! The kernel's own keepalive is better here than on Linux in one way: its timer counts from the last
//! segment of any kind and goes on while data is unacknowledged, so the time that a plan gives holds
//! in both cases (to half a second, the grain of that timer). In another way it is worse: it tells
//! neither of its probes nor of their answers.

use std::time::Duration;

use super::apple_info::{self, ConnectionInfo};
use super::bsd::Options;
use super::bsd::by_name::IN_MILLISECONDS;
use super::total::{self, seconds_of};
use super::unix::{ENABLED, Filled, SocketOption, clocks_apart, read_filled, tcp};
use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan};
use crate::snapshot::Snapshot;

pub(crate) use super::bsd::error_pending;
pub(crate) use super::posix::{
    identity, is_multipath, limit_retransmissions, probe_now, retransmission_limit, set_count,
    unacknowledged,
};
pub use super::unix::AsDescriptor;
#[cfg(feature = "bridge")]
pub(crate) use super::unix::borrow;
pub(crate) use super::unix::{
    Borrowed, Owned, discard_unsent, duplicate, error_name, lend, take_error,
};

static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPALIVE"), libc::TCP_KEEPALIVE, Unit::Seconds);
static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);

/// How long the retransmissions of one segment may go on (`bsd/netinet/tcp.h`; not in libc). It is
/// looked at whenever one is due. A closed window has a limit of its own (PERSIST_TIMEOUT), so a
/// living peer that merely does not read is not killed by this one.
static USER_TIMEOUT: SocketOption = tcp(OptionName(c"TCP_RXT_CONNDROPTIME"), 0x80, Unit::Seconds);

const INFO: OptionName = OptionName(c"TCP_CONNECTION_INFO");

const OPTIONS: Options = Options {
    idle: &IDLE,
    interval: &INTERVAL,
    count: &COUNT,
    user_timeout: Some(&USER_TIMEOUT),
    per_second: 1,
};

/// The kernel itself accepts twice as many seconds, and zero for the system-wide value; but its
/// milliseconds run over.
static LIMITS: Limits = total::limits(
    IDLE.name,
    INTERVAL.name,
    COUNT.name,
    Offer::Within(seconds_of(USER_TIMEOUT.name, 0)),
);

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        set_system_defaults: true,
        data_received: true,
        unreachable_is_distinct: true,
        ..Diagnosis::default()
    }
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(&LIMITS)
}

pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    total::check(plan, &LIMITS)?;
    let enabled = ENABLED.read(socket)? != 0;
    OPTIONS.apply(socket, plan)?;
    if plan.enabled && !enabled {
        // SO_KEEPALIVE does not touch the timer, and TCP_KEEPALIVE, written while it was still off,
        // has set the timer by the system-wide value: the first probe would come after two hours.
        // Written again it takes the socket's own. It was accepted a moment ago.
        let idle = u32::try_from(IDLE.read(socket)?).unwrap_or_default();
        IDLE.write(socket, idle)?;
    }
    Ok(())
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    OPTIONS.query(socket)
}

// SAFETY: every field is an integer, of which every pattern of bits is a value.
unsafe impl Filled for ConnectionInfo {}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    match read_filled::<ConnectionInfo>(socket, INFO, libc::TCP_CONNECTION_INFO) {
        Ok((info, filled)) => Ok(apple_info::snapshot(&info, filled)),
        Err(error) => super::posix::gone(error),
    }
}

/// Never asked for: there is no limit to set that would depend on it.
pub(crate) fn retries() -> u32 {
    super::bsd::RETRIES
}

/// CLOCK_MONOTONIC_RAW is `mach_continuous_time`, which counts the time asleep, and CLOCK_UPTIME_RAW
/// is `mach_absolute_time`, which does not: clock_gettime(3).
pub(crate) fn asleep() -> Duration {
    clocks_apart(libc::CLOCK_MONOTONIC_RAW, libc::CLOCK_UPTIME_RAW)
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    IN_MILLISECONDS.read()
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    IN_MILLISECONDS.set(config, USER_TIMEOUT.name)
}
