//! `apply` and `query` on real descriptors, as far as the system goes.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use proptest::prelude::*;
use qkeepalive::{AsDescriptor, Config, Error, apply, capabilities, query, snapshot};

pub(crate) fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on")
}

pub(crate) fn classic() -> Config {
    Config {
        idle: Some(Duration::from_secs(10)),
        interval: Some(Duration::from_secs(5)),
        count: Some(3),
        ..Config::default()
    }
}

/// Those values that this system has.
fn possible(wanted: &Config) -> Config {
    let system = capabilities();
    Config {
        enabled: wanted.enabled,
        idle: wanted.idle.filter(|_| system.idle.is_some()),
        interval: wanted.interval.filter(|_| system.interval.is_some()),
        count: wanted.count.filter(|_| system.count.is_some()),
        user_timeout: wanted.user_timeout.filter(|_| system.user_timeout.is_some()),
    }
}

#[test]
fn what_is_applied_is_in_force() {
    let wanted = possible(&classic());
    let socket = listener();
    assert_eq!(apply(&socket, &wanted).unwrap(), wanted);
    let now = query(&socket).unwrap();
    assert!(now.enabled);
    if capabilities().read_back {
        assert_eq!(possible(&Config { user_timeout: None, ..now }), wanted);
    }
    apply(&socket, &Config { enabled: false, ..Config::default() }).unwrap();
    assert!(!query(&socket).unwrap().enabled);
}

pub(crate) fn refused_as_not_tcp(descriptor: &impl AsDescriptor) {
    for error in [
        apply(descriptor, &possible(&classic())).unwrap_err(),
        query(descriptor).unwrap_err(),
        snapshot(descriptor).unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotTcp { .. }), "{error:?}");
        assert_eq!(error.code(), Some(Error::NOT_TCP));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[test]
fn what_is_not_tcp_is_refused_and_unchanged() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    refused_as_not_tcp(&udp);
    assert!(!socket2::SockRef::from(&udp).keepalive().unwrap());
}

/// Whether `now` is what was given, in a unit that may be coarser and rounded either way.
pub(crate) fn in_force(
    now: Option<Duration>,
    given: Option<Duration>,
    before: Option<Duration>,
) -> bool {
    match (now, given) {
        (Some(now), Some(given)) => now.abs_diff(given) < Duration::from_secs(1),
        _ => now == before,
    }
}

proptest! {
    /// Whatever is asked for: either it is in force afterwards, rounded up, or nothing has changed.
    #[test]
    fn apply_is_all_or_nothing(
        enabled: bool,
        idle in proptest::option::of(0u64..40_000_000),
        interval in proptest::option::of(0u64..40_000_000),
        count in proptest::option::of(0u32..200),
        user_timeout in proptest::option::of(0u64..3_000_000_000),
    ) {
        // In Windows' call for both, which parts of a second need, Wine says yes to an interval that
        // the system below it refuses.
        let part = |ms: Option<u64>| ms.is_some_and(|ms| ms % 1000 > 0);
        prop_assume!(
            !cfg!(windows)
                || interval.is_none_or(|ms| ms <= 32_767_000)
                || !(part(idle) || part(interval))
        );
        let socket = listener();
        let before = query(&socket).unwrap();
        let wanted = Config {
            enabled,
            idle: idle.map(Duration::from_millis),
            interval: interval.map(Duration::from_millis),
            count,
            user_timeout: user_timeout.map(Duration::from_millis),
        };
        match apply(&socket, &wanted) {
            Ok(given) => {
                let now = query(&socket).unwrap();
                prop_assert_eq!(now.enabled, enabled);
                prop_assert!(in_force(now.idle, given.idle, before.idle), "{:?}", now);
                prop_assert!(in_force(now.interval, given.interval, before.interval), "{:?}", now);
                prop_assert_eq!(now.count, given.count.or(before.count));
                prop_assert_eq!(now.user_timeout, given.user_timeout.or(before.user_timeout));
                prop_assert!(given.idle >= wanted.idle && given.interval >= wanted.interval);
            }
            Err(error) => {
                let refused_by_the_plan =
                    [Some(Error::OUT_OF_RANGE), Some(Error::UNSUPPORTED)].contains(&error.code());
                // A system may be stricter than its manual.
                prop_assert!(refused_by_the_plan || !cfg!(target_os = "linux"), "{}", error);
                prop_assert_eq!(query(&socket).unwrap(), before);
            }
        }
    }
}
