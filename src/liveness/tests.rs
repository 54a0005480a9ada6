use super::calls::last_call_before;
use super::changes::Attempts;
use super::evidence::data_sent_within;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn terms(within: u64, idle: u64, interval: u64) -> Terms {
    Terms { within: ms(within), idle: ms(idle), interval: ms(interval) }
}

/// As `detectWithin` has it for six seconds, and for twenty.
fn six() -> Terms {
    terms(6000, 3000, 1000)
}
fn twenty() -> Terms {
    terms(20_000, 11_000, 3000)
}

/// The peer was heard so long ago, and has left so many probes unanswered.
fn silent(since: Duration, probes: u32) -> Snapshot {
    Snapshot {
        since_ack_received: Some(since),
        since_data_received: Some(since),
        probes: Some(probes),
        ..Snapshot::default()
    }
}

/// Data is sent again and again, the last time so long ago.
fn sending(since: Duration, sent: Duration, retransmits: u32) -> Snapshot {
    Snapshot {
        since_data_sent: Some(sent),
        unacked: Some(1),
        retransmits: Some(retransmits),
        total_retransmits: Some(retransmits),
        bytes_acknowledged: Some(7),
        ..silent(since, 0)
    }
}

#[test]
fn the_times_that_follow_from_the_terms() {
    for (terms, probes, owed, lateness) in [
        (six(), 3, ms(2625), ms(1312) + Duration::from_micros(500)),
        (twenty(), 3, ms(7625), ms(3812) + Duration::from_micros(500)),
        (terms(2000, 1000, 1000), 1, ms(875), ms(437) + Duration::from_micros(500)),
        (terms(60_000, 30_000, 10_000), 3, ms(26_250), SECOND * 8),
        // And little of it.
        (terms(6000, 1000, 1000), 5, ms(4875), ms(500)),
        // Idle is nearly all of it.
        (terms(9000, 8700, 100), 3, ms(200), ms(50)),
        (
            terms(44_000, 42_000, 2000),
            1,
            Duration::from_nanos(1_333_333_334),
            Duration::from_nanos(333_333_333),
        ),
        (terms(400, 20, 100), 3, ms(377) + Duration::from_micros(500), ms(50)),
    ] {
        assert_eq!(terms.probes(), probes, "{terms:?}");
        assert_eq!((terms.owed(), terms.lateness()), (owed, lateness), "{terms:?}");
    }
}

#[test]
fn a_watch_that_begins_in_a_silence_in_which_nobody_asked_begins_with_itself() {
    let now = Instant::now();
    let live = Liveness::begin(six(), now, &silent(SECOND * 5, 0));
    assert_eq!((live.heard, live.changed.is_some()), (now, false));
    assert_eq!(live.next_look(), NextLook::exactly(now));
}

#[test]
fn one_that_begins_after_attempts_counts_the_silence_and_asks_anew() {
    let now = Instant::now();
    let attempt = Some(SECOND * 9);
    let tried = Snapshot { retransmission_timeout: attempt, ..silent(SECOND * 5, 0) };
    for info in [
        Snapshot { probes: Some(1), ..tried },
        Snapshot { retransmits: Some(1), ..tried },
        Snapshot { backoff: Some(1), ..tried },
    ] {
        let live = Liveness::begin(six(), now, &info);
        assert_eq!((live.heard, live.spoke), (now - SECOND * 5, now - SECOND * 5));
        let changed = live.changed.expect("it is known to be asked before");
        let shorter = changed.shorter.unwrap();
        assert_eq!(changed.since, now);
        assert_eq!((shorter.until, shorter.latest), (now + ms(2625), now + SECOND * 9));
        assert_eq!((shorter.before, shorter.asked), (Attempts::of(&info), None));
        assert_eq!(changed.slow.unwrap().due, now);
    }
    let info = Snapshot { retransmission_timeout: Some(SECOND), probes: Some(1), ..tried };
    let shorter = Liveness::begin(six(), now, &info).changed.unwrap().shorter.unwrap();
    assert_eq!(shorter.latest, now + SECOND * 6);
}

#[test]
fn one_that_begins_while_nothing_leaves_this_host_waits_for_the_next_attempt_and_its_answer() {
    let start = Instant::now();
    // Five attempts in vain: the sixth comes after 32 times the timeout.
    let stranded = Snapshot {
        retransmission_timeout: Some(ms(525)),
        backoff: Some(5),
        unacked: Some(0),
        unsent: Some(8),
        round_trip_time: Some(ms(480)),
        ..silent(SECOND * 20, 5)
    };
    let mut live = Liveness::begin(six(), start, &stranded);
    let mut look = |info: Snapshot, since: Duration| {
        let silence = Some(SECOND * 20 + since);
        let info = Snapshot { since_ack_received: silence, since_data_received: silence, ..info };
        live.look(start + since, &info);
        live.verdict()
    };
    look(stranded, Duration::ZERO);
    assert_eq!(look(stranded, SECOND * 16), Verdict::Suspect);
    // It leaves, and the time for its answer begins.
    let left = Snapshot {
        unacked: Some(1),
        unsent: Some(0),
        backoff: Some(0),
        probes: Some(0),
        since_data_sent: Some(ms(10)),
        ..stranded
    };
    assert_eq!(look(left, ms(16_800)), Verdict::Suspect);
    assert_eq!(look(left, ms(17_700)), Verdict::Suspect);
    assert_eq!(look(left, ms(17_900)), Verdict::Lost);
}

/// A watch that has found nothing wrong for nine seconds of silence.
fn nine_seconds_of(terms: Terms) -> (Liveness, Instant, Instant) {
    let start = Instant::now();
    let mut live = Liveness::new(terms, start);
    live.look(start, &silent(Duration::ZERO, 0));
    let now = start + SECOND * 9;
    live.look(now, &silent(SECOND * 9, 0));
    (live, start, now)
}

#[test]
fn a_shorter_time_ends_no_earlier_than_its_own_plan_and_no_later_than_the_one_before() {
    let (mut live, start, now) = nine_seconds_of(twenty());
    live.change(six(), now, &silent(SECOND * 9, 0));
    let changed = live.changed.clone().expect("it was changed");
    let shorter = changed.shorter.expect("to a shorter time");
    assert_eq!(changed.since, now);
    assert_eq!((shorter.until, shorter.latest), (now + ms(2625), start + SECOND * 20));
    // The kernel's timer may run for three seconds, and nobody knows since when.
    assert_eq!(changed.slow.unwrap().due, now);
    assert_eq!(live.next_look(), NextLook::exactly(now));
    // Near the old end it is that one.
    let (mut live, start, _) = nine_seconds_of(twenty());
    let late = start + ms(19_000);
    live.change(six(), late, &silent(ms(19_000), 0));
    let shorter = live.changed.clone().unwrap().shorter.unwrap();
    assert_eq!((shorter.until, shorter.latest), (start + SECOND * 20, late + SECOND * 6));
    // And the last call has its time in any case.
    let late = start + ms(19_900);
    let (mut live, start, _) = nine_seconds_of(twenty());
    live.change(six(), start + ms(19_900), &silent(ms(19_900), 0));
    let shorter = live.changed.clone().unwrap().shorter.unwrap();
    assert!(shorter.until >= late + LAST_CALL, "{:?}", shorter.until - late);
}

#[test]
fn a_change_that_shortens_nothing_waits_for_nothing() {
    for (after, probes, shortens, waits) in [
        (twenty(), 0, false, false),
        (terms(30_000, 12_000, 6000), 1, false, false),
        // The idle time alone matters where a probe is out.
        (terms(20_000, 10_000, 3000), 0, false, false),
        (terms(20_000, 10_000, 3000), 1, false, true),
        (terms(20_000, 11_000, 3000), 1, false, false),
        (terms(20_000, 12_500, 2500), 0, false, true),
        (terms(19_000, 10_000, 3000), 0, true, false),
    ] {
        let (mut live, _, now) = nine_seconds_of(twenty());
        live.change(after, now, &silent(SECOND * 9, probes));
        let changed = live.changed.expect("it was changed");
        assert_eq!(changed.shorter.is_some(), shortens, "{after:?}");
        assert_eq!(changed.slow.is_some(), waits, "{after:?}, {probes}");
    }
}

#[test]
fn who_is_lost_by_the_old_terms_is_suspect_by_the_new_ones() {
    let start = Instant::now();
    let mut live = Liveness::new(six(), start);
    for step in 0..70 {
        let since = ms(step * 100);
        live.look(start + since, &silent(since, (step / 10).saturating_sub(2) as u32));
    }
    assert_eq!(live.verdict(), Verdict::Lost);
    let now = start + SECOND * 7;
    live.change(twenty(), now, &silent(SECOND * 7, 4));
    assert_eq!(live.verdict(), Verdict::Suspect);
}

#[test]
fn routine_looks_come_when_the_first_probe_has_surely_been_sent() {
    let now = Instant::now();
    let mut live = Liveness::new(six(), now - SECOND * 60);
    for (heard, info, next) in [
        (0, silent(Duration::ZERO, 0), ms(3375)),
        (1000, silent(SECOND, 0), ms(2375)),
        // It should have been sent, and was not.
        (4000, silent(SECOND * 4, 0), six().lateness()),
    ] {
        live.spoke = now - ms(heard);
        assert_eq!(live.next_routine_look(now, &info), now + next, "{heard}");
        let blind = Snapshot { probes: None, ..info };
        let tick = if heard < 3000 { TICK } else { Duration::ZERO };
        assert_eq!(live.next_routine_look(now, &blind), now + next + tick, "{heard}");
    }
    // Keepalive that began with the watch asks later, and is looked for no later than usual.
    for (begun, next) in [(3000, ms(375)), (1000, six().lateness())] {
        live.begun = now - ms(begun);
        assert_eq!(live.next_routine_look(now, &silent(SECOND * 4, 0)), now + next, "{begun}");
    }
}

#[test]
fn the_first_call_says_once_for_each_silence_by_how_much_the_kernel_is_late() {
    let start = Instant::now();
    let mut live = Liveness::new(six(), start);
    let asked = ms(3375);
    assert!(!live.first_call(start + asked - ms(1), &silent(asked, 0)));
    assert!(!live.first_call(start + asked, &silent(asked, 1)), "it was sent");
    let data = sending(asked, ms(10), 0);
    assert!(!live.first_call(start + asked, &data), "data asks by itself");
    let now = start + asked + ms(40);
    assert!(live.first_call(now, &silent(asked, 0)));
    assert_eq!(live.prompted, Some(40));
    assert_eq!(live.next_look(), NextLook::exactly(now + 5 * GRAIN));
    assert!(!live.first_call(now + SECOND, &silent(asked, 0)));
}

#[test]
fn for_a_kernel_that_counts_no_probes_they_are_supposed_to_be_sent_by_its_clock() {
    let live = Liveness::new(six(), Instant::now());
    // Idle, an eighth of it, and a tick.
    for (silence, probes) in [
        (ms(3874), (0, Duration::ZERO)),
        (ms(3875), (1, Duration::ZERO)),
        (ms(4874), (1, ms(999))),
        (ms(4875), (2, ms(1000))),
        (ms(6900), (4, ms(3025))),
    ] {
        assert_eq!(live.probes_due(silence), probes, "{silence:?}");
    }
}

#[test]
fn what_is_unanswered_is_counted_by_what_the_kernel_tells() {
    let live = Liveness::new(six(), Instant::now());
    let silence = SECOND * 5;
    for (info, stimuli, owed_for) in [
        (silent(silence, 0), 0, Duration::ZERO),
        (silent(silence, 1), 1, Duration::ZERO),
        (silent(silence, 3), 3, SECOND * 2),
        // No longer than the silence.
        (silent(silence, 9), 9, silence),
    ] {
        assert_eq!(live.unanswered(silence, &info), (stimuli, owed_for), "{info:?}");
    }
    let uncounted = Snapshot { probes: None, total_retransmits: Some(2), ..silent(silence, 0) };
    assert_eq!(live.unanswered(silence, &uncounted), (2 + 2, ms(1125)));
    // Data that went out before the peer was heard is none, its repetitions are.
    assert_eq!(live.unanswered(silence, &sending(silence, SECOND * 6, 0)).0, 0);
    assert_eq!(live.unanswered(silence, &sending(silence, SECOND * 4, 0)).0, 1);
    assert_eq!(live.unanswered(silence, &sending(silence, SECOND * 6, 2)).0, 2);
    let backed_off = Snapshot { backoff: Some(3), ..sending(silence, SECOND * 6, 0) };
    assert_eq!(live.unanswered(silence, &backed_off).0, 3);
    let probed = Snapshot { probes: Some(2), ..sending(silence, SECOND * 4, 0) };
    assert_eq!(live.unanswered(silence, &probed).0, 1 + 2);
}

#[test]
fn an_answer_may_take_a_round_trip_and_four_times_its_variation() {
    assert_eq!(answer(&Snapshot::default()), ms(50));
    let path = |round_trip, variation| Snapshot {
        round_trip_time: Some(ms(round_trip)),
        round_trip_variation: Some(ms(variation)),
        ..Snapshot::default()
    };
    assert_eq!(answer(&path(40, 2)), ms(50));
    assert_eq!(answer(&path(40, 3)), ms(52));
    assert_eq!(last_call_before(&path(100, 10)), ms(300));
    assert_eq!(last_call_before(&path(100, 20)), ms(360));
}

#[test]
fn of_data_that_is_stuck_the_oldest_counts() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(60_000, 30_000, 10_000), start);
    let now = start + SECOND * 10;
    let mut info = sending(SECOND * 9, SECOND * 2, 2);
    live.look(now, &info);
    let stuck = live.stuck_data(&info).expect("it was sent three times");
    assert_eq!(stuck.since, now - info.unacknowledged_for().unwrap());
    // Something was taken: it begins anew.
    info.bytes_acknowledged = Some(8);
    info.retransmits = Some(0);
    info.since_data_sent = Some(Duration::ZERO);
    live.look(now + SECOND, &info);
    assert!(live.stuck_data(&info).is_none(), "it was sent once");
    assert!(live.stuck.is_some());
    info.unacked = Some(0);
    live.look(now + SECOND * 2, &info);
    assert!(live.stuck.is_none());
}

#[test]
fn a_clock_that_is_put_back_begins_the_watch_anew() {
    let start = Instant::now() + SECOND * 60;
    let mut live = Liveness::new(six(), start);
    live.look(start + SECOND * 4, &silent(SECOND * 4, 1));
    assert!(live.owed.is_some());
    let back = start - SECOND * 10;
    live.look(back, &silent(Duration::ZERO, 0));
    assert_eq!((live.heard, live.owed.is_some()), (back, false));
    // The same time once more is no step back.
    live.look(back + SECOND * 4, &silent(SECOND * 4, 1));
    live.look(back + SECOND * 4, &silent(SECOND * 4, 1));
    assert!(live.owed.is_some());
}

#[test]
fn a_pardon_takes_back_no_warning_before_the_peer_is_looked_at() {
    let start = Instant::now();
    let mut live = Liveness::new(six(), start);
    live.verdict = Verdict::Suspect;
    live.pardon(start + SECOND);
    assert_eq!((live.verdict(), live.heard), (Verdict::Suspect, start + SECOND));
}

#[test]
fn a_shorter_interval_asks_at_once_where_a_probe_is_out() {
    for (probes, called) in [(0, false), (1, true)] {
        let (mut live, _, now) = nine_seconds_of(twenty());
        let info = silent(SECOND * 9, probes);
        live.change(terms(20_000, 9000, 1000), now, &info);
        assert_eq!(live.next_call(now, &info), called, "{probes}");
    }
}

#[test]
fn however_often_the_interval_becomes_shorter_one_probe_goes_out_each_interval() {
    let (mut live, _, start) = nine_seconds_of(twenty());
    let mut calls = Vec::new();
    for moved in (0..3000).step_by(10) {
        let now = start + ms(moved);
        let info = silent(SECOND * 9 + ms(moved), 1);
        live.change(terms(20_000, 9000, 3000 - moved / 2), now, &info);
        live.look(now, &info);
        if live.next_call(now, &info) {
            calls.push(moved);
        }
    }
    // The second one: an interval of 1.92 s and its eighth later.
    assert_eq!(calls, [0, 2160]);
}

#[test]
fn nothing_is_called_for_in_a_silence_that_is_shorter_than_the_idle_time() {
    let (mut live, start, now) = nine_seconds_of(twenty());
    let info = silent(SECOND * 9, 1);
    live.change(terms(30_000, 15_000, 5000), now, &info);
    live.change(terms(28_000, 14_000, 1000), now, &info);
    assert!(!live.next_call(start + ms(13_999), &silent(ms(13_999), 1)));
    assert!(live.next_call(start + ms(14_000), &silent(ms(14_000), 1)));
}

#[test]
fn a_call_after_a_change_comes_when_the_interval_since_the_last_one_is_over() {
    let (mut live, _, now) = nine_seconds_of(twenty());
    let info = silent(SECOND * 9, 1);
    live.probed(now - ms(500));
    live.change(terms(20_000, 9000, 1000), now, &info);
    assert!(!live.next_call(now + ms(624), &info));
    assert!(live.next_call(now + ms(625), &info));
}

#[test]
fn nothing_is_owed_before_the_idle_time_is_over() {
    for (after, owes) in [(2999, false), (3000, true)] {
        let start = Instant::now();
        let mut live = Liveness::new(six(), start);
        live.look(start + ms(after), &silent(ms(after), 1));
        assert_eq!(live.owed.is_some(), owes, "{after}");
    }
}

#[test]
fn data_is_owed_for_since_it_was_sent_first() {
    let live = Liveness::new(terms(60_000, 30_000, 10_000), Instant::now());
    let silence = SECOND * 40;
    let quick = Some(ms(200));
    let all = Snapshot { retransmission_timeout: quick, ..sending(silence, SECOND, 2) };
    let owed_for = all.unacknowledged_for().unwrap().min(silence);
    assert_eq!(live.unanswered(silence, &all), (1 + 2, owed_for));
    assert!(owed_for > Duration::ZERO);
    // It went out before the peer was heard.
    let before = sending(silence, SECOND * 50, 0);
    assert_eq!(live.unanswered(silence, &before), (0, Duration::ZERO));
}

#[test]
fn data_that_went_out_when_the_peer_was_heard_or_that_is_taken_is_no_question() {
    for (sent, unacked, asks) in
        [(999, 1, true), (1000, 1, false), (1001, 1, false), (10, 0, false)]
    {
        let info = Snapshot { unacked: Some(unacked), ..sending(SECOND, ms(sent), 0) };
        assert_eq!(data_sent_within(SECOND, &info), asks, "{sent}, {unacked}");
    }
}

/// A watch that suspects the peer: three probes are out, the first of them for more than two seconds.
fn suspicious() -> (Liveness, Instant) {
    let start = Instant::now();
    let mut live = Liveness::new(six(), start);
    for (after, probes) in [(3400, 1), (4400, 2), (5400, 3)] {
        live.look(start + ms(after), &silent(ms(after), probes));
    }
    assert_eq!(live.verdict(), Verdict::Suspect);
    (live, start)
}

#[test]
fn whoever_suspects_looks_often_at_the_last_call_and_at_the_end() {
    let (mut live, start) = suspicious();
    let end = ms(6000) + GRAIN;
    for (after, next) in [
        (5400, ms(5400) + SECOND * 6 / 32),
        // The call comes 300 ms before the end.
        (5600, end - LAST_CALL),
        (5900, end),
        // It is no longer ahead.
        (5710, ms(5710) + SECOND * 6 / 32),
    ] {
        live.looked = start;
        live.look(start + ms(after), &silent(ms(after), 3));
        assert_eq!(live.next_look().at - start, next, "{after}");
    }
    live.look(start + ms(6005), &silent(ms(6005), 3));
    assert_eq!(live.next_look().at - start, ms(6005) + GRAIN);
}

#[test]
fn the_silence_is_too_long_when_the_time_is_over_and_a_grain() {
    let (live, start) = suspicious();
    let now = start + ms(5500);
    let info = silent(ms(5500), 3);
    assert_eq!(live.silent_at(now, &info), Some(start + ms(6000) + GRAIN));
    assert_eq!(live.lost_at(now, &info), Some(start + ms(6000) + GRAIN));
}

#[test]
fn data_that_is_stuck_is_a_warning_before_it_is_a_loss() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(60_000, 30_000, 10_000), start);
    let info = sending(SECOND, SECOND * 2, 2);
    live.look(start + SECOND * 20, &info);
    let since = live.stuck_data(&info).unwrap().since;
    assert_eq!(live.suspect_at(None, &info), Some(since + OVERDUE));
}

#[test]
fn a_clock_that_was_put_forward_makes_no_silence() {
    let (live, start) = suspicious();
    let now = start + ms(5500);
    // The kernel counts four seconds of it.
    assert_eq!(live.silent_at(now, &silent(SECOND * 4, 3)), Some(start + ms(7500)));
}

#[test]
fn routine_looks_may_be_as_late_as_the_terms_allow_where_probes_are_counted() {
    let start = Instant::now();
    let mut live = Liveness::new(six(), start);
    live.look(start, &silent(Duration::ZERO, 0));
    assert_eq!(live.next_look().lateness, six().lateness());
    live.look(start, &Snapshot { probes: None, ..silent(Duration::ZERO, 0) });
    assert_eq!(live.next_look().lateness, (six().owed() - TICK) / 2);
}

/// When the last calls go out before the end of six seconds, on a path with this round trip and variation.
fn last_calls(round_trip: u64, variation: u64) -> Vec<Duration> {
    let start = Instant::now();
    let mut live = Liveness::new(terms(20_000, 8000, 4000), start);
    let (mut now, mut calls) = (start, vec![]);
    loop {
        let probes = u32::try_from((now - start).as_secs() / 4).unwrap().saturating_sub(1);
        let path = Snapshot {
            round_trip_time: Some(ms(round_trip)),
            round_trip_variation: Some(ms(variation)),
            ..silent(now - start, probes.min(3))
        };
        if live.look(now, &path) == Verdict::Lost {
            assert_eq!(now - start, ms(20_000) + GRAIN, "no call makes it later");
            return calls;
        }
        if live.last_call(now, &path) {
            calls.push(ms(20_000) + GRAIN - (now - start));
        }
        now = live.next_look().at.max(now + ms(1));
        assert!(now < start + SECOND * 60, "never");
    }
}

#[test]
fn where_an_answer_may_take_long_there_is_a_second_last_call() {
    assert_eq!(last_calls(1, 0), [ms(300)]);
    assert_eq!(last_calls(100, 49), [ms(592)]);
    assert_eq!(last_calls(100, 50), [ms(600), ms(300)]);
    assert_eq!(last_calls(200, 400), [ms(3600), ms(1800)]);
}

#[test]
fn a_last_call_that_comes_too_late_is_waited_for() {
    // Nobody looked between the third probe and long after the end.
    for (late, answer) in [(6500, 50), (60_000, 50), (6500, 700), (6500, 1100)] {
        let (mut live, start) = suspicious();
        let now = start + ms(late);
        let silent =
            |now: Instant| Snapshot { round_trip_time: Some(ms(answer)), ..silent(now - start, 3) };
        assert_eq!(live.look(now, &silent(now)), Verdict::Lost);
        assert!(live.last_call(now, &silent(now)));
        assert_eq!(live.verdict(), Verdict::Suspect);
        assert_eq!(live.next_look(), NextLook::exactly(now + GRAIN));
        let mut now = now + GRAIN;
        let mut calls = 1;
        while live.look(now, &silent(now)) != Verdict::Lost {
            calls += u32::from(live.last_call(now, &silent(now)));
            now = live.next_look().at;
        }
        let waited = now - start - ms(late);
        assert!(waited >= ms(answer).max(SECOND) && waited < ms(1200), "{waited:?}, {answer}");
        assert!(calls <= 2, "{calls}");
        assert!(!live.last_call(now, &silent(now)), "who was called is lost");
    }
}

#[test]
fn what_has_data_on_its_way_is_not_called_however_late_the_look_is() {
    let (mut live, start) = suspicious();
    let now = start + ms(7000);
    let info = Snapshot { since_data_sent: Some(ms(100)), unsent: Some(1), ..silent(ms(7000), 3) };
    assert_eq!(live.look(now, &info), Verdict::Lost);
    assert!(!live.last_call(now, &info));
    assert_eq!(live.verdict(), Verdict::Lost);
}

#[test]
fn a_probe_that_is_sent_for_the_kernel_is_waited_for_as_the_plan_would_only_if_it_is_late() {
    for (late, waited) in [(0, ms(0)), (300, ms(0)), (301, SECOND), (5000, SECOND)] {
        let start = Instant::now();
        let mut live = Liveness::new(terms(60_000, 5000, 12_000), start);
        live.look(start + SECOND * 6, &silent(SECOND * 6, 1));
        live.change(terms(40_000, 5000, 4000), start + SECOND * 6, &silent(SECOND * 6, 1));
        // Overdue by the new interval and an eighth.
        let now = start + SECOND * 6 + ms(4500 + late);
        let info = silent(now - start, 1);
        live.next = now - ms(late);
        live.look(now, &info);
        assert!(live.next_call(now, &info), "{late}");
        let called = live.own_probes.expect("it was called");
        assert_eq!((called.answered, called.last), (now + waited, 0), "{late}");
    }
}

#[test]
fn a_probe_that_was_sent_for_the_kernel_is_owed_from_then_on() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(53_000, 51_000, 1000), start);
    let called = start + ms(52_000);
    live.look(called, &silent(called - start, 0));
    assert!(live.first_call(called, &silent(called - start, 0)));
    let now = called + ms(400);
    live.look(now, &silent(now - start, 1));
    let since = live.owed.as_ref().expect("it is owed").since;
    assert!(since <= called && called - since < ms(1), "{:?}", called - since);
    // With data on its way it is the data that is owed.
    let mut busy = Liveness::new(terms(53_000, 51_000, 1000), start);
    busy.look(called, &silent(called - start, 0));
    assert!(busy.first_call(called, &silent(called - start, 0)));
    let data =
        Snapshot { since_data_sent: Some(ms(100)), unacked: Some(1), ..silent(ms(52_400), 1) };
    busy.look(now, &data);
    assert!(busy.owed.as_ref().is_some_and(|owed| owed.since > called));
}

/// The kernel's number of attempts, doubled each time, makes it more than it is.
#[test]
fn data_is_not_stuck_for_longer_than_since_it_was_last_seen_not_to_be() {
    let start = Instant::now();
    let mut live = Liveness::new(terms(60_000, 30_000, 10_000), start);
    let seen = start + SECOND * 5;
    live.look(seen, &silent(SECOND * 5, 0));
    for (after, again) in [(6, 2), (20, 8), (40, 12)] {
        let now = start + SECOND * after;
        let info = Snapshot {
            retransmission_timeout: Some(SECOND * 30),
            ..sending(now - start, SECOND, again)
        };
        live.look(now, &info);
        let since = live.stuck_data(&info).expect("it is").since;
        assert!(since >= seen, "{:?}", since - start);
    }
}
