//! What this system can do: [`Capabilities`], so that a program can adapt its words and its
//! choices.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::deadline::detect_within_range;
use crate::error::Unit;
use crate::plan::{Limits, Offer, Range, Together};
use crate::sys;
use crate::time::milliseconds;

/// What this system can do, as it was found by asking it.
///
/// The first part is about settings: what is `None` there is refused with
/// [`Error::Unsupported`](crate::Error::Unsupported). The second part is about evidence: what is
/// false there is no error, but something that a program will not hear of. The table of all systems
/// is in docs/systems.md.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// [`Config::idle`](crate::Config::idle) (`TCP_KEEPIDLE`): what a socket accepts. Linux: 1 s to
    /// 32767 s, in seconds. `None` on OpenBSD.
    pub idle: Option<TimeRange>,
    /// [`Config::interval`](crate::Config::interval) (`TCP_KEEPINTVL`). Linux: 1 s to 32767 s, in
    /// seconds. `None` on OpenBSD.
    pub interval: Option<TimeRange>,
    /// [`Config::count`](crate::Config::count) (`TCP_KEEPCNT`). Linux: 1 to 127. `None` on OpenBSD
    /// and on Windows before version 1703, which always sends ten probes.
    pub count: Option<RangeInclusive<u32>>,
    /// [`Config::user_timeout`](crate::Config::user_timeout) (`TCP_USER_TIMEOUT` and its like).
    /// Linux: 0 to 2147483647 ms. `None` on NetBSD, DragonFly, OpenBSD, and FreeBSD before 14.
    pub user_timeout: Option<TimeRange>,
    /// [`Config::detect_within`](crate::Config::detect_within). Linux: 2 s to 65534 s, in seconds.
    /// `None` where idle is.
    pub detect_within: Option<TimeRange>,
    /// Idle and interval can only be given together (Windows before version 1709).
    pub times_together: bool,
    /// The system-wide values can be read ([`system_defaults`](crate::system_defaults)). True on
    /// every system that is supported.
    pub system_defaults: bool,
    /// The system-wide values can be set ([`set_system_defaults`](crate::set_system_defaults)), by
    /// a process that has the right. False on illumos and Solaris, where ipadm sets them.
    pub set_system_defaults: bool,

    /// [`query`](crate::query) tells the times in force on a socket, whoever set them. False on
    /// Windows before version 1709 and on some NetBSD.
    pub read_back: bool,
    /// The kernel counts unanswered probes ([`Snapshot::probes`](crate::Snapshot::probes)). True on
    /// Linux and Android.
    pub probes_counter: bool,
    /// The kernel tells when the peer was last heard, so the verdict is this library's own and
    /// keeps its time, with data on its way, too. Otherwise it is the kernel's, in the kernel's
    /// time. True on Linux, Android, FreeBSD and OpenBSD.
    pub deadline: bool,
    /// The reason of a loss can be told: a close, a reset, unanswered probes, unacknowledged data.
    /// Otherwise some are [`LossReason::Unknown`](crate::LossReason::Unknown). True on Linux and
    /// Android.
    pub loss_reason: bool,
    /// A warning precedes the loss. True where `deadline` is.
    pub early_warning: bool,
}

/// The times that an option accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeRange {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
    /// What a time is rounded to: the system's unit.
    pub step: Duration,
}

impl TimeRange {
    fn of(range: &Range) -> Self {
        let step = match range.unit {
            Unit::Seconds => Duration::from_secs(1),
            Unit::Milliseconds | Unit::Count | Unit::Bytes => Duration::from_millis(1),
        };
        let times = |number: i64| {
            let ms = u64::try_from(number).unwrap_or(0).saturating_mul(milliseconds(step));
            Duration::from_millis(ms)
        };
        Self { min: times(range.min), max: times(range.max), step }
    }
}

/// What a system tells of its connections and of itself; what it accepts is in [`Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Diagnosis {
    /// The times in force can be read from a socket.
    pub(crate) read_back: bool,
    /// There are system-wide values to read.
    pub(crate) system_defaults: bool,
    /// And they can be set.
    pub(crate) set_system_defaults: bool,
    /// `Snapshot::probes` is told.
    pub(crate) probes: bool,
    /// `Snapshot::silence()` is told.
    pub(crate) silence: bool,
    /// `Snapshot::since_data_received` or `Snapshot::bytes_received` is told.
    pub(crate) data_received: bool,
    /// The state of a connection that has ended is told, and so is whether it ended in silence.
    pub(crate) loss_reason: bool,
    /// A connection has the options that the socket which accepted it had at that moment, and they
    /// do no harm there. (macOS kills a listening socket that has them.)
    pub(crate) accepted_inherit: bool,
    /// Qt's `NetworkError` means an unreachable network, and not anything that went wrong.
    pub(crate) unreachable_is_distinct: bool,
}

/// What this system can do.
///
/// Where the system's version decides, the system itself is asked, once in the life of the program.
/// Never fails; a system that is not known has none of it.
pub fn capabilities() -> Capabilities {
    capabilities_of(sys::limits().ok(), sys::diagnosis())
}

fn capabilities_of(limits: Option<&Limits>, diagnosis: Diagnosis) -> Capabilities {
    let range = |pick: fn(&Limits) -> &Offer| pick(limits?).range().ok();
    let time = |pick| range(pick).map(TimeRange::of);
    Capabilities {
        idle: time(|limits| &limits.idle),
        interval: time(|limits| &limits.interval),
        count: range(|limits| &limits.count).map(|range| {
            let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
            number(range.min)..=number(range.max)
        }),
        user_timeout: time(|limits| &limits.user_timeout),
        detect_within: limits
            .and_then(|limits| detect_within_range(limits).ok())
            .map(|range| TimeRange::of(&range)),
        times_together: limits.is_some_and(|limits| limits.together == Together::Always),
        system_defaults: diagnosis.system_defaults,
        set_system_defaults: diagnosis.set_system_defaults,
        read_back: diagnosis.read_back,
        probes_counter: diagnosis.probes,
        deadline: diagnosis.silence,
        loss_reason: diagnosis.loss_reason,
        early_warning: diagnosis.silence,
    }
}
