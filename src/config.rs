//! What is wanted of keepalive on one connection: [`Config`].

use std::time::Duration;

use crate::record::{Fields, field};

/// What is wanted of TCP keepalive on one connection.
///
/// `None` leaves that value as it is on the socket; [`enabled`](Config::enabled) is always written.
/// `Config::default()` therefore means "on, with the system's values".
///
/// Times are rounded **up** to what the system can express (Linux: whole seconds for idle and
/// interval, milliseconds for the user timeout); what was really given is returned by
/// [`apply`](crate::apply). What this system accepts is told by
/// [`capabilities`](crate::capabilities), and the table of all systems is docs/systems.md. See RFC
/// 9293 §3.8.4 for keepalive, RFC 5482 for the user timeout and tcp(7) for the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Keepalive on or off (`SO_KEEPALIVE`; RFC 9293 §3.8.4, socket(7)). Default: on. Every system
    /// has it.
    pub enabled: bool,
    /// How long the connection is silent before the first probe (`TCP_KEEPIDLE`; RFC 9293 §3.8.4,
    /// tcp(7)). Default: left alone.
    ///
    /// Linux: 1 s to 32767 s, shipped as 7200 s, as RFC 9293 wants it at least. macOS calls it
    /// `TCP_KEEPALIVE`. Windows has it since version 1709 and takes it in one call with the
    /// interval before that, and for parts of a second (`SIO_KEEPALIVE_VALS`): then both have to be
    /// given. illumos and Solaris: 10 s at least. OpenBSD has none.
    pub idle: Option<Duration>,
    /// The time between two unanswered probes (`TCP_KEEPINTVL`; tcp(7)). Default: left alone.
    ///
    /// Linux: 1 s to 32767 s, shipped as 75 s. Windows before version 1709 and for parts of a
    /// second: together with idle. illumos: up to 60 s. OpenBSD has none.
    pub interval: Option<Duration>,
    /// How many probes go unanswered before the connection is dead (`TCP_KEEPCNT`; tcp(7)).
    /// Default: left alone.
    ///
    /// Linux: 1 to 127, shipped as 9. Windows: 1 to 255 since version 1703, ten and no option
    /// before that. OpenBSD has none.
    pub count: Option<u32>,
    /// How long transmitted data may stay unacknowledged (`TCP_USER_TIMEOUT`; RFC 5482, tcp(7));
    /// zero is the system's own rule (about a quarter of an hour on Linux). Default: left alone.
    ///
    /// Linux: 0 to 2147483647 ms. **It also kills a live peer that merely stops reading** for that
    /// long, bounds how long a connect may take, and while it is set the probes' count is ignored
    /// (see [`detection_time`](Config::detection_time)). Elsewhere the nearest to it, in seconds:
    /// `TCP_RXT_CONNDROPTIME` (macOS), `TCP_MAXUNACKTIME` (FreeBSD 14), `TCP_MAXRT` (Windows);
    /// `TCP_ABORT_THRESHOLD` in milliseconds (illumos, Solaris). None of these has a say over the
    /// count. NetBSD, DragonFly and OpenBSD have none.
    pub user_timeout: Option<Duration>,
}

impl Config {
    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "enabled", &mut self.enabled);
        field(to, "idle", &mut self.idle);
        field(to, "interval", &mut self.interval);
        field(to, "count", &mut self.count);
        field(to, "user_timeout", &mut self.user_timeout);
    }
}

impl Default for Config {
    fn default() -> Self {
        LEAVE_ALONE
    }
}

/// Writes nothing but the switch.
pub(crate) const LEAVE_ALONE: Config =
    Config { enabled: true, idle: None, interval: None, count: None, user_timeout: None };
