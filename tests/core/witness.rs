//! The duplicate descriptor that still answers when the first is closed.

use std::io::{ErrorKind, Read as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use qkeepalive::witness::Witness;

pub(crate) fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn it_knows_its_own_socket() {
    let (client, _peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert!(witness.is_of(&client));
    assert!(witness.is_of(&client.try_clone().unwrap()));
}

#[test]
fn it_holds_back_the_fin_until_dropped() {
    let (client, mut peer) = pair();
    let witness = Witness::new(&client).unwrap();
    drop(client);
    peer.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let kind = peer.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind}");
    drop(witness);
    peer.set_read_timeout(None).unwrap();
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn it_sees_a_pending_error_without_taking_it() {
    let (mut client, peer) = pair();
    let witness = Witness::new(&client).unwrap();
    assert!(!witness.error_pending().unwrap());
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let start = Instant::now();
    while !witness.error_pending().unwrap() {
        assert!(start.elapsed() < Duration::from_secs(10), "the reset was not seen");
    }
    assert!(witness.error_pending().unwrap());
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}
