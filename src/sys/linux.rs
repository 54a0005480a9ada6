//! Linux: the socket options. See tcp(7) and socket(7).

use std::ffi::{c_int, c_void};
use std::io;
use std::mem;
#[cfg(feature = "bridge")]
use std::os::fd::RawFd;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use socket2::SockRef;

use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Quantity, Unit};
use crate::plan::{Limits, Plan, Range, Shipped};

mod sysctl;
mod tcp_info;

pub(crate) use sysctl::{set_system_defaults, system_defaults};
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

const IDLE: OptionName = OptionName(c"TCP_KEEPIDLE");
const INTERVAL: OptionName = OptionName(c"TCP_KEEPINTVL");
const COUNT: OptionName = OptionName(c"TCP_KEEPCNT");
const USER_TIMEOUT: OptionName = OptionName(c"TCP_USER_TIMEOUT");
const ENABLED: OptionName = OptionName(c"SO_KEEPALIVE");
const COOKIE: OptionName = OptionName(c"SO_COOKIE");
const POLL: OptionName = OptionName(c"poll");
const DUPLICATE: OptionName = OptionName(c"F_DUPFD_CLOEXEC");

static LIMITS: Limits = Limits {
    idle: Range { option: IDLE, unit: Unit::Seconds, min: 1, max: 32767 },
    interval: Range { option: INTERVAL, unit: Unit::Seconds, min: 1, max: 32767 },
    count: Range { option: COUNT, unit: Unit::Count, min: 1, max: 127 },
    user_timeout: Range {
        option: USER_TIMEOUT,
        unit: Unit::Milliseconds,
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
    // Refused by everything that is not TCP, where SO_KEEPALIVE would succeed in silence.
    let idle = read(socket, libc::TCP_KEEPIDLE).map_err(|source| not_tcp(source, IDLE))?;
    // MPTCP knows all of the options but this one.
    if let Some(timeout) = plan.user_timeout {
        write(socket, &LIMITS.user_timeout, libc::TCP_USER_TIMEOUT, timeout)?;
    }
    // Written again while probes are under way, each write fires one more and can kill a slow link.
    if let Some(wanted) = plan.idle.filter(|wanted| i64::from(*wanted) != i64::from(idle)) {
        write(socket, &LIMITS.idle, libc::TCP_KEEPIDLE, wanted)?;
    }
    if let Some(interval) = plan.interval {
        write(socket, &LIMITS.interval, libc::TCP_KEEPINTVL, interval)?;
    }
    if let Some(count) = plan.count {
        write(socket, &LIMITS.count, libc::TCP_KEEPCNT, count)?;
    }
    // Last: switched on earlier, an idle socket would be probed at once with the old values.
    let attempt = Attempt::Set(i64::from(plan.enabled), Unit::Count);
    SockRef::from(&socket).set_keepalive(plan.enabled).map_err(|source| Error::System {
        option: ENABLED,
        attempt,
        source,
    })
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    let seconds = |option, name| match read(socket, name) {
        Ok(value) => Ok(Some(Duration::from_secs(u64::try_from(value).unwrap_or(0)))),
        Err(source) => Err(not_tcp(source, option)),
    };
    let idle = seconds(IDLE, libc::TCP_KEEPIDLE)?;
    let interval = seconds(INTERVAL, libc::TCP_KEEPINTVL)?;
    let count = read(socket, libc::TCP_KEEPCNT).map_err(|source| not_tcp(source, COUNT))?;
    let user_timeout = match read(socket, libc::TCP_USER_TIMEOUT) {
        Ok(ms) => Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0))),
        // TCP_KEEPIDLE was readable, so this is MPTCP, which has no user timeout.
        Err(error)
            if matches!(error.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP)) =>
        {
            None
        }
        Err(source) => return Err(not_tcp(source, USER_TIMEOUT)),
    };
    let enabled = SockRef::from(&socket).keepalive().map_err(|source| Error::System {
        option: ENABLED,
        attempt: Attempt::Read,
        source,
    })?;
    Ok(Config { enabled, idle, interval, count: u32::try_from(count).ok(), user_timeout })
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
        -1 => Err(Error::System {
            option: POLL,
            attempt: Attempt::Read,
            source: io::Error::last_os_error(),
        }),
        _ => Ok(poll.revents & libc::POLLERR != 0),
    }
}

/// An error from the first call on a descriptor: most of them mean that it is not TCP.
fn not_tcp(source: io::Error, option: OptionName) -> Error {
    match source.raw_os_error() {
        Some(libc::ENOTSOCK | libc::ENOPROTOOPT | libc::EOPNOTSUPP) => Error::NotTcp { source },
        _ => Error::System { option, attempt: Attempt::Read, source },
    }
}

fn read(socket: Borrowed<'_>, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut length = socklen::<c_int>();
    // SAFETY: `value` is a c_int that outlives the call and `length` says exactly its size, so the
    // kernel writes within it; any descriptor is allowed, a wrong one is an error.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            name,
            (&raw mut value).cast::<c_void>(),
            &raw mut length,
        )
    };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

fn write(socket: Borrowed<'_>, range: &Range, name: c_int, value: u32) -> Result<(), Error> {
    let attempt = Attempt::Set(i64::from(value), range.unit);
    let failed = |source| Error::System { option: range.option, attempt, source };
    let value =
        c_int::try_from(value).map_err(|_| range.refuse(Quantity::Count(i64::from(value))))?;
    // SAFETY: the pointer is to a c_int that outlives the call and the length is its size; the
    // kernel only reads it. Any descriptor is allowed, a wrong one is an error.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            name,
            (&raw const value).cast::<c_void>(),
            socklen::<c_int>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(failed(io::Error::last_os_error())) }
}

const fn socklen<T>() -> libc::socklen_t {
    mem::size_of::<T>() as libc::socklen_t
}
