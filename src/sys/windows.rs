//! Windows: Winsock's socket options and control codes. See Microsoft's pages "IPPROTO_TCP socket
//! options", "SO_KEEPALIVE socket option" and "SIO_KEEPALIVE_VALS control code".
//!
//! What there is depends on the version, so the system itself is asked ([`system`]): the options for
//! idle and interval came with Windows 10 1709, TCP_KEEPCNT with 1703.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::windows::io::AsRawSocket as _;
use std::time::Duration;

use socket2::SockRef;
use windows_sys::Win32::Networking::WinSock;

use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::{Limits, Plan};

mod clock;
mod error_name;
mod keepalive_vals;
mod option;
mod registry;
mod system;
mod tcp_info;

pub(crate) use clock::asleep;
pub(crate) use error_name::error_name;
pub(crate) use registry::{retries, set_system_defaults, system_defaults};
pub(crate) use tcp_info::snapshot;

pub(super) use option::{ENABLED, SocketOption, check_tcp};

use option::{COUNT, IDLE, INTERVAL, USER_TIMEOUT, refused};
use system::{System, system};

use super::change;

/// A socket that somebody else keeps open.
pub(crate) type Borrowed<'a> = std::os::windows::io::BorrowedSocket<'a>;
/// A socket of our own.
pub(crate) type Owned = std::os::windows::io::OwnedSocket;
/// What can lend a socket.
pub use std::os::windows::io::AsSocket as AsDescriptor;

const ERROR: OptionName = OptionName(c"SO_ERROR");
const LINGER: OptionName = OptionName(c"SO_LINGER");
const POLL: OptionName = OptionName(c"WSAPoll");
const DUPLICATE: OptionName = OptionName(c"WSADuplicateSocket");
const ADDRESSES: OptionName = OptionName(c"getpeername");

/// The socket of anything that can lend one.
pub(crate) fn lend(socket: &impl AsDescriptor) -> Borrowed<'_> {
    socket.as_socket()
}

/// A borrowed socket from a number that came through C++.
#[cfg(any(test, feature = "bridge"))]
pub(crate) fn borrow<'a>(given: i64) -> Result<Borrowed<'a>, Error> {
    use std::os::windows::io::RawSocket;
    let raw = RawSocket::try_from(given)
        .ok()
        .filter(|raw| *raw != RawSocket::MAX) // INVALID_SOCKET
        .ok_or(Error::NoDescriptor { given })?;
    // SAFETY: BorrowedSocket wants a number other than INVALID_SOCKET, which was just checked, and a
    // socket that stays open while it is borrowed. The number comes from a caller who holds the
    // socket and waits for us to return, and it is used only for calls that hand it to Winsock.
    // Should it be closed all the same, each of these answers WSAENOTSOCK: no memory depends on it.
    Ok(unsafe { Borrowed::borrow_raw(raw) })
}

/// A socket of our own as a number.
#[cfg(test)]
pub(crate) fn number(owned: &Owned) -> i64 {
    // A SOCKET is a handle, and no handle is so large that it would become negative.
    #[allow(clippy::cast_possible_wrap)]
    let number = raw(lend(owned)) as i64;
    number
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(&system()?.limits)
}

/// What is left out here is not told: SIO_TCP_INFO has neither a count of probes nor a time at which
/// the peer was heard, and what it says of a connection that has ended is documented nowhere. To Qt,
/// a connection that timed out is a NetworkError here, as one without a way to the peer is.
pub(crate) fn diagnosis() -> Diagnosis {
    let system = system().ok();
    Diagnosis {
        read_back: system.is_some_and(|system| system.times),
        system_defaults: true,
        set_system_defaults: true,
        data_received: system.is_some_and(|system| system.info),
        ..Diagnosis::default()
    }
}

pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    apply_on(system()?, socket, plan)
}

/// As on this system: a test can describe one that it does not run on.
///
/// Whole seconds go by the options one by one, where there are such; everything else goes in one call
/// at the very end.
fn apply_on(system: &System, socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    let timeout = plan.user_timeout.map(|timeout| system.user_timeout(timeout));
    let others = [(&USER_TIMEOUT, timeout), (&COUNT, plan.count)];
    match (plan.idle, plan.interval) {
        (None, None) => change::apply(socket, &others, plan.enabled),
        (idle, interval) if system.times && is_whole(idle) && is_whole(interval) => {
            let seconds = |ms: Option<u32>| ms.map(|ms| ms / 1000);
            let [timeout, count] = others;
            let all = [timeout, count, (&IDLE, seconds(idle)), (&INTERVAL, seconds(interval))];
            change::apply(socket, &all, plan.enabled)
        }
        (Some(idle), Some(interval)) => {
            let values = keepalive_vals::Values::new(plan.enabled, idle, interval)?;
            change::apply_then(socket, &others, plan.enabled, || values.set(system, socket))
        }
        // A plan for these limits does not come here.
        _ => Err(keepalive_vals::incomplete()),
    }
}

/// Whether this is a number of whole seconds.
fn is_whole(ms: Option<u32>) -> bool {
    ms.is_none_or(|ms| ms % 1000 == 0)
}

/// What was sent by SIO_KEEPALIVE_VALS can be read where the options exist, in whole seconds.
pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    query_on(system()?, socket)
}

fn query_on(system: &System, socket: Borrowed<'_>) -> Result<Config, Error> {
    check_tcp(socket)?;
    let read = |there: bool, option: &SocketOption| {
        if there { option.read(socket).map(Some) } else { Ok(None) }
    };
    // Part of a second may read as none.
    let seconds = |value: u32| (value > 0).then(|| Duration::from_secs(u64::from(value)));
    Ok(Config {
        enabled: ENABLED.read(socket)? != 0,
        idle: read(system.times, &IDLE)?.and_then(seconds),
        interval: read(system.times, &INTERVAL)?.and_then(seconds),
        count: read(system.count, &COUNT)?,
        user_timeout: read(system.own_timeout.is_some(), &USER_TIMEOUT)?
            .and_then(|value| system.as_user_timeout(value)),
    })
}

pub(crate) fn duplicate(socket: Borrowed<'_>) -> Result<Owned, Error> {
    // The standard library duplicates with WSA_FLAG_NO_HANDLE_INHERIT.
    socket.try_clone_to_owned().map_err(|source| Error::System {
        option: DUPLICATE,
        attempt: Attempt::Duplicate,
        source,
    })
}

/// Winsock has no number for a socket; no two connections have the same two addresses.
pub(crate) fn identity(socket: Borrowed<'_>) -> Result<Option<u64>, Error> {
    let reference = SockRef::from(&socket);
    let addresses = reference.local_addr().and_then(|here| Ok((here, reference.peer_addr()?)));
    match addresses {
        Ok((here, peer)) => Ok(here.as_socket().zip(peer.as_socket()).map(|both| {
            let mut hasher = DefaultHasher::new();
            both.hash(&mut hasher);
            hasher.finish()
        })),
        Err(source) if source.raw_os_error() == Some(WinSock::WSAENOTSOCK) => {
            Err(Error::NotTcp { source })
        }
        // Not connected, or no longer; not bound.
        Err(source)
            if matches!(
                source.raw_os_error(),
                Some(
                    WinSock::WSAENOTCONN
                        | WinSock::WSAEINVAL
                        | WinSock::WSAECONNRESET
                        | WinSock::WSAECONNABORTED
                        | WinSock::WSAENETRESET
                        | WinSock::WSAETIMEDOUT
                )
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(Error::System { option: ADDRESSES, attempt: Attempt::Read, source }),
    }
}

pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    let mut poll = WinSock::WSAPOLLFD {
        fd: raw(socket),
        // Errors are told unasked; but a request for nothing at all is documented nowhere.
        events: WinSock::POLLRDNORM,
        revents: 0,
    };
    // SAFETY: `poll` is one initialised WSAPOLLFD and the count given is one; Winsock writes its
    // `revents` only. A timeout of zero returns at once. Any number is allowed as a socket.
    match unsafe { WinSock::WSAPoll(&raw mut poll, 1, 0) } {
        WinSock::SOCKET_ERROR => Err(refused(socket, POLL, Attempt::Read)),
        // POLLHUP does not count: a FIN shows as that, too. POLLNVAL is a socket that is closed.
        _ => Ok(poll.revents & WinSock::POLLERR != 0),
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

pub(crate) fn unacknowledged(_: Borrowed<'_>) -> Result<u32, Error> {
    let why = "without the bytes that are acknowledged and unsent nothing follows from it";
    Err(Error::Unsupported { option: OptionName(c"SIOCOUTQ"), why })
}

pub(crate) fn probe_now(_: Borrowed<'_>, _: &Config) -> Result<(), Error> {
    let why = "nothing makes Windows send a keepalive probe out of turn";
    Err(Error::Unsupported { option: IDLE.name, why })
}

pub(crate) fn set_count(_: Borrowed<'_>, _: u32) -> Result<(), Error> {
    let why = "nothing makes Windows send a keepalive probe out of turn";
    Err(Error::Unsupported { option: COUNT.name, why })
}

const LONGEST_RETRANSMISSION: OptionName = OptionName(c"TCP_RTO_MAX_MS");

fn no_retransmission_limit<T>() -> Result<T, Error> {
    let why = "Windows has no limit for the time between two retransmissions of one socket";
    Err(Error::Unsupported { option: LONGEST_RETRANSMISSION, why })
}

pub(crate) fn retransmission_limit(_: Borrowed<'_>) -> Result<Duration, Error> {
    no_retransmission_limit()
}

pub(crate) fn limit_retransmissions(_: Borrowed<'_>, _: Duration) -> Result<(), Error> {
    no_retransmission_limit()
}

/// Windows has no MPTCP.
pub(crate) fn is_multipath(_: Borrowed<'_>) -> bool {
    false
}

/// A socket as Winsock's functions want it.
#[allow(clippy::cast_possible_truncation)] // both are as wide as a pointer
fn raw(socket: Borrowed<'_>) -> WinSock::SOCKET {
    socket.as_raw_socket() as WinSock::SOCKET
}

#[cfg(test)]
mod tests;
