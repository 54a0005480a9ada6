//! The smallest life that still goes wrong in the same way.

use super::drive::live;
use super::judge::{Invariant, Violation};
use super::life::{Event, Life};
use super::time::{MS, S, Us};

/// So many lives are lived for it at most.
const PATIENCE: u32 = 3000;

/// How the life goes wrong in this way, if it does.
pub fn violation(life: &Life, invariant: Invariant) -> Option<Violation> {
    let world = live(life, false);
    world.judge.violations.into_iter().find(|violation| violation.invariant == invariant)
}

/// Drops and simplifies one thing after the other, as long as it goes wrong.
pub fn shrink(life: &Life, invariant: Invariant) -> (Life, Violation) {
    let mut found = violation(life, invariant).expect("it is said to go wrong");
    let mut best = life.clone();
    let mut left = PATIENCE;
    let mut smaller = true;
    while smaller {
        smaller = false;
        for change in changes(&best, found.at) {
            let mut tried = best.clone();
            if left == 0 {
                break;
            }
            // What was dropped meanwhile is not there to be changed.
            if !change(&mut tried) {
                continue;
            }
            left -= 1;
            if let Some(violation) = violation(&tried, invariant) {
                (best, found) = (tried, violation);
                smaller = true;
            }
        }
    }
    (best, found)
}

/// Whether it has changed the life.
type Change = Box<dyn Fn(&mut Life) -> bool>;

fn changes(life: &Life, end: Us) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let to = end + S;
    changes.push(Box::new(move |life| {
        let shorter = to < life.length;
        life.length = life.length.min(to);
        let before = life.events.len() + life.path.outages.len();
        life.events.retain(|(at, _)| *at < to);
        life.path.outages.retain(|outage| outage.from < to);
        shorter || before != life.events.len() + life.path.outages.len()
    }));
    // Sooner.
    for part in [1, 2, 4] {
        changes.push(Box::new(move |life| sooner(life, part)));
    }
    for number in (0..life.events.len()).rev() {
        changes.push(Box::new(move |life| {
            (number < life.events.len()).then(|| life.events.remove(number)).is_some()
        }));
    }
    for number in (0..life.path.outages.len()).rev() {
        changes.push(Box::new(move |life| {
            let outages = &mut life.path.outages;
            (number < outages.len()).then(|| outages.remove(number)).is_some()
        }));
    }
    macro_rules! set {
        ($($field:ident).+, $value:expr) => {
            changes.push(Box::new(|life| {
                let value = $value;
                let same = life.$($field).+ == value;
                life.$($field).+ = value;
                !same
            }));
        };
    }
    set!(path.lost, 0);
    set!(path.burst, 0);
    set!(path.jitter, 0);
    set!(path.reorders, false);
    set!(path.delay, 500);
    set!(peer.lag, MS);
    set!(peer.delays_acknowledgement, 40 * MS);
    set!(peer.receive_buffer, 64 << 10);
    set!(host.timers_late, (0, 0));
    set!(host.looks_late, 0);
    set!(host.retries, 15);
    set!(host.accepts, false);
    set!(host.timers_first, false);
    set!(host.no_delay, true);
    set!(host.send_buffer, 64 << 10);
    set!(settings.heartbeat_interval, None);
    set!(settings.heartbeat_timeout, None);
    set!(settings.abort_on_loss, true);
    set!(settings.values.user_timeout, None);
    // Rounder numbers are easier to read.
    for unit in [S, 100 * MS, 10 * MS, MS] {
        for number in 0..life.events.len() {
            changes.push(Box::new(move |life| round_event(life, number, unit)));
        }
        for number in 0..life.path.outages.len() {
            changes.push(Box::new(move |life| {
                let Some(outage) = life.path.outages.get_mut(number) else { return false };
                let before = (outage.from, outage.to);
                outage.from = outage.from / unit * unit;
                outage.to = outage.to / unit * unit;
                before != (outage.from, outage.to)
            }));
        }
        changes.push(Box::new(move |life| {
            let before = life.path.delay;
            life.path.delay = (before / unit * unit).max(30);
            before != life.path.delay
        }));
    }
    changes
}

/// Leaves out a part of the time before anything happens.
fn sooner(life: &mut Life, part: Us) -> bool {
    let events = life.events.iter().map(|(at, _)| *at);
    let first = events.chain(life.path.outages.iter().map(|outage| outage.from)).min();
    let by = first.unwrap_or(0).saturating_sub(S) / part;
    life.events.iter_mut().for_each(|(at, _)| *at -= by);
    for outage in &mut life.path.outages {
        outage.from -= by;
        outage.to -= by;
    }
    by > 0
}

fn round_event(life: &mut Life, number: usize, unit: Us) -> bool {
    let Some((at, event)) = life.events.get_mut(number) else { return false };
    let before = (*at, format!("{event:?}"));
    *at = *at / unit * unit;
    let round = |time: &mut Us| *time = (*time / unit * unit).max((*time).min(MS));
    match event {
        Event::Write(rhythm) | Event::Speak(rhythm) => {
            round(&mut rhythm.every);
            rhythm.times = rhythm.times.min(1000) / 2 + 1;
            rhythm.size = rhythm.size / 2 + 1;
        }
        Event::StopsReading(time) | Event::Blocked(time) | Event::Sleep(time) => round(time),
        Event::Hangs(time) if *time != Us::MAX => round(time),
        _ => {}
    }
    let changed = before != (*at, format!("{event:?}"));
    // In order they have to stay.
    life.events.sort_by_key(|(at, _)| *at);
    changed
}
