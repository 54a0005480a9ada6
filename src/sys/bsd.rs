//! What the BSDs and Apple's systems share: options counted in some unit of a second, and the
//! system-wide values behind them.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
use std::os::fd::AsRawFd as _;
use std::ptr;
use std::time::Duration;

use socket2::SockRef;

use super::change;
use super::unix::{Borrowed, ENABLED, SocketOption};
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName};
use crate::plan::{Plan, Range};

/// The number of retransmissions after which all of them give up (`TCP_MAXRXTSHIFT` in
/// `netinet/tcp_timer.h`); FreeBSD can be told otherwise.
pub(super) const RETRIES: u32 = 12;

/// The options of one system; the plan's times are in seconds.
pub(super) struct Options {
    pub(super) idle: &'static SocketOption,
    pub(super) interval: &'static SocketOption,
    pub(super) count: &'static SocketOption,
    /// In seconds everywhere.
    pub(super) user_timeout: Option<&'static SocketOption>,
    /// How many of its units the system has in a second, for idle and interval.
    pub(super) per_second: u32,
}

impl Options {
    /// Tells the kernel, all or nothing.
    pub(super) fn apply(&self, socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
        let mut values = self.values(plan);
        if let Some(option) = self.user_timeout {
            values.insert(0, (option, plan.user_timeout));
        }
        change::apply(socket, &values, plan.enabled)
    }

    /// What is to be written of idle, interval and count.
    pub(super) fn values(&self, plan: &Plan) -> Vec<(&'static SocketOption, Option<u32>)> {
        let units = |seconds: Option<u32>| seconds.map(|time| time.saturating_mul(self.per_second));
        vec![
            (self.idle, units(plan.idle)),
            (self.interval, units(plan.interval)),
            (self.count, plan.count),
        ]
    }

    /// What is in force on the socket.
    pub(super) fn query(&self, socket: Borrowed<'_>) -> Result<Config, Error> {
        let read =
            |option: &SocketOption| option.read(socket).map(|value| u32::try_from(value).ok());
        let time = |option, per_second| {
            read(option).map(|units| Some(Duration::from_secs(units?.into()) / per_second))
        };
        Ok(Config {
            idle: time(self.idle, self.per_second)?,
            interval: time(self.interval, self.per_second)?,
            count: read(self.count)?,
            user_timeout: match self.user_timeout {
                Some(option) => time(option, 1)?,
                None => None,
            },
            enabled: ENABLED.read(socket)? != 0,
        })
    }
}

/// A system-wide value, which is an int everywhere. Its option's name is the system's own for it.
pub(super) struct Sysctl {
    pub(super) range: Range,
    /// OpenBSD knows no names: the last of the four numbers.
    #[cfg(target_os = "openbsd")]
    pub(super) number: c_int,
}

impl Sysctl {
    pub(super) fn read(&self) -> Result<u32, Error> {
        let failed = |source| self.failed(Attempt::Read, source);
        let value = self.exchange(None).map_err(failed)?;
        u32::try_from(value).map_err(|_| failed(io::ErrorKind::InvalidData.into()))
    }

    fn write(&self, value: u32) -> Result<(), Error> {
        let number = c_int::try_from(value).unwrap_or(c_int::MAX);
        self.exchange(Some(number))
            .map(drop)
            .map_err(|source| self.failed(Attempt::Set(i64::from(value), self.range.unit), source))
    }

    fn failed(&self, attempt: Attempt, source: io::Error) -> Error {
        Error::System { option: self.range.option, attempt, source }
    }

    /// The old value, and a new one in its place where there is one.
    fn exchange(&self, new: Option<c_int>) -> io::Result<c_int> {
        let mut old: c_int = 0;
        let mut length = size_of::<c_int>();
        let mut new = new;
        let (new, new_length) = match &mut new {
            Some(value) => (ptr::from_mut(value).cast::<c_void>(), size_of::<c_int>()),
            None => (ptr::null_mut(), 0),
        };
        let old_place = (&raw mut old).cast::<c_void>();
        #[cfg(not(target_os = "openbsd"))]
        // SAFETY: the name ends with NUL and is valid for the life of the program; `old` and the
        // value behind `new` are c_ints that outlive the call, and both lengths say so exactly, so
        // the kernel writes and reads within them. A null pointer with length zero sets nothing.
        let result = unsafe {
            let name = self.range.option.as_c_str().as_ptr();
            libc::sysctlbyname(name, old_place, &raw mut length, new, new_length)
        };
        #[cfg(target_os = "openbsd")]
        // SAFETY: as above; the name is an array of four numbers, and its length is given.
        let result = unsafe {
            let name = [libc::CTL_NET, libc::PF_INET, libc::IPPROTO_TCP, self.number];
            libc::sysctl(name.as_ptr(), 4, old_place, &raw mut length, new, new_length)
        };
        if result == 0 { Ok(old) } else { Err(io::Error::last_os_error()) }
    }
}

/// The system-wide values where they go by names.
#[cfg(not(target_os = "openbsd"))]
pub(super) mod by_name {
    use super::{Defaults, Sysctl};
    use crate::error::{OptionName, Unit};
    use crate::plan::Range;
    use crate::sys::total;

    static IDLE: Sysctl = milliseconds(OptionName(c"net.inet.tcp.keepidle"));
    static INTERVAL: Sysctl = milliseconds(OptionName(c"net.inet.tcp.keepintvl"));
    static COUNT: Sysctl = counted(OptionName(c"net.inet.tcp.keepcnt"));

    /// Less than a tick of the kernel's becomes none, which it refuses.
    const fn milliseconds(option: OptionName) -> Sysctl {
        Sysctl { range: Range { option, unit: Unit::Milliseconds, min: 1, max: i32::MAX as i64 } }
    }

    pub(in crate::sys) const fn counted(option: OptionName) -> Sysctl {
        Sysctl { range: Range { option, unit: Unit::Count, min: 1, max: total::LONGEST } }
    }

    /// The system-wide values where they are counted in milliseconds: Apple's systems, FreeBSD and
    /// DragonFly.
    pub(in crate::sys) const IN_MILLISECONDS: Defaults =
        Defaults { idle: &IDLE, interval: &INTERVAL, count: Ok(&COUNT), factor: 1 };
}

/// The system-wide values of one system.
pub(super) struct Defaults {
    pub(super) idle: &'static Sysctl,
    pub(super) interval: &'static Sysctl,
    /// The value, or what it is where it cannot be changed.
    pub(super) count: Result<&'static Sysctl, u32>,
    /// How many of the system's units there are in one of the ranges'.
    pub(super) factor: u32,
}

impl Defaults {
    pub(super) fn read(&self) -> Result<Config, Error> {
        let time = |sysctl: &Sysctl| {
            sysctl.read().map(|units| Some(sysctl.range.duration(units) / self.factor))
        };
        Ok(Config {
            enabled: true,
            idle: time(self.idle)?,
            interval: time(self.interval)?,
            count: Some(self.count.map_or_else(Ok, Sysctl::read)?),
            user_timeout: None,
        })
    }

    /// All values or none: what was written before a refusal is put back.
    pub(super) fn set(&self, config: &Config, user_timeout: OptionName) -> Result<Config, Error> {
        if config.user_timeout.is_some() {
            let why = "there is no system-wide user timeout; set it on each socket";
            return Err(Error::Unsupported { option: user_timeout, why });
        }
        let idle = config.idle.map(|time| self.idle.range.round_up(time)).transpose()?;
        let interval =
            config.interval.map(|time| self.interval.range.round_up(time)).transpose()?;
        let units = |value: Option<u32>| value.map(|value| value.saturating_mul(self.factor));
        let mut wanted = vec![(self.idle, units(idle)), (self.interval, units(interval))];
        if let Some(count) = config.count {
            let Ok(sysctl) = self.count else {
                let why = "this system's count of probes is fixed";
                return Err(Error::Unsupported { option: OptionName(c"TCP_KEEPCNT"), why });
            };
            wanted.push((sysctl, Some(sysctl.range.check(count)?)));
        }
        let mut changes = Vec::new();
        for (sysctl, value) in wanted {
            if let Some(value) = value {
                changes.push((sysctl, value, sysctl.read()?));
            }
        }
        for (done, (sysctl, value, _)) in changes.iter().enumerate() {
            sysctl.write(*value).inspect_err(|_| {
                for (sysctl, _, old) in changes[..done].iter().rev() {
                    // It was in force a moment ago; should it be refused now, nothing better is known.
                    let _ = sysctl.write(*old);
                }
            })?;
        }
        Ok(Config {
            enabled: true,
            idle: idle.map(|units| self.idle.range.duration(units)),
            interval: interval.map(|units| self.interval.range.duration(units)),
            count: config.count,
            user_timeout: None,
        })
    }
}

/// What the peer has not acknowledged, sent or not (ioctl FIONWRITE).
#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
pub(super) fn queued(socket: Borrowed<'_>) -> Option<u32> {
    let mut bytes: c_int = 0;
    // SAFETY: this request writes one int, and `bytes` is one that outlives the call. Any descriptor
    // is allowed, a wrong one is an error.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONWRITE, &raw mut bytes) };
    (result == 0).then_some(u32::try_from(bytes).ok()?)
}

/// Their poll(2) does not tell of an error. Receiving does, and leaves it where it is while it only
/// peeks (`soreceive()` in `kern/uipc_socket.c` of each). An error behind data that waits to be read
/// is not seen.
pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    let mut byte = [MaybeUninit::uninit()];
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    Ok(match SockRef::from(&socket).recv_with_flags(&mut byte, flags) {
        Ok(_) => false,
        // These are said of the call or of a socket without a connection, and were not waiting.
        Err(error) => !matches!(
            error.raw_os_error(),
            Some(
                libc::EAGAIN
                    | libc::EINTR
                    | libc::ENOTCONN
                    | libc::EINVAL
                    | libc::EBADF
                    | libc::ENOTSOCK
            )
        ),
    })
}
