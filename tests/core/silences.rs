//! Silences in which the kernel's word is not the whole truth: no room here for an answer, and a watch
//! that begins in the midst of one.

use std::time::{Duration, Instant};

use qkeepalive::Snapshot;
use qkeepalive::liveness::{Liveness, Terms, Verdict};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Six seconds: idle three, and three probes.
const SIX: Terms = Terms {
    within: Duration::from_secs(6),
    idle: Duration::from_secs(3),
    interval: Duration::from_secs(1),
};

/// The peer was not heard for so long, as the kernel sees it.
fn silent(since: Duration, probes: u32) -> Snapshot {
    let mut info = Snapshot::default();
    info.since_ack_received = Some(since);
    info.since_data_sent = Some(since);
    info.probes = Some(probes);
    info.round_trip_time = Some(Duration::from_millis(1));
    (info.unacked, info.retransmits, info.backoff) = (Some(0), Some(0), Some(0));
    info.bytes_acknowledged = Some(0);
    info
}

/// The same, with data that was sent so often in vain.
fn trying(since: Duration, attempts: u32) -> Snapshot {
    let mut info = silent(since, 0);
    info.since_data_sent = Some(since.saturating_sub(Duration::from_millis(50)));
    (info.unacked, info.retransmits, info.backoff) = (Some(1), Some(attempts), Some(attempts));
    info.total_retransmits = Some(attempts);
    info.retransmission_timeout = Some(Duration::from_millis(200) * (1 << attempts.min(6)));
    info
}

/// Looks when it is time. Returns when the peer was given up, if it was.
fn lost_at(
    live: &mut Liveness,
    start: Instant,
    until: Duration,
    info: impl Fn(Duration) -> Snapshot,
) -> Option<Duration> {
    let mut now = live.next_look().at.max(start);
    while now < start + until {
        if live.look(now, &info(now - start)) == Verdict::Lost {
            return Some(now - start);
        }
        now = live.next_look().at.max(now + Duration::from_millis(1));
    }
    None
}

/// What the kernel says while nobody here reads: it drops what the peer sends, answers to probes and
/// acknowledgements among them, and counts it.
fn without_room(since: Duration, data: bool, peer_sends: bool) -> Snapshot {
    let probes = (since.as_secs()).saturating_sub(2) as u32;
    let mut info = if data { trying(since, since.as_secs() as u32) } else { silent(since, probes) };
    info.receive_window = Some(0);
    info.segments_received = Some(if peer_sends { since.as_millis() as u32 / 200 } else { 7 });
    info
}

#[test]
fn while_nobody_here_reads_what_the_peer_sends_is_counted_and_that_is_life() {
    for data in [false, true] {
        let start = Instant::now();
        let mut live = Liveness::new(SIX, start);
        let lost = lost_at(&mut live, start, seconds(300), |since| without_room(since, data, true));
        assert_eq!(lost, None, "data: {data}");
    }
}

#[test]
fn while_nobody_here_reads_a_peer_that_sends_nothing_is_lost_in_time() {
    for data in [false, true] {
        let start = Instant::now();
        let mut live = Liveness::new(SIX, start);
        let lost = lost_at(&mut live, start, seconds(60), |since| without_room(since, data, false));
        let lost = lost.expect("it is gone");
        assert!(lost >= seconds(6) && lost < Duration::from_millis(6300), "data: {data}: {lost:?}");
    }
}

#[test]
fn when_there_is_room_again_the_peer_gets_the_time_to_acknowledge() {
    let start = Instant::now();
    let mut live = Liveness::new(SIX, start);
    let room = seconds(20);
    let info = |since: Duration| {
        let mut info = without_room(since, true, true);
        if since >= room {
            info = trying(since, 20);
            info.receive_window = Some(10_000);
            info.segments_received = Some(100);
        }
        info
    };
    let lost = lost_at(&mut live, start, seconds(60), info).expect("it acknowledges nothing");
    assert!(lost >= room + seconds(5) && lost < room + seconds(8), "{lost:?}");
}

#[test]
fn a_watch_that_begins_in_the_midst_of_a_silence_counts_it_and_asks_once_more() {
    // Three probes are out, for five and a half seconds.
    let start = Instant::now();
    let began = Duration::from_millis(5500);
    let mut live = Liveness::begin(SIX, start + began, &silent(began, 3));
    live.look(start + began, &silent(began, 3));
    assert!(live.next_call(start + began, &silent(began, 3)), "it is asked at once");
    assert!(!live.next_call(start + began, &silent(began, 3)), "and once");
    let lost = lost_at(&mut live, start, seconds(60), |since| {
        silent(since, 3 + (since - began).as_secs() as u32)
    });
    // As long as the plan gives its probes, from now on; not the whole time once more.
    let lost = lost.expect("it is gone");
    assert!(lost >= began + Duration::from_millis(2600), "{lost:?}");
    assert!(lost < began + Duration::from_millis(3100), "{lost:?}");
}

#[test]
fn a_watch_that_begins_after_an_outage_condemns_nobody_for_what_was_tried_in_it() {
    // Data was sent seven times in vain; the next attempt comes in twenty seconds, and is answered.
    let start = Instant::now();
    let began = seconds(17);
    let before = |since| {
        let mut info = trying(since, 7);
        info.retransmission_timeout = Some(seconds(26));
        info
    };
    let mut live = Liveness::begin(SIX, start + began, &before(began));
    let lost = lost_at(&mut live, start, began + seconds(20), before);
    assert_eq!(lost, None);
    // It is tried, and not answered.
    let tried = |since| {
        let mut info = trying(since, 8);
        info.retransmission_timeout = Some(seconds(52));
        info
    };
    let lost = lost_at(&mut live, start, seconds(80), tried).expect("it was asked anew");
    assert!(lost < began + seconds(28), "{lost:?}");
}

#[test]
fn a_time_that_is_changed_to_and_fro_on_a_dead_path_has_an_end() {
    let start = Instant::now();
    let five = Terms { within: seconds(5), idle: seconds(2), interval: seconds(1) };
    let four = Terms { within: seconds(4), idle: seconds(2), interval: seconds(1) };
    let mut live = Liveness::new(four, start);
    let info = |since: Duration| silent(since, (since.as_secs()).saturating_sub(1) as u32);
    for tenth in 1..100 {
        let now = start + Duration::from_millis(100 * tenth);
        let since = now - start;
        live.change(if tenth % 2 == 0 { four } else { five }, now, &info(since));
        let first = live.look(now, &info(since));
        let then = now + Duration::from_millis(50);
        if first == Verdict::Lost || live.look(then, &info(then - start)) == Verdict::Lost {
            assert!(since >= Duration::from_millis(3900), "{since:?}");
            assert!(since <= Duration::from_millis(5600), "{since:?}");
            return;
        }
    }
    panic!("never");
}
