//! The heart-beat, as the guard has it beat.

use super::by_hand::*;

#[test]
fn a_heart_beat_beats_although_the_other_values_were_refused() {
    let (mut guard, mut socket) = (Guard::default(), Socket { refuses: true, ..Socket::default() });
    let start = clock();
    let beat = Settings { heartbeat_interval: seconds(1), ..six_seconds() };
    guard.change(About::Settings, Ok(beat), start, &mut socket).unwrap();
    guard.attached();
    guard.connected(None, start, &mut socket).unwrap_err();
    let now = guard.next_look().expect("it looks").at;
    socket.info = silent(1000, false);
    assert!(guard.look(0, Clock { now, ..start }, &mut socket).beat);
}

#[test]
fn a_program_that_does_not_answer_is_told_apart_from_a_kernel_that_does_not() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for (data, reason) in
        [(false, LossReason::HeartbeatMissed), (true, LossReason::DataUnacknowledged)]
    {
        let (mut guard, mut socket, start) = connected_at(beat);
        let mut beats = 0;
        while guard.state() != State::Lost {
            let now = guard.next_look().expect("it goes on looking").at;
            let ms = (now - start.now).as_millis() as u64;
            socket.info = silent(ms, data);
            if let (Some(info), false) = (&mut socket.info, data) {
                info.probes = Some(0);
            }
            let clock = Clock { now, ..start };
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
                beats += 1;
            }
            if orders.abort {
                let end = end(ReportedError::None, ConnectionState::Established);
                assert_eq!(guard.disconnected(end).unwrap().reason, reason);
                assert!((2000..2100).contains(&ms), "{ms}");
            }
        }
        assert_eq!(beats, 1, "one is under way at a time");
    }
}

#[test]
fn a_heart_beat_has_to_be_waited_for_longer_than_its_interval() {
    let (mut guard, mut socket) = connected();
    for timeout in [1, 999, 1000] {
        let wanted = Settings {
            heartbeat_interval: seconds(1),
            heartbeat_timeout: Some(Duration::from_millis(timeout)),
            ..six_seconds()
        };
        let error = guard.change(About::Settings, Ok(wanted), clock(), &mut socket).unwrap_err();
        assert_eq!(error.code(), Some(Error::OUT_OF_RANGE));
        let said = error.to_string();
        assert!(said.starts_with("heartbeatTimeout: "), "{said}");
        assert!(said.contains(" is not within 1001.."), "{said}");
    }
    assert_eq!(guard.settings(), &six_seconds());
}

#[test]
fn the_two_times_of_the_heart_beat_may_be_set_in_any_order() {
    let ms = |ms| Some(Duration::from_millis(ms));
    for first_interval in [true, false] {
        for (old, new) in [((1000, 5000), (100, 500)), ((100, 500), (1000, 5000))] {
            let (mut guard, mut socket) = (Guard::default(), Socket::default());
            let start = Settings {
                heartbeat_interval: ms(old.0),
                heartbeat_timeout: ms(old.1),
                ..Settings::default()
            };
            guard.change(About::Settings, Ok(start), clock(), &mut socket).unwrap();
            for interval in [first_interval, !first_interval] {
                let before = *guard.settings();
                let asked = guard.settings_asked();
                let wanted = match interval {
                    true => Settings { heartbeat_interval: ms(new.0), ..asked },
                    false => Settings { heartbeat_timeout: ms(new.1), ..asked },
                };
                let about = match interval {
                    true => About::HeartbeatInterval,
                    false => About::HeartbeatTimeout,
                };
                let refused = guard.change(about, Ok(wanted), clock(), &mut socket).is_err();
                assert!(!refused || *guard.settings() == before, "no half of it is kept");
            }
            let now = guard.settings();
            assert_eq!(now.heartbeat_interval, ms(new.0));
            assert_eq!(now.heartbeat_timeout, ms(new.1));
            assert_eq!(guard.view().error, "");
        }
    }
}

#[test]
fn of_the_heart_beats_two_times_each_has_its_own_refusal() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let bad = Settings { heartbeat_interval: Some(Duration::ZERO), ..six_seconds() };
    guard.change(About::HeartbeatInterval, Ok(bad), start, &mut socket).unwrap_err();
    let words = guard.view().error;
    assert!(words.starts_with("heartbeatInterval: "), "{words}");
    let timeout = Settings { heartbeat_timeout: seconds(3), ..guard.settings_asked() };
    guard.change(About::HeartbeatTimeout, Ok(timeout), start, &mut socket).unwrap();
    assert_eq!(guard.view().error, words);
    // One that does not fit the other is another matter, and the end of the first.
    let longer = Settings { heartbeat_interval: seconds(4), ..guard.settings_asked() };
    guard.change(About::HeartbeatInterval, Ok(longer), start, &mut socket).unwrap_err();
    assert!(guard.view().error.starts_with("heartbeatTimeout: "), "{}", guard.view().error);
    let fitting = Settings { heartbeat_timeout: seconds(5), ..guard.settings_asked() };
    guard.change(About::HeartbeatTimeout, Ok(fitting), start, &mut socket).unwrap();
    assert_eq!(guard.view().error, "");
    assert_eq!(guard.settings().heartbeat_interval, seconds(4));
}

#[test]
fn one_of_the_two_times_that_waits_for_the_other_waits_until_all_are_given_at_once() {
    let start = Settings {
        heartbeat_interval: seconds(1),
        heartbeat_timeout: seconds(3),
        ..Settings::default()
    };
    let (mut guard, mut socket, clock) = connected_at(start);
    let longer = Settings { heartbeat_interval: seconds(4), ..start };
    guard.change(About::HeartbeatInterval, Ok(longer), clock, &mut socket).unwrap_err();
    let idle = Config { idle: seconds(5), ..Config::default() };
    let other = Settings { values: idle, ..*guard.settings() };
    guard.change(About::Idle, Ok(other), clock, &mut socket).unwrap();
    assert_eq!(guard.settings_asked().heartbeat_interval, seconds(4));
    assert_eq!(guard.settings().heartbeat_interval, seconds(1));
    // Both at once are no half of anything.
    guard.change(About::Settings, Ok(longer), clock, &mut socket).unwrap_err();
    assert_eq!(guard.settings_asked().heartbeat_interval, seconds(4));
    guard.change(About::Settings, Ok(other), clock, &mut socket).unwrap();
    assert_eq!(guard.settings_asked(), other);
    guard.change(About::Settings, Ok(longer), clock, &mut socket).unwrap_err();
    assert_eq!(guard.settings_asked(), other);
}

#[test]
fn as_long_as_the_program_cannot_be_asked_no_beat_is_due_and_no_answer_owed() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(beat);
    for ms in (0..10_000).step_by(100) {
        let clock = at(start, ms);
        socket.info = heard(0);
        let orders = guard.look_only(0, clock, &mut socket);
        assert_eq!(orders, Orders::default(), "{ms}");
    }
    assert_eq!(guard.state(), State::Healthy);
}

#[test]
fn a_program_that_does_not_answer_is_known_by_a_kernel_that_still_does() {
    /// The last thing of the peer is so old, and the last data of ours.
    fn info(heard_ago: u64, sent_ago: u64, unacked: u32) -> Snapshot {
        let mut info = heard(heard_ago).unwrap();
        info.since_data_received = seconds(60);
        info.since_data_sent = Some(Duration::from_millis(sent_ago));
        info.unacked = Some(unacked);
        info
    }
    let tried = |mut info: Snapshot, probes, retransmits| {
        (info.probes, info.retransmits) = (Some(probes), Some(retransmits));
        info
    };
    // An answer may take as long as from one beat to the next, and what a kernel delays it by.
    for (info, answers) in [
        (info(1500, 1600, 0), true),
        (info(1500, 1000, 0), true),
        (info(1500, 1000, 1), false),
        (info(1500, 1500, 1), true),
        (info(1500, 1600, 1), true),
        (info(1300, 1000, 1), true),
        (info(1301, 1000, 1), false),
        (info(100, 50, 1), true),
        (tried(info(100, 1000, 0), 1, 0), false),
        (tried(info(100, 1000, 0), 0, 1), false),
    ] {
        let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
        let (mut guard, mut socket, start) = connected_at(beat);
        socket.info = Some(info);
        let aborted = (0..5000).step_by(10).any(|ms| {
            let clock = at(start, ms);
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
            }
            orders.abort
        });
        assert!(aborted);
        let loss = guard.disconnected(end(ReportedError::None, ConnectionState::Established));
        let missed = loss.unwrap().reason == LossReason::HeartbeatMissed;
        assert_eq!(missed, answers, "{info:?}");
    }
}
