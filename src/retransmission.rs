//! How rarely the kernel may try again: a limit for its retransmissions and window probes, as pure
//! arithmetic.
//!
//! The kernel doubles the time between two attempts up to two minutes. A deadline of seconds needs
//! attempts at least every few seconds: else an outage that has ended is not noticed in time, and a
//! peer with a closed window that dies is noticed late. Linux has an option for it
//! (`TCP_RTO_MAX_MS`, since 6.15); see docs/decisions/0007-retransmissions.md.

use std::time::Duration;

use crate::snapshot::{LONGEST_TIMEOUT, Snapshot};
use crate::time::milliseconds;

/// What the option accepts, and the least of it that is also the kernel's default.
const SMALLEST: Duration = Duration::from_secs(1);
const LARGEST: Duration = LONGEST_TIMEOUT;
/// How often Linux retransmits as it is shipped (`net.ipv4.tcp_retries2`).
pub(crate) const SHIPPED: u32 = 15;
/// The kernel's first timeout on a short path (`TCP_RTO_MIN`).
const FIRST: Duration = Duration::from_millis(200);

/// The limit for a connection on which the peer's loss is to be known within `within`, or `None`
/// where the kernel's own rule has to stay: on a path so slow that it would send everything twice,
/// and where the kernel would give up before we do.
///
/// `retries` is the system's number of retransmissions (`net.ipv4.tcp_retries2`).
pub fn limit(within: Duration, info: &Snapshot, retries: u32) -> Option<Duration> {
    let wanted = wanted(within);
    let round_trip = info.round_trip_time? + 4 * info.round_trip_variation?;
    let limit = wanted.max(4 * round_trip).max(SMALLEST).max(left(within, info, retries)?);
    (limit < LARGEST && gives_up_after(limit, retries) > within + within / 2).then_some(limit)
}

/// Whether there is a path on which that time has a [`limit`].
pub(crate) fn is_limited(within: Duration) -> bool {
    wanted(within) < LARGEST
}

/// Six attempts in that time: one of them lies between four fifths and the end of it, whatever their
/// phase.
fn wanted(within: Duration) -> Duration {
    within / 6
}

/// What the limit has to be at least where a closed window is probed in vain: the kernel counts these
/// probes whatever the time between them was, and gives up when it has counted to the end. `None` where
/// it has.
fn left(within: Duration, info: &Snapshot, retries: u32) -> Option<Duration> {
    let closed = info.unacked == Some(0) && info.unsent.is_some_and(|bytes| bytes > 0);
    match info.probes.filter(|_| closed) {
        Some(out) if out > 0 => (within + within / 2).checked_div(retries.saturating_sub(out)),
        _ => Some(Duration::ZERO),
    }
}

/// The same for the connections that a listening socket is going to accept: nothing is known of
/// their paths yet.
pub fn limit_at_accept(within: Duration, retries: u32) -> Option<Duration> {
    let (round_trip_time, round_trip_variation) = (Some(Duration::ZERO), Some(Duration::ZERO));
    let unknown = Snapshot { round_trip_time, round_trip_variation, ..Snapshot::default() };
    limit(within, &unknown, retries)
}

/// When the kernel gives up by its own rule a connection on a short path whose data nobody
/// acknowledges, with so many retransmissions (`net.ipv4.tcp_retries2`).
pub fn system_gives_up_after(retries: u32) -> Duration {
    gives_up_after(LARGEST, retries)
}

/// When the kernel gives up a connection whose data nobody acknowledges.
fn gives_up_after(limit: Duration, retries: u32) -> Duration {
    // In whole milliseconds: this is asked at each look.
    let (mut timeout, limit) = (milliseconds(FIRST), milliseconds(limit));
    let mut total: u64 = 0;
    for _ in 0..=retries.min(1000) {
        total = total.saturating_add(timeout);
        timeout = (2 * timeout).min(limit);
    }
    Duration::from_millis(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(round_trip: u64) -> Snapshot {
        Snapshot {
            round_trip_time: Some(Duration::from_millis(round_trip)),
            round_trip_variation: Some(Duration::from_millis(round_trip / 2)),
            ..Snapshot::default()
        }
    }

    fn seconds(within: u64, round_trip: u64, retries: u32) -> Option<f64> {
        limit(Duration::from_secs(within), &path(round_trip), retries)
            .map(|time| time.as_secs_f64())
    }

    #[test]
    fn a_sixth_of_the_deadline_but_no_less_than_the_kernel_takes() {
        assert_eq!(seconds(2, 0, 15), Some(1.0));
        assert_eq!(seconds(4, 0, 15), Some(1.0));
        assert_eq!(seconds(30, 0, 15), Some(5.0));
        assert_eq!(seconds(240, 0, 15), Some(40.0));
    }

    #[test]
    fn a_slow_path_is_not_flooded() {
        assert_eq!(seconds(6, 1500, 15), Some(18.0));
        assert_eq!(seconds(6, 20_000, 15), None);
    }

    #[test]
    fn a_kernel_that_would_give_up_too_early_is_left_alone() {
        assert_eq!(seconds(30, 0, 3), None);
        assert_eq!(seconds(7200, 0, 15), None);
    }

    #[test]
    fn the_kernel_was_measured_to_give_up_at_these_times() {
        // Fifteen seconds and one minute; its timers are a little late.
        for (limit, measured) in [(1, 15.0), (5, 63.0)] {
            let total = gives_up_after(Duration::from_secs(limit), 15).as_secs_f64();
            assert!((total - measured).abs() < 0.06 * measured, "{total} for a limit of {limit} s");
        }
        // As shipped, and with fewer retransmissions.
        for (retries, measured) in [(15, 938.0), (8, 107.0)] {
            let total = system_gives_up_after(retries).as_secs_f64();
            assert!((total - measured).abs() < 0.06 * measured, "{total} for {retries} retries");
        }
    }

    #[test]
    fn the_kernel_keeps_its_own_rule_unless_it_outlives_the_deadline_by_half() {
        // A limit of 5 s: it gives up after 26, 36, 41 and 46 s.
        for (retries, limit) in [(8, None), (10, None), (11, None), (12, Some(5.0))] {
            assert_eq!(seconds(30, 0, retries), limit, "{retries} retransmissions");
        }
        // After 2.4 s, which is half more than the deadline and no longer.
        let exactly = Duration::from_millis(1600);
        assert_eq!(limit(exactly, &path(0), 3), None);
        assert_eq!(limit(exactly - Duration::from_millis(1), &path(0), 3), Some(SMALLEST));
    }

    #[test]
    fn a_limit_as_long_as_the_kernels_own_is_none() {
        assert_eq!(seconds(714, 0, 255), Some(119.0));
        assert_eq!(seconds(720, 0, 255), None);
        assert_eq!(limit(Duration::from_secs(6), &Snapshot::default(), 15), None);
    }

    #[test]
    fn the_probes_of_a_closed_window_that_are_left_to_the_kernel_last_for_the_promise() {
        let closed = Snapshot { unacked: Some(0), unsent: Some(1), ..path(0) };
        for (out, unsent, limit) in [
            (5, 1, Some(15_000)),
            (6, 1, Some(15_000)),
            (7, 1, Some(16_875)),
            (11, 1, Some(33_750)),
            (14, 1, None),
            (15, 1, None),
            (16, 1, None),
            // No data waits for the window.
            (11, 0, Some(15_000)),
        ] {
            let info = Snapshot { probes: Some(out), unsent: Some(unsent), ..closed };
            let given = super::limit(Duration::from_secs(90), &info, 15);
            assert_eq!(given, limit.map(Duration::from_millis), "{out} probes, {unsent} unsent");
        }
        // What is under way is another matter.
        let info = Snapshot { probes: Some(14), unacked: Some(1), ..closed };
        assert_eq!(super::limit(Duration::from_secs(90), &info, 15), Some(Duration::from_secs(15)));
    }

    #[test]
    fn a_listening_socket_knows_nothing_of_paths() {
        let at_accept = |within, retries| limit_at_accept(Duration::from_secs(within), retries);
        assert_eq!(at_accept(30, 15), Some(Duration::from_secs(5)));
        assert_eq!(at_accept(30, 3), None);
    }
}
