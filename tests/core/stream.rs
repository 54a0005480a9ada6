//! A stream and its guard, on loopback. What takes a network that fails is in tests/system.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use qkeepalive::guard::{Settings, State};
use qkeepalive::{Error, Event, GuardedStream, LossReason};

use crate::witness::pair;

const LIMIT: Option<Duration> = Some(Duration::from_secs(20));

fn guarded() -> (GuardedStream, TcpStream) {
    let (client, peer) = pair();
    let within = Some(Duration::from_secs(30));
    let settings = Settings { detect_within: within, ..Settings::default() };
    (GuardedStream::new(client, settings).unwrap(), peer)
}

#[test]
fn data_of_the_peer_is_received_before_its_close() {
    let (mut link, mut peer) = guarded();
    assert_eq!(link.guard().state(), State::Healthy);
    peer.write_all(b"news").unwrap();
    drop(peer);
    let mut buffer = [0; 16];
    assert_eq!(link.wait(&mut buffer, LIMIT).unwrap(), Event::Received(4));
    assert_eq!(&buffer[..4], b"news");
    let end = link.wait(&mut buffer, LIMIT).unwrap();
    assert_eq!(end.loss_reason(), Some(LossReason::PeerClosed));
    assert_eq!(link.guard().state(), State::Lost);
    assert!(link.wait(&mut buffer, LIMIT).is_err(), "a loss is told once");
}

#[test]
fn a_reset_is_told_as_one() {
    let (mut link, peer) = guarded();
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let end = link.wait(&mut [0; 16], LIMIT).unwrap();
    assert_eq!(end.loss_reason(), Some(LossReason::PeerReset));
}

#[test]
fn a_wait_ends_when_it_was_asked_to() {
    let (mut link, _peer) = guarded();
    let waited = link.wait(&mut [0; 16], Some(Duration::from_millis(20))).unwrap();
    assert_eq!(waited, Event::Waited);
    assert_eq!(link.guard().state(), State::Healthy);
}

#[test]
fn a_program_that_does_not_answer_the_beat_is_lost() {
    let (client, _peer) = pair();
    let interval = Some(Duration::from_millis(100));
    let settings = Settings { heartbeat_interval: interval, ..Settings::default() };
    let mut link = GuardedStream::new(client, settings).unwrap();
    let mut beats = 0;
    let end = loop {
        match link.wait(&mut [0; 16], LIMIT).unwrap() {
            Event::BeatDue => beats += 1,
            Event::Changed(State::Suspect) => {}
            other => break other,
        }
        link.stream().unwrap().write_all(b"?").unwrap();
    };
    assert_eq!(end.loss_reason(), Some(LossReason::HeartbeatMissed));
    assert!(beats >= 1);
    assert!(link.stream().is_none(), "it was aborted");
}

#[test]
fn what_cannot_be_promised_is_refused() {
    let (client, _peer) = pair();
    let within = Some(Duration::ZERO);
    let refused =
        GuardedStream::new(client, Settings { detect_within: within, ..Settings::default() });
    assert_eq!(refused.unwrap_err().code(), Some(Error::OUT_OF_RANGE));
}
