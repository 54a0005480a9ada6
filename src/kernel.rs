//! What a guard asks of the kernel: [`Kernel`], and the real one behind a socket.

use std::time::Duration;

use crate::config::Config;
use crate::counts;
use crate::error::Error;
use crate::loss::ReportedError;
use crate::snapshot::Snapshot;
use crate::sys::{self, AsDescriptor, Borrowed};

/// The calls that touch the kernel, on the connected socket.
pub trait Kernel {
    /// What is in force on the socket now; `None` for what cannot be read.
    ///
    /// # Errors
    ///
    /// What the system refused.
    fn query(&mut self) -> Result<Config, Error>;

    /// Applies the values and returns what was given, after rounding; `None` for what was left
    /// alone.
    ///
    /// # Errors
    ///
    /// What the system refused; the socket is then as it was.
    fn apply(&mut self, config: &Config) -> Result<Config, Error>;

    /// Tells the kernel alone after how many unanswered probes it gives up. On Linux this may be
    /// done in the midst of them; elsewhere it does nothing.
    fn set_count(&mut self, count: u32);

    /// Notes what count belongs on the socket, on which a higher one is left: see
    /// [`noted_count`](Self::noted_count).
    fn note_count(&mut self, count: u32) {
        let _ = count;
    }

    /// What a guard before has noted of the socket, if anything. Takes it away.
    fn noted_count(&mut self) -> Option<u32> {
        None
    }

    /// Sends a keepalive probe now, one more than the plan has. The kernel gives up instead if its
    /// count is used up: [`set_count`](Self::set_count) comes first.
    fn probe_now(&mut self, in_force: &Config);

    /// Whether keepalive is on on the socket. A peer is not condemned for probes that nobody has
    /// counted and somebody has switched off.
    fn is_probing(&mut self) -> bool;

    /// What the kernel knows of the connection, if it can be asked. One that knows nothing gives an
    /// empty answer.
    fn snapshot(&mut self) -> Option<Snapshot>;

    /// How many bytes of data have left this host, of a connection of which `info` is known. By default
    /// as the snapshot counts them: there what could not leave counts again at each attempt.
    fn bytes_left(&mut self, info: &Snapshot) -> Option<u64> {
        info.bytes_sent
    }

    /// The error that the kernel holds, also one that it has not acted upon. Takes it away.
    fn take_error(&mut self) -> ReportedError;

    /// The longest time between two retransmissions; `None` where there is no such option.
    fn retransmission_limit(&mut self) -> Option<Duration>;

    /// Sets it.
    fn limit_retransmissions(&mut self, limit: Duration);

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

    /// That of a borrowed descriptor.
    #[cfg(feature = "bridge")]
    pub(crate) fn borrowing(socket: Borrowed<'a>) -> Self {
        Self(Ok(socket))
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
    fn query(&mut self) -> Result<Config, Error> {
        self.borrowed().and_then(sys::query)
    }

    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        crate::socket::apply_to(self.borrowed()?, config)
    }

    fn set_count(&mut self, count: u32) {
        // A kernel that cannot has no count to use up: see the trait.
        let _ = self.borrowed().and_then(|socket| sys::set_count(socket, count));
    }

    fn note_count(&mut self, count: u32) {
        if let Ok(Some(socket)) = self.borrowed().and_then(sys::identity) {
            counts::note(socket, count);
        }
    }

    fn noted_count(&mut self) -> Option<u32> {
        if counts::is_empty() {
            return None; // as nearly always, without a call
        }
        counts::take(self.borrowed().and_then(sys::identity).ok()??)
    }

    fn probe_now(&mut self, in_force: &Config) {
        // Without it the plan's own probes have to do.
        let _ = self.borrowed().and_then(|socket| sys::probe_now(socket, in_force));
    }

    fn is_probing(&mut self) -> bool {
        self.borrowed().and_then(sys::query).is_ok_and(|config| config.enabled)
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        match self.borrowed().and_then(sys::snapshot) {
            Ok(info) => Some(info),
            Err(Error::Unsupported { .. }) => Some(Snapshot::default()),
            Err(_) => None,
        }
    }

    fn bytes_left(&mut self, info: &Snapshot) -> Option<u64> {
        let given = self.borrowed().and_then(sys::unacknowledged).ok();
        match (given, info.bytes_acknowledged, info.unsent) {
            // An acknowledgement that came in between makes it less by so much, until the next look.
            (Some(given), Some(before), Some(unsent)) => {
                Some((before + u64::from(given)).saturating_sub(unsent.into()))
            }
            _ => info.bytes_sent,
        }
    }

    fn take_error(&mut self) -> ReportedError {
        let error = self.borrowed().and_then(sys::take_error).ok().flatten();
        error.map_or(ReportedError::None, |error| ReportedError::of(&error))
    }

    fn retransmission_limit(&mut self) -> Option<Duration> {
        self.borrowed().and_then(sys::retransmission_limit).ok()
    }

    fn limit_retransmissions(&mut self, limit: Duration) {
        // It is a help where the system knows it, and no promise depends on it.
        let _ = self.borrowed().and_then(|socket| sys::limit_retransmissions(socket, limit));
    }

    fn retries(&mut self) -> u32 {
        sys::retries()
    }

    fn is_multipath(&mut self) -> bool {
        self.borrowed().is_ok_and(sys::is_multipath)
    }
}
