//! OpenBSD: no value of its own for any socket, only SO_KEEPALIVE and the system-wide values. See
//! tcp(4), sysctl(2), and `sys/netinet/tcp_usrreq.c`, `tcp_timer.c` and `tcp_input.c` of its source.
//!
//! What TCP_INFO tells is worth the more: it includes the time since the peer was last heard. The
//! probes' timer counts from the last segment of any kind and goes on while data is unacknowledged.
//!
//! A program that has given up the right to call sysctl(2) by pledge(2) is killed when it does;
//! `query` and `system_defaults` do.

use std::ffi::c_int;
use std::time::Duration;

use super::bsd::{Defaults, Sysctl};
use super::bsd_info::{self, TcpInfo};
use super::change;
use super::posix::gone;
use super::unix::{ENABLED, Filled, check_tcp, clocks_apart, read_filled};
use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan, Range, Shipped, Together};
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

const INFO: OptionName = OptionName(c"TCP_INFO");
const USER_TIMEOUT: OptionName = OptionName(c"TCP_USER_TIMEOUT");

const WHY: &str = "OpenBSD has these values for the whole system only: set net.inet.tcp.keepidle and \
                   net.inet.tcp.keepintvl by sysctl(8); for one connection there is the heart-beat";

const fn missing(name: &'static std::ffi::CStr) -> Offer {
    Offer::Missing { option: OptionName(name), why: WHY }
}

static LIMITS: Limits = Limits {
    idle: missing(c"TCP_KEEPIDLE"),
    interval: missing(c"TCP_KEEPINTVL"),
    count: missing(c"TCP_KEEPCNT"),
    user_timeout: Offer::Missing {
        option: USER_TIMEOUT,
        why: "OpenBSD has none; its keepalive gives up in its time also while data is \
              unacknowledged",
    },
    user_timeout_replaces_count: false,
    together: Together::Never,
    shipped: Shipped {
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(75),
        count: COUNT,
    },
};

/// TCPTV_KEEPCNT in `netinet/tcp_timer.h`; nothing changes it.
const COUNT: u32 = 8;

// The numbers are TCPCTL_* of `netinet/tcp_var.h`, and the largest values are five and three times
// the shipped ones (`tcpctl_vars` in `tcp_usrreq.c`).
static SYSTEM_IDLE: Sysctl = seconds(OptionName(c"net.inet.tcp.keepidle"), 3, 5 * 7200);
static SYSTEM_INTERVAL: Sysctl = seconds(OptionName(c"net.inet.tcp.keepintvl"), 4, 3 * 75);
/// Ticks of the slow timer in a second (PR_SLOWHZ); gone since OpenBSD 7.3.
static SLOW_HZ: Sysctl = seconds(OptionName(c"net.inet.tcp.slowhz"), 5, 1000);

const fn seconds(option: OptionName, number: c_int, max: i64) -> Sysctl {
    Sysctl { range: Range { option, unit: Unit::Seconds, min: 1, max }, number }
}

/// The values are in ticks of the slow timer where there is one, and in seconds since it is gone.
fn defaults() -> Defaults {
    Defaults {
        idle: &SYSTEM_IDLE,
        interval: &SYSTEM_INTERVAL,
        count: Err(COUNT),
        factor: SLOW_HZ.read().unwrap_or(1).max(1),
    }
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        set_system_defaults: true,
        silence: true,
        unreachable_is_distinct: true,
        ..Diagnosis::default()
    }
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(&LIMITS)
}

/// There is nothing but the switch that a plan could hold.
pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    change::apply(socket, &[], plan.enabled)
}

/// The system-wide values are in force on every socket.
pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    check_tcp(socket)?;
    Ok(Config { enabled: ENABLED.read(socket)? != 0, ..system_defaults()? })
}

// SAFETY: every field is an integer, of which every pattern of bits is a value.
unsafe impl Filled for TcpInfo {}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    match read_filled::<TcpInfo>(socket, INFO, libc::TCP_INFO) {
        Ok((info, filled)) => Ok(bsd_info::openbsd(&info, filled)),
        Err(error) => gone(error),
    }
}

/// Never asked for: there is no limit to set that would depend on it.
pub(crate) fn retries() -> u32 {
    super::bsd::RETRIES
}

/// CLOCK_BOOTTIME counts the time asleep and CLOCK_UPTIME does not: clock_gettime(2).
pub(crate) fn asleep() -> Duration {
    clocks_apart(libc::CLOCK_BOOTTIME, libc::CLOCK_UPTIME)
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    defaults().read()
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    defaults().set(config, USER_TIMEOUT)
}
