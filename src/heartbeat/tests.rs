use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The peer's last byte is so old, and all that was written has left.
fn heard(since: Duration) -> Snapshot {
    let bytes_sent = Some(1000);
    Snapshot { since_data_received: Some(since), bytes_sent, ..Snapshot::default() }
}

/// The same, with bytes that wait in the kernel.
fn held(since: Duration, sent: u64, unsent: u32) -> Snapshot {
    Snapshot { bytes_sent: Some(sent), unsent: Some(unsent), ..heard(since) }
}

/// Beats each second, lost after two and a half.
fn started() -> (Heartbeat, Instant) {
    let now = Instant::now();
    (Heartbeat::new(Rhythm { interval: SECOND, timeout: SECOND * 5 / 2 }, now), now)
}

/// Looks as a guard does: what is due is written.
fn look(heart: &mut Heartbeat, now: Instant, info: &Snapshot) -> Pulse {
    let pulse = heart.look(now, info, 0);
    if pulse.beat {
        heart.written(now, info, 0);
    }
    pulse
}

/// The time of the loss of a peer that says nothing from `now` on.
fn lost_at(heart: &mut Heartbeat, start: Instant, mut now: Instant) -> Instant {
    while look(heart, now, &heard(now - start)).peer != Verdict::Lost {
        assert!(now < start + SECOND * 1000, "never");
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    now
}

#[test]
fn beats_come_at_their_interval_while_the_peer_answers() {
    let (mut heart, start) = started();
    let mut beats = vec![];
    let mut now = start;
    while now < start + SECOND * 10 {
        now = heart.next_look().at;
        // The answer to the last beat came after a tenth of a second.
        let since = (now - start).as_millis() as u64 % 1000;
        let since = Duration::from_millis((since + 899) % 1000 + 1);
        let pulse = look(&mut heart, now, &heard(since));
        assert_eq!(pulse.peer, Verdict::Healthy);
        beats.extend(pulse.beat.then_some(now - start));
    }
    assert_eq!(beats, (1..=10).map(|n| SECOND * n).collect::<Vec<_>>());
}

#[test]
fn a_silent_peer_is_suspect_and_then_lost_after_the_timeout() {
    let (mut heart, start) = started();
    let (mut verdicts, mut beats) = (vec![], 0);
    loop {
        let now = heart.next_look().at;
        let pulse = look(&mut heart, now, &heard(now - start));
        beats += u32::from(pulse.beat);
        verdicts.push(pulse.peer);
        if pulse.peer == Verdict::Lost {
            assert_eq!(now, start + SECOND * 5 / 2 + GRAIN);
            break;
        }
    }
    assert!(verdicts.contains(&Verdict::Suspect));
    assert_eq!(beats, 1, "one is under way at a time");
}

#[test]
fn an_answer_that_takes_longer_than_the_interval_is_followed_by_the_next_beat() {
    let (mut heart, start) = started();
    let (mut now, mut life, mut asked, mut beats) = (start, start, None, 0);
    while now < start + SECOND * 60 {
        now = heart.next_look().at.max(now + GRAIN / 10);
        // Each answer takes 1.4 s.
        let answer = asked.map(|asked| asked + SECOND * 14 / 10);
        if let Some(answered) = answer.filter(|answered| *answered <= now) {
            (life, asked) = (answered, None);
        }
        let pulse = look(&mut heart, now, &heard(now - life));
        assert_ne!(pulse.peer, Verdict::Lost, "{:?}", now - start);
        if pulse.beat {
            assert_eq!(asked, None, "one is under way at a time");
            (asked, beats) = (Some(now), beats + 1);
        }
    }
    assert!((38..=43).contains(&beats), "{beats}");
}

#[test]
fn a_debt_begins_when_the_beat_has_left() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
    // Nagle holds it back behind what is on its way: 100 bytes, 4 of them the beat.
    heart.written(due, &held(SECOND, 1000, 100), 0);
    let mut now = due;
    while now < due + SECOND {
        now = heart.next_look().at;
        let pulse = heart.look(now, &held(now - start, 1099, 1), 0);
        assert!(!pulse.beat, "at most one waits");
        assert_ne!(pulse.peer, Verdict::Lost);
    }
    // The rest of it leaves, and as much that was written after it waits.
    let left = heart.next_look().at;
    heart.look(left, &held(left - start, 1100, 50), 0);
    let mut now = left;
    while heart.look(now, &held(now - start, 1100, 50), 0).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert_eq!(now, left + SECOND * 3 / 2 + GRAIN, "from there on it is owed");
}

#[test]
fn an_answer_that_came_before_the_beat_was_seen_to_have_left_is_an_answer() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
    heart.written(due, &held(SECOND, 1000, 100), 0);
    // It left and was answered between two looks.
    let now = heart.next_look().at;
    let pulse = heart.look(now, &held(Duration::from_millis(60), 1100, 0), 0);
    assert_eq!(pulse.peer, Verdict::Healthy);
    assert!(matches!(heart.beat, Beat::None));
}

#[test]
fn the_answer_to_the_beat_before_is_none_to_the_next() {
    let (mut heart, start) = started();
    let said = |since, bytes| Snapshot { bytes_received: Some(bytes), ..heard(since) };
    assert!(look(&mut heart, start + SECOND, &said(SECOND, 10)).beat);
    // It was answered so late that the next one goes out at once.
    let late = start + SECOND * 22 / 10;
    assert!(look(&mut heart, late, &said(Duration::from_millis(1), 20)).beat);
    let grid = start + SECOND * 4;
    assert!(!look(&mut heart, grid, &said(grid - late, 20)).beat, "it is unanswered");
    assert!(look(&mut heart, grid + SECOND / 10, &said(SECOND / 100, 30)).beat);
}

#[test]
fn what_the_network_library_holds_is_in_front_of_a_beat_too() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &held(SECOND, 1000, 10), 500).beat);
    heart.written(due, &held(SECOND, 1000, 10), 504);
    let mut now = due;
    for sent in (1000..1514).step_by(20) {
        now = heart.next_look().at;
        heart.look(now, &held(now - start, sent, 10), 1514 - sent);
        assert!(matches!(heart.beat, Beat::Waits { .. }), "{sent}");
    }
    heart.look(now, &held(now - start, 1514, 10), 0);
    assert!(matches!(heart.beat, Beat::Left { at, .. } if at == now));
}

#[test]
fn a_beat_behind_data_that_moves_is_waited_for_and_one_behind_data_that_does_not_is_missed() {
    for moves in [true, false] {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 100_000), 0).beat);
        heart.written(due, &held(SECOND, 1000, 100_000), 0);
        let (mut now, mut sent, mut peer) = (due, 1000, Verdict::Healthy);
        while now < start + SECOND * 60 && peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
            sent += u64::from(moves);
            peer = heart.look(now, &held(now - start, sent, 90_000), 0).peer;
        }
        assert_eq!(peer == Verdict::Lost, !moves);
        if !moves {
            // Within the timeout and one interval of the last byte.
            assert_eq!(now, start + SECOND * 7 / 2 + GRAIN);
        }
    }
}

#[test]
fn data_that_is_taken_moves_although_nothing_new_leaves() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    let stuck = |now: Instant, taken| Snapshot {
        bytes_acknowledged: Some(taken),
        ..held(now - start, 1000, 9000)
    };
    assert!(heart.look(due, &stuck(due, 0), 0).beat);
    heart.written(due, &stuck(due, 0), 0);
    let mut now = due;
    for taken in 1..100 {
        now = heart.next_look().at.max(now + GRAIN);
        assert_ne!(heart.look(now, &stuck(now, taken), 0).peer, Verdict::Lost);
    }
    assert!(now > start + SECOND * 4);
}

#[test]
fn what_the_peers_kernel_acknowledges_is_no_life_of_its_program() {
    let (mut heart, start) = started();
    let mut now = start;
    let mut peer = Verdict::Healthy;
    while peer != Verdict::Lost {
        now += Duration::from_millis(5);
        let ms = (now - start).as_millis() as u64;
        let taken = Some(1000 + 100 * ms);
        let info = Snapshot { bytes_sent: taken, bytes_acknowledged: taken, ..heard(now - start) };
        peer = look(&mut heart, now, &info).peer;
        assert!(now < start + SECOND * 7 / 2);
    }
}

#[test]
fn after_a_gap_the_peer_gets_its_full_time_anew() {
    let (mut heart, start) = started();
    look(&mut heart, start + SECOND, &heard(SECOND));
    // Stopped for a minute; what was meant to be written before may leave only now.
    let back = start + SECOND * 60;
    let pulse = look(&mut heart, back, &heard(SECOND * 60));
    assert_eq!(pulse, Pulse { beat: false, peer: Verdict::Healthy });
    assert_eq!(lost_at(&mut heart, start, back), back + SECOND * 5 / 2 + GRAIN);
}

#[test]
fn after_a_sleep_of_the_machine_a_beat_that_is_under_way_may_be_answered_late() {
    for waits in [false, true] {
        let (mut heart, start) = started();
        let unsent = if waits { 100 } else { 0 };
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
        heart.written(due, &held(SECOND, 1000, unsent), 0);
        let back = start + SECOND * 2;
        heart.pardon(back, &heard(back - start));
        assert_eq!(heart.next_look(), NextLook::exactly(back));
        let info = held(SECOND * 2, 1000, unsent);
        let pulse = look(&mut heart, back, &info);
        assert_eq!(pulse, Pulse { beat: false, peer: Verdict::Healthy });
        let mut now = back;
        while heart.look(now, &held(now - start, 1000, unsent), 0).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, back + SECOND * 5 / 2 + GRAIN);
    }
}

#[test]
fn after_a_sleep_of_the_machine_it_asks_at_once() {
    let (mut heart, start) = started();
    let back = start + SECOND / 2;
    heart.pardon(back, &heard(back - start));
    let pulse = look(&mut heart, back, &heard(SECOND / 2));
    assert_eq!(pulse, Pulse { beat: true, peer: Verdict::Healthy });
}

#[test]
fn a_heart_beat_that_begins_again_gives_the_peer_its_full_time_and_asks_anew() {
    let (mut heart, start) = started();
    look(&mut heart, start + SECOND, &heard(SECOND));
    let now = start + SECOND * 2;
    heart.resume(Rhythm { interval: SECOND / 2, timeout: SECOND }, now, &heard(SECOND * 2));
    let pulse = look(&mut heart, now + SECOND / 2, &heard(SECOND * 5 / 2));
    assert_eq!(pulse, Pulse { beat: true, peer: Verdict::Healthy });
    assert_eq!(lost_at(&mut heart, start, now + SECOND / 2), now + SECOND + GRAIN);
}

#[test]
fn another_rhythm_leaves_what_is_owed_and_is_no_earlier_end_than_either_promise() {
    let rhythm =
        |interval, timeout| Rhythm { interval: SECOND * interval, timeout: SECOND * timeout };
    for (changed, to, lost) in [
        // Shorter: the peer gets the patience of the new rhythm, from now on or by its beat.
        (2, rhythm(1, 2), 3),
        (8, rhythm(1, 2), 9),
        // Longer: it is waited for to its end.
        (2, rhythm(2, 30), 30),
        (8, rhythm(8, 12), 12),
    ] {
        let start = Instant::now();
        let mut heart = Heartbeat::new(rhythm(1, 10), start);
        let mut now = start;
        while now < start + SECOND * changed {
            look(&mut heart, now, &heard(now - start));
            now = heart.next_look().at.max(now + GRAIN);
        }
        let now = start + SECOND * changed;
        heart.change(to, now, &heard(now - start));
        let end = lost_at(&mut heart, start, now) - start;
        let late = end.saturating_sub(SECOND * lost);
        assert!(end >= SECOND * lost && late < SECOND / 4, "{changed} s, {to:?}: {end:?}");
    }
}

#[test]
fn a_rhythm_that_is_changed_all_the_time_beats_and_finds_a_hung_program() {
    for step in [100, 300, 900] {
        let (mut heart, start) = started();
        let (mut now, mut beats) = (start, 0);
        let mut changes = start;
        loop {
            if changes <= now {
                let odd = (now - start).as_millis() as u64 / step % 2;
                let interval = Duration::from_millis(900 + 100 * odd);
                heart.change(
                    Rhythm { interval, timeout: SECOND * 5 / 2 },
                    now,
                    &heard(now - start),
                );
                changes += Duration::from_millis(step);
            }
            let pulse = heart.look(now, &heard(now - start), 0);
            if pulse.beat {
                beats += 1;
                // As in a slot of the program's that is asked for the beat.
                let rhythm = *heart.rhythm();
                heart.change(rhythm, now, &heard(now - start));
                heart.written(now, &heard(now - start), 0);
            }
            if pulse.peer == Verdict::Lost {
                break;
            }
            now = heart.next_look().at.min(changes).max(now + GRAIN);
            assert!(now < start + SECOND * 10, "{step}: never");
        }
        assert!((1..=3).contains(&beats), "it is asked anew: {beats}");
        assert!(now - start <= SECOND * 7 / 2, "{step}: {:?}", now - start);
    }
}

#[test]
fn another_rhythm_queues_no_second_beat_and_asks_anew_where_the_first_has_left() {
    for (unsent, asks) in [(100, false), (0, true)] {
        for resumes in [false, true] {
            let (mut heart, start) = started();
            let due = start + SECOND;
            assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
            heart.written(due, &held(SECOND, 1000, unsent), 0);
            let rhythm = *heart.rhythm();
            match resumes {
                true => heart.resume(rhythm, due, &held(SECOND, 1000, unsent)),
                false => heart.change(rhythm, due, &held(SECOND, 1000, unsent)),
            }
            let later = due + SECOND;
            assert_eq!(heart.look(later, &held(SECOND * 2, 1000, unsent), 0).beat, asks);
        }
    }
}

#[test]
fn what_was_heard_before_it_begins_again_is_no_answer_to_the_beat_that_waits() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
    heart.written(due, &held(SECOND, 1000, 100), 0);
    let now = due + SECOND;
    let rhythm = *heart.rhythm();
    heart.resume(rhythm, now, &held(SECOND * 2, 1000, 100));
    heart.look(now + SECOND, &held(SECOND * 3, 1100, 0), 0);
    assert!(matches!(heart.beat, Beat::Left { .. }));
}

#[test]
fn bytes_that_are_only_counted_are_counted_across_a_pause() {
    let (mut heart, start) = started();
    let counted = |bytes| Snapshot { bytes_received: Some(bytes), ..Snapshot::default() };
    look(&mut heart, start + SECOND, &counted(10));
    let now = start + SECOND * 2;
    let rhythm = *heart.rhythm();
    heart.resume(rhythm, now, &counted(10));
    look(&mut heart, now + SECOND, &counted(20));
    assert_eq!(heart.life, now + SECOND);
}

#[test]
fn a_beat_that_is_put_off_is_tried_again_soon_and_the_peer_gets_its_full_time() {
    for (interval, step) in [(SECOND, STEP), (SECOND / 8, SECOND / 8)] {
        let start = Instant::now();
        let mut heart = Heartbeat::new(Rhythm { interval, timeout: SECOND * 5 / 2 }, start);
        heart.put_off(start + interval / 2);
        assert_eq!(heart.next_beat, start + interval, "it is not due");
        let due = start + interval;
        heart.put_off(due);
        assert_eq!((heart.next_beat, heart.life), (due + step, due));
        let pulse = look(&mut heart, due, &heard(due - start));
        assert_eq!(pulse, Pulse { beat: false, peer: Verdict::Healthy });
    }
}

#[test]
fn whoever_suspects_says_so_until_the_peer_is_heard() {
    let (mut heart, start) = started();
    look(&mut heart, start + SECOND, &heard(SECOND));
    assert!(!heart.suspects());
    look(&mut heart, start + SECOND * 2, &heard(SECOND * 2));
    assert!(heart.suspects());
    let now = start + SECOND * 21 / 10;
    look(&mut heart, now, &heard(SECOND / 100));
    assert!(!heart.suspects());
}

#[test]
fn data_that_only_the_peers_kernel_takes_is_no_reason_to_wait() {
    // Its program reads, or does not and the window is used up; the edge creeps with each segment.
    for reads in [true, false] {
        let (mut heart, start) = started();
        let info = |now: Instant| {
            let taken = 100 * (now - start).as_millis() as u64;
            let creeps = taken / 20;
            let window = if reads { 60_000 } else { 1_000_000 - taken + creeps };
            Snapshot {
                bytes_acknowledged: Some(taken),
                window: Some(u32::try_from(window).unwrap()),
                ..held(now - start, 1000 + taken, 50_000)
            }
        };
        let due = start + SECOND;
        assert!(heart.look(due, &info(due), 90_000).beat);
        heart.written(due, &info(due), 90_000_000);
        let (mut now, mut peer) = (due, Verdict::Healthy);
        while peer != Verdict::Lost && now < start + SECOND * 9 {
            now = heart.next_look().at.max(now + GRAIN);
            peer = heart.look(now, &info(now), 90_000_000).peer;
        }
        assert_eq!(peer == Verdict::Lost, !reads);
        let shows = 2 * answer(&Snapshot::default());
        assert!(reads || now <= start + SECOND * 7 / 2 + shows + GRAIN, "{:?}", now - start);
    }
}

#[test]
fn what_is_read_counts_by_what_was_taken_and_not_by_what_has_left_after_it() {
    let (mut heart, start) = started();
    let info = |now: Instant, sent: u64, taken: u64| Snapshot {
        bytes_acknowledged: Some(taken),
        window: Some(26_049),
        ..held(now - start, sent, 1700)
    };
    let due = start + SECOND;
    assert!(heart.look(due, &info(due, 4, 0), 0).beat);
    heart.written(due, &info(due, 4, 0), 0);
    // An outage, at whose end the four bytes are taken and more leaves at once.
    let mut now = due;
    while now < due + SECOND * 2 {
        now = heart.next_look().at.max(now + GRAIN);
        heart.look(now, &info(now, 4, 0), 0);
    }
    let healed = now + GRAIN;
    heart.look(healed, &info(healed, 1456, 4), 0);
    assert!(matches!(heart.beat, Beat::Waits { moved, .. } if moved == healed));
}

#[test]
fn a_beat_behind_data_is_waited_for_as_long_as_two_round_trips_take() {
    let (mut heart, start) = started();
    let slow = |now: Instant| Snapshot {
        round_trip_time: Some(SECOND * 3),
        ..held(now - start, 1000, 100_000)
    };
    let due = start + SECOND;
    assert!(heart.look(due, &slow(due), 0).beat);
    heart.written(due, &slow(due), 0);
    let mut now = due;
    while heart.look(now, &slow(now), 0).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert_eq!(now, due + SECOND * 6 + GRAIN);
}

#[test]
fn a_program_that_is_late_at_every_look_finds_a_silent_peer_and_warns_first() {
    let (mut heart, start) = started();
    let mut verdicts = vec![];
    let mut now = start;
    while verdicts.last() != Some(&Verdict::Lost) {
        now = heart.next_look().at.max(now) + SECOND / 2;
        assert!(now < start + SECOND * 6, "{verdicts:?}");
        verdicts.push(look(&mut heart, now, &heard(now - start)).peer);
    }
    assert_eq!(verdicts[verdicts.len() - 2], Verdict::Suspect);
}

#[test]
fn a_peer_that_was_asked_late_may_answer_late() {
    let (mut heart, start) = started();
    // Nothing was asked before this program came to it at 2.4 s.
    let asked = start + SECOND * 12 / 5;
    assert!(look(&mut heart, asked, &heard(SECOND * 12 / 5)).beat);
    assert_eq!(lost_at(&mut heart, start, asked), asked + SECOND * 3 / 2 + GRAIN);
}

#[test]
fn a_path_that_takes_longer_than_the_patience_gets_its_round_trip() {
    let rhythm = Rhythm { interval: SECOND, timeout: SECOND * 11 / 10 };
    let start = Instant::now();
    let mut heart = Heartbeat::new(rhythm, start);
    let slow = Snapshot { round_trip_time: Some(SECOND), ..heard(SECOND) };
    assert!(look(&mut heart, start + SECOND, &slow).beat);
    let mut now = start + SECOND;
    let far = |now| Snapshot { round_trip_time: Some(SECOND), ..heard(now - start) };
    while look(&mut heart, now, &far(now)).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert_eq!(now, start + SECOND * 2 + GRAIN);
}

#[test]
fn bytes_that_are_only_counted_are_life_and_none_are_a_loss() {
    for answers in [true, false] {
        let (mut heart, start) = started();
        let mut last = (start, Verdict::Healthy);
        while last.0 < start + SECOND * 20 && last.1 != Verdict::Lost {
            let now = heart.next_look().at.max(last.0 + GRAIN);
            let seconds = (now - start).as_secs();
            let bytes_received = Some(if answers { seconds } else { 0 });
            let info = Snapshot { bytes_received, ..Snapshot::default() };
            last = (now, look(&mut heart, now, &info).peer);
        }
        assert_eq!(last.1 == Verdict::Lost, !answers);
        if !answers {
            let after = last.0 - start;
            assert!(after >= SECOND * 5 / 2 && after <= SECOND * 3, "{after:?}");
        }
    }
}

#[test]
fn a_peer_that_cannot_answer_because_nobody_reads_here_gets_its_full_time_afterwards() {
    let (mut heart, start) = started();
    let mut now = start;
    let full = |now| Snapshot { receive_window: Some(0), ..heard(now - start) };
    while now < start + SECOND * 20 {
        now = heart.next_look().at.max(now + GRAIN / 10);
        assert_ne!(look(&mut heart, now, &full(now)).peer, Verdict::Lost);
    }
    // There is room again from here on; the peer's kernel may try again as long afterwards.
    let open = |now| Snapshot { receive_window: Some(1), ..heard(now - start) };
    let opened = now;
    while look(&mut heart, now, &open(now)).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert!(now - opened > SECOND * 19 && now - opened < SECOND * 21, "{:?}", now - opened);
}

#[test]
fn bytes_that_are_only_counted_are_counted_across_a_change_of_the_rhythm() {
    let (mut heart, start) = started();
    let counted = |bytes| Snapshot { bytes_received: Some(bytes), ..Snapshot::default() };
    assert!(look(&mut heart, start + SECOND, &counted(10)).beat);
    let now = start + SECOND * 2;
    heart.change(Rhythm { interval: SECOND, timeout: SECOND * 3 }, now, &counted(10));
    // The answer is found by the first look after it.
    look(&mut heart, now + SECOND, &counted(20));
    assert_eq!(heart.life, now + SECOND);
}

#[test]
fn on_a_path_slower_than_the_timeout_a_beat_under_way_gets_its_round_trip_anew_after_a_sleep() {
    let (mut heart, start) = started();
    let slow = |now| Snapshot { round_trip_time: Some(SECOND * 9), ..heard(now - start) };
    assert!(look(&mut heart, start + SECOND, &slow(start + SECOND)).beat);
    let back = start + SECOND * 5;
    heart.pardon(back, &slow(back));
    let mut now = back;
    while look(&mut heart, now, &slow(now)).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert_eq!(now, back + SECOND * 9 + GRAIN);
}

#[test]
fn each_silence_that_is_found_late_is_spared_once() {
    let (mut heart, start) = started();
    // Found when the time is over already.
    for from in [start, start + SECOND * 60] {
        look(&mut heart, from, &heard_at(from, from));
        look(&mut heart, from + SECOND, &heard_at(from + SECOND, from));
        let late = from + SECOND * 10;
        let mut now = late;
        while look(&mut heart, now, &heard_at(now, from)).peer != Verdict::Lost {
            now = heart.next_look().at.max(now + GRAIN / 10);
        }
        assert_eq!(now, late + SECOND * 5 / 2 + GRAIN, "{:?}", from - start);
    }
}

/// The peer's last byte came at that time.
fn heard_at(now: Instant, byte: Instant) -> Snapshot {
    heard(now - byte)
}

#[test]
fn a_byte_of_about_the_time_at_which_the_beat_left_may_be_its_answer() {
    for (before, answer) in [(15, true), (25, false)] {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(look(&mut heart, due, &heard(SECOND)).beat);
        let byte = due - Duration::from_millis(before);
        let now = due + SECOND / 4;
        look(&mut heart, now, &heard_at(now, byte));
        assert_eq!(matches!(heart.beat, Beat::None), answer, "{before}");
    }
}

#[test]
fn a_byte_that_nobody_has_read_yet_is_life() {
    let (mut heart, start) = started();
    look(&mut heart, start + SECOND, &heard(SECOND));
    look(&mut heart, start + SECOND * 2, &heard(SECOND * 2));
    let pulse = look(&mut heart, start + SECOND * 26 / 10, &heard(SECOND / 10));
    assert_eq!(pulse.peer, Verdict::Healthy);
}

#[test]
fn where_nobody_tells_anything_what_the_program_received_is_life() {
    let (mut heart, start) = started();
    let mut now = start;
    for second in 1..=20u32 {
        let received = start + SECOND * second + SECOND / 10;
        while now < received {
            let pulse = heart.look(now, &Snapshot::default(), 0);
            if pulse.beat {
                heart.written(now, &Snapshot::default(), 0);
            }
            assert_eq!(pulse.peer, Verdict::Healthy);
            now = heart.next_look().at.max(now + GRAIN / 10).min(received);
        }
        heart.received(received);
    }
    while heart.look(now, &Snapshot::default(), 0).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert!(now - start < SECOND * 23, "{:?}", now - start);
}

#[test]
fn a_close_that_cannot_send_its_rest_is_over_after_the_timeout() {
    let (mut heart, start) = started();
    let closing = start + SECOND / 2;
    heart.close(closing);
    let stuck = |now: Instant| held(now - start, 1000, 5000);
    let mut now = heart.next_look().at;
    assert_eq!(now, closing);
    while heart.look(now, &stuck(now), 70_000).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
        assert!(now < start + SECOND * 10);
    }
    assert_eq!(now, closing + SECOND * 5 / 2 + GRAIN);
}

/// Looks until the peer is lost; never later than a minute after the start.
fn lost_with(
    heart: &mut Heartbeat,
    start: Instant,
    from: Instant,
    info: impl Fn(Instant) -> Snapshot,
    queued: impl Fn(Instant) -> u64,
) -> Option<Duration> {
    let mut now = from;
    while heart.look(now, &info(now), queued(now)).peer != Verdict::Lost {
        now = heart.next_look().at.max(now + GRAIN / 10);
        if now > start + SECOND * 60 {
            return None;
        }
    }
    Some(now - start)
}

#[test]
fn a_close_goes_on_as_long_as_the_peers_kernel_leaves_nothing_unanswered() {
    for (probes, retransmits, ends) in [(0, 0, false), (1, 0, true), (0, 1, true)] {
        let (mut heart, start) = started();
        heart.close(start);
        let info = |now: Instant| Snapshot {
            probes: Some(probes),
            retransmits: Some(retransmits),
            ..held(now - start, 1000, 5000)
        };
        let lost = lost_with(&mut heart, start, start, info, |_| 0);
        assert_eq!(lost, ends.then_some(SECOND * 5 / 2 + GRAIN), "{probes}, {retransmits}");
    }
}

#[test]
fn where_nobody_counts_what_has_left_the_queue_of_the_network_library_tells() {
    for (each_second, lost) in [(-1, false), (0, true), (1, true)] {
        let (mut heart, start) = started();
        let info = |_| Snapshot::default();
        let due = start + SECOND;
        assert!(heart.look(due, &info(due), 1000).beat);
        heart.written(due, &info(due), 1000);
        let queued = |now: Instant| {
            let tenths = i64::try_from((now - due).as_millis()).unwrap() / 100;
            1000_u64.saturating_add_signed(each_second * tenths)
        };
        let found = lost_with(&mut heart, start, due, info, queued);
        assert_eq!(found, lost.then_some(SECOND * 7 / 2 + GRAIN), "{each_second}");
    }
}

/// The edge of the window moves with the acknowledgement after the one of what was read.
#[test]
fn over_a_long_way_what_was_read_shows_before_the_time_is_over() {
    let round_trip = SECOND * 11 / 10;
    for (reads, ends) in [(true, None), (false, Some(SECOND + 4 * round_trip + GRAIN))] {
        let (mut heart, start) = started();
        let due = start + SECOND;
        let info = |now: Instant| {
            let round_trips = (now - due).as_millis() / round_trip.as_millis();
            // A small flight, and then large ones.
            let (taken, read) = match round_trips {
                0 => (0, 0),
                1 => (1000, 0),
                _ if !reads => (20_000, 0),
                2 => (20_000, 1000),
                more => (20_000 * (more as u64 - 1), 20_000 * (more as u64 - 2)),
            };
            Snapshot {
                bytes_acknowledged: Some(taken),
                window: Some(u32::try_from(60_000 + read - taken).unwrap()),
                unacked: Some(1),
                round_trip_time: Some(round_trip),
                ..held(now - start, 60_000 + read, 90_000)
            }
        };
        assert!(heart.look(due, &info(due), 0).beat);
        heart.written(due, &info(due), 900_000_000);
        let lost = lost_with(&mut heart, start, due, info, |_| 900_000_000);
        let near = |time: Duration| lost.is_some_and(|lost| lost.abs_diff(time) < SECOND / 4);
        assert!(ends.map_or(lost.is_none(), near), "{lost:?}");
    }
}

/// What lay there before is little beside what is taken with the same acknowledgement.
#[test]
fn a_little_that_was_read_counts_beside_much_that_was_taken_just_now() {
    let before =
        Taken { left: 0, acknowledged: 0, lately: None, edge: Some(60_000), by_path: false };
    let taken = |acknowledged, edge, before: &Taken| {
        Taken { left: 0, acknowledged, lately: None, edge: Some(edge), by_path: false }
            .after(Some(before))
    };
    let first = taken(800, 60_000, &before);
    assert_eq!(first.lately, Some(800));
    assert!(!first.is_read_since(&before), "the edge stands still");
    for (edge, read) in [(60_099, false), (60_100, true), (60_800, true)] {
        let second = taken(20_800, edge, &first);
        assert_eq!(second.is_read_since(&first), read, "{edge}");
        assert_eq!(second.lately, Some(20_000));
        // Nothing more is taken, and what is known stays.
        assert_eq!(taken(20_800, edge, &second).lately, Some(20_000));
    }
    // Of the first that is seen nothing is known.
    let unknown = Taken { lately: None, ..first };
    assert!(!taken(20_800, 60_800, &unknown).is_read_since(&unknown));
}

#[test]
fn after_a_stop_of_the_path_the_program_gets_the_time_to_show_that_it_reads() {
    // What the peer's kernel takes, and its window's edge does not move.
    let shows = 2 * answer(&Snapshot::default());
    for (stops, ends) in
        [(true, SECOND * 245 / 100 + SECOND * 3 / 2), (false, SECOND * 5 / 2 + shows)]
    {
        let (mut heart, start) = started();
        let due = start + SECOND;
        let info = |now: Instant| {
            let ms = (now - due).as_millis() as u64;
            let taken = match stops {
                true => u64::from(ms >= 2450) * 900,
                false => ms,
            };
            Snapshot {
                bytes_acknowledged: Some(taken),
                window: Some(u32::try_from(60_000 - taken).unwrap()),
                unacked: Some(1),
                ..held(now - start, 50_000, 90_000)
            }
        };
        assert!(heart.look(due, &info(due), 0).beat);
        heart.written(due, &info(due), 0);
        let lost = lost_with(&mut heart, start, due, info, |_| 0).expect("it does not read");
        let late = lost.checked_sub(SECOND + ends + GRAIN).expect("it gets its time");
        assert!(late < SECOND / 4, "{late:?}");
    }
}

/// What its window leaves is too little for what comes next, and the kernel sends that much only when its
/// timer says so.
#[test]
fn where_the_peers_window_held_the_rest_back_its_program_had_enough_to_read() {
    for (unacked, room, unsent, spared) in [
        (0, 100, 90_000, false),
        (0, 65_535, 90_000, false),
        // Nothing of this kind: it is on its way, or would find room.
        (1, 100, 90_000, true),
        (0, 65_536, 90_000, true),
        (0, 100, 100, true),
        (0, 99, 100, false),
    ] {
        let (mut heart, start) = started();
        let due = start + SECOND;
        let info = |now: Instant| {
            let taken = u64::from(now >= due + ms(2450)) * 90;
            Snapshot {
                bytes_acknowledged: Some(taken),
                window: Some(room - u32::try_from(taken).unwrap()),
                unacked: Some(unacked),
                ..held(now - start, 50_000, unsent)
            }
        };
        assert!(heart.look(due, &info(due), 0).beat);
        heart.written(due, &info(due), 0);
        let lost = lost_with(&mut heart, start, due, info, |_| 0).expect("it does not read");
        assert_eq!(lost > SECOND * 15 / 4, spared, "{unacked} {room} {unsent}: {lost:?}");
    }
}

#[test]
fn a_beat_that_waits_is_looked_for_often_and_one_that_is_answered_is_not() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
    heart.written(due, &held(SECOND, 1000, 100), 0);
    assert_eq!(heart.next_look().at, due + SECOND / 8);
    // Counted with a time, as Linux does, or without.
    let counted = |bytes| Snapshot { bytes_received: Some(bytes), ..Snapshot::default() };
    for (info, next) in [
        (Snapshot { bytes_received: Some(5), ..heard(SECOND / 10) }, SECOND * 9 / 10),
        (counted(5), SECOND / 4),
    ] {
        let (mut heart, start) = started();
        heart.look(start + SECOND / 10, &info, 0);
        assert_eq!(heart.next_look().at, start + SECOND / 10 + next);
    }
}

#[test]
fn beats_that_were_missed_are_not_made_up_for() {
    let (mut heart, start) = started();
    let late = start + SECOND * 10;
    assert!(look(&mut heart, late, &heard(GRAIN)).beat);
    let answered = late + SECOND / 10;
    assert!(!look(&mut heart, answered, &heard(GRAIN)).beat);
    assert_eq!(heart.next_look().at, late + SECOND / 2);
}

#[test]
fn the_suspicion_comes_half_of_the_patience_before_the_verdict() {
    let (mut heart, start) = started();
    assert!(look(&mut heart, start + SECOND, &heard(SECOND)).beat);
    let mut now = start + SECOND;
    while look(&mut heart, now, &heard(now - start)).peer == Verdict::Healthy {
        now = heart.next_look().at.max(now + GRAIN / 10);
    }
    assert_eq!(now - start, SECOND * 5 / 2 - SECOND * 3 / 4);
}

#[test]
fn a_close_gets_two_seconds_at_least_and_what_beats_does_not() {
    for (closes, lost) in [(true, SECOND * 2), (false, SECOND * 3 / 10 + SECOND)] {
        let start = Instant::now();
        let rhythm = Rhythm { interval: SECOND / 10, timeout: SECOND };
        let mut heart = Heartbeat::new(rhythm, start);
        let stuck = |now: Instant| held(now - start, 1000, 5000);
        let mut from = start;
        if closes {
            heart.close(start);
        } else {
            from = start + SECOND * 3 / 10;
            assert!(heart.look(from, &stuck(from), 0).beat);
            heart.written(from, &stuck(from), 0);
        }
        let found = lost_with(&mut heart, start, from, stuck, |_| 0);
        assert_eq!(found, Some(lost + GRAIN), "{closes}");
    }
}

#[test]
fn a_close_stays_one_when_the_heart_beat_begins_again() {
    let (mut heart, start) = started();
    heart.close(start);
    let rhythm = *heart.rhythm();
    let quiet = |now: Instant| Snapshot {
        probes: Some(0),
        retransmits: Some(0),
        ..held(now - start, 1000, 5000)
    };
    heart.resume(rhythm, start, &quiet(start));
    assert_eq!(lost_with(&mut heart, start, start, quiet, |_| 0), None);
}

#[test]
fn a_beat_whose_slot_changed_the_rhythm_may_not_be_written_and_is_asked_for_anew() {
    let (mut heart, start) = started();
    let due = start + SECOND;
    assert!(heart.look(due, &heard(SECOND), 0).beat);
    heart.change(Rhythm { interval: SECOND / 2, timeout: SECOND * 10 }, due, &heard(SECOND));
    heart.written(due, &heard(SECOND), 0);
    assert!(heart.look(due + SECOND / 2, &heard(SECOND * 3 / 2), 0).beat);
}

#[test]
fn a_beat_that_left_while_nobody_looked_is_asked_for_anew_when_the_heart_beat_begins_again() {
    for (sent, asks) in [(1099, false), (1100, true)] {
        let (mut heart, start) = started();
        let due = start + SECOND;
        assert!(heart.look(due, &held(SECOND, 1000, 0), 0).beat);
        heart.written(due, &held(SECOND, 1000, 100), 0);
        let now = due + SECOND;
        let rhythm = *heart.rhythm();
        heart.resume(rhythm, now, &held(SECOND * 2, sent, 0));
        let later = now + SECOND;
        assert_eq!(heart.look(later, &held(SECOND * 3, sent, 0), 0).beat, asks, "{sent}");
    }
}
