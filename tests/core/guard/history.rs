//! What led to a loss: written down, and lived again.

use proptest::prelude::*;
use qkeepalive::history::{MOST, TITLE};
use qkeepalive::replay::{Malformed, replay};

use super::by_hand::*;

/// Recorded on a network whose cable was pulled, with a deadline of six seconds.
const REAL: &str = include_str!("a_real_loss.txt");

/// So many probes are unanswered, one a second after three.
fn dead(ms: u64) -> Option<Snapshot> {
    silent_with(ms, (ms / 1000).saturating_sub(2) as u32)
}

/// A guard that has given its peer up.
fn lost() -> Guard {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    let lost = look_on(&mut guard, &mut socket, start, 100, 7000, dead);
    lost.expect("it was found");
    guard
}

#[test]
fn without_a_connection_and_while_all_is_well_there_is_nothing_to_tell() {
    assert_eq!(Guard::default().history(), "");
    let (guard, _, _) = connected_at(six_seconds());
    let history = guard.history();
    assert_eq!(history.lines().count(), 2, "{history}");
    assert!(history.lines().nth(1).unwrap().starts_with("0 state "), "{history}");
    assert!(replay(&history).unwrap().is_the_same());
}

#[test]
fn what_led_to_a_loss_leads_to_it_again() {
    let replay = replay(&lost().history()).unwrap();
    assert!(replay.is_the_same(), "{replay:?}");
    assert_eq!(replay.lost.unwrap().1.reason, LossReason::ProbesUnanswered);
    assert_eq!(replay.begins.settings, six_seconds());
    let last = replay.steps.iter().filter_map(|step| step.info).next_back().unwrap();
    assert_eq!(last.probes, Some(4));
}

#[test]
fn a_real_loss_leads_to_the_same_verdict_at_the_same_time() {
    let replay = replay(REAL).unwrap();
    assert!(replay.is_the_same(), "{replay:?}");
    let (at, loss) = replay.lost.unwrap();
    assert_eq!((at, loss.reason), (Duration::from_micros(2_632_014), LossReason::ProbesUnanswered));
    let words = "the peer did not answer 4 keepalive probes; it was last heard 6.0 s ago";
    assert_eq!(loss.to_string(), words);
}

#[test]
fn a_history_is_gone_when_the_peer_is_heard_and_with_the_next_connection() {
    let (mut guard, mut socket, start) = connected_at(six_seconds());
    look_on(&mut guard, &mut socket, start, 100, 5000, dead);
    assert!(guard.history().lines().count() > 2);
    socket.info = heard(10);
    guard.look(0, at(start, 5100), &mut socket);
    assert_eq!(guard.history().lines().count(), 2);

    let mut guard = lost();
    guard.detached();
    assert_eq!(guard.history(), "");
    let mut guard = lost();
    guard.connected(None, clock(), &mut Socket::default()).unwrap();
    assert_eq!(guard.history().lines().count(), 2);
}

#[test]
fn however_long_a_peer_is_suspected_a_history_stays_short_and_leads_to_the_loss() {
    let hour = Settings { detect_within: seconds(3600), ..Settings::default() };
    let (mut guard, mut socket, start) = connected_at(hour);
    let mut longest = 0;
    let mut now = start.now;
    let orders = loop {
        now = guard.next_look().expect("it goes on looking").at.max(now);
        let ms = (now - start.now).as_millis() as u64;
        socket.info = silent_with(ms, (ms / 600_000).saturating_sub(2) as u32);
        let orders = guard.look(0, Clock { now, ..start }, &mut socket);
        longest = longest.max(guard.history().len());
        if orders.abort {
            break orders;
        }
    };
    assert!(longest > MOST / 2 && longest <= MOST + TITLE.len() + 1, "{longest}");
    assert_eq!(orders.verdict.unwrap().reason, LossReason::ProbesUnanswered);
    assert!(replay(&guard.history()).unwrap().is_the_same());
}

#[test]
fn what_is_no_history_is_refused_with_the_line_and_what_is_wrong_there() {
    let line = |number: usize| REAL.lines().nth(number - 1).unwrap();
    let cut = |number: usize| REAL.lines().take(number).collect::<Vec<_>>().join("\n");
    let title = format!("a history begins with the line \"{TITLE}\"");
    for (text, number, why) in [
        (String::new(), 1, title.as_str()),
        ("#!/bin/sh".to_owned(), 1, title.as_str()),
        (REAL.replacen("history 1", "history 2", 1), 1, title.as_str()),
        (TITLE.to_owned(), 1, "nothing follows"),
        (format!("{TITLE}\n{}", line(3)), 2, "the word of the first line has to be \"state\""),
        (REAL.replacen("p_idle=3000", "p_idle", 1), 2, "\"p_idle\" is cut short"),
        (REAL.replacen("p_idle=3000", "p_idle=3e3", 1), 2, "p_idle: \"3e3\" is no number"),
        (REAL.replacen("p_idle=", "p_idel=", 1), 2, "\"p_idel\" is no field of this"),
        (format!("{}\n18", cut(5)), 6, "the line is cut short"),
        (format!("{}\n18 looked pro", cut(5)), 6, "\"pro\" is cut short"),
        (format!("{}\nnow looked", cut(5)), 6, "\"now\" is no time"),
        (format!("{}\n18 jumped", cut(5)), 6, "\"jumped\" is nothing that happens"),
        (format!("{}\n18 error", cut(5)), 6, "\"error\" is an answer, and nothing was asked"),
        (format!("{}\n18 lost", cut(5)), 6, "the reason of the loss is missing"),
        (REAL.replacen(" within=6000000", " within=1", 1), 2, "these probes are no plan"),
    ] {
        let error = replay(&text).expect_err(why);
        assert_eq!(error, Malformed { line: number, why: why.to_owned() }, "{text}");
    }
    // One that ends early is well, and tells of no loss.
    let early = replay(&cut(9)).unwrap();
    assert!(early.is_the_same() && early.recorded.is_none() && early.lost.is_none());
}

proptest! {
    /// Whatever stands in a file, it is lived again or refused.
    #[test]
    fn no_text_makes_it_fall(
        line in 1..REAL.lines().count(),
        field in 0usize..60,
        value in prop_oneof![
            Just("-".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            ".{0,9}",
        ],
    ) {
        let mut lines: Vec<String> = REAL.lines().map(str::to_owned).collect();
        let mut words: Vec<String> = lines[line].split(' ').map(str::to_owned).collect();
        let place = field % words.len();
        words[place] = match words[place].split_once('=') {
            Some((name, _)) => format!("{name}={value}"),
            None => value,
        };
        lines[line] = words.join(" ");
        let _ = replay(&lines.join("\n"));
    }
}
