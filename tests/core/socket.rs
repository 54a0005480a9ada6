//! `apply`, `query`, `snapshot` on real descriptors.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use proptest::prelude::*;
use qkeepalive::{AsDescriptor, Config, ConnectionState, Error, apply, query, snapshot};

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on")
}

fn classic() -> Config {
    Config {
        idle: Some(Duration::from_secs(10)),
        interval: Some(Duration::from_secs(5)),
        count: Some(3),
        ..Config::default()
    }
}

#[test]
fn what_is_applied_is_in_force_and_inherited() {
    let listener = listener();
    assert_eq!(apply(&listener, &classic()).unwrap(), classic());
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let now = query(&accepted).unwrap();
    assert!(now.enabled);
    assert_eq!((now.idle, now.interval, now.count), (classic().idle, classic().interval, Some(3)));
    assert!(!query(&client).unwrap().enabled);
}

fn refused_as_not_tcp(descriptor: &impl AsDescriptor) {
    for error in [
        apply(descriptor, &classic()).unwrap_err(),
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
    let (unix, _other) = UnixStream::pair().unwrap();
    refused_as_not_tcp(&unix);
    assert!(!socket2::SockRef::from(&unix).keepalive().unwrap());
    refused_as_not_tcp(&File::open("/dev/null").unwrap());
}

#[test]
fn a_snapshot_of_a_living_connection_is_complete_on_linux() {
    let listener = listener();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let now = snapshot(&client).unwrap();
    assert_eq!(now.state, Some(ConnectionState::Established));
    assert_eq!((now.probes, now.retransmits, now.unsent), (Some(0), Some(0), Some(0)));
    assert!(now.silence().unwrap() < Duration::from_secs(2));
    assert!(now.round_trip_time.is_some() && now.segments_received.is_some());
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
                prop_assert_eq!(now.idle, given.idle.or(before.idle));
                prop_assert_eq!(now.interval, given.interval.or(before.interval));
                prop_assert_eq!(now.count, given.count.or(before.count));
                prop_assert_eq!(now.user_timeout, given.user_timeout.or(before.user_timeout));
                prop_assert!(given.idle >= wanted.idle && given.interval >= wanted.interval);
            }
            Err(error) => {
                prop_assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
                prop_assert_eq!(query(&socket).unwrap(), before);
            }
        }
    }
}
