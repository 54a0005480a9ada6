//! On real sockets, also as an older system than this one would do it.

use std::net::{TcpListener, TcpStream, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::*;
use crate::plan::Together;
use crate::snapshot::ConnectionState;

/// Before Windows 10 1703: no options at all.
fn old_system() -> System {
    System::new(false, false, None)
}

fn config(idle_ms: u64, interval_ms: u64) -> Config {
    Config {
        idle: Some(Duration::from_millis(idle_ms)),
        interval: Some(Duration::from_millis(interval_ms)),
        ..Config::default()
    }
}

fn apply_config(system: &System, socket: Borrowed<'_>, config: &Config) -> Result<Config, Error> {
    let plan = Plan::new(config, &system.limits)?;
    apply_on(system, socket, &plan)?;
    Ok(plan.config(&system.limits))
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn seconds(socket: Borrowed<'_>) -> Option<(u64, u64)> {
    let now = query(socket).unwrap();
    Some((now.idle?.as_secs(), now.interval?.as_secs()))
}

#[test]
fn the_system_is_asked_once_and_says_what_it_has() {
    let found = system().unwrap();
    assert!(std::ptr::eq(found, system().unwrap()));
    let expected = if found.times { Together::BelowSeconds } else { Together::Always };
    assert_eq!(found.limits.together, expected);
    assert_eq!(found.limits.count.range().is_ok(), found.count);
    assert_eq!(found.limits.user_timeout.range().is_ok(), found.own_timeout.is_some());
    assert_eq!(found.limits.idle.range().unwrap().min, 1);
}

#[test]
fn an_older_system_takes_both_times_in_one_call_and_no_count() {
    let socket = listener();
    let socket = lend(&socket);
    let old = old_system();
    let wanted = config(2000, 1000);
    assert_eq!(apply_config(&old, socket, &wanted).unwrap(), wanted);
    let now = query_on(&old, socket).unwrap();
    assert_eq!((now.enabled, now.idle, now.interval, now.count), (true, None, None, None));
    // The system that this really runs on may say it.
    assert_eq!(seconds(socket).unwrap_or((2, 1)), (2, 1));
    let off = Config { enabled: false, ..wanted };
    apply_config(&old, socket, &off).unwrap();
    assert!(!query_on(&old, socket).unwrap().enabled);
}

#[test]
fn an_older_system_asks_for_both_times_instead_of_guessing() {
    let socket = listener();
    let socket = lend(&socket);
    let before = query(socket).unwrap();
    let both = config(2000, 1000);
    for lone in [Config { idle: None, ..both }, Config { interval: None, ..both }] {
        let error = apply_config(&old_system(), socket, &lone).unwrap_err();
        assert_eq!(error.code(), Some(Error::UNSUPPORTED));
        assert!(error.to_string().contains("give both"), "{error}");
    }
    let counted = Config { count: Some(3), ..both };
    let error = apply_config(&old_system(), socket, &counted).unwrap_err();
    assert_eq!((error.code(), error.option()), (Some(Error::UNSUPPORTED), COUNT.name));
    assert_eq!(query(socket).unwrap(), before);
    // Nothing but the switch needs no times.
    apply_config(&old_system(), socket, &Config::default()).unwrap();
    assert!(query(socket).unwrap().enabled);
}

#[test]
fn the_count_alone_came_first() {
    let system = System::new(false, true, None);
    let socket = listener();
    let socket = lend(&socket);
    let wanted = Config { count: Some(4), ..config(500, 250) };
    assert_eq!(apply_config(&system, socket, &wanted).unwrap(), wanted);
    assert_eq!(query_on(&system, socket).unwrap().count, Some(4));
}

#[test]
fn a_time_of_zero_cannot_be_said() {
    let socket = listener();
    for zero in [config(0, 1), config(1, 0)] {
        for system in [&old_system(), &System::new(true, true, None)] {
            let error = apply_config(system, lend(&socket), &zero).unwrap_err();
            assert_eq!(error.code(), Some(Error::OUT_OF_RANGE), "{error}");
        }
    }
    for (idle, interval) in [(0, 1), (1, 0)] {
        let error = keepalive_vals::Values::new(true, idle, interval).unwrap_err();
        assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
    }
}

#[test]
fn what_came_before_a_refused_call_for_both_is_put_back() {
    let socket = listener();
    let socket = lend(&socket);
    let plain = Config { count: Some(5), ..config(3000, 2000) };
    apply_config(system().unwrap(), socket, &Config { enabled: false, ..plain }).unwrap();
    let before = query(socket).unwrap();
    // Windows itself takes this; a system under it may not.
    let long = Config { count: Some(6), ..config(40_000_500, 1000) };
    match apply_config(system().unwrap(), socket, &long) {
        Ok(given) => assert_eq!(given, long),
        Err(error) => {
            let words = "SIO_KEEPALIVE_VALS: cannot set idle to 40000500 ms and interval to 1000 ms: \
                         WSAEINVAL, ";
            assert!(error.to_string().starts_with(words), "{error}");
            assert_eq!(query(socket).unwrap(), before);
        }
    }
}

#[test]
fn zero_is_never_put_back_but_a_timeout_of_zero_is() {
    // What a rounded-down part of a second would read as.
    let socket = listener();
    assert!(IDLE.old(lend(&socket)).is_ok_and(|old| old != Some(0)));
    assert!(INTERVAL.old(lend(&socket)).is_ok_and(|old| old != Some(0)));
    assert_eq!(ENABLED.old(lend(&socket)).unwrap(), Some(0));
}

#[test]
fn a_user_timeout_of_zero_is_what_a_new_socket_has() {
    for own in [0, 21, u32::MAX] {
        let system = System::new(true, true, Some(own));
        assert_eq!(system.user_timeout(0), own);
        assert_eq!(system.user_timeout(30), 30);
        assert_eq!(system.as_user_timeout(own), Some(Duration::ZERO));
        assert_eq!(system.as_user_timeout(30), Some(Duration::from_secs(30)));
    }
    let endless = System::new(true, true, Some(21)).as_user_timeout(u32::MAX);
    assert_eq!(endless, None);
}

#[test]
fn a_user_timeout_is_applied_where_there_is_one() {
    let socket = listener();
    let wanted = Config { user_timeout: Some(Duration::from_millis(29_001)), ..Config::default() };
    match apply_config(system().unwrap(), lend(&socket), &wanted) {
        Ok(given) => {
            assert_eq!(given.user_timeout, Some(Duration::from_secs(30)));
            assert_eq!(query(lend(&socket)).unwrap().user_timeout, given.user_timeout);
        }
        Err(error) => {
            assert_eq!(
                (error.code(), error.option()),
                (Some(Error::UNSUPPORTED), USER_TIMEOUT.name)
            );
        }
    }
}

#[test]
fn a_number_is_a_socket_or_refused() {
    for given in [-1, i64::MIN, i64::from(u32::MAX) << 32 | i64::from(u32::MAX)] {
        assert!(matches!(borrow(given), Err(Error::NoDescriptor { given: it }) if it == given));
    }
    let owned = duplicate(lend(&listener())).unwrap();
    assert_eq!(raw(borrow(number(&owned)).unwrap()), raw(lend(&owned)));
}

#[test]
fn what_is_closed_or_not_tcp_is_refused_by_every_call() {
    // As good as closed: no process has so many handles. The number of one that really was closed
    // may be another test's by now.
    let closed = borrow(0x7fff_fff0).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for socket in [closed, lend(&udp)] {
        for error in [
            apply_config(system().unwrap(), socket, &config(2000, 1000)).unwrap_err(),
            apply_config(system().unwrap(), socket, &config(500, 500)).unwrap_err(),
            apply_config(&old_system(), socket, &Config::default()).unwrap_err(),
            query(socket).unwrap_err(),
            snapshot(socket).unwrap_err(),
        ] {
            assert_eq!(error.code(), Some(Error::NOT_TCP), "{error}");
        }
    }
    assert_eq!(identity(closed).unwrap_err().code(), Some(Error::NOT_TCP));
}

/// A connect that stays pending: nobody accepts, and the queue of those who wait is full.
fn pending() -> Option<(Vec<TcpStream>, TcpListener, Socket)> {
    let first = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    first.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    first.listen(0).unwrap();
    let listener = TcpListener::from(first);
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queue.push(stream);
        if queue.len() > 300 {
            return None;
        }
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let error = socket.connect(&address.into()).err()?;
    (error.raw_os_error() == Some(WinSock::WSAEWOULDBLOCK)).then_some((queue, listener, socket))
}

#[test]
fn a_pending_connect_takes_the_values_or_says_that_it_is_too_early() {
    let (_queue, _listener, socket) = pending().expect("a connect stays pending");
    match apply_config(system().unwrap(), lend(&socket), &config(2000, 1000)) {
        Ok(_) => assert!(query(lend(&socket)).unwrap().enabled),
        Err(error) => {
            let words = error.to_string();
            assert!(words.contains("while the socket is still connecting: WSAEINVAL"), "{words}");
            assert!(words.ends_with("; apply the values when it is connected"), "{words}");
        }
    }
    assert!(identity(lend(&socket)).is_ok());
    assert_ne!(snapshot(lend(&socket)).unwrap().state, Some(ConnectionState::Established));
}

#[test]
fn the_words_for_a_pending_connect() {
    let source = io::Error::from_raw_os_error(WinSock::WSAEINVAL);
    let error = Error::System { option: ENABLED.name, attempt: Attempt::WhileConnecting, source };
    let words = error.to_string();
    let begin = "SO_KEEPALIVE: cannot use it while the socket is still connecting: WSAEINVAL, ";
    assert!(words.starts_with(begin), "{words}");
    assert!(words.ends_with("; apply the values when it is connected"), "{words}");
    assert_eq!(error.system_code(), Some(10022));
}

#[test]
fn a_wrong_value_on_a_new_socket_is_not_taken_for_a_pending_connect() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    // More than the 255 that Windows documents.
    let error = COUNT.write(lend(&socket), 100_000).unwrap_err();
    assert!(matches!(error, Error::System { attempt: Attempt::Set(100_000, _), .. }), "{error}");
}

#[test]
fn what_windows_lacks_is_unsupported() {
    let socket = listener();
    let socket = lend(&socket);
    for error in [
        probe_now(socket, &Config::default()).unwrap_err(),
        set_count(socket, 1).unwrap_err(),
        retransmission_limit(socket).unwrap_err(),
        limit_retransmissions(socket, Duration::ZERO).unwrap_err(),
    ] {
        assert_eq!(error.code(), Some(Error::UNSUPPORTED));
    }
    assert!(!is_multipath(socket));
}
