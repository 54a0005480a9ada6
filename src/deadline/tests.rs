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
        let hint =
            if ms < 2000 { "; a shorter time takes a heart-beat (heartbeatInterval)" } else { "" };
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
    let config = Config { user_timeout: Some(Duration::from_secs(60)), ..within(6000).unwrap() };
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
    assert_eq!(Config::default(), crate::config::LEAVE_ALONE);
    assert!(Config::default().enabled);
}
