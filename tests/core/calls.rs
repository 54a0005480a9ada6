//! The two probes that the guard asks for itself: the first where the kernel's timer would come too
//! late, and one more before the time is over.

use std::time::{Duration, Instant};

use qkeepalive::Snapshot;
use qkeepalive::liveness::{Liveness, Terms, Verdict};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn terms(idle: u64, interval: u64, count: u32) -> Terms {
    let (idle, interval) = (seconds(idle), seconds(interval));
    Terms { within: idle + interval * count, idle, interval }
}

/// A peer that was heard so long ago, with so many unanswered probes since.
fn silent(since: Duration, probes: u32) -> Snapshot {
    let mut info = Snapshot::default();
    info.since_ack_received = Some(since);
    info.probes = Some(probes);
    info.round_trip_time = Some(ms(1));
    info
}

/// Looks and asks for the first call, as a guard does.
fn first_call(live: &mut Liveness, now: Instant, info: &Snapshot) -> bool {
    live.look(now, info);
    live.first_call(now, info)
}

/// When it is called, on a peer that says nothing from the start on and is not asked by its kernel.
fn called_after(terms: Terms) -> Duration {
    let start = Instant::now();
    let mut live = Liveness::new(terms, start);
    let mut now = start;
    while !first_call(&mut live, now, &silent(now - start, 0)) {
        now = live.next_look().at.max(now + ms(1));
        assert!(now < start + terms.within, "too late");
    }
    let info = silent(now - start + ms(1), 0);
    assert!(!first_call(&mut live, now + ms(1), &info), "once for each silence");
    now - start
}

#[test]
fn the_first_probe_is_asked_for_when_the_kernels_own_timer_must_have_fired() {
    assert_eq!(called_after(terms(8, 2, 3)), seconds(9));
    // Its interval is longer: after an answered probe its timer goes on at that.
    assert_eq!(called_after(terms(8, 75, 1)), seconds(9));
    // And where the idle time is most of the promise, at a third of the rest.
    assert_eq!(called_after(terms(56, 1, 9)), seconds(59));
}

#[test]
fn it_is_not_asked_for_while_the_kernel_probes_or_has_data_to_deliver() {
    let start = Instant::now();
    let now = start + seconds(10);
    let mut data = silent(seconds(10), 0);
    data.unacked = Some(1);
    for info in [silent(seconds(10), 1), data] {
        let mut live = Liveness::new(terms(8, 2, 3), start);
        assert!(!first_call(&mut live, now, &info));
    }
}

#[test]
fn a_timer_that_was_started_for_the_interval_before_a_change_is_not_waited_for() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(6, 75, 4), start);
    // The first probe was answered, and so the kernel's timer runs for 75 s.
    let (heard, now) = (start + seconds(6), start + seconds(7));
    live.look(now, &silent(now - heard, 0));
    live.change(terms(6, 2, 3), now, &silent(now - heard, 0));
    assert!(!first_call(&mut live, now, &silent(now - heard, 0)));
    let due = heard + ms(6750);
    assert!(first_call(&mut live, due, &silent(due - heard, 0)));
}

#[test]
fn a_watch_that_begins_after_a_long_silence_gives_the_kernel_its_time_first() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(8, 2, 3), start);
    let before = seconds(100);
    assert!(!first_call(&mut live, start + seconds(8), &silent(before + seconds(8), 0)));
    assert!(first_call(&mut live, start + seconds(9), &silent(before + seconds(9), 0)));
}

#[test]
fn each_silence_has_its_own_first_call() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(8, 2, 3), start);
    for round in 1..=3 {
        let now = start + seconds(9 * round);
        assert!(first_call(&mut live, now, &silent(seconds(9), 0)), "{round}");
        // It is answered at once.
        live.look(now + ms(100), &silent(ms(99), 0));
    }
}

#[test]
fn what_the_first_call_has_sent_is_looked_for_before_the_kernel_counts_it() {
    let start = Instant::now();
    let slow = |since, probes| {
        let mut info = silent(since, probes);
        info.round_trip_time = Some(seconds(3));
        info
    };
    let mut live = Liveness::new(terms(8, 2, 1), start);
    let now = start + seconds(9);
    assert!(first_call(&mut live, now, &slow(seconds(9), 0)));
    assert_eq!(live.next_look().at, now + seconds(1));
    assert_eq!(live.next_look().lateness, Duration::ZERO);
}

/// Lost at that time after the peer was heard. The kernel sends its first probe after the idle time
/// and no other; with `answers` the last call is counted.
fn lost_after(terms: Terms, counts: bool) -> Option<Duration> {
    let start = Instant::now();
    let mut live = Liveness::new(terms, start);
    let (mut now, mut called) = (start, 0);
    while now < start + terms.within * 2 {
        let silence = now - start;
        let probes = u32::from(silence >= terms.idle);
        let info = silent(silence, if counts { probes + called } else { probes });
        if live.look(now, &info) == Verdict::Lost {
            return Some(silence);
        }
        called += u32::from(live.last_call(now, &info));
        assert!(called <= 1, "once for each silence");
        now = live.next_look().at.max(now + ms(1));
    }
    None
}

#[test]
fn a_second_probe_that_the_kernel_sends_too_late_is_asked_for_before_the_time_is_over() {
    for plan in [terms(3, 1, 3), terms(20, 2, 20), terms(60, 20, 3)] {
        let lost = lost_after(plan, true).expect("it is lost");
        assert!(lost >= plan.within && lost <= plan.within + ms(50), "{plan:?}: {lost:?}");
    }
}

#[test]
fn one_unanswered_probe_of_several_is_no_death_however_long() {
    assert_eq!(lost_after(terms(3, 1, 3), false), None);
}

#[test]
fn while_an_answer_is_owed_on_a_slow_path_the_kernels_count_is_looked_after() {
    let start = Instant::now();
    let terms = terms(8, 2, 2);
    let mut live = Liveness::new(terms, start);
    let now = start + seconds(9);
    let mut info = silent(seconds(9), 1);
    info.round_trip_time = Some(seconds(30));
    assert_eq!(live.look(now, &info), Verdict::Healthy);
    assert_eq!(live.next_look().at, now + terms.lateness());
    assert_eq!(live.next_look().lateness, Duration::ZERO);
}

/// A peer that was heard at the start, and was asked once after the idle time, when the interval was
/// 75 s. Its watch under other terms from the tenth second on.
fn changed_to(terms_then: Terms) -> (Liveness, Instant) {
    let start = Instant::now();
    let mut live = Liveness::new(terms(5, 75, 2), start);
    live.look(start + seconds(6), &silent(seconds(6), 1));
    live.change(terms_then, start + seconds(10), &silent(seconds(10), 1));
    (live, start)
}

#[test]
fn after_a_change_to_a_shorter_interval_the_next_probe_is_asked_for_at_once() {
    let (mut live, start) = changed_to(terms(9, 8, 3));
    let due = seconds(10);
    let mut data = silent(due, 1);
    data.unacked = Some(1);
    assert!(!live.clone().next_call(start + due, &data), "the data is sent again");
    assert!(!live.clone().next_call(start + due, &silent(due, 2)), "the kernel has sent it");
    assert!(!live.clone().next_call(start + due, &silent(due, 0)), "the peer has answered");
    assert!(live.next_call(start + due, &silent(due, 1)));
    assert!(!live.next_call(start + due + ms(1), &silent(due + ms(1), 1)), "the kernel goes on");
}

#[test]
fn an_interval_that_did_not_become_shorter_is_the_kernels_to_keep() {
    let (mut live, start) = changed_to(terms(30, 75, 3));
    assert!(!live.next_call(start + seconds(200), &silent(seconds(200), 1)));
}

#[test]
fn a_probe_that_a_change_has_sent_gets_the_interval_whatever_the_next_change_brings() {
    let (mut live, start) = changed_to(terms(9, 8, 3));
    assert!(live.next_call(start + seconds(10), &silent(seconds(10), 1)));
    live.change(terms(9, 4, 3), start + seconds(12), &silent(seconds(12), 1));
    assert!(!live.next_call(start + ms(14_499), &silent(ms(14_499), 1)));
    assert!(live.next_call(start + ms(14_500), &silent(ms(14_500), 1)));
}
