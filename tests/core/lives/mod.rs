//! Ordinary lives of guarded connections, by the thousand hours: programs that change their minds,
//! peers that lag, hang, die and come back, paths that fail, machines that sleep. The whole guard is
//! driven as the Qt layer drives it, over a model of the Linux kernel, from event to event.
//!
//! * `life` is what happens, as data, made of a seed; `shrink` makes one smaller that goes wrong;
//! * `kernel` is a TCP socket, `path` is what lies between two, `peer` the other end;
//! * `drive` is this side's program and network library, and time;
//! * `guarded` is the only one that knows the library;
//! * `judge` knows what has to hold;
//! * `unusual` has single lives of what happens seldom, each with what is to come of it.
//!
//! | Variable | Means |
//! |---|---|
//! | `QKEEPALIVE_LIVES_HOURS` | connection-hours to live, 10000 when not set |
//! | `QKEEPALIVE_LIVES_SEED` | where the lives begin |
//! | `QKEEPALIVE_LIVES_FROM` | how many of them to leave out |
//! | `QKEEPALIVE_LIVES_SHOW` | how many broken lives to show of each rule, 1 when not set |
//! | `QKEEPALIVE_LIVES_REPLAY` | the seed of one life to live again, told step by step |

mod drive;
mod guarded;
mod judge;
mod kernel;
mod life;
mod path;
mod peer;
mod random;
mod shrink;
mod time;
mod unusual;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use judge::{Invariant, Tally};
use life::Life;
use random::Random;
use time::HOUR;

/// The mean length of a life is a little less than two thirds of an hour.
const LIVES_IN_100_HOURS: u64 = 155;

/// What came of many lives.
#[derive(Debug, Default)]
struct Lived {
    lives: u64,
    hours: f64,
    steps: u64,
    cpu: Duration,
    tally: Tally,
    /// The numbers of the lives that break it.
    broken: BTreeMap<Invariant, BTreeSet<u64>>,
}

impl Lived {
    fn live(&mut self, base: u64, number: u64) {
        let life = Life::generate(Random::seed(base, number));
        let world = drive::live(&life, false);
        self.lives += 1;
        self.hours += life.length as f64 / HOUR as f64;
        self.steps += world.steps;
        self.tally.add(&world.judge.tally);
        for violation in &world.judge.violations {
            self.broken.entry(violation.invariant).or_default().insert(number);
        }
    }

    fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.hours += other.hours;
        self.steps += other.steps;
        self.cpu += other.cpu;
        self.tally.add(&other.tally);
        for (invariant, numbers) in other.broken {
            self.broken.entry(invariant).or_default().extend(numbers);
        }
    }

    fn table(&self, seed: u64) -> String {
        let speed = self.hours / self.cpu.as_secs_f64().max(1e-9);
        let Tally { connections, right, wrong, warnings, reasons } = &self.tally;
        let mut table = format!(
            "{:.0} connection-hours in {} lives of seed {seed:#x}, {connections} connections\n\
             {speed:.0} connection-hours a CPU-second, {:.1} events a simulated second\n\
             verdicts: {right} right, {wrong} wrong; {warnings} warnings\n\
             told: {:?} (closed, reset, probes, data, heart-beat, unreachable, unknown)\n",
            self.hours,
            self.lives,
            self.steps as f64 / (self.hours * 3600.0),
            &reasons[1..],
        );
        for invariant in Invariant::ALL {
            let times = self.broken.get(&invariant).map_or(0, BTreeSet::len);
            table += &format!("{:>20}: broken in {times} lives\n", format!("{invariant:?}"));
            for number in self.broken.get(&invariant).into_iter().flatten().take(5) {
                let life = Random::seed(seed, *number);
                table += &format!("{:>20}  QKEEPALIVE_LIVES_REPLAY={life:#x}\n", "");
            }
        }
        table
    }
}

fn number(name: &str) -> Option<u64> {
    let given = std::env::var(name).ok().filter(|given| !given.is_empty())?;
    let hexadecimal = given.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16));
    let parsed = hexadecimal.unwrap_or_else(|| given.parse());
    Some(parsed.unwrap_or_else(|_| panic!("{name} is no number: {given}")))
}

fn base() -> u64 {
    number("QKEEPALIVE_LIVES_SEED").unwrap_or(1)
}

/// The processor time of this thread, where the system tells it.
fn cpu(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|told| told.split(' ').next()?.parse().ok())
        .map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// All lives, lived once for all tests.
fn lived() -> &'static Lived {
    static LIVED: OnceLock<Lived> = OnceLock::new();
    LIVED.get_or_init(|| {
        let hours = number("QKEEPALIVE_LIVES_HOURS").unwrap_or(10_000);
        let (seed, lives) = (base(), (hours * LIVES_IN_100_HOURS).div_ceil(100));
        let from = number("QKEEPALIVE_LIVES_FROM").unwrap_or(0);
        let (next, lives) = (AtomicU64::new(from), from + lives);
        let all = Mutex::new(Lived::default());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (next, all) = (&next, &all);
                scope.spawn(move || {
                    let start = Instant::now();
                    let before = cpu(start);
                    let mut lived = Lived::default();
                    let mut shown = start;
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= lives {
                            break;
                        }
                        lived.live(seed, number);
                        if thread == 0 && shown.elapsed() > Duration::from_secs(10) {
                            shown = Instant::now();
                            eprintln!("{number} of {lives} lives, {} wrong", lived.tally.wrong);
                        }
                    }
                    lived.cpu = cpu(start).saturating_sub(before);
                    all.lock().expect("no thread has failed").add(lived);
                });
            }
        });
        let lived = all.into_inner().expect("no thread has failed");
        println!("{}", lived.table(seed));
        lived
    })
}

/// Says which lives break it, if some do, and the smallest of their kind.
fn holds(invariant: Invariant) {
    let Some(numbers) = lived().broken.get(&invariant) else { return };
    let mut words = format!("{} of {} lives break it", numbers.len(), lived().lives);
    let shown = number("QKEEPALIVE_LIVES_SHOW").unwrap_or(1);
    for number in numbers.iter().take(usize::try_from(shown).unwrap_or(1)) {
        let seed = Random::seed(base(), *number);
        let (life, violation) = shrink::shrink(&Life::generate(seed), invariant);
        println!("the smallest of its kind, step by step:");
        drive::live(&life, true);
        words +=
            &format!("\n\nQKEEPALIVE_LIVES_REPLAY={seed:#x}: when shrunk,\n{violation}\n{life}");
    }
    panic!("{words}");
}

#[test]
fn a_peer_that_was_heard_within_the_promised_time_is_never_lost() {
    holds(Invariant::HeardWithinTheTime);
}

#[test]
fn a_peer_that_lives_over_a_path_that_is_well_is_never_lost() {
    holds(Invariant::LivesOnAWellPath);
}

#[test]
fn a_peer_that_is_gone_is_found_by_the_promised_time() {
    holds(Invariant::FoundInTime);
}

#[test]
fn a_warning_comes_before_each_verdict() {
    holds(Invariant::WarnedFirst);
}

#[test]
fn each_loss_is_told_once_and_nothing_else_is() {
    holds(Invariant::ToldOnce);
}

#[test]
fn what_was_put_on_a_socket_is_taken_back() {
    holds(Invariant::GivenBack);
}

#[test]
fn one_beat_at_a_time_is_on_its_way() {
    holds(Invariant::OneBeatAtATime);
}

#[test]
fn the_kernels_own_count_does_not_come_before_the_verdict() {
    holds(Invariant::GuardBeforeKernel);
}

#[test]
fn what_led_to_a_loss_leads_to_it_again_when_it_is_replayed() {
    holds(Invariant::Replayed);
}

#[test]
fn the_same_seed_is_the_same_life() {
    if let Some(seed) = number("QKEEPALIVE_LIVES_REPLAY") {
        let life = Life::generate(seed);
        println!("{life}");
        for violation in drive::live(&life, true).judge.violations {
            println!("{violation}");
        }
    }
    for number in 0..50 {
        let once = Life::generate(Random::seed(7, number));
        let again = Life::generate(Random::seed(7, number));
        assert_eq!(format!("{once:?}"), format!("{again:?}"));
        let (once, again) = (drive::live(&once, false), drive::live(&again, false));
        assert_eq!(once.steps, again.steps);
        assert_eq!(format!("{:?}", once.judge), format!("{:?}", again.judge));
    }
}
