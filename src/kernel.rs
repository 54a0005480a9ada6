//! What a guard asks of the kernel: [`Kernel`], and the real one behind a socket.

use crate::config::Config;
use crate::error::Error;
use crate::loss::ReportedError;
use crate::snapshot::Snapshot;
use crate::sys::{self, AsDescriptor, Borrowed};

/// The calls that touch the kernel, on the connected socket.
pub trait Kernel {
    /// Applies the values and returns what is then in force; `None` for what was not given and
    /// cannot be read back.
    ///
    /// # Errors
    ///
    /// What the system refused; the socket is then as it was.
    fn apply(&mut self, config: &Config) -> Result<Config, Error>;

    /// Whether keepalive is on on the socket. A peer is not condemned for probes that nobody has
    /// counted and somebody has switched off.
    fn is_probing(&mut self) -> bool;

    /// What the kernel knows of the connection, if it can be asked. One that knows nothing gives an
    /// empty answer.
    fn snapshot(&mut self) -> Option<Snapshot>;

    /// The error that the kernel holds, also one that it has not acted upon. Takes it away.
    fn take_error(&mut self) -> ReportedError;

    /// Sends a keepalive probe now, one more than the plan has.
    fn probe_now(&mut self, in_force: &Config);

    /// How often the system retransmits before it gives up.
    fn retries(&mut self) -> u32;

    /// Whether the connection has several paths (MPTCP): what the kernel says is then true of one
    /// of them only.
    fn is_multipath(&mut self) -> bool;
}

/// The kernel behind a socket that somebody else keeps open.
#[derive(Debug)]
pub struct Socket<'a>(Result<Borrowed<'a>, i64>);

impl<'a> Socket<'a> {
    /// That of this socket.
    pub fn new(socket: &'a impl AsDescriptor) -> Self {
        Self(Ok(sys::lend(socket)))
    }

    /// That of a descriptor's number, as it came through C++; −1 is none.
    #[cfg(feature = "qt")]
    pub(crate) fn numbered(number: i64) -> Self {
        Self(sys::borrow(number).map_err(|_| number))
    }

    fn borrowed(&self) -> Result<Borrowed<'a>, Error> {
        self.0.map_err(|given| Error::NoDescriptor { given })
    }
}

impl Kernel for Socket<'_> {
    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        let socket = self.borrowed()?;
        let given = crate::socket::apply_to(socket, config)?;
        let read = sys::query(socket)?;
        // What was given comes first: some systems read milliseconds back as seconds.
        Ok(Config {
            enabled: read.enabled,
            idle: given.idle.or(read.idle),
            interval: given.interval.or(read.interval),
            count: given.count.or(read.count),
            user_timeout: given.user_timeout.or(read.user_timeout),
        })
    }

    fn is_probing(&mut self) -> bool {
        self.borrowed().and_then(sys::query).is_ok_and(|config| config.enabled)
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        match self.borrowed().and_then(sys::snapshot) {
            Ok(info) => Some(info),
            Err(Error::Unsupported { .. } | Error::NoDescriptor { given: -2 }) => {
                Some(Snapshot::default())
            }
            Err(_) => None,
        }
    }

    fn take_error(&mut self) -> ReportedError {
        let error = self.borrowed().and_then(sys::take_error).ok().flatten();
        error.map_or(ReportedError::None, |error| ReportedError::of(&error))
    }

    fn probe_now(&mut self, in_force: &Config) {
        // Without it the plan's own probes have to do.
        let _ = self.borrowed().and_then(|socket| sys::probe_now(socket, in_force));
    }

    fn retries(&mut self) -> u32 {
        sys::retries()
    }

    fn is_multipath(&mut self) -> bool {
        self.borrowed().is_ok_and(sys::is_multipath)
    }
}
