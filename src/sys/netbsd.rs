//! NetBSD. See tcp(4), and `sys/netinet/tcp_usrreq.c`, `tcp_timer.c` and `tcp_timer.h` of its source.
//!
//! The manual says seconds, and the kernel takes ticks of its slow timer, of which there are two in a
//! second: what is written goes into the timer as it is. Nor could the options be read in all of its
//! versions. Both is asked of the system itself.
//!
//! The probes' timer counts from the last segment of any kind and goes on while data is
//! unacknowledged.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::time::Duration;

use super::bsd::by_name::counted;
use super::bsd::{Defaults, Options, Sysctl, queued};
use super::bsd_info::{self, TcpInfo};
use super::posix::{gone, scratch};
use super::total::{self, seconds_of};
use super::unix::{ENABLED, Filled, SocketOption, check_tcp, read_filled, tcp};
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

// Their unit is asked for, so none is named.
static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Count);
static INTERVAL: SocketOption = tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Count);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);

const INFO: OptionName = OptionName(c"TCP_INFO");
const USER_TIMEOUT: OptionName = OptionName(c"TCP_USER_TIMEOUT");

/// The kernel itself refuses zero, and in newer versions what its timer cannot hold, which is more.
static LIMITS: Limits = total::limits(
    IDLE.name,
    INTERVAL.name,
    COUNT.name,
    Offer::Missing {
        option: USER_TIMEOUT,
        why: "NetBSD has none; its keepalive gives up in its time also while data is unacknowledged",
    },
);

static SYSTEM_IDLE: Sysctl = Sysctl { range: seconds_of(OptionName(c"net.inet.tcp.keepidle"), 1) };
static SYSTEM_INTERVAL: Sysctl =
    Sysctl { range: seconds_of(OptionName(c"net.inet.tcp.keepintvl"), 1) };
static SYSTEM_COUNT: Sysctl = counted(OptionName(c"net.inet.tcp.keepcnt"));
/// Ticks of the slow timer in a second (PR_SLOWHZ); read-only.
static SLOW_HZ: Sysctl = counted(OptionName(c"net.inet.tcp.slowhz"));

/// Ticks in a second of the system-wide values.
fn ticks() -> u32 {
    SLOW_HZ.read().unwrap_or(2).max(1)
}

/// What this system makes of the options.
#[derive(Clone, Copy)]
struct Custom {
    /// They can be read, not only written.
    readable: bool,
    per_second: u32,
}

/// As the system says itself: a new socket has the system-wide value, which is in ticks, so reading
/// it on one shows the option's unit.
fn custom() -> Custom {
    static ASKED: OnceLock<Custom> = OnceLock::new();
    let unknown = Custom { readable: false, per_second: ticks() };
    ASKED.get().copied().unwrap_or_else(|| match scratch() {
        Ok(socket) => *ASKED.get_or_init(|| match IDLE.read(lend(&socket)) {
            Ok(idle) => Custom { readable: true, per_second: unit(idle) },
            Err(_) => unknown,
        }),
        Err(_) => unknown,
    })
}

/// The option counts in seconds where it shows the system-wide value divided, and in ticks otherwise.
fn unit(idle: c_int) -> u32 {
    let ticks = ticks();
    let system_wide = SYSTEM_IDLE.read().ok();
    let in_ticks = u32::try_from(idle).ok().and_then(|idle| idle.checked_mul(ticks));
    if system_wide.is_some() && system_wide == in_ticks { 1 } else { ticks }
}

fn options(per_second: u32) -> Options {
    Options { idle: &IDLE, interval: &INTERVAL, count: &COUNT, user_timeout: None, per_second }
}

fn defaults() -> Defaults {
    Defaults {
        idle: &SYSTEM_IDLE,
        interval: &SYSTEM_INTERVAL,
        count: Ok(&SYSTEM_COUNT),
        factor: ticks(),
    }
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: custom().readable,
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
    let Custom { readable, per_second } = custom();
    let options = options(per_second);
    if readable {
        return options.apply(socket, plan);
    }
    // What cannot be read cannot be put back, and need not be: within their ranges this kernel
    // refuses none of the values.
    check_tcp(socket)?;
    for (option, value) in options.values(plan) {
        if let Some(value) = value {
            option.write(socket, value)?;
        }
    }
    // Last: each of the others, written while it is on, would set off a probe after one interval.
    if (ENABLED.read(socket)? != 0) != plan.enabled {
        ENABLED.write(socket, u32::from(plan.enabled))?;
    }
    Ok(())
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    let Custom { readable, per_second } = custom();
    if readable {
        return options(per_second).query(socket);
    }
    check_tcp(socket)?;
    let enabled = ENABLED.read(socket)? != 0;
    Ok(Config { enabled, idle: None, interval: None, count: None, user_timeout: None })
}

// SAFETY: every field is an integer, of which every pattern of bits is a value.
unsafe impl Filled for TcpInfo {}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    match read_filled::<TcpInfo>(socket, INFO, libc::TCP_INFO) {
        Ok((info, filled)) => Ok(bsd_info::netbsd(&info, filled, queued(socket))),
        Err(error) => gone(error),
    }
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
    defaults().read()
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    defaults().set(config, USER_TIMEOUT)
}
