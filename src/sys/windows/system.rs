//! What this Windows has. It is asked by trying the options on a socket made for that, once in the
//! life of the program: a version's number would be wrong on a system that only behaves like one.

use std::sync::OnceLock;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::option::{COUNT, IDLE, INTERVAL, SocketOption, USER_TIMEOUT};
use super::{Borrowed, keepalive_vals, lend, tcp_info};
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Range, Shipped, Together};

/// What was found.
#[derive(Debug)]
pub(super) struct System {
    /// TCP_KEEPIDLE and TCP_KEEPINTVL (Windows 10 1709).
    pub(super) times: bool,
    /// TCP_KEEPCNT (Windows 10 1703).
    pub(super) count: bool,
    /// What TCP_MAXRT (Windows Vista) says on a socket that was never told anything.
    pub(super) own_timeout: Option<u32>,
    /// SIO_TCP_INFO (Windows 10 1703), on a socket in any state. Should it exist and refuse one that
    /// is not connected, there is no promise that it tells anything.
    pub(super) info: bool,
    pub(super) limits: Limits,
}

/// The SDK's word for "the connection will retransmit forever", −1 as a DWORD.
const FOREVER: u32 = u32::MAX;

/// The system that this program runs on.
pub(super) fn system() -> Result<&'static System, Error> {
    static SYSTEM: OnceLock<System> = OnceLock::new();
    // Where no socket is to be had there is no answer, and the next call asks again.
    match SYSTEM.get() {
        Some(system) => Ok(system),
        None => {
            let found = ask()?;
            Ok(SYSTEM.get_or_init(|| found))
        }
    }
}

const SOCKET: OptionName = OptionName(c"socket");

fn ask() -> Result<System, Error> {
    // One of the two may not be installed.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
        .or_else(|_| Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP)))
        .map_err(|source| Error::System { option: SOCKET, attempt: Attempt::Read, source })?;
    let socket = lend(&socket);
    let times = has(socket, &IDLE) && has(socket, &INTERVAL);
    let own_timeout =
        USER_TIMEOUT.read(socket).ok().filter(|own| USER_TIMEOUT.write(socket, *own).is_ok());
    let info = tcp_info::is_told(socket);
    Ok(System { info, ..System::new(times, has(socket, &COUNT), own_timeout) })
}

/// Whether the socket keeps what this option is told. An older system may know the number under
/// another meaning, so it is not enough that it can be read.
fn has(socket: Borrowed<'_>, option: &SocketOption) -> bool {
    let value = 3;
    option.write(socket, value).is_ok() && option.read(socket).is_ok_and(|read| read == value)
}

impl System {
    /// One that has these options.
    pub(super) fn new(times: bool, count: bool, own_timeout: Option<u32>) -> Self {
        let limits = limits(times, count, own_timeout.is_some());
        Self { times, count, own_timeout, info: false, limits }
    }

    /// What TCP_MAXRT has to be told. No number is documented as "the system's own rule", so that is
    /// what a new socket says of itself.
    pub(super) fn user_timeout(&self, seconds: u32) -> u32 {
        match self.own_timeout {
            Some(own) if seconds == 0 => own,
            _ => seconds,
        }
    }

    /// The opposite way; `None` for a time without end, for which a `Config` has no word.
    pub(super) fn as_user_timeout(&self, value: u32) -> Option<Duration> {
        match value {
            own if Some(own) == self.own_timeout => Some(Duration::ZERO),
            FOREVER => None,
            seconds => Some(Duration::from_secs(u64::from(seconds))),
        }
    }
}

fn limits(times: bool, count: bool, user_timeout: bool) -> Limits {
    let offered = |there: bool, range: Range, why: &'static str| {
        if there { Offer::Within(range) } else { Offer::Missing { option: range.option, why } }
    };
    // Times are told to the millisecond, a part of a second and everything on a system without the
    // options by SIO_KEEPALIVE_VALS, whose fields are DWORDs.
    let time = |by_option: &SocketOption, by_ioctl: OptionName| {
        let option = if times { by_option.name } else { by_ioctl };
        Range { option, unit: Unit::Milliseconds, min: 1, max: i64::from(u32::MAX) }
    };
    Limits {
        idle: Offer::Within(time(&IDLE, keepalive_vals::TIME)),
        interval: Offer::Within(time(&INTERVAL, keepalive_vals::INTERVAL)),
        count: offered(
            count,
            // 0 is nowhere said to mean anything.
            Range { option: COUNT.name, unit: COUNT.unit, min: 1, max: 255 },
            "this Windows always sends ten probes; TCP_KEEPCNT came with Windows 10 1703",
        ),
        user_timeout: offered(
            user_timeout,
            Range {
                option: USER_TIMEOUT.name,
                unit: USER_TIMEOUT.unit,
                min: 0,
                max: i64::from(i32::MAX),
            },
            "TCP_MAXRT is unknown to it",
        ),
        user_timeout_replaces_count: false,
        together: if times { Together::BelowSeconds } else { Together::Always },
        // The pages "SO_KEEPALIVE socket option" and "IPPROTO_TCP socket options".
        shipped: Shipped {
            idle: Duration::from_secs(7200),
            interval: Duration::from_secs(1),
            count: 10,
        },
    }
}
