//! Linux and Android: the socket options. See tcp(7) and socket(7).

use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

#[cfg(target_os = "linux")]
use libc::SO_COOKIE;

use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan, Range, Shipped, Together};

pub use super::unix::AsDescriptor;
#[cfg(feature = "bridge")]
pub(crate) use super::unix::borrow;
pub(crate) use super::unix::{
    Borrowed, Owned, discard_unsent, duplicate, error_name, error_pending, lend, take_error,
};
use super::unix::{ENABLED, SocketOption, clocks_apart, refused, socket, socklen, tcp};

mod sysctl;
mod tcp_info;

pub(crate) use sysctl::{retries, set_system_defaults, system_defaults};
pub(crate) use tcp_info::snapshot;

static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Seconds);
static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);
static USER_TIMEOUT: SocketOption =
    tcp(OptionName(c"TCP_USER_TIMEOUT"), libc::TCP_USER_TIMEOUT, Unit::Milliseconds);

/// Since Linux 6.15, and in no C library yet (`include/uapi/linux/tcp.h`).
static LONGEST_RETRANSMISSION: SocketOption =
    tcp(OptionName(c"TCP_RTO_MAX_MS"), 44, Unit::Milliseconds);

/// `include/uapi/linux/in.h`; libc has it for one of the two systems only.
const IPPROTO_MPTCP: c_int = 262;

static PROTOCOL: SocketOption = socket(OptionName(c"SO_PROTOCOL"), libc::SO_PROTOCOL);

/// A number of 64 bits that no other socket has or will have.
const COOKIE: OptionName = OptionName(c"SO_COOKIE");
/// `include/uapi/asm-generic/socket.h`, which all of Android's processors go by; not in libc.
#[cfg(target_os = "android")]
const SO_COOKIE: c_int = 57;

/// The same number as `TIOCOUTQ`.
const QUEUED: OptionName = OptionName(c"SIOCOUTQ");

static LIMITS: Limits = Limits {
    idle: Offer::Within(Range { option: IDLE.name, unit: IDLE.unit, min: 1, max: 32767 }),
    interval: Offer::Within(Range {
        option: INTERVAL.name,
        unit: INTERVAL.unit,
        min: 1,
        max: 32767,
    }),
    count: Offer::Within(COUNTS),
    user_timeout: Offer::Within(Range {
        option: USER_TIMEOUT.name,
        unit: USER_TIMEOUT.unit,
        min: 0,
        max: c_int::MAX as i64,
    }),
    user_timeout_replaces_count: true,
    together: Together::Never,
    shipped: Shipped {
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(75),
        count: 9,
    },
};

const MOST_PROBES: u32 = 127;
const COUNTS: Range =
    Range { option: COUNT.name, unit: COUNT.unit, min: 1, max: MOST_PROBES as i64 };

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        set_system_defaults: true,
        probes: true,
        silence: true,
        data_received: true,
        loss_reason: true,
        accepted_inherit: true,
        unreachable_is_distinct: true,
    }
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(&LIMITS)
}

/// Tells the kernel, all or nothing without a rollback. The plan's values lie within their ranges,
/// so what can still fail comes first and changes nothing.
pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    let enabled = ENABLED.read(socket)? != 0;
    // Read or written, TCP_KEEPIDLE is refused by everything that is not TCP, where SO_KEEPALIVE
    // would succeed in silence. Written while probes are under way it fires one more each time,
    // which can kill a slow link, so then it has to be known whether it differs. While keepalive is
    // off there are no probes, and one call is saved.
    let write_unread = !enabled && plan.idle.is_some() && plan.user_timeout.is_none();
    let idle = if write_unread { None } else { readable(IDLE.read(socket))? };
    // MPTCP knows all of the options but this one.
    if let Some(timeout) = plan.user_timeout {
        USER_TIMEOUT.write(socket, timeout)?;
    }
    if let Some(wanted) = plan.idle.filter(|_| plan.idle != idle) {
        IDLE.write(socket, wanted).map_err(Error::or_not_tcp)?;
    }
    if let Some(interval) = plan.interval {
        INTERVAL.write(socket, interval)?;
    }
    if let Some(count) = plan.count {
        COUNT.write(socket, count)?;
    }
    // Last: switched on earlier, an idle socket would be probed at once with the old values.
    if plan.enabled != enabled {
        ENABLED.write(socket, u32::from(plan.enabled))?;
    }
    Ok(())
}

/// What was read, or `None` where a sandbox lets nobody read it: then it is written without knowing.
fn readable(read: Result<c_int, Error>) -> Result<Option<u32>, Error> {
    match read {
        Ok(value) => Ok(u32::try_from(value).ok()),
        Err(error) if forbidden(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a sandbox (seccomp) said this.
fn forbidden(error: &Error) -> bool {
    matches!(error.system_code(), Some(libc::EPERM | libc::EACCES | libc::ENOSYS))
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    let seconds = |option: &SocketOption| {
        option.read(socket).map(|value| u64::try_from(value).map(Duration::from_secs).ok())
    };
    Ok(Config {
        idle: seconds(&IDLE)?,
        interval: seconds(&INTERVAL)?,
        count: u32::try_from(COUNT.read(socket)?).ok(),
        user_timeout: match USER_TIMEOUT.read(socket) {
            Ok(value) => u64::try_from(value).map(Duration::from_millis).ok(),
            // The others were readable, so this is MPTCP, which has no user timeout.
            Err(Error::NotTcp { .. }) => None,
            Err(error) => return Err(error),
        },
        enabled: ENABLED.read(socket)? != 0,
    })
}

pub(crate) fn identity(socket: Borrowed<'_>) -> Result<Option<u64>, Error> {
    let mut cookie: u64 = 0;
    let mut length = socklen::<u64>();
    // SAFETY: `cookie` is a u64 that outlives the call and `length` says exactly its size, so the
    // kernel writes within it; any descriptor is allowed, a wrong one is an error.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_COOKIE,
            (&raw mut cookie).cast::<c_void>(),
            &raw mut length,
        )
    };
    if result == 0 {
        return Ok(Some(cookie));
    }
    let error = refused(COOKIE, Attempt::Read);
    // Before Linux 4.12 there is none, and a sandbox may forbid it.
    if forbidden(&error) || error.system_code() == Some(libc::ENOPROTOOPT) {
        return super::posix::identity(socket);
    }
    Err(error)
}

/// What the network was given of it cannot be had from `tcpi_bytes_sent`: that counts each attempt of what
/// a link that is down does not take. See `SIOCOUTQ` in tcp(7).
pub(crate) fn unacknowledged(socket: Borrowed<'_>) -> Result<u32, Error> {
    let mut bytes: c_int = 0;
    // SAFETY: this request writes one int, and `bytes` is one that outlives the call; any descriptor is
    // allowed, a wrong one is an error.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    match u32::try_from(bytes) {
        Ok(bytes) if result == 0 => Ok(bytes),
        _ => Err(refused(QUEUED, Attempt::Read)),
    }
}

/// Writing TCP_KEEPIDLE fires the probes' timer if the connection has been idle for that long. If the
/// count is used up by then, the kernel gives up instead: [`set_count`] comes first.
pub(crate) fn probe_now(socket: Borrowed<'_>, in_force: &Config) -> Result<(), Error> {
    match Plan::new(in_force, limits()?)?.idle {
        Some(idle) => IDLE.write(socket, idle),
        None => Ok(()),
    }
}

/// How many unanswered probes the kernel waits for; no timer is touched.
pub(crate) fn set_count(socket: Borrowed<'_>, count: u32) -> Result<(), Error> {
    COUNT.write(socket, count.min(MOST_PROBES))
}

pub(crate) fn retransmission_limit(socket: Borrowed<'_>) -> Result<Duration, Error> {
    let ms = LONGEST_RETRANSMISSION.read(socket)?;
    Ok(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

pub(crate) fn limit_retransmissions(socket: Borrowed<'_>, limit: Duration) -> Result<(), Error> {
    let ms = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
    LONGEST_RETRANSMISSION.write(socket, ms)
}

pub(crate) fn is_multipath(socket: Borrowed<'_>) -> bool {
    PROTOCOL.read(socket).is_ok_and(|protocol| protocol == IPPROTO_MPTCP)
}

/// CLOCK_BOOTTIME counts the time asleep and CLOCK_MONOTONIC does not.
pub(crate) fn asleep() -> Duration {
    clocks_apart(libc::CLOCK_BOOTTIME, libc::CLOCK_MONOTONIC)
}
