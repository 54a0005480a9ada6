//! One socket: tell the kernel what is wanted ([`apply`]), ask what is in force ([`query`]), and
//! read what it knows of the connection ([`snapshot`]).

use crate::config::Config;
use crate::error::Error;
use crate::plan::Plan;
use crate::snapshot::Snapshot;
use crate::sys::{self, AsDescriptor, Borrowed};

/// Applies `config` to a TCP socket in any state, listening ones included (Linux: the connections
/// that such a socket accepts inherit it).
///
/// All or nothing: every value is checked before the first is written. Returns what the kernel was
/// really given, after rounding up; what was left alone stays `None`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let wanted = qkeepalive::Config {
///     idle: Some(Duration::from_millis(9500)),
///     interval: Some(Duration::from_secs(2)),
///     ..Default::default()
/// };
/// // Ten seconds, where the system counts seconds.
/// let given = qkeepalive::apply(&listener, &wanted)?;
/// assert!(given.idle >= wanted.idle && given.interval == wanted.interval);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`Error::OutOfRange`] for a value that the system cannot express, [`Error::NotTcp`] for any
/// other descriptor, [`Error::Unsupported`] where the system cannot do it, otherwise
/// [`Error::System`] with the option that was refused. The socket is then as it was.
pub fn apply(socket: &impl AsDescriptor, config: &Config) -> Result<Config, Error> {
    apply_to(sys::lend(socket), config)
}

pub(crate) fn apply_to(socket: Borrowed<'_>, config: &Config) -> Result<Config, Error> {
    let limits = sys::limits()?;
    let plan = Plan::new(config, limits)?;
    sys::apply(socket, &plan)?;
    Ok(plan.config(limits))
}

/// What is in force on a TCP socket, whoever set it.
///
/// Every value is there, except a user timeout that this kind of socket does not know (MPTCP).
///
/// # Errors
///
/// [`Error::NotTcp`], [`Error::Unsupported`] or [`Error::System`], as for [`apply`].
pub fn query(socket: &impl AsDescriptor) -> Result<Config, Error> {
    sys::query(sys::lend(socket))
}

/// What the kernel knows of the connection. Takes neither data nor a pending error away.
///
/// # Errors
///
/// [`Error::NotTcp`], [`Error::Unsupported`] or [`Error::System`], as for [`apply`].
pub fn snapshot(socket: &impl AsDescriptor) -> Result<Snapshot, Error> {
    sys::snapshot(sys::lend(socket))
}
