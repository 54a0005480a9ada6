//! What only Linux promises.

use std::fs::File;
use std::io::Read as _;
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use qkeepalive::witness::Witness;
use qkeepalive::{ConnectionState, apply, query, snapshot};

use crate::socket::{classic, listener, refused_as_not_tcp};
use crate::witness::pair;

#[test]
fn what_is_applied_to_a_listener_is_inherited() {
    let listener = listener();
    assert_eq!(apply(&listener, &classic()).unwrap(), classic());
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    let now = query(&accepted).unwrap();
    assert!(now.enabled);
    assert_eq!((now.idle, now.interval, now.count), (classic().idle, classic().interval, Some(3)));
    assert!(!query(&client).unwrap().enabled);
}

#[test]
fn unix_sockets_and_files_are_refused_too() {
    let (unix, _other) = UnixStream::pair().unwrap();
    refused_as_not_tcp(&unix);
    assert!(!socket2::SockRef::from(&unix).keepalive().unwrap());
    refused_as_not_tcp(&File::open("/dev/null").unwrap());
}

#[test]
fn a_snapshot_of_a_living_connection_is_complete() {
    let (client, _peer) = pair();
    let now = snapshot(&client).unwrap();
    assert_eq!(now.state, Some(ConnectionState::Established));
    assert_eq!((now.probes, now.retransmits, now.unsent), (Some(0), Some(0), Some(0)));
    assert!(now.silence().unwrap() < Duration::from_secs(2));
    assert!(now.round_trip_time.is_some() && now.segments_received.is_some());
}

#[test]
fn a_witness_takes_no_other_socket_for_its_own() {
    let (client, peer) = pair();
    assert!(!Witness::new(&client).unwrap().is_of(&peer));
}

#[test]
fn a_witness_tells_the_state_after_the_close_of_its_socket() {
    let (client, _peer) = pair();
    let witness = Witness::new(&client).unwrap();
    drop(client);
    assert_eq!(witness.snapshot().unwrap().state, Some(ConnectionState::Established));
}

#[test]
fn a_witness_tells_a_half_close_from_a_close_by_this_side() {
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    while witness.snapshot().unwrap().state == Some(ConnectionState::Established) {}
    assert_eq!(witness.snapshot().unwrap().state, Some(ConnectionState::CloseWait));
}

#[test]
fn an_error_that_was_read_is_no_longer_pending() {
    let (mut client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    while !witness.error_pending().unwrap() {}
    client.read(&mut [0]).unwrap_err();
    assert!(!witness.error_pending().unwrap());
}
