//! The verdict over generated histories: never against a peer that lives, always in time against
//! one that does not.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use qkeepalive::liveness::{Liveness, Terms, Verdict};
use qkeepalive::{Config, Snapshot};

use crate::world::{History, Ms, Tells, World, ms};

/// What was seen of one history.
#[derive(Debug, Default)]
struct Run {
    /// The state after each look at which it changed.
    verdicts: Vec<(Ms, Verdict)>,
    lost: Option<Ms>,
    /// The peer's last sign of life before the loss, and since when it owed an answer.
    heard: Ms,
    owes_since: Option<Ms>,
    /// When data was last acknowledged, or there was none.
    took: Ms,
    looks: u32,
}

/// How the looks are made. A monotonic clock is never put back.
#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    /// Each is late by this part, in percent, of what it may be.
    late: Ms,
    /// The event loop is blocked from the first to the second time.
    blocked: (Ms, Ms),
    /// This side's clock jumps by so much at that time.
    jump: (Ms, Ms),
}

fn run(mut world: World, until: Ms, looks: Looks) -> Run {
    let clock = |world: &World| {
        let (at, by) = looks.jump;
        let forward = if world.now >= at { by } else { 0 };
        world.instant() + Duration::from_millis(forward)
    };
    let mut live = Liveness::new(world.terms, clock(&world));
    let mut seen = Run::default();
    let mut due = clock(&world);
    let mut last = Verdict::Healthy;
    while world.now < until {
        let now = clock(&world);
        let blocked = (looks.blocked.0..looks.blocked.1).contains(&world.now);
        if now >= due && !blocked {
            seen.looks += 1;
            let info = world.snapshot();
            let verdict = live.look(now, &info);
            if verdict != last {
                seen.verdicts.push((world.now, verdict));
                last = verdict;
            }
            if verdict == Verdict::Lost {
                seen.lost = Some(world.now);
                break;
            }
            if live.last_call(now, &info) && world.tells == Tells::Everything {
                world.probe_now();
            }
            let next = live.next_look();
            // As late as it may be, and as this run's looks are.
            let late = next.lateness * u32::try_from(looks.late).unwrap() / 100;
            due = next.at + late + Duration::from_millis(1);
        }
        let look = world.now + ms(due.saturating_duration_since(now)).max(1);
        let (from, to) = looks.blocked;
        let look = if (from..to).contains(&look) { to } else { look };
        let jump = Some(looks.jump.0).filter(|at| *at > world.now).unwrap_or(Ms::MAX);
        world.go_to(world.next().min(look).min(jump).min(until));
    }
    seen.heard = world.heard;
    seen.owes_since = world.owes_since;
    seen.took = world.took;
    seen
}

fn terms(seconds: u64) -> Terms {
    Terms::new(&Config::detect_within(Duration::from_secs(seconds)).unwrap()).unwrap()
}

fn quiet() -> History {
    let (outages, lost, writes, speaks) = Default::default();
    History { outages, lost, writes, closed_window: None, speaks }
}

/// As late as they may be.
const LATE: Looks = Looks { late: 100, blocked: (0, 0), jump: (0, 0) };

prop_compose! {
    fn histories(length: Ms)(
        outages in prop::collection::vec((0..length, 1..length / 4), 0..3),
        lost in prop::collection::vec(1..40u32, 0..5),
        writes in prop::collection::vec(1..length, 0..8),
        closed in prop::option::of((0..length, 1..length)),
        speaks in prop::collection::vec(1..length, 0..8),
    ) -> History {
        History {
            outages: outages.into_iter().map(|(from, long)| (from, from + long)).collect(),
            lost,
            writes,
            closed_window: closed.map(|(from, long)| (from, from + long)),
            speaks,
        }
    }
}

fn any_terms() -> impl Strategy<Value = Terms> {
    (2u64..12).prop_map(terms)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_peer_that_was_heard_within_the_time_is_never_lost(
        terms in any_terms(),
        history in histories(40_000),
        round_trip in 0u64..400,
        lateness in 0u64..=12,
        late in 0u64..=100,
        blocked in (0u64..40_000, 0u64..20_000),
        jump in (0u64..40_000, 0u64..20_000),
    ) {
        let looks = Looks { late, blocked: (blocked.0, blocked.0 + blocked.1), jump };
        let seen = run(World::new(terms, history, round_trip, lateness), 40_000, looks);
        if let Some(lost) = seen.lost {
            let within = ms(terms.within);
            let silent = seen.owes_since.is_some() && lost >= seen.heard + within;
            // The second rule has only our clock.
            let untaken = lost + jump.1 >= seen.took + within;
            prop_assert!(silent || untaken, "{seen:?}");
        }
    }

    #[test]
    fn a_peer_that_dies_is_lost_in_time_and_suspect_before(
        terms in any_terms(),
        mut history in histories(20_000),
        death in 100u64..20_000,
        round_trip in 0u64..30,
        lateness in 0u64..=12,
    ) {
        // The window is open at the death: a closed one is the next test's.
        history.closed_window = None;
        history.outages = vec![(death, Ms::MAX)];
        history.lost.clear();
        let seen = run(World::new(terms, history, round_trip, lateness), 60_000, LATE);
        let lost = seen.lost.expect("it is lost");
        let after = lost - seen.heard;
        let within = ms(terms.within);
        prop_assert!((within..=within + 100).contains(&after), "after {after} ms: {seen:?}");
        let [.., (suspect, Verdict::Suspect), (_, Verdict::Lost)] = seen.verdicts[..] else {
            return Err(TestCaseError::fail(format!("no warning: {seen:?}")));
        };
        prop_assert!(suspect + 100 <= lost, "{seen:?}");
    }

    #[test]
    fn a_peer_that_dies_behind_a_closed_window_is_lost_in_time(
        terms in (4u64..12).prop_map(terms),
        death in 8_000u64..20_000,
        write in 100u64..1000,
        round_trip in 0u64..30,
    ) {
        let history = History {
            outages: vec![(death, Ms::MAX)],
            writes: vec![write],
            closed_window: Some((0, Ms::MAX)),
            ..quiet()
        };
        let seen = run(World::new(terms, history, round_trip, 5), 60_000, LATE);
        let after = seen.lost.expect("it is lost") - seen.heard;
        let within = ms(terms.within);
        prop_assert!((within..=within + 100).contains(&after), "after {after} ms: {seen:?}");
    }

    #[test]
    fn a_closed_window_is_no_death_however_long(
        terms in any_terms(),
        write in 1u64..1000,
        round_trip in 0u64..200,
        outage in (2_000u64..50_000, 0u64..100),
    ) {
        let short = ms(terms.within) * outage.1 / 130; // up to three quarters of the time
        let history = History {
            outages: vec![(outage.0, outage.0 + short)],
            writes: vec![write],
            closed_window: Some((0, Ms::MAX)),
            ..quiet()
        };
        let seen = run(World::new(terms, history, round_trip, 5), 60_000, LATE);
        if let Some(lost) = seen.lost {
            // Only if the outage ended too late for one more attempt.
            let spacing = (ms(terms.within) / 6).max(1000).max(12 * round_trip);
            prop_assert!(lost >= seen.heard + ms(terms.within), "{seen:?}");
            prop_assert!(outage.0 + short + spacing + round_trip + 100 > lost, "{seen:?}");
        }
    }

    #[test]
    fn an_outage_of_four_fifths_of_the_time_is_survived(
        terms in any_terms(),
        begins in 100u64..15_000,
        round_trip in 0u64..50,
        lateness in 0u64..=12,
    ) {
        // From the last sign of life on: after a quiet time it would be longer than the deadline.
        let long = ms(terms.within) * 4 / 5;
        let speaks = vec![begins - 1];
        let history = History { outages: vec![(begins, begins + long)], speaks, ..quiet() };
        let seen = run(World::new(terms, history, round_trip, lateness), 40_000, LATE);
        prop_assert_eq!(seen.lost, None, "{:?}", seen);
        prop_assert!(!matches!(seen.verdicts.last(), Some((_, Verdict::Suspect))), "{:?}", seen);
    }

    #[test]
    fn the_same_with_data_in_flight(
        terms in (6u64..12).prop_map(terms),
        begins in 100u64..15_000,
        write in 0u64..3000,
        round_trip in 0u64..50,
    ) {
        let long = ms(terms.within) * 4 / 5;
        let history = History {
            outages: vec![(begins, begins + long)],
            writes: vec![begins + write],
            speaks: vec![begins - 1],
            ..quiet()
        };
        let seen = run(World::new(terms, history, round_trip, 5), 40_000, LATE);
        prop_assert_eq!(seen.lost, None, "{:?}", seen);
    }

    #[test]
    fn one_lost_packet_is_no_death(
        terms in (3u64..12).prop_map(terms),
        number in 1u32..30,
        writes in prop::collection::vec(1u64..30_000, 0..6),
        round_trip in 0u64..100,
        lateness in 0u64..=12,
    ) {
        let history = History { lost: vec![number], writes, ..quiet() };
        let seen = run(World::new(terms, history, round_trip, lateness), 40_000, LATE);
        prop_assert_eq!(seen.lost, None, "{:?}", seen);
    }

    #[test]
    fn a_healthy_connection_costs_about_one_look_for_each_idle_time(
        terms in (4u64..60).prop_map(terms),
        speaks in prop::collection::vec(1u64..200_000, 0..50),
        round_trip in 0u64..50,
        lateness in 0u64..=12,
    ) {
        let seen = run(World::new(terms, History { speaks, ..quiet() }, round_trip, lateness), 200_000, LATE);
        let idles = 200_000 / ms(terms.idle);
        // Now and then a look meets a probe whose answer is on its way, and comes again.
        let few = idles * 3 / 2 + 3;
        prop_assert!(u64::from(seen.looks) <= few, "{} looks in {idles} idle times", seen.looks);
        prop_assert!(seen.verdicts.is_empty(), "{:?}", seen);
    }
}

#[test]
fn a_slow_path_is_no_death() {
    for seconds in 6..12 {
        let writes = (0..20).map(|n| 100 + 1500 * n).collect();
        for writes in [vec![], writes] {
            let history = History { writes, ..quiet() };
            let seen = run(World::new(terms(seconds), history, 1500, 5), 60_000, LATE);
            assert_eq!(seen.lost, None, "{seconds} s: {seen:?}");
        }
    }
}

#[test]
fn data_that_went_out_when_its_window_opened_is_no_older_for_the_time_before() {
    let history = History {
        outages: vec![(20_258, 23_630)],
        writes: vec![6213],
        closed_window: Some((49, 18_843)),
        ..quiet()
    };
    let seen = run(World::new(terms(7), history, 281, 0), 40_000, Looks::default());
    assert_eq!(seen.lost, None, "{seen:?}");
}

#[test]
fn data_behind_a_window_that_has_opened_unheard_waits_for_the_next_probe() {
    let history = History {
        outages: vec![(4820, 12_195)],
        writes: vec![4605, 1837],
        closed_window: Some((1427, 4381)),
        ..quiet()
    };
    let looks = Looks { late: 5, ..Looks::default() };
    let seen = run(World::new(terms(8), history, 323, 3), 40_000, looks);
    assert!(seen.lost.is_none_or(|lost| lost >= seen.heard + 8000), "{seen:?}");
}

#[test]
fn data_that_nobody_acknowledges_is_lost_although_the_peer_is_heard() {
    // All that this side sends from 5 s on gets lost; the peer streams.
    let history = History {
        lost: (2..100).collect(),
        writes: vec![4000, 5000],
        speaks: (0..600).map(|n| 50 * n).collect(),
        ..quiet()
    };
    let seen = run(World::new(terms(4), history, 5, 5), 30_000, LATE);
    let lost = seen.lost.expect("it is lost");
    // The kernel does not say when the data was sent: it is known to one retransmission.
    assert!((9000..=10_000).contains(&lost), "{seen:?}");
    assert!(matches!(seen.verdicts[..], [(_, Verdict::Suspect), (_, Verdict::Lost)]), "{seen:?}");
}

#[test]
fn after_a_sleep_of_the_machine_the_peer_gets_its_full_time_anew() {
    let mut world =
        World::new(terms(4), History { outages: vec![(100, 1_000_000)], ..quiet() }, 1, 5);
    let mut live = Liveness::new(world.terms, world.instant());
    while world.now < 3500 {
        world.go_to(world.now + 1);
        if world.instant() >= live.next_look().at {
            live.look(world.instant(), &world.snapshot());
        }
    }
    live.pardon(world.instant());
    let mut lost = None;
    while lost.is_none() {
        world.go_to(world.now + 1);
        if world.instant() >= live.next_look().at
            && live.look(world.instant(), &world.snapshot()) == Verdict::Lost
        {
            lost = Some(world.now);
        }
    }
    assert!((7500..=7600).contains(&lost.unwrap()), "{lost:?}");
}

/// Data that was first sent before the peer was last heard, of which nobody knows how much is
/// acknowledged: only what the kernel sent again since then counts.
#[test]
fn what_was_sent_again_since_the_peer_was_heard_counts_and_nothing_before() {
    // Counters wrap around.
    for (before, since, lost) in [(7, 3, true), (u32::MAX - 1, 3, true), (7, 0, false)] {
        let start = Instant::now();
        let mut live = Liveness::new(terms(6), start);
        let mut info = Snapshot::default();
        (info.probes, info.unacked, info.backoff) = (Some(0), Some(1), Some(5));
        (info.retransmits, info.total_retransmits) = (Some(5), Some(before));
        info.retransmission_timeout = Some(Duration::from_secs(30));
        info.round_trip_time = Some(Duration::from_millis(1));
        info.since_data_sent = Some(Duration::from_millis(10));
        info.since_ack_received = Some(Duration::ZERO);
        live.look(start, &info);
        let mut verdict = Verdict::Healthy;
        for tenth in 30..70 {
            let silence = Duration::from_millis(100 * tenth);
            if tenth == 40 {
                info.total_retransmits = Some(before.wrapping_add(since));
            }
            info.since_ack_received = Some(silence);
            info.since_data_sent = Some(silence - Duration::from_millis(10));
            verdict = live.look(start + silence, &info);
        }
        assert_eq!(verdict == Verdict::Lost, lost, "{since} sent again");
    }
}

#[test]
fn a_clock_that_was_put_back_gives_the_peer_its_full_time_anew_and_no_more() {
    let (start, before) = (Instant::now(), Duration::from_secs(1000));
    let mut live = Liveness::new(terms(6), start + before);
    let mut info = Snapshot::default();
    info.probes = Some(3);
    info.round_trip_time = Some(Duration::from_millis(1));
    let mut lost = None;
    for tenth in 0..100u32 {
        let passed = Duration::from_millis(100) * tenth;
        info.since_ack_received = Some(Duration::from_secs(5) + passed);
        if live.look(start + passed, &info) == Verdict::Lost {
            lost.get_or_insert(passed);
        }
    }
    let lost = lost.expect("it is lost");
    assert!(lost >= Duration::from_secs(1) && lost <= Duration::from_millis(6200), "{lost:?}");
}

/// The world as a system shows it whose kernel tells less than Linux does.
fn telling(tells: Tells, mut world: World) -> World {
    world.tells = tells;
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn with_less_evidence_a_peer_that_was_heard_within_the_time_is_not_lost_either(
        tells in prop_oneof![Just(Tells::When), Just(Tells::Nothing)],
        terms in any_terms(),
        history in histories(40_000),
        round_trip in 0u64..400,
        lateness in 0u64..=12,
        late in 0u64..=100,
        blocked in (0u64..40_000, 0u64..20_000),
    ) {
        let looks = Looks { late, blocked: (blocked.0, blocked.0 + blocked.1), jump: (0, 0) };
        let world = telling(tells, World::new(terms, history, round_trip, lateness));
        let seen = run(world, 40_000, looks);
        if let Some(lost) = seen.lost {
            let within = ms(terms.within);
            let silent = seen.owes_since.is_some() && lost >= seen.heard + within;
            prop_assert!(tells == Tells::When && silent, "{seen:?}");
        }
    }

    #[test]
    fn with_less_evidence_a_peer_that_dies_is_lost_as_soon_as_can_be_known(
        terms in any_terms(),
        mut history in histories(20_000),
        death in 100u64..20_000,
        round_trip in 0u64..30,
        probes_late in 0u64..=12,
    ) {
        history.outages = vec![(death, Ms::MAX)];
        history.lost.clear();
        let world = telling(Tells::When, World::new(terms, history, round_trip, probes_late));
        let seen = run(world, 60_000, LATE);
        let after = seen.lost.expect("it is lost") - seen.heard;
        let within = ms(terms.within);
        prop_assert!((within..=within + 100).contains(&after), "after {after} ms: {seen:?}");
        prop_assert!(matches!(seen.verdicts[..], [.., (_, Verdict::Suspect), (_, Verdict::Lost)]));
    }

    #[test]
    fn with_less_evidence_a_closed_window_is_no_death_either(
        terms in any_terms(),
        write in 1u64..1000,
        round_trip in 0u64..200,
        probes_late in 0u64..=12,
    ) {
        let history =
            History { writes: vec![write], closed_window: Some((0, Ms::MAX)), ..quiet() };
        let world = telling(Tells::When, World::new(terms, history, round_trip, probes_late));
        let seen = run(world, 60_000, LATE);
        prop_assert_eq!(seen.lost, None, "{:?}", seen);
    }

    #[test]
    fn with_less_evidence_one_lost_packet_is_no_death_either(
        terms in (3u64..12).prop_map(terms),
        number in 1u32..30,
        writes in prop::collection::vec(1u64..30_000, 0..6),
        round_trip in 0u64..100,
        probes_late in 0u64..=12,
    ) {
        let history = History { lost: vec![number], writes, ..quiet() };
        let world = telling(Tells::When, World::new(terms, history, round_trip, probes_late));
        let seen = run(world, 40_000, LATE);
        prop_assert_eq!(seen.lost, None, "{:?}", seen);
    }
}
