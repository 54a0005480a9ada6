//! Linux: the socket options. See tcp(7) and socket(7).

use std::ffi::{c_int, c_void};
use std::io;
use std::mem;
#[cfg(feature = "bridge")]
use std::os::fd::RawFd;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use socket2::{Protocol, SockRef};

use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::{Limits, Plan, Range, Shipped};

mod sysctl;
mod tcp_info;

pub(crate) use sysctl::{retries, set_system_defaults, system_defaults};
pub(crate) use tcp_info::snapshot;

/// A descriptor that somebody else keeps open.
pub(crate) type Borrowed<'a> = BorrowedFd<'a>;
/// A descriptor of our own.
pub(crate) type Owned = OwnedFd;
/// What can lend a descriptor.
pub use std::os::fd::AsFd as AsDescriptor;

/// The descriptor of anything that can lend one.
pub(crate) fn lend(socket: &impl AsDescriptor) -> Borrowed<'_> {
    socket.as_fd()
}

/// A borrowed descriptor from a number that came through C++.
#[cfg(feature = "bridge")]
pub(crate) fn borrow<'a>(given: i64) -> Result<Borrowed<'a>, Error> {
    let raw =
        RawFd::try_from(given).ok().filter(|raw| *raw >= 0).ok_or(Error::NoDescriptor { given })?;
    // SAFETY: BorrowedFd wants a number other than -1, which was just checked, and a descriptor
    // that stays open while it is borrowed. The number comes from a caller who holds the socket and
    // waits for us to return, and it is used only for calls that hand it to the kernel. Should it
    // be closed all the same, each of these answers EBADF: no memory depends on it.
    Ok(unsafe { BorrowedFd::borrow_raw(raw) })
}

/// A descriptor of our own as a number, for C++.
#[cfg(feature = "bridge")]
pub(crate) fn number(owned: &Owned) -> i64 {
    i64::from(owned.as_raw_fd())
}

/// One option of setsockopt(2).
struct SocketOption {
    name: OptionName,
    level: c_int,
    number: c_int,
    unit: Unit,
}

const fn tcp(name: OptionName, number: c_int, unit: Unit) -> SocketOption {
    SocketOption { name, level: libc::IPPROTO_TCP, number, unit }
}

static ENABLED: SocketOption = SocketOption {
    name: OptionName(c"SO_KEEPALIVE"),
    level: libc::SOL_SOCKET,
    number: libc::SO_KEEPALIVE,
    unit: Unit::Count,
};
static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Seconds);
static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);
static USER_TIMEOUT: SocketOption =
    tcp(OptionName(c"TCP_USER_TIMEOUT"), libc::TCP_USER_TIMEOUT, Unit::Milliseconds);

/// Since Linux 6.15, and in no C library yet (`include/uapi/linux/tcp.h`).
static LONGEST_RETRANSMISSION: SocketOption =
    tcp(OptionName(c"TCP_RTO_MAX_MS"), 44, Unit::Milliseconds);

const ERROR: OptionName = OptionName(c"SO_ERROR");
const LINGER: OptionName = OptionName(c"SO_LINGER");
const COOKIE: OptionName = OptionName(c"SO_COOKIE");
const POLL: OptionName = OptionName(c"poll");
const DUPLICATE: OptionName = OptionName(c"F_DUPFD_CLOEXEC");

static LIMITS: Limits = Limits {
    idle: Range { option: IDLE.name, unit: IDLE.unit, min: 1, max: 32767 },
    interval: Range { option: INTERVAL.name, unit: INTERVAL.unit, min: 1, max: 32767 },
    count: Range { option: COUNT.name, unit: COUNT.unit, min: 1, max: 127 },
    user_timeout: Range {
        option: USER_TIMEOUT.name,
        unit: USER_TIMEOUT.unit,
        min: 0,
        max: c_int::MAX as i64,
    },
    shipped: Shipped {
        idle: Duration::from_secs(7200),
        interval: Duration::from_secs(75),
        count: 9,
    },
};

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
    let idle = if write_unread { None } else { u32::try_from(IDLE.read(socket)?).ok() };
    // MPTCP knows all of the options but this one.
    if let Some(timeout) = plan.user_timeout {
        USER_TIMEOUT.write(socket, timeout)?;
    }
    if let Some(wanted) = plan.idle
        && plan.idle != idle
    {
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

pub(crate) fn duplicate(socket: Borrowed<'_>) -> Result<Owned, Error> {
    // The standard library duplicates with F_DUPFD_CLOEXEC.
    socket.try_clone_to_owned().map_err(|source| Error::System {
        option: DUPLICATE,
        attempt: Attempt::Duplicate,
        source,
    })
}

pub(crate) fn identity(socket: Borrowed<'_>) -> Result<u64, Error> {
    SockRef::from(&socket).cookie().map_err(|source| Error::System {
        option: COOKIE,
        attempt: Attempt::Read,
        source,
    })
}

pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: `poll` is one initialised pollfd and the count given is one; the kernel writes its
    // `revents` only. A timeout of zero returns at once.
    match unsafe { libc::poll(&raw mut poll, 1, 0) } {
        -1 => Err(refused(POLL, Attempt::Read)),
        _ => Ok(poll.revents & libc::POLLERR != 0),
    }
}

pub(crate) fn take_error(socket: Borrowed<'_>) -> Result<Option<io::Error>, Error> {
    SockRef::from(&socket).take_error().map_err(|source| Error::System {
        option: ERROR,
        attempt: Attempt::Read,
        source,
    })
}

/// Writing TCP_KEEPIDLE fires the probes' timer if the connection has been idle for that long. The
/// count is raised first: the kernel gives up instead of sending if all of them are used up.
pub(crate) fn probe_now(socket: Borrowed<'_>, in_force: &Config) -> Result<(), Error> {
    let plan = Plan::new(in_force, limits()?)?;
    let (Some(idle), Some(count)) = (plan.idle, plan.count) else {
        return Ok(());
    };
    let most = u32::try_from(LIMITS.count.max).unwrap_or(count);
    if count < most {
        COUNT.write(socket, count + 1)?;
        IDLE.write(socket, idle)?;
    }
    Ok(())
}

pub(crate) fn discard_unsent(socket: Borrowed<'_>) -> Result<(), Error> {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).map_err(|source| Error::System {
        option: LINGER,
        attempt: Attempt::Set(0, Unit::Seconds),
        source,
    })
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
    SockRef::from(&socket).protocol().is_ok_and(|protocol| protocol == Some(Protocol::MPTCP))
}

/// CLOCK_BOOTTIME counts the time asleep and CLOCK_MONOTONIC does not.
pub(crate) fn asleep() -> Duration {
    read_clock(libc::CLOCK_BOOTTIME).saturating_sub(read_clock(libc::CLOCK_MONOTONIC))
}

fn read_clock(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec that outlives the call, and the kernel writes just that. Both
    // clocks exist in every kernel that has the other calls here; a failure leaves zeros.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

impl SocketOption {
    fn read(&self, socket: Borrowed<'_>) -> Result<c_int, Error> {
        let mut value: c_int = 0;
        let mut length = socklen::<c_int>();
        // SAFETY: `value` is a c_int that outlives the call and `length` says exactly its size, so
        // the kernel writes within it; any descriptor is allowed, a wrong one is an error.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                self.level,
                self.number,
                (&raw mut value).cast::<c_void>(),
                &raw mut length,
            )
        };
        if result == 0 { Ok(value) } else { Err(refused(self.name, Attempt::Read).or_not_tcp()) }
    }

    /// The value lies within the option's range, which ends at c_int's largest at the latest.
    fn write(&self, socket: Borrowed<'_>, value: u32) -> Result<(), Error> {
        // SAFETY: the pointer is to a u32 that outlives the call, of the size of the int that the
        // kernel reads; it only reads. Any descriptor is allowed, a wrong one is an error.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                self.level,
                self.number,
                (&raw const value).cast::<c_void>(),
                socklen::<u32>(),
            )
        };
        if result == 0 {
            return Ok(());
        }
        Err(refused(self.name, Attempt::Set(i64::from(value), self.unit)))
    }
}

/// The system's last error as ours.
#[cold]
fn refused(option: OptionName, attempt: Attempt) -> Error {
    Error::System { option, attempt, source: io::Error::last_os_error() }
}

impl Error {
    /// The same, or that the descriptor is not TCP if the system's word means that.
    #[cold]
    fn or_not_tcp(self) -> Self {
        match self {
            Error::System { source, .. }
                if matches!(
                    source.raw_os_error(),
                    Some(libc::ENOTSOCK | libc::ENOPROTOOPT | libc::EOPNOTSUPP)
                ) =>
            {
                Error::NotTcp { source }
            }
            other => other,
        }
    }
}

const fn socklen<T>() -> libc::socklen_t {
    mem::size_of::<T>() as libc::socklen_t
}
