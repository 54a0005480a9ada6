//! illumos and Oracle Solaris. See tcp(4P), and `inet/tcp/tcp_opt_data.c`, `tcp_timers.c` and
//! `tcp_tunables.c` of illumos.
//!
//! Interval and count are two views of a third value, the time that the probing may last
//! (TCP_KEEPALIVE_ABORT_THRESHOLD): writing one of them changes that time or the other, depending on
//! what is there. Interval and then count, in this order, come out as written whatever was before;
//! writing the time makes both zero again, and then the probes' intervals double.
//!
//! The system tells nothing of a connection. While data is unacknowledged it sends no probe, but the
//! connection is still given up in the plan's time, or at most as much later as it is idle before.

use std::sync::OnceLock;
use std::time::Duration;

use socket2::SockRef;

use super::posix::scratch;
use super::total::{self, seconds_of};
use super::unix::{ENABLED, SocketOption, check_tcp, poll, tcp};
use crate::capabilities::Diagnosis;
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::{Limits, Offer, Plan, Range, Shipped, Together};

pub(crate) use super::posix::{
    identity, is_multipath, limit_retransmissions, probe_now, retransmission_limit, set_count,
    state_by_addresses as snapshot, unacknowledged,
};
pub use super::unix::AsDescriptor;
#[cfg(feature = "bridge")]
pub(crate) use super::unix::borrow;
pub(crate) use super::unix::{
    Borrowed, Owned, discard_unsent, duplicate, error_name, lend, take_error,
};

// Oracle Solaris has these three since 11.4, under numbers of its own.
static IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Seconds);
static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);
static COUNT: SocketOption = tcp(OptionName(c"TCP_KEEPCNT"), libc::TCP_KEEPCNT, Unit::Count);

/// How long the probing may last.
static PROBING: SocketOption = tcp(
    OptionName(c"TCP_KEEPALIVE_ABORT_THRESHOLD"),
    libc::TCP_KEEPALIVE_ABORT_THRESHOLD,
    Unit::Milliseconds,
);

/// How long data is sent again. A closed window that is still acknowledged does not count, and zero
/// would be "for ever".
static USER_TIMEOUT: SocketOption =
    tcp(OptionName(c"TCP_ABORT_THRESHOLD"), libc::TCP_ABORT_THRESHOLD, Unit::Milliseconds);

const DAY: i64 = 24 * 60 * 60;

/// `interval` is in seconds.
const fn limits_with(interval: (i64, i64)) -> Limits {
    Limits {
        idle: Offer::Within(Range { max: 10 * DAY, ..seconds_of(IDLE.name, 10) }),
        interval: Offer::Within(Range { max: interval.1, ..seconds_of(INTERVAL.name, interval.0) }),
        count: Offer::Within(Range {
            option: COUNT.name,
            unit: Unit::Count,
            min: 1,
            max: total::LONGEST,
        }),
        user_timeout: Offer::Within(Range {
            option: USER_TIMEOUT.name,
            unit: Unit::Milliseconds,
            min: 0,
            max: i32::MAX as i64,
        }),
        user_timeout_replaces_count: false,
        together: Together::Never,
        // The probing lasts eight minutes, and the intervals double up to one.
        shipped: Shipped {
            idle: Duration::from_secs(7200),
            interval: Duration::from_secs(60),
            count: 8,
        },
    }
}

/// The manual of Solaris 11.4 has these bounds.
#[cfg(target_os = "solaris")]
const INTERVALS: (i64, i64) = (10, 10 * DAY);
/// illumos holds an interval between the shortest and the longest retransmission timeout, and as
/// shipped they are 0.4 s and 60 s.
#[cfg(target_os = "illumos")]
const INTERVALS: (i64, i64) = (1, 60);

static SHIPPED_LIMITS: Limits = limits_with(INTERVALS);

/// As the system says itself, where an administrator may have changed it.
#[cfg(target_os = "illumos")]
fn intervals(socket: Borrowed<'_>) -> Result<(i64, i64), Error> {
    const SHORTEST: SocketOption =
        tcp(OptionName(c"TCP_RTO_MIN"), libc::TCP_RTO_MIN, Unit::Milliseconds);
    const LONGEST: SocketOption =
        tcp(OptionName(c"TCP_RTO_MAX"), libc::TCP_RTO_MAX, Unit::Milliseconds);
    let shortest = (i64::from(SHORTEST.read(socket)?) + 999) / 1000;
    let longest = i64::from(LONGEST.read(socket)?) / 1000;
    Ok((shortest.max(1), longest.max(shortest).max(1)))
}

#[cfg(target_os = "solaris")]
fn intervals(_: Borrowed<'_>) -> Result<(i64, i64), Error> {
    Ok(INTERVALS)
}

pub(crate) fn limits() -> Result<&'static Limits, Error> {
    static ASKED: OnceLock<Limits> = OnceLock::new();
    Ok(ASKED.get().unwrap_or_else(|| match scratch() {
        Ok(socket) => {
            ASKED.get_or_init(|| limits_with(intervals(lend(&socket)).unwrap_or(INTERVALS)))
        }
        // The question stays open.
        Err(_) => &SHIPPED_LIMITS,
    }))
}

pub(crate) fn diagnosis() -> Diagnosis {
    Diagnosis {
        read_back: true,
        system_defaults: true,
        unreachable_is_distinct: true,
        ..Diagnosis::default()
    }
}

/// What is in force on a socket, in the units of the options.
struct InForce {
    enabled: bool,
    idle: u32,
    interval: u32,
    count: u32,
    probing: u32,
    user_timeout: u32,
}

impl InForce {
    fn read(socket: Borrowed<'_>) -> Result<Self, Error> {
        let read = |option: &SocketOption| {
            option.read(socket).map(|value| u32::try_from(value).unwrap_or_default())
        };
        Ok(Self {
            enabled: ENABLED.read(socket)? != 0,
            idle: read(&IDLE)?,
            interval: read(&INTERVAL)?,
            count: read(&COUNT)?,
            probing: read(&PROBING)?,
            user_timeout: read(&USER_TIMEOUT)?,
        })
    }

    /// Each of these values was in force once; should one be refused now, nothing better is known.
    fn put_back(&self, socket: Borrowed<'_>) {
        let _ = PROBING.write(socket, self.probing);
        if self.interval > 0 {
            let _ = INTERVAL.write(socket, self.interval);
        }
        if self.count > 0 {
            let _ = COUNT.write(socket, self.count);
        }
        let _ = IDLE.write(socket, self.idle);
        let _ = USER_TIMEOUT.write(socket, self.user_timeout);
    }
}

pub(crate) fn apply(socket: Borrowed<'_>, plan: &Plan) -> Result<(), Error> {
    total::check(plan, limits()?)?;
    check_tcp(socket)?;
    let old = InForce::read(socket)?;
    if plan.count.is_some() && plan.interval.is_none() && old.interval == 0 {
        let why = "this system takes a count of probes only beside an interval; give both";
        return Err(Error::Unsupported { option: INTERVAL.name, why });
    }
    write(socket, plan, &old).inspect_err(|_| old.put_back(socket))
}

fn write(socket: Borrowed<'_>, plan: &Plan, old: &InForce) -> Result<(), Error> {
    let differs = |wanted: Option<u32>, old: u32| wanted.filter(|wanted| *wanted != old);
    let user_timeout = match plan.user_timeout {
        Some(0) => Some(user_timeout_of_the_system()?),
        other => other,
    };
    if let Some(timeout) = differs(user_timeout, old.user_timeout) {
        USER_TIMEOUT.write(socket, timeout)?;
    }
    if let Some(idle) = differs(plan.idle, old.idle) {
        IDLE.write(socket, idle)?;
    }
    let interval = differs(plan.interval, old.interval);
    if let Some(interval) = interval {
        INTERVAL.write(socket, interval)?;
    }
    // A new interval may have changed the count.
    if let Some(count) = plan.count.filter(|count| interval.is_some() || *count != old.count) {
        COUNT.write(socket, count)?;
    }
    if plan.enabled != old.enabled {
        ENABLED.write(socket, u32::from(plan.enabled))?;
    }
    Ok(())
}

/// The system's own rule is a value on every socket that nobody has changed.
fn user_timeout_of_the_system() -> Result<u32, Error> {
    let value = with_scratch(|socket| USER_TIMEOUT.read(socket))?;
    Ok(u32::try_from(value).unwrap_or_default())
}

fn with_scratch<T>(ask: impl FnOnce(Borrowed<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let socket = scratch().map_err(|source| Error::System {
        option: OptionName(c"socket"),
        attempt: Attempt::Read,
        source,
    })?;
    ask(lend(&socket))
}

/// An interval or a count that is not there, while the probes' intervals double, is `None`.
pub(crate) fn query(socket: Borrowed<'_>) -> Result<Config, Error> {
    check_tcp(socket)?;
    let InForce { enabled, idle, interval, count, user_timeout, .. } = InForce::read(socket)?;
    Ok(Config {
        enabled,
        idle: Some(Duration::from_secs(idle.into())),
        interval: (interval > 0).then_some(Duration::from_secs(interval.into())),
        count: (count > 0).then_some(count),
        user_timeout: Some(Duration::from_millis(user_timeout.into())),
    })
}

/// poll(2) never says POLLERR of a socket here. With an error to be read it says that one can write,
/// which it otherwise says of a connected socket only: `so_poll()` in `fs/sockfs/sockcommon_sops.c`.
pub(crate) fn error_pending(socket: Borrowed<'_>) -> Result<bool, Error> {
    let writable = poll(socket, libc::POLLOUT)? & libc::POLLOUT != 0;
    Ok(writable && SockRef::from(&socket).peer_addr().is_err())
}

/// Never asked for: these systems count time and not retransmissions.
pub(crate) fn retries() -> u32 {
    0
}

/// None of its clocks counts the time asleep.
pub(crate) fn asleep() -> Duration {
    Duration::ZERO
}

/// A new socket has the system's values.
pub(crate) fn system_defaults() -> Result<Config, Error> {
    let of_a_new_socket = with_scratch(query)?;
    Ok(Config { enabled: true, user_timeout: None, ..of_a_new_socket })
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    let nothing = Config { idle: None, interval: None, count: None, user_timeout: None, ..*config };
    if *config == nothing {
        return Ok(Config { enabled: true, ..nothing });
    }
    let why = "there is no call for it; an administrator sets it by `ipadm set-prop -p \
               _keepalive_interval=MILLISECONDS tcp`, and how long the probing lasts by \
               _keepalive_abort_interval";
    Err(Error::Unsupported { option: IDLE.name, why })
}
