//! What is wanted of keepalive on one connection: [`Config`], and the one knob
//! [`Config::detect_within`] that sets all of it.

use std::time::Duration;

use crate::error::{DETECT_WITHIN, Error, OptionName, Quantity};
use crate::plan::{Limits, Plan, Range, milliseconds};
use crate::sys;

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

impl Default for Config {
    fn default() -> Self {
        LEAVE_ALONE
    }
}

/// Writes nothing but the switch.
pub(crate) const LEAVE_ALONE: Config =
    Config { enabled: true, idle: None, interval: None, count: None, user_timeout: None };

/// Three probes unless the time is too short for them: one lost packet is no death.
const PROBES: u32 = 3;

impl Config {
    /// The values with which the death of an idle peer is known within `total`.
    ///
    /// `total` is rounded down to what the system can express (Linux: whole seconds) and is then
    /// exactly idle + interval × count. Idle is about half of it, so that a healthy connection
    /// costs one probe in that time; three probes share the rest, two where only 3 s are given and
    /// one where only 2 s are.
    ///
    /// The kernel's probes say nothing while data is unacknowledged, and nothing below that time; a
    /// [`guard`](crate::guard) covers both.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] below the shortest idle time and one probe (Linux: 2 s) and above
    /// twice the longest idle time (65534 s), saying what is possible; [`Error::Unsupported`] on a
    /// system whose sockets take no values (OpenBSD).
    pub fn detect_within(total: Duration) -> Result<Self, Error> {
        Self::detect_within_limits(total, sys::limits()?)
    }

    fn detect_within_limits(total: Duration, limits: &Limits) -> Result<Self, Error> {
        let (idle_range, interval_range) = (limits.idle.range()?, limits.interval.range()?);
        let range = detect_within_range(limits)?;
        let unit = range.duration(1);
        let units = i64::try_from(milliseconds(total) / milliseconds(unit))
            .ok()
            .filter(|units| (range.min..=range.max).contains(units))
            .ok_or_else(|| {
                let ms = i64::try_from(milliseconds(total)).unwrap_or(i64::MAX);
                range.refuse(Quantity::Milliseconds(ms))
            })?;
        // What the shortest idle time leaves for the probes.
        let rest = units - idle_range.min;
        let count = probes(limits).min(rest / interval_range.min);
        // Half of the time for the probes, rounded to the nearest unit, and never none.
        let half = ((units + count) / (2 * count)).max(1).min(rest / count);
        // At the very end of the range idle would not fit: the probes take what is left over.
        let left_over = (units - idle_range.max).max(0);
        let interval = half.max((left_over + count - 1) / count).max(interval_range.min);
        let in_units = |number: i64| unit * u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self {
            enabled: true,
            idle: Some(in_units(units - interval * count)),
            interval: Some(in_units(interval)),
            count: limits.count.range().is_ok().then_some(u32::try_from(count).unwrap_or(1)),
            user_timeout: None,
        })
    }

    /// How long a silent peer can be dead before the kernel says so on an **idle** connection:
    /// idle + interval × count, or on Linux with a user timeout U instead of the count
    /// max(1, ⌈(U − idle) / interval⌉). `None` when keepalive is off.
    ///
    /// Values are taken as the system will round them; for what is left alone the values count
    /// that the system is shipped with (Linux: 7200 s, 75 s, 9). The kernel's timers may fire up to
    /// about an eighth later than this, never earlier. A [`guard`](crate::guard) keeps this time to
    /// 100 ms, and also with data on its way.
    pub fn detection_time(&self) -> Option<Duration> {
        self.detection_time_limits(sys::limits().ok()?)
    }

    fn detection_time_limits(&self, limits: &Limits) -> Option<Duration> {
        if !self.enabled {
            return None;
        }
        // Values out of range cannot be applied; for them the plain arithmetic stands.
        let given = Plan::new(self, limits).map_or(*self, |plan| plan.config(limits));
        let idle = given.idle.unwrap_or(limits.shipped.idle);
        let interval = given.interval.unwrap_or(limits.shipped.interval);
        let probes = match given.user_timeout {
            Some(timeout)
                if limits.user_timeout_replaces_count
                    && !timeout.is_zero()
                    && !interval.is_zero() =>
            {
                let beyond_idle = milliseconds(timeout.saturating_sub(idle));
                let probes = beyond_idle.div_ceil(milliseconds(interval).max(1)).max(1);
                u32::try_from(probes).unwrap_or(u32::MAX)
            }
            _ => given.count.unwrap_or(limits.shipped.count),
        };
        Some(idle.saturating_add(interval.saturating_mul(probes)))
    }
}

/// The number of probes that a plan has at most.
fn probes(limits: &Limits) -> i64 {
    i64::from(if limits.count.range().is_ok() { PROBES } else { limits.shipped.count })
}

/// The times that [`Config::detect_within`] can promise: the shortest idle time and one probe at
/// least, and idle, which is half of it, as long as the system allows at most.
pub(crate) fn detect_within_range(limits: &Limits) -> Result<Range, Error> {
    let (idle, interval) = (limits.idle.range()?, limits.interval.range()?);
    let fewest = if limits.count.range().is_ok() { 1 } else { probes(limits) };
    Ok(Range {
        option: OptionName(DETECT_WITHIN),
        unit: idle.unit,
        min: idle.min + interval.min * fewest,
        max: 2 * idle.max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Unit;
    use crate::plan::{Offer, Shipped, Together};
    use proptest::prelude::*;

    const SECONDS: Range =
        Range { option: OptionName(c"TCP_KEEPIDLE"), unit: Unit::Seconds, min: 1, max: 32767 };
    const LINUX: Limits = Limits {
        idle: Offer::Within(SECONDS),
        interval: Offer::Within(Range { option: OptionName(c"TCP_KEEPINTVL"), ..SECONDS }),
        count: Offer::Within(Range {
            option: OptionName(c"TCP_KEEPCNT"),
            unit: Unit::Count,
            min: 1,
            max: 127,
        }),
        user_timeout: Offer::Within(Range {
            option: OptionName(c"TCP_USER_TIMEOUT"),
            unit: Unit::Milliseconds,
            min: 0,
            max: 2_147_483_647,
        }),
        user_timeout_replaces_count: true,
        together: Together::Never,
        shipped: Shipped {
            idle: Duration::from_secs(7200),
            interval: Duration::from_secs(75),
            count: 9,
        },
    };

    fn seconds(config: &Config) -> (u64, u64, u32) {
        (
            config.idle.expect("idle is set").as_secs(),
            config.interval.expect("interval is set").as_secs(),
            config.count.expect("count is set"),
        )
    }

    fn within(ms: u64) -> Result<Config, Error> {
        Config::detect_within_limits(Duration::from_millis(ms), &LINUX)
    }

    #[test]
    fn six_seconds_are_half_idle_and_three_probes() {
        assert_eq!(seconds(&within(6000).unwrap()), (3, 1, 3));
        assert_eq!(seconds(&within(30_000).unwrap()), (15, 5, 3));
    }

    #[test]
    fn below_four_seconds_there_are_fewer_probes() {
        assert_eq!(seconds(&within(4000).unwrap()), (1, 1, 3));
        assert_eq!(seconds(&within(3999).unwrap()), (1, 1, 2));
        assert_eq!(seconds(&within(2000).unwrap()), (1, 1, 1));
    }

    #[test]
    fn what_cannot_be_promised_is_refused_with_what_can() {
        for ms in [0, 1, 1999, 65_535_000, u64::MAX] {
            let error = within(ms).expect_err("out of range");
            assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
            assert_eq!(error.option().as_str(), "detectWithin");
            let hint = if ms < 2000 {
                "; a shorter time takes a heart-beat (heartbeatInterval)"
            } else {
                ""
            };
            let expected = format!("is not within 2..65534 s{hint}");
            assert!(error.to_string().ends_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_user_timeout_takes_the_place_of_the_count() {
        // Idle, interval, count, user timeout → what the kernel was measured to do, in seconds.
        for (idle, interval, count, timeout, total) in [
            (15, 5, 6, 30_000, 30),
            (1, 1, 10, 3000, 3),
            (1, 3, 3, 5000, 7),
            (5, 1, 3, 2000, 6),
            (30, 10, 3, 0, 60),
        ] {
            let config = Config {
                enabled: true,
                idle: Some(Duration::from_secs(idle)),
                interval: Some(Duration::from_secs(interval)),
                count: Some(count),
                user_timeout: Some(Duration::from_millis(timeout)),
            };
            let time = config.detection_time_limits(&LINUX);
            assert_eq!(time, Some(Duration::from_secs(total)), "{config:?}");
        }
    }

    #[test]
    fn what_is_left_alone_counts_as_shipped_and_off_means_never() {
        let on = Config::default();
        assert_eq!(on.detection_time_limits(&LINUX), Some(Duration::from_secs(7875)));
        let off = Config { enabled: false, ..on };
        assert_eq!(off.detection_time_limits(&LINUX), None);
    }

    /// Milliseconds; idle and interval also in one call.
    fn windows(together: Together, count: Offer) -> Limits {
        let milliseconds = |option| {
            let max = i64::from(u32::MAX);
            Offer::Within(Range { option, unit: Unit::Milliseconds, min: 1, max })
        };
        Limits {
            idle: milliseconds(OptionName(c"TCP_KEEPIDLE")),
            interval: milliseconds(OptionName(c"TCP_KEEPINTVL")),
            count,
            user_timeout_replaces_count: false,
            together,
            shipped: Shipped { count: 10, ..LINUX.shipped },
            ..LINUX
        }
    }

    const NO_COUNT: Offer =
        Offer::Missing { option: OptionName(c"TCP_KEEPCNT"), why: "it always sends 10" };

    #[test]
    fn a_system_that_counts_milliseconds_is_given_them() {
        let limits = windows(Together::BelowSeconds, LINUX.count);
        let half = Config::detect_within_limits(Duration::from_millis(500), &limits).unwrap();
        assert_eq!(half.idle, Some(Duration::from_millis(251)));
        assert_eq!(half.interval, Some(Duration::from_millis(83)));
        assert_eq!(half.count, Some(3));
    }

    #[test]
    fn where_the_count_is_fixed_the_times_make_up_for_it() {
        let limits = windows(Together::Always, NO_COUNT);
        let config = Config::detect_within_limits(Duration::from_secs(6), &limits).unwrap();
        assert_eq!(config.count, None);
        assert_eq!(config.idle, Some(Duration::from_secs(3)));
        assert_eq!(config.detection_time_limits(&limits), Some(Duration::from_secs(6)));
        let count = Config { count: Some(3), ..Config::default() };
        let error = Plan::new(&count, &limits).unwrap_err();
        assert_eq!(error.code(), Some(Error::UNSUPPORTED));
        assert_eq!(error.option().as_str(), "TCP_KEEPCNT");
    }

    #[test]
    fn times_that_go_together_are_asked_for_together() {
        let lone = |ms| Config { idle: Some(Duration::from_millis(ms)), ..Config::default() };
        let both = |ms| Config { interval: Some(Duration::from_secs(1)), ..lone(ms) };
        for (together, config, refused) in [
            (Together::BelowSeconds, lone(2000), false),
            (Together::BelowSeconds, lone(500), true),
            (Together::BelowSeconds, both(500), false),
            (Together::Always, lone(2000), true),
            (Together::Always, both(2000), false),
            (Together::Always, Config::default(), false),
        ] {
            let plan = Plan::new(&config, &windows(together, LINUX.count));
            assert_eq!(plan.is_err(), refused, "{config:?} {together:?}");
            if let Err(error) = plan {
                assert_eq!(error.code(), Some(Error::UNSUPPORTED));
                assert!(error.to_string().contains("give both"), "{error}");
            }
        }
    }

    #[test]
    fn a_user_timeout_takes_no_place_where_the_system_does_not_do_so() {
        let config =
            Config { user_timeout: Some(Duration::from_secs(60)), ..within(6000).unwrap() };
        let time = config.detection_time_limits(&windows(Together::Never, LINUX.count));
        assert_eq!(time, Some(Duration::from_secs(6)));
    }

    #[test]
    fn a_long_shortest_idle_time_leaves_the_rest_to_the_probes() {
        let idle = Offer::Within(Range { min: 10, ..SECONDS });
        let limits = Limits { idle, ..LINUX };
        let config = Config::detect_within_limits(Duration::from_secs(12), &limits).unwrap();
        assert_eq!(seconds(&config), (10, 1, 2));
        let refused = Config::detect_within_limits(Duration::from_secs(10), &limits).unwrap_err();
        assert!(refused.to_string().contains("within 11..65534 s"), "{refused}");
    }

    #[test]
    fn a_system_without_options_refuses_every_value_by_name() {
        let missing = |option| Offer::Missing { option, why: "there is no such option" };
        let limits = Limits {
            idle: missing(OptionName(c"TCP_KEEPIDLE")),
            interval: missing(OptionName(c"TCP_KEEPINTVL")),
            count: NO_COUNT,
            ..LINUX
        };
        assert!(Plan::new(&Config::default(), &limits).is_ok(), "on and off it can");
        let refused = Plan::new(&within(6000).unwrap(), &limits).unwrap_err();
        assert_eq!(refused.option().as_str(), "TCP_KEEPIDLE");
        let refused = Config::detect_within_limits(Duration::from_secs(6), &limits).unwrap_err();
        assert_eq!(refused.code(), Some(Error::UNSUPPORTED));
    }

    proptest! {
        #[test]
        fn detect_within_adds_up_to_the_time_rounded_down(ms in 2000u64..65_535_000) {
            let config = within(ms).unwrap();
            let (idle, interval, count) = seconds(&config);
            prop_assert_eq!(idle + interval * u64::from(count), ms / 1000);
            prop_assert!(Plan::new(&config, &LINUX).is_ok());
            prop_assert_eq!(count, u32::try_from(ms / 1000 - 1).unwrap().min(3));
            // About half: the probes come in threes, so it misses by up to two units.
            prop_assert!((2 * idle).abs_diff(ms / 1000) <= 4, "idle {} of {} ms", idle, ms);
        }

        #[test]
        fn a_plan_rounds_up_by_less_than_one_unit(idle in 1u64..32_767_000, timeout in 0u64..2_147_483_647) {
            let config = Config {
                idle: Some(Duration::from_millis(idle)),
                user_timeout: Some(Duration::from_millis(timeout)),
                ..Config::default()
            };
            let given = Plan::new(&config, &LINUX).unwrap().config(&LINUX);
            let (wanted, got) = (config.idle.unwrap(), given.idle.unwrap());
            prop_assert!(got >= wanted && got - wanted < Duration::from_secs(1));
            prop_assert_eq!(given.user_timeout, config.user_timeout);
            // What was given once is given again unchanged.
            prop_assert_eq!(Plan::new(&given, &LINUX).unwrap().config(&LINUX), given);
        }

        #[test]
        fn a_value_out_of_range_is_named_with_its_range(
            idle in prop_oneof![Just(0u64), 32_767_001u64..=u64::MAX],
            count in prop_oneof![Just(0u32), 128u32..=u32::MAX],
        ) {
            let config = Config { idle: Some(Duration::from_millis(idle)), ..Config::default() };
            let error = Plan::new(&config, &LINUX).unwrap_err().to_string();
            prop_assert!(error.starts_with("TCP_KEEPIDLE: "), "{}", error);
            prop_assert!(error.ends_with(" is not within 1..32767 s"), "{}", error);
            let config = Config { count: Some(count), ..Config::default() };
            let error = Plan::new(&config, &LINUX).unwrap_err().to_string();
            prop_assert_eq!(error, format!("TCP_KEEPCNT: {count} is not within 1..127"));
        }

        #[test]
        fn no_config_at_all_makes_the_arithmetic_panic(
            enabled: bool, idle: Option<Duration>, interval: Option<Duration>,
            count: Option<u32>, user_timeout: Option<Duration>,
        ) {
            let config = Config { enabled, idle, interval, count, user_timeout };
            let time = config.detection_time_limits(&LINUX);
            prop_assert_eq!(time.is_some(), enabled);
            let _ = Plan::new(&config, &LINUX);
            if let Some(idle) = idle {
                let _ = Config::detect_within_limits(idle, &LINUX);
            }
        }
    }

    #[test]
    fn at_the_ends_of_the_range_every_value_is_one_that_the_system_takes() {
        for (total, values) in [
            (2, (1, 1, 1)),
            (3, (1, 1, 2)),
            (4, (1, 1, 3)),
            (5, (2, 1, 3)),
            (9, (3, 2, 3)),
            (60, (30, 10, 3)),
            (65_532, (32_766, 10_922, 3)),
            (65_533, (32_767, 10_922, 3)),
            (65_534, (32_765, 10_923, 3)),
        ] {
            assert_eq!(seconds(&within(total * 1000).unwrap()), values, "{total} s");
        }
    }

    #[test]
    fn what_can_be_promised_begins_with_the_shortest_idle_time_and_the_fewest_probes() {
        let ten = windows(Together::Always, NO_COUNT);
        let range = detect_within_range(&ten).unwrap();
        assert_eq!((range.min, range.max), (11, 2 * i64::from(u32::MAX)));
        let slow = Offer::Within(Range { min: 3, ..SECONDS });
        let range = detect_within_range(&Limits { interval: slow, ..LINUX }).unwrap();
        assert_eq!((range.min, range.max), (4, 65_534));
    }

    #[test]
    fn a_shortest_interval_is_kept_and_leaves_room_for_fewer_probes() {
        let slow = Limits { interval: Offer::Within(Range { min: 3, ..SECONDS }), ..LINUX };
        for (total, values) in [(4, (1, 3, 1)), (7, (1, 3, 2)), (10, (1, 3, 3)), (12, (3, 3, 3))] {
            let config = Config::detect_within_limits(Duration::from_secs(total), &slow);
            assert_eq!(seconds(&config.unwrap()), values, "{total} s");
        }
    }

    #[test]
    fn a_user_timeout_counts_from_the_next_probe_after_it() {
        let config = |timeout| Config {
            user_timeout: Some(Duration::from_millis(timeout)),
            ..within(6000).unwrap()
        };
        // Idle 3 s, interval 1 s.
        for (timeout, total) in [(1, 4), (3000, 4), (4000, 4), (4001, 5), (5000, 5), (9500, 10)] {
            let time = config(timeout).detection_time_limits(&LINUX);
            assert_eq!(time, Some(Duration::from_secs(total)), "{timeout} ms");
        }
    }

    #[test]
    fn values_that_no_socket_takes_are_reckoned_with_all_the_same() {
        let zero = Config {
            interval: Some(Duration::ZERO),
            idle: Some(Duration::from_secs(2)),
            count: Some(3),
            user_timeout: Some(Duration::from_secs(9)),
            ..Config::default()
        };
        assert_eq!(zero.detection_time_limits(&LINUX), Some(Duration::from_secs(2)));
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn this_system_is_asked_by_the_public_calls() {
        let config = Config::detect_within(Duration::from_secs(6)).unwrap();
        assert_eq!(seconds(&config), (3, 1, 3));
        assert_eq!(config.detection_time(), Some(Duration::from_secs(6)));
        assert_eq!(Config::default(), LEAVE_ALONE);
        assert!(Config::default().enabled);
    }
}
