//! What went wrong, with which option, under which stable number.

use std::ffi::CStr;
use std::fmt;
use std::io;

use crate::sys;

/// Why a call was refused. A refused call has changed nothing on the descriptor.
///
/// Each kind has a [`code`](Error::code) that keeps its meaning for ever; C++ shows it as
/// `ka::errc`. Whatever the system itself refused is [`Error::System`] with the system's own code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The number is no descriptor at all. Qt returns −1 while a socket is not connected.
    NoDescriptor {
        /// The number that was given.
        given: i64,
    },
    /// The descriptor is open, but it is not a TCP socket.
    NotTcp {
        /// The system's word for it, such as `ENOTSOCK` for a file.
        source: io::Error,
    },
    /// A value lies outside of what the system can express.
    OutOfRange {
        /// The option that the value was meant for.
        option: OptionName,
        /// The value as it was given.
        given: Quantity,
        /// The smallest value that is possible, in `unit`.
        min: i64,
        /// The largest value that is possible, in `unit`.
        max: i64,
        /// The unit in which the system counts.
        unit: Unit,
    },
    /// This system cannot do it.
    Unsupported {
        /// What it cannot do.
        option: OptionName,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// This system can, but not on this connection.
    Untold {
        /// What is missing.
        option: OptionName,
        /// What follows, and what to do instead.
        why: &'static str,
    },
    /// The system refused; nothing else is known to be wrong.
    System {
        /// The option or file that it refused.
        option: OptionName,
        /// What was being done, such as `"set to 10 s"`.
        attempt: Attempt,
        /// The system's own error.
        source: io::Error,
    },
}

impl Error {
    /// The number of [`Error::NoDescriptor`]. Numbers are never reused.
    pub const NO_DESCRIPTOR: i32 = 1;
    /// The number of [`Error::NotTcp`].
    pub const NOT_TCP: i32 = 2;
    /// The number of [`Error::OutOfRange`].
    pub const OUT_OF_RANGE: i32 = 3;
    /// The number of [`Error::Unsupported`], and of [`Error::Untold`].
    pub const UNSUPPORTED: i32 = 4;

    /// This library's own number for the error, or `None` where the system's code says it
    /// ([`Error::system_code`]).
    pub fn code(&self) -> Option<i32> {
        match self {
            Error::NoDescriptor { .. } => Some(Self::NO_DESCRIPTOR),
            Error::NotTcp { .. } => Some(Self::NOT_TCP),
            Error::OutOfRange { .. } => Some(Self::OUT_OF_RANGE),
            Error::Unsupported { .. } | Error::Untold { .. } => Some(Self::UNSUPPORTED),
            Error::System { .. } => None,
        }
    }

    /// The system's error number (`errno`), where the system refused.
    pub fn system_code(&self) -> Option<i32> {
        match self {
            Error::System { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// The option that failed, such as `TCP_KEEPIDLE`; empty where it was the descriptor itself.
    pub fn option(&self) -> OptionName {
        match self {
            Error::NoDescriptor { .. } | Error::NotTcp { .. } => OptionName(c""),
            Error::OutOfRange { option, .. }
            | Error::Unsupported { option, .. }
            | Error::Untold { option, .. }
            | Error::System { option, .. } => *option,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoDescriptor { given } => write!(
                f,
                "{given} is not a socket descriptor (Qt returns -1 until the socket is connected; \
                 apply the values then)"
            ),
            Error::NotTcp { source } => write!(f, "the descriptor is not a TCP socket: {source}"),
            Error::OutOfRange { option, given, min, max, unit } => {
                write!(f, "{option}: {given} is not within {min}..{max}{}", unit.suffix())?;
                match given {
                    Quantity::Milliseconds(ms)
                        if option.0 == DETECT_WITHIN && (0..2000).contains(ms) =>
                    {
                        f.write_str("; a shorter time takes a heart-beat (heartbeatInterval)")
                    }
                    _ => Ok(()),
                }
            }
            Error::Unsupported { option, why } => {
                write!(f, "{option}: not supported on this system ({why})")
            }
            Error::Untold { option, why } => write!(f, "{option}: {why}"),
            Error::System { option, attempt, source } => {
                write!(f, "{option}: cannot {attempt}: ")?;
                if let Some(name) = source.raw_os_error().and_then(sys::error_name) {
                    write!(f, "{name}, ")?;
                }
                write!(f, "{source}")?;
                match source.kind() {
                    io::ErrorKind::PermissionDenied => {
                        write!(f, "; this process lacks the permission")
                    }
                    _ if source.raw_os_error() == Some(EBADF) => {
                        write!(f, "; the descriptor is closed")
                    }
                    _ if *attempt == Attempt::WhileConnecting => {
                        write!(f, "; apply the values when it is connected")
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

/// The name under which [`Config::detect_within`](crate::Config::detect_within) refuses. What it
/// cannot do, something else can.
pub(crate) const DETECT_WITHIN: &CStr = c"detectWithin";

/// The same number on every system that has the error.
const EBADF: i32 = 9;

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::NotTcp { source } | Error::System { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The name of an option as the system's manual spells it, such as `TCP_KEEPIDLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionName(pub(crate) &'static CStr);

impl OptionName {
    /// The name as text.
    pub fn as_str(self) -> &'static str {
        // Every name is a literal of this crate in ASCII; the fallback is never seen.
        self.0.to_str().unwrap_or("")
    }

    /// The name as C wants it: NUL-terminated and valid for the life of the program.
    pub fn as_c_str(self) -> &'static CStr {
        self.0
    }
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was being done when the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempt {
    /// The value was being read.
    Read,
    /// This value was being set, in the system's unit.
    Set(i64, Unit),
    /// Idle and interval were being set by one call, in the system's unit.
    SetBoth {
        /// The one.
        idle: i64,
        /// The other.
        interval: i64,
        /// The unit of both.
        unit: Unit,
    },
    /// A duplicate of the descriptor was being made.
    Duplicate,
    /// The value was being read or set while a connect was under way, where the system then refuses
    /// it (Windows, whose word for it is "invalid argument").
    WhileConnecting,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attempt::Read => f.write_str("read it"),
            Attempt::Set(value, unit) => write!(f, "set it to {value}{}", unit.suffix()),
            Attempt::SetBoth { idle, interval, unit } => {
                let unit = unit.suffix();
                write!(f, "set idle to {idle}{unit} and interval to {interval}{unit}")
            }
            Attempt::Duplicate => f.write_str("duplicate the descriptor"),
            Attempt::WhileConnecting => f.write_str("use it while the socket is still connecting"),
        }
    }
}

/// The unit in which a system counts an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole seconds.
    Seconds,
    /// Whole milliseconds.
    Milliseconds,
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
}

impl Unit {
    fn suffix(self) -> &'static str {
        match self {
            Unit::Seconds => " s",
            Unit::Milliseconds => " ms",
            Unit::Count => "",
            Unit::Bytes => " bytes",
        }
    }
}

/// A value as a caller gave it, kept to be shown in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A time in milliseconds. It may be negative: C++ and QML can say so.
    Milliseconds(i64),
    /// A plain number.
    Count(i64),
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Quantity::Milliseconds(ms) if ms % 1000 == 0 => write!(f, "{} s", ms / 1000),
            Quantity::Milliseconds(ms) => write!(f, "{ms} ms"),
            Quantity::Count(n) => write!(f, "{n}"),
        }
    }
}
