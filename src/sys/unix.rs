//! What all systems with POSIX sockets share: descriptors, options of one int, and the calls that are
//! the same everywhere.

use std::ffi::{c_int, c_short, c_void};
use std::io;
use std::mem::{self, MaybeUninit};
#[cfg(feature = "bridge")]
use std::os::fd::RawFd;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use socket2::SockRef;

use crate::error::{Attempt, Error, OptionName, Unit};

/// A descriptor that somebody else keeps open.
pub(crate) type Borrowed<'a> = BorrowedFd<'a>;
/// A descriptor of our own.
pub(crate) type Owned = OwnedFd;
/// What can lend a descriptor.
pub use std::os::fd::AsFd as AsDescriptor;

const ERROR: OptionName = OptionName(c"SO_ERROR");
const LINGER: OptionName = OptionName(c"SO_LINGER");
const POLL: OptionName = OptionName(c"poll");
const DUPLICATE: OptionName = OptionName(c"F_DUPFD_CLOEXEC");

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

/// Here the system's words say it well enough.
pub(crate) fn error_name(_: i32) -> Option<&'static str> {
    None
}

pub(crate) fn duplicate(socket: Borrowed<'_>) -> Result<Owned, Error> {
    // The standard library duplicates with F_DUPFD_CLOEXEC.
    socket.try_clone_to_owned().map_err(|source| Error::System {
        option: DUPLICATE,
        attempt: Attempt::Duplicate,
        source,
    })
}

pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    Ok(poll(socket, 0)? & libc::POLLERR != 0)
}

/// What poll(2) says of these events and of those that nobody has to ask for.
pub(super) fn poll(socket: Borrowed<'_>, events: c_short) -> Result<c_short, Error> {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
    // SAFETY: `poll` is one initialised pollfd and the count given is one; the kernel writes its
    // `revents` only. A timeout of zero returns at once.
    match unsafe { libc::poll(&raw mut poll, 1, 0) } {
        -1 => Err(refused(POLL, Attempt::Read)),
        _ => Ok(poll.revents),
    }
}

pub(crate) fn take_error(socket: Borrowed<'_>) -> Result<Option<io::Error>, Error> {
    SockRef::from(&socket).take_error().map_err(|source| Error::System {
        option: ERROR,
        attempt: Attempt::Read,
        source,
    })
}

pub(crate) fn discard_unsent(socket: Borrowed<'_>) -> Result<(), Error> {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).map_err(|source| Error::System {
        option: LINGER,
        attempt: Attempt::Set(0, Unit::Seconds),
        source,
    })
}

/// One option of setsockopt(2) whose value is an int.
#[derive(Debug)]
pub(super) struct SocketOption {
    pub(super) name: OptionName,
    level: c_int,
    number: c_int,
    pub(super) unit: Unit,
}

pub(super) const fn tcp(name: OptionName, number: c_int, unit: Unit) -> SocketOption {
    SocketOption { name, level: libc::IPPROTO_TCP, number, unit }
}

pub(super) const fn socket(name: OptionName, number: c_int) -> SocketOption {
    SocketOption { name, level: libc::SOL_SOCKET, number, unit: Unit::Count }
}

pub(super) static ENABLED: SocketOption = socket(OptionName(c"SO_KEEPALIVE"), libc::SO_KEEPALIVE);

/// Every TCP has it, and nothing else takes it.
static NO_DELAY: SocketOption = tcp(OptionName(c"TCP_NODELAY"), libc::TCP_NODELAY, Unit::Count);

/// Refuses what is not TCP, where SO_KEEPALIVE alone would succeed in silence.
#[cfg_attr(any(target_os = "linux", target_os = "android"), allow(dead_code))]
pub(super) fn check_tcp(socket: Borrowed<'_>) -> Result<(), Error> {
    match NO_DELAY.read(socket) {
        Ok(_) => Ok(()),
        // A Unix socket's word on some systems; there is no value here that could be wrong.
        Err(Error::System { source, .. }) if source.raw_os_error() == Some(libc::EINVAL) => {
            Err(Error::NotTcp { source })
        }
        Err(error) => Err(error),
    }
}

impl SocketOption {
    pub(super) fn read(&self, socket: Borrowed<'_>) -> Result<c_int, Error> {
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

    /// What can be put back.
    #[cfg_attr(any(target_os = "linux", target_os = "android"), allow(dead_code))]
    pub(super) fn old(&self, socket: Borrowed<'_>) -> Result<Option<u32>, Error> {
        Ok(u32::try_from(self.read(socket)?).ok())
    }

    /// Whether what was read is what is in force: on these systems always.
    #[cfg_attr(any(target_os = "linux", target_os = "android"), allow(dead_code))]
    pub(super) fn reads_exactly(&self) -> bool {
        true
    }

    /// The value lies within the option's range, which ends at c_int's largest at the latest.
    pub(super) fn write(&self, socket: Borrowed<'_>, value: u32) -> Result<(), Error> {
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

/// What a kernel may fill.
///
/// # Safety
///
/// Every pattern of bits has to be a value of the type, all zeros included.
#[allow(dead_code)] // some systems tell nothing of the kind
pub(super) unsafe trait Filled: Copy {}

/// An option of TCP that is a whole structure, with the number of bytes that the kernel filled; the
/// rest of it is zero.
#[allow(dead_code)] // some systems tell nothing of the kind
pub(super) fn read_filled<T: Filled>(
    socket: Borrowed<'_>,
    name: OptionName,
    number: c_int,
) -> Result<(T, usize), Error> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut length = socklen::<T>();
    // SAFETY: the pointer is to a T that outlives the call and `length` says exactly its size, so
    // the kernel writes within it. Any descriptor is allowed, a wrong one is an error.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            number,
            value.as_mut_ptr().cast::<c_void>(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(refused(name, Attempt::Read).or_not_tcp());
    }
    // SAFETY: it was zeroed, the kernel may have written any bytes over that, and whoever made T
    // `Filled` vouches that both are values of it.
    let value = unsafe { value.assume_init() };
    Ok((value, length as usize))
}

/// By how much one clock is ahead of another, which stands still while the machine sleeps.
///
/// They cannot be read at the same moment, and this thread may be stopped between the two. So the
/// second is read before and after the first, again until it has hardly moved; should that never
/// happen, the result is too small and not too large.
#[allow(dead_code)] // some systems have no such clocks
pub(super) fn clocks_apart(ahead: libc::clockid_t, behind: libc::clockid_t) -> Duration {
    const CLOSE: Duration = Duration::from_millis(1);
    let mut apart = Duration::ZERO;
    for _ in 0..8 {
        let (before, first, after) = (read_clock(behind), read_clock(ahead), read_clock(behind));
        apart = first.saturating_sub(after);
        if after.saturating_sub(before) <= CLOSE {
            break;
        }
    }
    apart
}

#[allow(dead_code)] // some systems have no such clocks
fn read_clock(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec that outlives the call, and the system writes just that. The
    // clocks that are asked for exist; a failure would leave zeros.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}

/// The system's last error as ours.
#[cold]
pub(super) fn refused(option: OptionName, attempt: Attempt) -> Error {
    Error::System { option, attempt, source: io::Error::last_os_error() }
}

impl Error {
    /// The same, or that the descriptor is not TCP if the system's word means that.
    #[cold]
    pub(super) fn or_not_tcp(self) -> Self {
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

pub(super) const fn socklen<T>() -> libc::socklen_t {
    mem::size_of::<T>() as libc::socklen_t
}
