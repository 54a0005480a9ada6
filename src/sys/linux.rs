//! Linux: setsockopt(2), `TCP_INFO` and `/proc/sys`. See tcp(7) and socket(7).

use std::ffi::{c_int, c_void};
use std::fs;
use std::io::{self, Write as _};
use std::mem::{self, MaybeUninit};
#[cfg(feature = "bridge")]
use std::os::fd::RawFd;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use socket2::SockRef;

use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Quantity, Unit};
use crate::plan::{Limits, Plan, Range, Shipped};
use crate::snapshot::{ConnectionState, Snapshot};

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
    let raw = RawFd::try_from(given)
        .ok()
        .filter(|raw| *raw >= 0)
        .ok_or(Error::NoDescriptor { given })?;
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
const INFO: OptionName = OptionName(c"TCP_INFO");
const COOKIE: OptionName = OptionName(c"SO_COOKIE");
const POLL: OptionName = OptionName(c"poll");
const DUPLICATE: OptionName = OptionName(c"F_DUPFD_CLOEXEC");

static LIMITS: Limits = Limits {
    idle: Range {
        option: IDLE,
        unit: Unit::Seconds,
        min: 1,
        max: 32767,
    },
    interval: Range {
        option: INTERVAL,
        unit: Unit::Seconds,
        min: 1,
        max: 32767,
    },
    count: Range {
        option: COUNT,
        unit: Unit::Count,
        min: 1,
        max: 127,
    },
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
        write(
            socket,
            &LIMITS.user_timeout,
            libc::TCP_USER_TIMEOUT,
            timeout,
        )?;
    }
    // Written again while probes are under way, each write fires one more and can kill a slow link.
    if let Some(wanted) = plan
        .idle
        .filter(|wanted| i64::from(*wanted) != i64::from(idle))
    {
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
    SockRef::from(&socket)
        .set_keepalive(plan.enabled)
        .map_err(|source| Error::System {
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
            if matches!(
                error.raw_os_error(),
                Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP)
            ) =>
        {
            None
        }
        Err(source) => return Err(not_tcp(source, USER_TIMEOUT)),
    };
    let enabled = SockRef::from(&socket)
        .keepalive()
        .map_err(|source| Error::System {
            option: ENABLED,
            attempt: Attempt::Read,
            source,
        })?;
    Ok(Config {
        enabled,
        idle,
        interval,
        count: u32::try_from(count).ok(),
        user_timeout,
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
    SockRef::from(&socket)
        .cookie()
        .map_err(|source| Error::System {
            option: COOKIE,
            attempt: Attempt::Read,
            source,
        })
}

pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    let mut poll = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: 0,
        revents: 0,
    };
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
        _ => Error::System {
            option,
            attempt: Attempt::Read,
            source,
        },
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
    if result == 0 {
        Ok(value)
    } else {
        Err(io::Error::last_os_error())
    }
}

fn write(socket: Borrowed<'_>, range: &Range, name: c_int, value: u32) -> Result<(), Error> {
    let attempt = Attempt::Set(i64::from(value), range.unit);
    let failed = |source| Error::System {
        option: range.option,
        attempt,
        source,
    };
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
    if result == 0 {
        Ok(())
    } else {
        Err(failed(io::Error::last_os_error()))
    }
}

const fn socklen<T>() -> libc::socklen_t {
    mem::size_of::<T>() as libc::socklen_t
}

/// The kernel's `struct tcp_info` up to the last field used here. The C library's own stops
/// earlier, and the kernel's grows: it returns the length that it filled.
#[repr(C)]
#[derive(Clone, Copy)]
struct TcpInfo {
    state: u8,
    ca_state: u8,
    retransmits: u8,
    probes: u8,
    backoff: u8,
    options: u8,
    wscale: u8,
    flags: u8,
    rto: u32,
    ato: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked: u32,
    sacked: u32,
    lost: u32,
    retrans: u32,
    fackets: u32,
    last_data_sent: u32,
    last_ack_sent: u32,
    last_data_recv: u32,
    last_ack_recv: u32,
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt: u32,
    rttvar: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
    data_segs_in: u32,
    data_segs_out: u32,
}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    let mut info = MaybeUninit::<TcpInfo>::zeroed();
    let mut length = socklen::<TcpInfo>();
    // SAFETY: the pointer is to a TcpInfo that outlives the call and `length` says exactly its
    // size, so the kernel writes within it. Any descriptor is allowed, a wrong one is an error.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast::<c_void>(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(not_tcp(io::Error::last_os_error(), INFO));
    }
    // SAFETY: it was zeroed, and every field is an integer, for which zero is a value.
    let info = unsafe { info.assume_init() };
    let filled = length as usize;
    // A field that an older kernel did not fill is not zero but unknown.
    macro_rules! field {
        ($name:ident) => {{
            let end = mem::offset_of!(TcpInfo, $name) + mem::size_of_val(&info.$name);
            (end <= filled).then_some(info.$name)
        }};
    }
    let ms = |value: u32| Duration::from_millis(u64::from(value));
    let us = |value: u32| Duration::from_micros(u64::from(value));
    Ok(Snapshot {
        state: field!(state).and_then(state),
        probes: field!(probes).map(u32::from),
        retransmits: field!(retransmits).map(u32::from),
        total_retransmits: field!(total_retrans),
        backoff: field!(backoff).map(u32::from),
        unacked: field!(unacked),
        unsent: field!(notsent_bytes),
        round_trip_time: field!(rtt).map(us),
        round_trip_variation: field!(rttvar).map(us),
        retransmission_timeout: field!(rto).map(us),
        since_data_sent: field!(last_data_sent).map(ms),
        since_data_received: field!(last_data_recv).map(ms),
        since_ack_received: field!(last_ack_recv).map(ms),
        segments_sent: field!(segs_out),
        segments_received: field!(segs_in),
        data_segments_sent: field!(data_segs_out),
    })
}

/// The kernel's numbers for the states (`net/tcp_states.h`).
fn state(number: u8) -> Option<ConnectionState> {
    Some(match number {
        1 => ConnectionState::Established,
        2 => ConnectionState::SynSent,
        3 | 12 => ConnectionState::SynReceived,
        4 => ConnectionState::FinWait1,
        5 => ConnectionState::FinWait2,
        6 => ConnectionState::TimeWait,
        7 => ConnectionState::Closed,
        8 => ConnectionState::CloseWait,
        9 => ConnectionState::LastAck,
        10 => ConnectionState::Listen,
        11 => ConnectionState::Closing,
        _ => return None,
    })
}

/// A system-wide value of the network namespace that this process lives in.
struct Sysctl {
    path: &'static str,
    range: Range,
}

/// The file takes seconds and keeps them in the kernel's ticks, of which there are at most 1000 a
/// second. That is more than a socket accepts.
const LONGEST: i64 = c_int::MAX as i64 / 1000;

static TIME: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_time",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_time"),
        unit: Unit::Seconds,
        min: 1,
        max: LONGEST,
    },
};
static INTVL: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_intvl",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_intvl"),
        unit: Unit::Seconds,
        min: 1,
        max: LONGEST,
    },
};
static PROBES: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_probes",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_probes"),
        unit: Unit::Count,
        min: 1,
        max: 255,
    },
};

impl Sysctl {
    fn read(&self) -> Result<u32, Error> {
        let failed = |source| Error::System {
            option: self.range.option,
            attempt: Attempt::Read,
            source,
        };
        let text = fs::read_to_string(self.path).map_err(failed)?;
        text.trim()
            .parse()
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    /// Opened but not yet written: what is not permitted fails here, before anything has changed.
    fn open(&self, value: u32) -> Result<(fs::File, &Self, u32), Error> {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path)
            .map_err(|source| self.failed(value, source))?;
        Ok((file, self, value))
    }

    fn failed(&self, value: u32, source: io::Error) -> Error {
        let attempt = Attempt::Set(i64::from(value), self.range.unit);
        Error::System {
            option: self.range.option,
            attempt,
            source,
        }
    }
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    Ok(Config {
        enabled: true,
        idle: Some(TIME.range.duration(1) * TIME.read()?),
        interval: Some(INTVL.range.duration(1) * INTVL.read()?),
        count: Some(PROBES.read()?),
        user_timeout: None,
    })
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    if config.user_timeout.is_some() {
        let why = "there is no system-wide user timeout; set it on each socket";
        return Err(Error::Unsupported {
            option: USER_TIMEOUT,
            why,
        });
    }
    let idle = config
        .idle
        .map(|idle| TIME.range.round_up(idle))
        .transpose()?;
    let interval = config
        .interval
        .map(|interval| INTVL.range.round_up(interval))
        .transpose()?;
    let count = config
        .count
        .map(|count| PROBES.range.check(count))
        .transpose()?;
    let files = [(&TIME, idle), (&INTVL, interval), (&PROBES, count)]
        .map(|(sysctl, value)| value.map(|value| sysctl.open(value)).transpose());
    // Every file is open before the first is written.
    let [time, intvl, probes] = files;
    for (mut file, sysctl, value) in [time?, intvl?, probes?].into_iter().flatten() {
        // One write call: the kernel takes a value whole or not at all.
        file.write_all(value.to_string().as_bytes())
            .map_err(|source| sysctl.failed(value, source))?;
    }
    Ok(Config {
        enabled: true,
        idle: idle.map(|units| TIME.range.duration(units)),
        interval: interval.map(|units| INTVL.range.duration(units)),
        count,
        user_timeout: None,
    })
}
