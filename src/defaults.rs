//! The system-wide values behind every socket that says nothing: read, and set where this process
//! may.

use std::time::Duration;

use crate::config::Config;
use crate::error::Error;
use crate::{retransmission, sys};

/// The values that a socket with keepalive on has until it is given its own.
///
/// Linux: `net.ipv4.tcp_keepalive_time`, `_intvl` and `_probes` of this process's network
/// namespace. They can be larger than a socket accepts. There is no system-wide switch:
/// [`enabled`](Config::enabled) is always true here, and keepalive is off on a new socket.
///
/// Windows: `KeepAliveTime` and `KeepAliveInterval` in the registry, below
/// `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`, or what it is shipped with where
/// there are none. If they were changed since the last restart, they are not yet in force.
///
/// # Errors
///
/// [`Error::System`] if the values cannot be read, [`Error::Unsupported`] where there are none.
pub fn system_defaults() -> Result<Config, Error> {
    sys::system_defaults()
}

/// Sets the system-wide values; what is `None` stays as it is, and so does every socket that has
/// values of its own. Returns what was really set, after rounding up.
///
/// Windows: it takes an administrator, and the values are in force after the next restart.
///
/// # Errors
///
/// [`Error::System`] with `EACCES` or `EPERM` where this process may not (Linux: it takes
/// `CAP_NET_ADMIN` in the network namespace), with `EROFS` in many containers;
/// [`Error::OutOfRange`]; [`Error::Unsupported`] for a user timeout, which no system has one of, and
/// for a count where the system has none (Windows).
/// Nothing has been changed then.
pub fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    sys::set_system_defaults(config)
}

/// After how long the system gives up a connection whose data nobody acknowledges, where the socket
/// has no user timeout and the path is short: a quarter of an hour on Linux as shipped
/// (`net.ipv4.tcp_retries2` 15). On other systems it is an estimate from their number of
/// retransmissions.
pub fn system_user_timeout() -> Duration {
    retransmission::system_gives_up_after(sys::retries())
}
