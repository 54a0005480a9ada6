//! What only Windows promises: two ways to the same values, and less evidence.
//!
//! These also run by Wine, whose sockets are those of the system below: it refuses values that Windows
//! takes, which is how a refusal in the middle is tested.

use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use qkeepalive::witness::Witness;
use qkeepalive::{
    Config, ConnectionState, Error, apply, capabilities, query, set_system_defaults, snapshot,
    system_defaults,
};

use crate::socket::{classic, in_force, listener};
use crate::witness::pair;

fn ms(ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(ms))
}

/// Whether there are options for idle and interval, and not only the call for both.
fn has_options() -> bool {
    !capabilities().times_together
}

#[test]
fn a_lone_part_of_a_second_is_refused_with_the_way_out_and_nothing_changes() {
    let socket = listener();
    apply(&socket, &Config { idle: ms(7000), interval: ms(2000), ..Config::default() }).unwrap();
    let before = query(&socket).unwrap();
    let lone = Config { enabled: false, idle: ms(500), ..Config::default() };
    let error = apply(&socket, &lone).unwrap_err();
    assert_eq!(error.code(), Some(Error::UNSUPPORTED));
    let words = error.to_string();
    assert!(words.contains("give both, or whole seconds"), "{words}");
    assert_eq!(query(&socket).unwrap(), before);
}

#[test]
fn parts_of_a_second_are_given_together_and_to_the_millisecond() {
    let socket = listener();
    let wanted = Config {
        idle: Some(Duration::from_micros(499_001)),
        interval: ms(250),
        ..Config::default()
    };
    let given = apply(&socket, &wanted).unwrap();
    assert_eq!((given.idle, given.interval), (ms(500), ms(250)));
    let now = query(&socket).unwrap();
    assert!(now.enabled);
    // Readable in whole seconds at most, and never as 0.
    assert!(now.idle.is_none_or(|idle| idle >= Duration::from_secs(1)), "{now:?}");
}

#[test]
fn whole_seconds_are_in_force_after_parts_of_a_second() {
    let socket = listener();
    let fine = Config { idle: ms(1500), interval: ms(700), ..Config::default() };
    apply(&socket, &fine).unwrap();
    let whole = Config { idle: ms(2000), interval: ms(1000), ..fine };
    assert_eq!(apply(&socket, &whole).unwrap(), whole);
    if has_options() {
        let now = query(&socket).unwrap();
        assert_eq!((now.idle, now.interval), (ms(2000), ms(1000)));
    }
}

#[test]
fn switched_off_the_times_are_kept_for_the_next_switch_on() {
    for (idle, interval) in [(9000, 3000), (9500, 2500)] {
        let socket = listener();
        let off =
            Config { enabled: false, idle: ms(idle), interval: ms(interval), ..Config::default() };
        assert_eq!(apply(&socket, &off).unwrap(), off);
        assert!(!query(&socket).unwrap().enabled);
        apply(&socket, &Config::default()).unwrap();
        let now = query(&socket).unwrap();
        assert!(now.enabled);
        if has_options() {
            assert!(in_force(now.idle, off.idle, None), "{now:?}");
            assert!(in_force(now.interval, off.interval, None), "{now:?}");
        }
    }
}

#[test]
fn a_value_that_the_system_refuses_is_named_and_what_came_before_is_put_back() {
    let socket = listener();
    apply(&socket, &Config { idle: ms(7000), interval: ms(2000), ..classic() }).unwrap();
    let before = query(&socket).unwrap();
    // Within what Windows documents, beyond what Linux takes.
    let wanted = Config { idle: ms(8000), interval: ms(40_000_000), ..Config::default() };
    match apply(&socket, &wanted) {
        Ok(given) => assert_eq!(given, wanted),
        Err(error) => {
            assert_eq!(error.option().as_str(), "TCP_KEEPINTVL");
            assert_eq!(error.system_code(), Some(10022));
            let words = error.to_string();
            let begin = "TCP_KEEPINTVL: cannot set it to 40000 s: WSAEINVAL, ";
            assert!(words.starts_with(begin), "{words}");
            assert!(!words.contains("connecting"), "{words}");
            assert_eq!(query(&socket).unwrap(), before);
        }
    }
}

#[test]
fn out_of_range_is_said_with_this_systems_range() {
    let socket = listener();
    let before = query(&socket).unwrap();
    let long = Config { idle: ms(1 << 32), ..Config::default() };
    let error = apply(&socket, &long).unwrap_err();
    assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
    let words = error.to_string();
    assert!(words.ends_with(": 4294967296 ms is not within 1..4294967295 ms"), "{words}");
    if capabilities().count.is_some() {
        let many = Config { count: Some(256), ..Config::default() };
        let words = apply(&socket, &many).unwrap_err().to_string();
        assert_eq!(words, "TCP_KEEPCNT: 256 is not within 1..255");
    }
    assert_eq!(query(&socket).unwrap(), before);
}

#[test]
fn capabilities_say_what_the_calls_do() {
    let system = capabilities();
    assert_eq!(system.read_back, has_options());
    assert!(system.system_defaults && system.set_system_defaults);
    assert!(!system.probes_counter && !system.loss_reason && !system.deadline);
    let socket = listener();
    let wanted = Config { user_timeout: ms(30_000), ..Config::default() };
    assert_eq!(apply(&socket, &wanted).is_ok(), system.user_timeout.is_some());
}

#[test]
fn the_state_of_a_socket_is_told_from_its_first_to_its_last_moment() {
    let unconnected =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    assert_eq!(snapshot(&unconnected).unwrap().state, Some(ConnectionState::Closed));
    assert_eq!(snapshot(&listener()).unwrap().state, Some(ConnectionState::Listen));
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert_eq!(snapshot(&client).unwrap().state, Some(ConnectionState::Established));
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let start = Instant::now();
    while snapshot(&client).unwrap().state == Some(ConnectionState::Established) {
        assert!(start.elapsed() < Duration::from_secs(10), "the reset was not seen");
    }
    drop(client);
    assert_ne!(witness.snapshot().unwrap().state, Some(ConnectionState::Established));
}

#[test]
fn a_witness_answers_after_its_socket_is_closed_and_knows_no_other() {
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert!(witness.is_of(&client));
    assert!(!witness.is_of(&peer));
    let (other, _peer) = pair();
    assert!(!witness.is_of(&other));
    drop(client);
    assert_eq!(witness.snapshot().unwrap().state, Some(ConnectionState::Established));
    assert!(!witness.error_pending().unwrap());
    witness.discard_unsent().unwrap();
    drop(witness);
    let error = snapshot_after_reset(&peer);
    assert_ne!(error, Some(ConnectionState::Established));
}

/// The state once it is another than "established".
fn snapshot_after_reset(peer: &TcpStream) -> Option<ConnectionState> {
    let start = Instant::now();
    loop {
        let state = snapshot(peer).unwrap().state;
        if state != Some(ConnectionState::Established) || start.elapsed() > Duration::from_secs(10)
        {
            return state;
        }
    }
}

#[test]
fn a_fin_is_no_error() {
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    // It is there when it can be read.
    assert_eq!(std::io::Read::read(&mut &client, &mut [0]).unwrap(), 0);
    assert!(!witness.error_pending().unwrap());
}

#[test]
fn system_wide_values_are_read_and_a_count_is_not_among_those_that_can_be_set() {
    let defaults = system_defaults().unwrap();
    assert!(defaults.enabled && defaults.idle.is_some() && defaults.interval.is_some());
    assert_eq!(defaults.count, Some(10));
    let counted = Config { count: Some(5), ..Config::default() };
    let error = set_system_defaults(&counted).unwrap_err();
    assert_eq!((error.code(), error.option().as_str()), (Some(Error::UNSUPPORTED), "TCP_KEEPCNT"));
    assert_eq!(system_defaults().unwrap(), defaults);
}
