//! Settings that are changed on a connection, in a silence above all.

use super::by_hand::*;

#[test]
fn other_settings_do_not_take_back_what_is_known_of_the_peer() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut now = start.now;
    while guard.state() != State::Suspect {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        guard.look(0, Clock { now, ..start }, &mut socket);
    }
    let longer = Settings { detect_within: seconds(8), ..six_seconds() };
    guard.change(About::Settings, Ok(longer), Clock { now, ..start }, &mut socket).unwrap();
    loop {
        now = guard.next_look().expect("it goes on looking").at;
        socket.info = silent((now - start.now).as_millis() as u64, false);
        let orders = guard.look(0, Clock { now, ..start }, &mut socket);
        assert_eq!(guard.state(), State::Suspect);
        if orders.abort {
            break;
        }
    }
    let after = (now - start.now).as_millis();
    assert!((8000..8100).contains(&after), "{after}");
}

/// A connection whose peer was last heard at the start and has not answered three probes since.
fn suspect() -> (Guard, Socket, Clock) {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let lost = look_on(&mut guard, &mut socket, start, 100, 5400, |ms| {
        silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
    });
    assert_eq!((lost, guard.state()), (None, State::Suspect));
    socket.info = silent_with(5400, 3);
    socket.told.clear();
    (guard, socket, start)
}

#[test]
fn the_kernels_count_is_ahead_of_the_probes_that_are_out_and_put_back_when_the_peer_is_heard() {
    let (mut guard, mut socket, start) = suspect();
    assert!(socket.in_force.count > Some(4), "{:?}", socket.counts);
    assert_eq!(guard.view().detection_time, seconds(6));
    socket.info = heard(10);
    guard.look(0, at(start, 5500), &mut socket);
    assert_eq!(socket.in_force.count, Some(3));
}

#[test]
fn a_longer_time_set_while_suspect_is_waited_for_and_the_kernel_kept_from_giving_up() {
    for (longer, seconds_) in [(within(7), 7), (within(30), 30)] {
        let (mut guard, mut socket, start) = suspect();
        guard.change(About::DetectWithin, Ok(longer), at(start, 5400), &mut socket).unwrap();
        // A probe is out: the kernel fires one more for each idle time that is written.
        assert!(socket.told.iter().all(|told| told.idle.is_none()), "{:?}", socket.told);
        assert!(socket.in_force.count > Some(4), "{:?}", socket.in_force);
        assert_eq!(guard.view().detection_time, seconds(seconds_));
        let probes = |ms: u64| 3 + ((ms - 5400) / 1000) as u32;
        let lost =
            look_on(&mut guard, &mut socket, start, 5410, 40_000, |ms| silent_with(ms, probes(ms)));
        let lost = lost.expect("it is lost");
        assert!((seconds_ * 1000..=seconds_ * 1000 + 100).contains(&lost), "{lost}");
        assert!(socket.in_force.count > Some(probes(lost)), "{:?}", socket.in_force);
    }
}

#[test]
#[cfg(target_os = "linux")] // where it is known what the kernel does at its next probe
fn with_a_user_timeout_a_longer_time_set_while_a_probe_is_out_is_waited_for_to_its_end() {
    let timed = |seconds_within: u64| {
        let values = Config { user_timeout: seconds(3), ..Config::default() };
        Settings { values, ..within(seconds_within) }
    };
    let (mut guard, mut socket, start) = connected_at(timed(4));
    assert_eq!(socket.in_force.user_timeout, seconds(3));
    look_on(&mut guard, &mut socket, start, 0, 2500, |ms| silent_with(ms, u32::from(ms > 2000)));
    guard.change(About::DetectWithin, Ok(timed(20)), at(start, 2500), &mut socket).unwrap();
    assert_eq!(socket.in_force.user_timeout, Some(Duration::ZERO), "or the next probe is the end");
    let promised = guard.in_force().unwrap();
    assert_eq!(promised.user_timeout, seconds(3));
    assert_eq!(guard.view().detection_time, promised.detection_time());
    let lost =
        look_on(&mut guard, &mut socket, start, 2510, 8000, |ms| silent_with(ms, ms as u32 / 1000));
    assert_eq!(lost, None);
    look_on(&mut guard, &mut socket, start, 8000, 9000, |_| silent_with(10, 0));
    assert_eq!(socket.in_force.user_timeout, seconds(3), "the peer was heard");
}

#[test]
fn a_promise_that_outlasts_all_probes_that_the_kernel_counts_is_asked_for_at_longer_intervals() {
    let (mut guard, mut socket, start) = suspect();
    let patient =
        Config { idle: seconds(300), interval: seconds(1), count: Some(3), ..Config::default() };
    let patient = Settings { values: patient, ..Settings::default() };
    guard.change(About::DetectWithin, Ok(patient), at(start, 5400), &mut socket).unwrap();
    assert_eq!(guard.view().detection_time, seconds(303));
    assert_eq!(socket.in_force.interval, seconds(3), "127 probes are all that it counts");
    look_on(&mut guard, &mut socket, start, 5410, 6000, |_| silent_with(10, 0));
    assert_eq!(socket.in_force.interval, seconds(1), "the peer was heard");
    assert_eq!(socket.in_force.idle, seconds(300));
}

#[test]
fn the_new_idle_time_is_written_when_the_probe_is_answered() {
    let (mut guard, mut socket, start) = suspect();
    guard.change(About::DetectWithin, Ok(within(30)), at(start, 5400), &mut socket).unwrap();
    assert_eq!(socket.in_force.idle, seconds(3));
    socket.info = heard(5);
    guard.look(0, at(start, 5450), &mut socket);
    assert_eq!(socket.in_force.idle, seconds(15));
    assert_eq!(socket.in_force.count, Some(3));
    assert_eq!(guard.state(), State::Healthy);
}

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_shorter_time_set_after_a_long_quiet_gives_the_peer_the_time_to_answer() {
    let (mut guard, mut socket, start) = connected_at(within(20));
    // Nine seconds of nothing, as the plan has it: its first probe comes at ten.
    let lost = look_on(&mut guard, &mut socket, start, 100, 9000, heard);
    assert_eq!((lost, guard.state()), (None, State::Healthy));
    socket.info = heard(9000);
    // Dragged: one step each 16 ms. The first write fires a probe, which a slow path answers late.
    let mut ms = 9000;
    for step in (4..20).rev() {
        guard.change(About::DetectWithin, Ok(within(step)), at(start, ms), &mut socket).unwrap();
        ms += 16;
        socket.info = silent_with(ms, 1);
        look_on(&mut guard, &mut socket, start, ms, ms + 10, |ms| silent_with(ms, 1));
    }
    let writes = socket.told.iter().filter(|told| told.idle.is_some()).count();
    assert_eq!(writes, 1 + 1, "at the connect, and one step of the slider: {:?}", socket.told);
    // It is found, if it is dead, not before the plan of four seconds has asked it.
    let lost = look_on(&mut guard, &mut socket, start, ms + 10, 30_000, |now| {
        silent_with(now, 1 + ((now - ms) / 1000) as u32)
    });
    let lost = lost.expect("it is lost");
    assert!((ms + 2500..=ms + 4100).contains(&lost), "{lost}");
}

#[test]
fn a_shorter_time_in_the_midst_of_retransmissions_waits_for_one_more_of_them() {
    let (mut guard, mut socket, start) = connected_at(within(240));
    let trying = |ms: u64, again: u32| {
        let mut info = silent(ms, true)?;
        (info.retransmits, info.backoff) = (Some(again), Some(again));
        info.total_retransmits = Some(again);
        info.since_data_sent = Some(Duration::from_millis(10_000));
        info.retransmission_timeout = seconds(40);
        Some(info)
    };
    look_on(&mut guard, &mut socket, start, 100, 100_000, |ms| trying(ms, 8));
    let limit = socket.limit;
    socket.info = trying(100_000, 8);
    guard.change(About::DetectWithin, Ok(within(4)), at(start, 100_000), &mut socket).unwrap();
    assert_eq!(socket.limit, limit, "under a smaller one the kernel would give up at once");
    let lost = look_on(&mut guard, &mut socket, start, 100_010, 130_000, |ms| trying(ms, 8));
    assert_eq!(lost, None, "nothing was asked since");
    let lost = look_on(&mut guard, &mut socket, start, 130_000, 140_000, |ms| trying(ms, 9));
    assert!(lost.is_some_and(|lost| lost < 131_000), "{lost:?}");
}

#[test]
fn switched_off_while_suspect_and_on_again_the_peer_is_asked_anew() {
    let (mut guard, mut socket, start) = suspect();
    let off = Config { enabled: false, ..Config::default() };
    let off = Settings { values: off, ..six_seconds() };
    guard.change(About::Enabled, Ok(off), at(start, 5500), &mut socket).unwrap();
    assert_eq!(socket.limit, seconds(120), "the limit goes with it");
    assert_eq!(socket.in_force.count, Some(3));
    // Nobody sends anything meanwhile: the kernel's count of unanswered probes stays.
    socket.info = silent_with(15_000, 3);
    guard.change(About::Enabled, Ok(six_seconds()), at(start, 15_000), &mut socket).unwrap();
    assert!(socket.in_force.count > Some(4), "{:?}", socket.in_force);
    assert_eq!(guard.view().detection_time, seconds(6));
    let lost = look_on(&mut guard, &mut socket, start, 15_010, 40_000, |ms| {
        silent_with(ms, 3 + ((ms - 15_000) / 1000).saturating_sub(2) as u32)
    });
    // As long as the plan gives its probes, and not by what nobody has asked since.
    assert!(lost.is_some_and(|lost| (17_600..19_000).contains(&lost)), "{lost:?}");
}

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_guard_that_comes_in_a_silence_and_is_given_its_deadline_afterwards_asks_by_it() {
    // As `new KeepAlive(socket)` does it: the kernel's timer is wound up for two hours by then.
    let (mut guard, mut socket, start) = (Guard::default(), Socket::default(), clock());
    socket.info = silent_with(1000, 1);
    guard.attached();
    guard.connected(None, at(start, 1000), &mut socket).unwrap();
    guard.change(About::DetectWithin, Ok(within(4)), at(start, 1000), &mut socket).unwrap();
    let lost = look_on(&mut guard, &mut socket, start, 1010, 20_000, |ms| {
        // Nothing more is sent by itself.
        silent_with(ms, 1)
    });
    assert_eq!(lost, None, "one that nobody has asked");
    assert!(socket.called >= 1, "it is asked out of turn");
    assert_eq!(socket.in_force.idle, seconds(1));
}

// Not every system has one.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn the_user_timeout_is_written_when_it_changes_and_only_then() {
    let timed = |user_timeout, idle| {
        let values = Config { user_timeout, idle, ..Config::default() };
        Settings { values, ..Settings::default() }
    };
    let (mut guard, mut socket, start) = connected_at(timed(seconds(3), seconds(10)));
    socket.told.clear();
    let other = timed(seconds(4), seconds(10));
    guard.change(About::UserTimeout, Ok(other), start, &mut socket).unwrap();
    assert_eq!(socket.told, [Config { user_timeout: seconds(4), ..Config::default() }]);
    socket.told.clear();
    let idle = timed(seconds(4), seconds(20));
    guard.change(About::Idle, Ok(idle), start, &mut socket).unwrap();
    assert_eq!(socket.told, [Config { idle: seconds(20), ..Config::default() }]);
}

/// The settings are changed after a sleep and before the first look. The kernel's timer goes on for the
/// interval from before, and a probe from before is unanswered.
#[test]
fn a_shorter_interval_set_just_after_a_sleep_is_asked_by() {
    let values =
        Config { idle: seconds(2), interval: seconds(19), count: Some(4), ..Config::default() };
    let settings = Settings { values, ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(settings);
    look_on(&mut guard, &mut socket, start, 100, 3000, |ms| silent_with(ms, u32::from(ms > 2000)));
    let asleep = Clock { asleep: Duration::from_secs(80), ..start };
    socket.info = silent_with(3000, 1);
    let nine = Settings { detect_within: seconds(9), ..settings };
    guard.change(About::DetectWithin, Ok(nine), at(asleep, 3000), &mut socket).unwrap();
    let lost = look_on(&mut guard, &mut socket, asleep, 3000, 3000 + 2300, |ms| silent_with(ms, 1));
    assert_eq!(
        (lost, socket.called),
        (None, 1),
        "by the new interval of two seconds and an eighth"
    );
}

/// The same with the sleep after the change.
#[test]
fn a_sleep_does_not_make_the_guard_forget_that_the_kernels_timer_runs_for_longer() {
    let values =
        Config { idle: seconds(2), interval: seconds(19), count: Some(4), ..Config::default() };
    let settings = Settings { values, ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(settings);
    look_on(&mut guard, &mut socket, start, 100, 3000, |ms| silent_with(ms, u32::from(ms > 2000)));
    socket.info = silent_with(3000, 1);
    let nine = Settings { detect_within: seconds(9), ..settings };
    guard.change(About::DetectWithin, Ok(nine), at(start, 3000), &mut socket).unwrap();
    let asleep = Clock { asleep: Duration::from_secs(80), ..start };
    let lost = look_on(&mut guard, &mut socket, asleep, 3000, 3000 + 2300, |ms| silent_with(ms, 1));
    assert_eq!((lost, socket.called), (None, 1));
}

/// Nobody here reads, so that nobody else tells it.
#[test]
fn an_end_that_the_kernel_knows_is_told_when_the_peers_program_was_silent_for_its_time() {
    let settings = Settings { heartbeat_interval: seconds(3), ..within(60) };
    for (ends, told) in [(3000, 6000), (5900, 6150)] {
        let (mut guard, mut socket, start) = connected_at(settings);
        let lost = look_on(&mut guard, &mut socket, start, 0, 20_000, |ms| {
            let mut info = heard(ms)?;
            if ms >= ends {
                info.state = Some(ConnectionState::Closed);
            }
            Some(info)
        });
        let near = told..told + 300;
        assert!(lost.is_some_and(|ms| near.contains(&ms)), "{ends}: {lost:?}");
    }
}
