use super::shapes::{raised, value};
use super::*;
use crate::error::Error;
use proptest::prelude::*;

#[test]
fn a_panic_becomes_a_failure_with_its_words() {
    let (value, failure) = split(contain::<()>(|| panic!("the roof is on fire")));
    assert!(value.is_none());
    assert_eq!(failure.category, ffi::Category::Internal);
    assert!(failure.message.to_string().ends_with("please report it: the roof is on fire"));
}

#[test]
fn no_descriptor_and_negative_values_are_refused_by_name() {
    let on = raised(&Config::default());
    let refused = apply(-1, &on);
    assert_eq!(refused.failure.category, ffi::Category::Library);
    assert_eq!(refused.failure.code, Error::NO_DESCRIPTOR);
    let negative = ffi::Config { idle: value(Some(-5)), ..on };
    let refused = set_system_defaults(&negative);
    assert_eq!(refused.failure.code, Error::OUT_OF_RANGE);
    let words = refused.failure.message.to_string();
    assert!(words.contains(": -5 ms is not within 1.."), "{words}");
    assert_eq!(detection_time(&negative), -1);
}

proptest! {
    #[test]
    fn whatever_c_plus_plus_sends_is_answered(
        descriptor in prop_oneof![Just(-1i64), i64::MIN..0, (1i64 << 31)..=i64::MAX],
        enabled: bool, idle: Option<i64>, interval: Option<i64>,
        count: Option<i64>, user_timeout: Option<i64>,
    ) {
        let config = ffi::Config {
            enabled,
            idle: value(idle),
            interval: value(interval),
            count: value(count),
            user_timeout: value(user_timeout),
        };
        prop_assert_eq!(apply(descriptor, &config).failure.category, ffi::Category::Library);
        prop_assert!(detection_time(&config) >= -1);
        let within = detect_within(idle.unwrap_or(0)).failure;
        prop_assert!(within.category != ffi::Category::Internal, "{}", within.message);
    }
}
