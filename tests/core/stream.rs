//! A stream and its guard, on loopback. What takes a network that fails is in tests/system.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use qkeepalive::guard::{Settings, State};
use qkeepalive::{Config, Error, Event, GuardedStream, LossReason};

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
fn without_an_abort_a_loss_is_told_once_too_and_nothing_comes_after_it() {
    let (client, _peer) = pair();
    let interval = Some(Duration::from_millis(100));
    let settings =
        Settings { heartbeat_interval: interval, abort_on_loss: false, ..Settings::default() };
    let mut link = GuardedStream::new(client, settings).unwrap();
    while link.wait(&mut [0; 16], LIMIT).unwrap().loss_reason().is_none() {}
    assert!(link.stream().is_some(), "it is the program's to close");
    let after = link.wait(&mut [0; 16], LIMIT).unwrap_err();
    assert_eq!(after.kind(), std::io::ErrorKind::NotConnected);
}

#[test]
fn a_stream_that_does_not_block_is_made_to_block() {
    let (client, _peer) = pair();
    client.set_nonblocking(true).unwrap();
    let link = GuardedStream::new(client, Settings::default()).unwrap();
    let mut stream = link.stream().unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let start = Instant::now();
    stream.read(&mut [0; 16]).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[test]
fn what_cannot_be_promised_is_refused() {
    let (client, _peer) = pair();
    let within = Some(Duration::ZERO);
    let refused =
        GuardedStream::new(client, Settings { detect_within: within, ..Settings::default() });
    assert_eq!(refused.unwrap_err().code(), Some(Error::OUT_OF_RANGE));
}

fn beating(interval: u64) -> (GuardedStream, TcpStream) {
    let (client, peer) = pair();
    let heartbeat_interval = Some(Duration::from_millis(interval));
    let settings = Settings { heartbeat_interval, ..Settings::default() };
    (GuardedStream::new(client, settings).unwrap(), peer)
}

#[test]
fn a_peer_that_streams_without_a_pause_keeps_no_beat_from_being_due() {
    let (mut link, mut peer) = beating(50);
    let streaming = thread::spawn(move || while peer.write_all(&[7; 65536]).is_ok() {});
    let until = Instant::now() + Duration::from_secs(1);
    let (mut beats, mut chunks) = (0, 0);
    let mut buffer = [0; 4096];
    while Instant::now() < until {
        match link.wait(&mut buffer, LIMIT).unwrap() {
            Event::Received(_) => chunks += 1,
            Event::BeatDue => beats += 1,
            other => panic!("{other:?}"),
        }
    }
    drop(link);
    streaming.join().unwrap();
    assert!(chunks > 1000, "{chunks} chunks: it streamed");
    assert!((10..=20).contains(&beats), "{beats} beats in a second, one due each 50 ms");
}

#[test]
fn what_a_look_finds_while_data_comes_in_is_told_after_that_data() {
    let (mut link, mut peer) = beating(30);
    thread::sleep(Duration::from_millis(40));
    peer.write_all(b"news").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(link.wait(&mut buffer, LIMIT).unwrap(), Event::Received(4));
    assert_eq!(link.wait(&mut buffer, LIMIT).unwrap(), Event::BeatDue);
}

#[test]
fn a_wait_without_any_time_still_reads_and_looks() {
    let (mut link, mut peer) = beating(400);
    let now = Some(Duration::ZERO);
    peer.write_all(b"news").unwrap();
    assert_eq!(link.wait(&mut [0; 16], now).unwrap(), Event::Received(4));
    assert_eq!(link.wait(&mut [0; 16], now).unwrap(), Event::Waited);
    thread::sleep(Duration::from_millis(410));
    assert_eq!(link.wait(&mut [0; 16], now).unwrap(), Event::BeatDue);
}

#[test]
fn an_empty_buffer_waits_for_news_alone_and_data_stays_in_the_socket() {
    let (mut link, mut peer) = guarded();
    let limit = Duration::from_millis(60);
    for written in [&b""[..], b"news"] {
        peer.write_all(written).unwrap();
        let began = Instant::now();
        assert_eq!(link.wait(&mut [], Some(limit)).unwrap(), Event::Waited);
        assert!(began.elapsed() >= limit, "it ended after {:?}", began.elapsed());
    }
    assert_eq!(link.guard().state(), State::Healthy);
    let mut buffer = [0; 16];
    assert_eq!(link.wait(&mut buffer, LIMIT).unwrap(), Event::Received(4));
    assert_eq!(&buffer[..4], b"news");
}

// Where the kernel tells that data came: elsewhere only what is read is heard.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn an_empty_buffer_is_told_of_beats_with_data_unread_and_without() {
    let (mut link, mut peer) = beating(200);
    assert_eq!(link.wait(&mut [], LIMIT).unwrap(), Event::BeatDue);
    peer.write_all(b"news").unwrap();
    assert_eq!(link.wait(&mut [], LIMIT).unwrap(), Event::BeatDue);
    assert_eq!(link.wait(&mut [0; 16], LIMIT).unwrap(), Event::Received(4));
}

#[test]
fn an_empty_buffer_is_told_of_the_end() {
    let (mut link, peer) = guarded();
    drop(peer);
    let end = link.wait(&mut [], LIMIT).unwrap();
    assert_eq!(end.loss_reason(), Some(LossReason::PeerClosed));
    assert!(link.wait(&mut [], LIMIT).is_err(), "a loss is told once");

    let (mut link, peer) = guarded();
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let end = link.wait(&mut [], LIMIT).unwrap();
    assert_eq!(end.loss_reason(), Some(LossReason::PeerReset));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn an_empty_buffer_is_told_of_an_end_behind_unread_data_which_stays_readable() {
    let (mut link, mut peer) = beating(50);
    peer.write_all(b"news").unwrap();
    drop(peer);
    let end = loop {
        match link.wait(&mut [], LIMIT).unwrap() {
            Event::BeatDue | Event::Changed(State::Suspect) => {}
            other => break other,
        }
    };
    assert_eq!(end.loss_reason(), Some(LossReason::PeerClosed));
    let mut left = Vec::new();
    link.stream().expect("it is not aborted").read_to_end(&mut left).unwrap();
    assert_eq!(left, b"news");
}

#[test]
fn an_empty_buffer_of_a_guard_that_is_switched_off_finds_the_end_once_data_is_read_elsewhere() {
    let (client, mut peer) = pair();
    let values = Config { enabled: false, ..Config::default() };
    let mut link = GuardedStream::new(client, Settings { values, ..Settings::default() }).unwrap();
    peer.write_all(b"news").unwrap();
    drop(peer);
    let mut elsewhere = link.stream().unwrap().try_clone().unwrap();
    let reading = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        elsewhere.read(&mut [0; 16]).unwrap()
    });
    assert!(link.wait(&mut [], None).is_err(), "the connection is over");
    assert_eq!(reading.join().unwrap(), 4);
}
