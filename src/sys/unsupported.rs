//! A system that this library does not know yet: every call says so, and nothing is guessed.

use std::io;
use std::time::Duration;

use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Error, OptionName};
use crate::plan::{Limits, Plan};
use crate::snapshot::Snapshot;

#[cfg(unix)]
mod descriptor {
    pub(crate) type Borrowed<'a> = std::os::fd::BorrowedFd<'a>;
    pub(crate) type Owned = std::os::fd::OwnedFd;
    pub use std::os::fd::AsFd as AsDescriptor;

    /// The descriptor of anything that can lend one.
    pub(crate) fn lend(socket: &impl AsDescriptor) -> Borrowed<'_> {
        socket.as_fd()
    }
}

pub use descriptor::AsDescriptor;
pub(crate) use descriptor::{Borrowed, Owned, lend};

fn unsupported<T>() -> Result<T, Error> {
    let why = "this library does not know the system; docs/systems.md lists those that it does";
    Err(Error::Unsupported { option: OptionName(c"SO_KEEPALIVE"), why })
}

#[cfg(feature = "bridge")]
pub(crate) fn borrow<'a>(given: i64) -> Result<Borrowed<'a>, Error> {
    if given < 0 { Err(Error::NoDescriptor { given }) } else { unsupported() }
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis::default()
}

pub(crate) fn error_name(_: i32) -> Option<&'static str> {
    None
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    unsupported()
}

pub(crate) fn apply(_: Borrowed<'_>, _: &Plan) -> Result<(), Error> {
    unsupported()
}

pub(crate) fn query(_: Borrowed<'_>) -> Result<Config, Error> {
    unsupported()
}

pub(crate) fn snapshot(_: Borrowed<'_>) -> Result<Snapshot, Error> {
    unsupported()
}

pub(crate) fn duplicate(_: Borrowed<'_>) -> Result<Owned, Error> {
    unsupported()
}

pub(crate) fn identity(_: Borrowed<'_>) -> Result<Option<u64>, Error> {
    unsupported()
}

pub(crate) fn error_pending(_: Borrowed<'_>) -> Result<bool, Error> {
    unsupported()
}

pub(crate) fn take_error(_: Borrowed<'_>) -> Result<Option<io::Error>, Error> {
    unsupported()
}

pub(crate) fn unacknowledged(_: Borrowed<'_>) -> Result<u32, Error> {
    unsupported()
}

pub(crate) fn probe_now(_: Borrowed<'_>, _: &Config) -> Result<(), Error> {
    unsupported()
}

pub(crate) fn set_count(_: Borrowed<'_>, _: u32) -> Result<(), Error> {
    unsupported()
}

pub(crate) fn discard_unsent(_: Borrowed<'_>) -> Result<(), Error> {
    unsupported()
}

pub(crate) fn retransmission_limit(_: Borrowed<'_>) -> Result<Duration, Error> {
    unsupported()
}

pub(crate) fn limit_retransmissions(_: Borrowed<'_>, _: Duration) -> Result<(), Error> {
    unsupported()
}

pub(crate) fn retries() -> u32 {
    0
}

pub(crate) fn is_multipath(_: Borrowed<'_>) -> bool {
    false
}

pub(crate) fn asleep() -> Duration {
    Duration::ZERO
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    unsupported()
}

pub(crate) fn set_system_defaults(_: &Config) -> Result<Config, Error> {
    unsupported()
}
