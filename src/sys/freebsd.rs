//! FreeBSD. See tcp(4), and `sys/netinet/tcp_usrreq.c` and `tcp_timer.c` of its source.
//!
//! Two things differ from Linux. `net.inet.tcp.always_keepalive` is on as the system is shipped: then
//! every connection is probed, whatever SO_KEEPALIVE says. And the probes' timer counts from the last
//! segment of any kind and goes on while data is unacknowledged, so the time that a plan gives holds
//! then, too.

use std::sync::OnceLock;
use std::time::Duration;

use super::bsd::by_name::IN_MILLISECONDS;
use super::bsd::{Options, queued};
use super::bsd_info::{self, TcpInfo};
use super::posix::{gone, scratch};
use super::total::{self, seconds_of};
use super::unix::{Filled, SocketOption, read_filled, tcp};
use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan};
use crate::snapshot::Snapshot;

pub(crate) use super::bsd::error_pending;
pub(crate) use super::posix::{
    identity, is_multipath, limit_retransmissions, probe_now, retransmission_limit, set_count,
    unacknowledged,
};
pub use super::unix::AsDescriptor;
#[cfg(feature = "bridge")]
pub(crate) use super::unix::borrow;
pub(crate) use super::unix::{
    Borrowed, Owned, discard_unsent, duplicate, error_name, lend, take_error,
};

static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Seconds);
static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);

/// How long a connection may go without progress, a closed window included; zero is the system-wide
/// value, which is "for ever" as shipped. Since FreeBSD 14.
static USER_TIMEOUT: SocketOption =
    tcp(OptionName(c"TCP_MAXUNACKTIME"), libc::TCP_MAXUNACKTIME, Unit::Seconds);

const INFO: OptionName = OptionName(c"TCP_INFO");

/// The kernel itself accepts zero for the system-wide value, twice as many seconds (UINT_MAX / hz),
/// and any count at all; but its ticks run over.
const fn limits_with(user_timeout: Offer) -> Limits {
    total::limits(IDLE.name, INTERVAL.name, COUNT.name, user_timeout)
}

static LIMITS: Limits = limits_with(Offer::Within(seconds_of(USER_TIMEOUT.name, 0)));
static OLDER_LIMITS: Limits = limits_with(Offer::Missing {
    option: USER_TIMEOUT.name,
    why: "FreeBSD has it since version 14; before that, keepalive itself gives up in its time also \
          while data is unacknowledged",
});

/// Whether the system has a user timeout, as it says itself. Without a socket to ask on there is
/// none for now, which refuses what may be possible and promises nothing that is not; the question
/// stays open.
fn has_user_timeout() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    HAS.get().copied().unwrap_or_else(|| {
        let asked = scratch().map(|socket| USER_TIMEOUT.read(lend(&socket)).is_ok());
        asked.is_ok_and(|has| *HAS.get_or_init(|| has))
    })
}

fn options() -> Options {
    Options {
        idle: &IDLE,
        interval: &INTERVAL,
        count: &COUNT,
        user_timeout: has_user_timeout().then_some(&USER_TIMEOUT),
        per_second: 1,
    }
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        set_system_defaults: true,
        silence: true,
        unreachable_is_distinct: true,
        ..Diagnosis::default()
    }
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    Ok(if has_user_timeout() { &LIMITS } else { &OLDER_LIMITS })
}

pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    total::check(plan, &LIMITS)?;
    options().apply(socket, plan)
}

pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    options().query(socket)
}

// SAFETY: every field is an integer, of which every pattern of bits is a value.
unsafe impl Filled for TcpInfo {}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    match read_filled::<TcpInfo>(socket, INFO, libc::TCP_INFO) {
        Ok((info, filled)) => Ok(bsd_info::freebsd(&info, filled, queued(socket))),
        Err(error) => gone(error),
    }
}

pub(crate) fn retries() -> u32 {
    super::bsd::RETRIES
}

/// None of its clocks counts the time asleep.
pub(crate) fn asleep() -> Duration {
    Duration::ZERO
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    IN_MILLISECONDS.read()
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    IN_MILLISECONDS.set(config, USER_TIMEOUT.name)
}
