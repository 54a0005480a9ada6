//! The duplicate descriptor that still answers when the first is closed.

use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};

use qkeepalive::ConnectionState;
use qkeepalive::witness::Witness;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn it_knows_its_own_socket_and_no_other() {
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert!(witness.is_of(&client));
    assert!(witness.is_of(&client.try_clone().unwrap()));
    assert!(!witness.is_of(&peer));
}

#[test]
fn it_answers_after_the_socket_is_closed_and_holds_back_the_fin_until_dropped() {
    let (client, mut peer) = pair();
    let witness = Witness::new(&client).unwrap();
    drop(client);
    assert_eq!(witness.snapshot().unwrap().state, Some(ConnectionState::Established));
    drop(witness);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn it_sees_a_pending_error_without_taking_it() {
    let (mut client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert!(!witness.error_pending().unwrap());
    socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(peer);
    while witness.snapshot().unwrap().state != Some(ConnectionState::Closed) {}
    assert!(witness.error_pending().unwrap());
    assert!(witness.error_pending().unwrap());
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(!witness.error_pending().unwrap());
}

#[test]
fn it_tells_a_half_close_from_a_close_by_this_side() {
    let (client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    while witness.snapshot().unwrap().state == Some(ConnectionState::Established) {}
    assert_eq!(witness.snapshot().unwrap().state, Some(ConnectionState::CloseWait));
}
