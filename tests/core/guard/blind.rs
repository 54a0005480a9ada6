//! Where the kernel tells nothing, or not all of it.

use super::by_hand::*;

#[test]
fn a_kernel_that_cannot_be_asked_is_not_asked_again_and_again_and_that_is_said() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    socket.info = None;
    guard.look(0, start, &mut socket);
    assert_eq!(guard.next_look(), None);
    assert_eq!(guard.state(), State::Healthy);
    assert!(guard.view().blind);
    assert!(guard.view().error.starts_with("TCP_INFO: "), "{}", guard.view().error);
}

// What Linux tells, and its plan in whole seconds.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_kernel_that_tells_nothing_is_known_at_the_connect_and_an_own_close_is_no_loss() {
    for info in [None, Some(Snapshot::default())] {
        let (mut guard, mut socket) = (Guard::default(), Socket { info, ..Socket::default() });
        guard.change(About::Settings, Ok(six_seconds()), clock(), &mut socket).unwrap();
        guard.attached();
        let refusal = guard.connected(None, clock(), &mut socket).unwrap_err();
        assert_eq!(refusal.code(), Some(Error::UNSUPPORTED));
        let view = guard.view();
        assert!(view.blind && view.error.starts_with("TCP_INFO: "), "{view:?}");
        // The values are in force all the same: the kernel finds an idle peer's death by itself.
        assert_eq!(view.detection_time, seconds(6));
        assert_eq!(socket.in_force.idle, seconds(3));
        guard.closing(false, clock()); // nobody can say that it is alive
        let mut end = end(ReportedError::ClosedByPeer, ConnectionState::Closed);
        end.snapshot = None;
        assert_eq!(guard.disconnected(end), None);
        assert_eq!(guard.state(), State::Waiting);
    }
}

#[test]
fn where_nobody_can_say_whether_it_is_alive_an_error_is_a_loss_only_if_the_socket_closes() {
    for closes in [true, false] {
        let mut socket = Socket { info: None, ..Socket::default() };
        let mut guard = Guard::default();
        guard.attached();
        let start = clock();
        guard.connected(None, start, &mut socket).expect("nothing was asked of the kernel");
        assert_eq!(guard.next_look(), None);
        guard.reported(ReportedError::TimedOut, false, start);
        if !closes {
            // It was an expired wait.
            let now = guard.next_look().expect("it is seen whether it closes").at;
            guard.look(0, Clock { now, ..start }, &mut socket);
        }
        guard.closing(false, start);
        let mut end = end(ReportedError::TimedOut, ConnectionState::Closed);
        end.snapshot = None;
        assert_eq!(guard.disconnected(end).is_some(), closes);
    }
}

#[test]
fn without_a_descriptor_there_is_the_heart_beat_alone() {
    /// What has no descriptor.
    struct None_;
    impl Kernel for None_ {
        fn query(&mut self) -> Result<Config, Error> {
            Err(Error::NoDescriptor { given: -2 })
        }
        fn apply(&mut self, _: &Config) -> Result<Config, Error> {
            Err(Error::NoDescriptor { given: -2 })
        }
        fn set_count(&mut self, _: u32) {
            panic!("nothing is written to it");
        }
        fn probe_now(&mut self, _: &Config) {
            panic!("nothing is written to it");
        }
        fn is_probing(&mut self) -> bool {
            false
        }
        fn snapshot(&mut self) -> Option<Snapshot> {
            None
        }
        fn take_error(&mut self) -> ReportedError {
            ReportedError::None
        }
        fn retransmission_limit(&mut self) -> Option<Duration> {
            None
        }
        fn limit_retransmissions(&mut self, _: Duration) {
            panic!("nothing is written to it");
        }
        fn retries(&mut self) -> u32 {
            15
        }
        fn is_multipath(&mut self) -> bool {
            false
        }
    }
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let with_deadline = Settings { detect_within: seconds(6), ..beat };
    for (settings, refused) in [(beat, false), (with_deadline, true)] {
        let (mut guard, mut socket, start) = (Guard::default(), None_, clock());
        guard.change(About::Settings, Ok(settings), start, &mut socket).unwrap();
        guard.attached();
        // A refusal is a failure only where more was asked for than the heart-beat.
        assert_eq!(guard.connected(None, start, &mut socket).is_err(), refused);
        assert!(guard.view().error.contains("heartbeatInterval"), "{}", guard.view().error);
        assert!(guard.wants_received() && guard.view().blind);
        assert_eq!(guard.view().detection_time, seconds(2));
        let (mut now, mut beats) = (start.now, 0);
        let orders = loop {
            now = guard.next_look().expect("it looks").at.max(now);
            let clock = Clock { now, ..start };
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
                beats += 1;
                if beats <= 3 {
                    guard.received(Clock { now: now + Duration::from_millis(100), ..start });
                }
            }
            if orders.abort {
                break orders;
            }
        };
        assert_eq!(orders.verdict.unwrap().reason, LossReason::HeartbeatMissed);
        assert_eq!(beats, 4);
        // Another deadline is not written anywhere either.
        let other = Settings { detect_within: seconds(8), ..settings };
        guard.change(About::DetectWithin, Ok(other), start, &mut socket).unwrap();
    }
}

/// A kernel that tells when the peer was heard, and counts no probes.
fn silent_uncounted(ms: u64) -> Option<Snapshot> {
    let mut info = Snapshot::default();
    info.since_ack_received = Some(Duration::from_millis(ms));
    Some(info)
}

#[test]
fn where_probes_are_not_counted_a_peer_is_not_lost_for_keepalive_that_was_switched_off() {
    for switched_off in [false, true] {
        let (mut guard, mut socket, start) = connected_at(six_seconds());
        socket.switched_off = switched_off;
        let mut aborted = None;
        for ms in (0..30_000).step_by(50) {
            let now = start.now + Duration::from_millis(ms);
            if guard.next_look().is_some_and(|look| look.at > now) {
                continue;
            }
            socket.info = silent_uncounted(ms);
            if guard.look(0, Clock { now, ..start }, &mut socket).abort {
                aborted = Some(ms);
                break;
            }
        }
        let lost = aborted.is_some_and(|ms| (6000..=6100).contains(&ms));
        assert_eq!(lost, !switched_off, "{aborted:?}");
        assert_eq!(aborted.is_some(), lost);
    }
}

#[test]
fn keepalive_that_is_on_again_gives_the_peer_its_full_time() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let mut aborted = None;
    for ms in (0..40_000).step_by(50) {
        let now = start.now + Duration::from_millis(ms);
        socket.switched_off = ms < 20_000;
        if guard.next_look().is_some_and(|look| look.at > now) {
            continue;
        }
        socket.info = silent_uncounted(ms);
        if guard.look(0, Clock { now, ..start }, &mut socket).abort {
            aborted = Some(ms);
            break;
        }
    }
    // While it was off the time began anew, again and again.
    assert!(aborted.is_some_and(|ms| (22_000..=26_500).contains(&ms)), "{aborted:?}");
}

#[test]
fn a_kernel_that_tells_nothing_leaves_the_heart_beat_and_what_the_program_received() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for hears in [true, false] {
        let (mut guard, mut socket, start) = connected_at(beat);
        socket.info = Some(Snapshot::default());
        let mut lost = None;
        for ms in (0..10_000).step_by(10) {
            let clock = Clock { now: start.now + Duration::from_millis(ms), ..start };
            if hears && ms % 1000 == 100 {
                guard.received(clock);
            }
            if guard.next_look().is_some_and(|look| look.at > clock.now) {
                continue;
            }
            let orders = guard.look(0, clock, &mut socket);
            if orders.beat {
                guard.beat_written(0, clock, &mut socket);
            }
            if orders.abort {
                let end = end(ReportedError::None, ConnectionState::Established);
                assert_eq!(guard.disconnected(end).unwrap().reason, LossReason::HeartbeatMissed);
                lost = Some(ms);
                break;
            }
        }
        assert_eq!(lost.is_some_and(|ms| (2000..=2100).contains(&ms)), !hears, "{lost:?}");
        assert_eq!(lost.is_none(), hears);
    }
}

#[test]
fn what_the_program_received_is_asked_for_only_where_nobody_else_tells() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for (info, settings, wants) in [
        (None, beat, true),
        (None, Settings::default(), false),
        // Whether the kernel tells it depends on the system.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        (heard(0), beat, false),
    ] {
        let (mut guard, mut socket) = (Guard::default(), Socket { info, ..Socket::default() });
        guard.change(About::Settings, Ok(settings), clock(), &mut socket).unwrap();
        guard.attached();
        assert!(!guard.wants_received(), "there is no connection");
        guard.connected(None, clock(), &mut socket).unwrap();
        assert_eq!(guard.wants_received(), wants);
    }
}

#[test]
fn who_suspected_the_peer_and_can_see_it_no_more_suspects_it_no_more() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    look_on(&mut guard, &mut socket, start, 100, 5000, |ms| {
        silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
    });
    assert_eq!(guard.state(), State::Suspect);
    socket.info = None;
    guard.look(0, at(start, 5000), &mut socket);
    assert_eq!(guard.state(), State::Healthy);
}

#[test]
fn of_several_paths_the_kernel_is_not_asked_when_a_beat_has_left() {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    for multipath in [false, true] {
        let (mut guard, mut socket) = (Guard::default(), Socket { multipath, ..Socket::default() });
        guard.change(About::Settings, Ok(beat), clock(), &mut socket).unwrap();
        guard.attached();
        guard.connected(None, clock(), &mut socket).unwrap();
        socket.asked = 0;
        guard.beat_written(0, clock(), &mut socket);
        assert_eq!(socket.asked, u32::from(!multipath));
    }
}

#[test]
fn where_nobody_can_say_whether_it_is_alive_an_error_is_remembered_until_the_socket_had_time_to_close()
 {
    let beat = Settings { heartbeat_interval: seconds(1), ..Settings::default() };
    let (mut guard, mut socket) = (Guard::default(), Socket { info: None, ..Socket::default() });
    let start = clock();
    guard.change(About::Settings, Ok(beat), start, &mut socket).unwrap();
    guard.attached();
    guard.connected(None, start, &mut socket).unwrap();
    guard.reported(ReportedError::TimedOut, false, start);
    guard.look(0, at(start, 10), &mut socket);
    let mut end = end(ReportedError::TimedOut, ConnectionState::Closed);
    end.snapshot = None;
    assert!(guard.disconnected(end).is_some());
}

#[test]
fn keepalive_that_was_switched_off_just_before_the_end_of_the_time_costs_no_peer_its_life() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let lost = look_on(&mut guard, &mut socket, start, 0, 5990, silent_uncounted);
    assert_eq!(lost, None);
    socket.switched_off = true;
    socket.info = silent_uncounted(6500);
    assert!(!guard.look(0, at(start, 6500), &mut socket).abort);
    let lost = look_on(&mut guard, &mut socket, start, 6500, 12_000, silent_uncounted);
    assert_eq!(lost, None);
}

// On Linux, where the kernel is known to tell.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn that_the_kernel_tells_nothing_is_refused_to_who_asks_anything_of_it() {
    let asked = |values| Settings { values, ..Settings::default() };
    let on = Config::default();
    for (settings, refused) in [
        (Settings::default(), false),
        (asked(Config { idle: seconds(5), ..on }), true),
        (asked(Config { interval: seconds(5), ..on }), true),
        (asked(Config { count: Some(5), ..on }), true),
        (asked(Config { user_timeout: seconds(5), ..on }), true),
        (within(5), true),
        (asked(Config { enabled: false, idle: seconds(5), ..on }), false),
    ] {
        let (mut guard, mut socket) =
            (Guard::default(), Socket { info: None, ..Socket::default() });
        guard.change(About::Settings, Ok(settings), clock(), &mut socket).unwrap();
        guard.attached();
        let outcome = guard.connected(None, clock(), &mut socket);
        assert_eq!(outcome.is_err(), refused, "{settings:?}");
        assert!(guard.view().error.starts_with("TCP_INFO: "), "it can be read in any case");
    }
}
