//! Single lives of what happens seldom: each shows one thing that a guard does for it.

use std::time::Duration;

use qkeepalive::guard::{Settings, State};
use qkeepalive::{Config, LossReason};

use super::drive::{Lived, live};
use super::guarded::{Guarded, Moment};
use super::kernel::{SHIPPED, Socket};
use super::life::{Change, Event, Fault, Host, Life, Outage, PathPlan, PeerPlan, Rhythm};
use super::time::{HOUR, MS, S, Us};

fn six_seconds() -> Settings {
    Settings { detect_within: Some(Duration::from_secs(6)), ..Settings::default() }
}

/// Beats each two seconds, lost after five, and nothing of the peer's kernel for hours.
fn beating() -> Settings {
    Settings {
        heartbeat_interval: Some(Duration::from_secs(2)),
        heartbeat_timeout: Some(Duration::from_secs(5)),
        ..Settings::default()
    }
}

/// On a path of one millisecond, with punctual timers.
fn life(settings: Settings, length: Us, events: Vec<(Us, Event)>) -> Life {
    Life {
        seed: 1,
        length,
        host: Host {
            timers_late: (0, 0),
            looks_late: 0,
            timers_first: false,
            no_delay: true,
            send_buffer: 1 << 16,
            retries: 15,
            accepts: false,
            multipath: false,
        },
        path: PathPlan {
            delay: MS / 2,
            jitter: 0,
            reorders: false,
            lost: 0,
            burst: 0,
            outages: Vec::new(),
        },
        peer: PeerPlan { receive_buffer: 1 << 16, delays_acknowledgement: 40 * MS, lag: MS },
        settings,
        events,
    }
}

fn cut(mut life: Life, from: Us, to: Us) -> Life {
    life.path.outages.push(Outage { from, to, fault: Fault::Both });
    life
}

fn once(size: u64) -> Event {
    Event::Write(Rhythm { every: S, size, times: 1 })
}

fn reasons(lived: &Lived) -> Vec<LossReason> {
    lived.losses.iter().map(|(_, reason)| *reason).collect()
}

#[test]
fn after_a_sleep_the_peers_kernel_gets_its_full_time_anew() {
    // Last heard at 9 s; an hour's sleep at 14 s; the path is back two seconds after it. With data
    // on its way, because of probes alone the kernel has a count of its own.
    let events = vec![(10 * S + MS, once(100)), (14 * S, Event::Sleep(HOUR))];
    let life = cut(life(six_seconds(), 2 * HOUR, events), 10 * S, 16 * S + HOUR);
    let lived = live(&life, false);
    assert_eq!(reasons(&lived), []);
    assert_eq!(lived.state, State::Healthy);
}

#[test]
fn after_a_sleep_a_peer_that_is_gone_is_found_by_the_promised_time() {
    let events = vec![(14 * S, Event::Sleep(HOUR)), (14 * S + HOUR / 2, Event::Dies)];
    let lived = live(&life(six_seconds(), HOUR + 25 * S, events), false);
    let [(at, _)] = lived.losses[..] else { panic!("{:?}", lived.losses) };
    let after = at - 14 * S - HOUR;
    // From the first look after it: that one is due a little after the idle time.
    assert!(after <= 6 * S + 5 * S, "{after}");
}

#[test]
fn after_a_sleep_the_peers_program_gets_its_full_time_anew() {
    // It hangs from 10 s until three seconds after the sleep.
    let events = vec![(10 * S, Event::Hangs(HOUR + 5 * S)), (12 * S, Event::Sleep(HOUR))];
    let lived = live(&life(beating(), 2 * HOUR, events), false);
    assert_eq!(reasons(&lived), []);
}

#[test]
fn after_a_sleep_a_program_that_hangs_is_found() {
    let events = vec![(10 * S, Event::Hangs(Us::MAX)), (12 * S, Event::Sleep(HOUR))];
    let lived = live(&life(beating(), HOUR + 30 * S, events), false);
    let Some((at, LossReason::HeartbeatMissed)) = lived.losses.first().copied() else {
        panic!("{:?}", lived.losses)
    };
    let after = at - 12 * S - HOUR;
    assert!((5 * S..=7 * S + 100 * MS).contains(&after), "{after}");
}

#[test]
fn of_several_paths_the_kernel_tells_one_and_the_guard_decides_nothing() {
    for multipath in [false, true] {
        let events = vec![(10 * S, Event::Dies), (10 * S + MS, once(100))];
        let mut life = life(six_seconds(), 2000 * S, events);
        life.host.multipath = multipath;
        let lived = live(&life, false);
        let (at, reason) = lived.losses[0];
        assert_eq!(reason, LossReason::DataUnacknowledged);
        // The kernel's own patience, with nothing done to shorten it.
        assert_eq!(at > 900 * S, multipath, "{at}");
    }
}

#[test]
fn a_heart_beat_beats_over_several_paths_too() {
    let mut life = life(beating(), 60 * S, vec![(10 * S, Event::Hangs(Us::MAX))]);
    life.host.multipath = true;
    assert_eq!(reasons(&live(&life, false))[0], LossReason::HeartbeatMissed);
}

#[test]
fn after_a_last_call_that_was_answered_the_count_is_as_it_was() {
    // Last heard at 9 s, so the last call is due at 14.7 s; the path is back just before.
    let life = cut(life(six_seconds(), 17 * S, vec![]), 10 * S, 14 * S + 650 * MS);
    let lived = live(&life, false);
    assert_eq!(reasons(&lived), []);
    assert!(lived.states.iter().any(|(_, state)| *state == State::Suspect));
    assert!(lived.socket.silence() < 3 * S, "it was heard again");
    assert_eq!(lived.socket.options.count, 3);
}

#[test]
fn a_socket_that_its_owner_has_renewed_is_not_connected_and_a_loss_stays_one() {
    let moment = Moment { now: S, asleep: 0 };
    let mut socket = Socket::new(S, SHIPPED, MS, 1 << 16, 1 << 16);
    let mut guarded = Guarded::default();
    guarded.change(&six_seconds(), moment, &mut socket).expect("they can be had");
    guarded.attached();
    guarded.connected(false, moment, &mut socket);
    assert_eq!(guarded.state(), State::Healthy);
    guarded.renewed();
    assert_eq!(guarded.state(), State::Waiting);
    assert!(!guarded.is_connected() && guarded.next_look().is_none());
    // What becomes of the old socket is nobody's loss.
    assert_eq!(guarded.disconnected(Some(None), moment, &socket).loss, None);

    guarded.connected(false, moment, &mut socket);
    guarded.reported(None, moment);
    socket.reset();
    assert_eq!(guarded.disconnected(Some(None), moment, &socket).loss, Some(LossReason::PeerReset));
    guarded.renewed();
    assert_eq!(guarded.state(), State::Lost, "until the next connect");
}

#[test]
fn what_a_listener_has_handed_on_is_known_to_be_there() {
    // Accepted connections have the limit already: nothing else makes this one found in time.
    let mut life = life(six_seconds(), 120 * S, vec![(10 * S, once(100)), (30 * S, Event::Dies)]);
    life.host.accepts = true;
    life.events.push((31 * S, once(100)));
    let lived = live(&life, false);
    let (at, _) = lived.losses[0];
    assert!(at <= 36 * S + 200 * MS, "{at}");
}

#[test]
fn a_slider_that_is_dragged_leaves_what_it_came_to() {
    let set = |ms| Event::Set(Change::DetectWithin(Some(ms)));
    let events = (0..=40u64).map(|step| (S + step * 12 * MS, set(60_000 - step * 1250))).collect();
    let lived = live(&life(six_seconds(), 30 * S, events), false);
    assert_eq!(reasons(&lived), []);
    let Config { idle, interval, count, .. } =
        Config::detect_within(Duration::from_secs(10)).expect("it is possible");
    let options = lived.socket.options;
    assert_eq!(Some(options.idle), idle.map(|time| time.as_micros() as u64));
    assert_eq!(Some(options.interval), interval.map(|time| time.as_micros() as u64));
    assert_eq!(Some(options.count), count);
}
