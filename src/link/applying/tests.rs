use super::*;

fn times(idle: u64, interval: u64) -> Config {
    let ms = |ms| (ms > 0).then(|| Duration::from_millis(ms));
    Config { idle: ms(idle), interval: ms(interval), ..LEAVE_ALONE }
}

#[test]
fn what_goes_to_the_system_together_is_completed_by_what_was_sent_before() {
    let before = times(3000, 1000);
    for (together, changed, sent) in [
        (Together::Never, times(500, 0), times(500, 0)),
        (Together::BelowSeconds, times(2000, 0), times(2000, 0)),
        (Together::BelowSeconds, times(500, 0), times(500, 1000)),
        (Together::BelowSeconds, times(0, 250), times(3000, 250)),
        (Together::Always, times(2000, 0), times(2000, 1000)),
        (Together::Always, times(0, 0), times(0, 0)),
    ] {
        assert_eq!(completed(changed, &before, together), sent, "{together:?}");
    }
}

#[test]
fn what_was_sent_is_remembered_where_the_system_tells_it_roughly_or_not_at_all() {
    for (before, changed, read, known) in [
        // Read back in whole seconds.
        (times(500, 250), times(0, 0), times(1000, 1000), times(500, 250)),
        // Not read back at all.
        (times(500, 250), times(0, 0), times(0, 0), times(500, 250)),
        // What was changed is what was given.
        (times(500, 250), times(1000, 0), times(1000, 1000), times(1000, 250)),
        // Somebody else has changed it.
        (times(500, 250), times(0, 0), times(9000, 1000), times(9000, 250)),
        // Whole seconds are as they are read.
        (times(3000, 1000), times(0, 2000), times(3000, 2000), times(3000, 2000)),
    ] {
        assert_eq!(remembered(read, &changed, &before), known);
    }
}

/// Idle a minute, one probe a second, so many of them.
fn plan(count: u32) -> Config {
    Config { count: Some(count), ..times(60_000, 1000) }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_interval_is_longer_only_where_the_kernel_cannot_count_to_the_end_of_the_promise() {
    for (idle, silence, probes, slower) in [
        // Three more seconds at one probe each.
        (60, 60, 0, None),
        // As many as it can count, exactly, and one more.
        (117, 0, 3, None),
        (118, 0, 3, Some(2)),
        (117, 0, 4, Some(2)),
        (600, 0, 3, Some(6)),
        (600, 480, 3, Some(2)),
        // It has counted all of them already.
        (600, 0, 127, Some(604)),
    ] {
        let promise = Config { idle: Some(SECOND * idle), ..plan(3) };
        let found = slower_interval(&promise, SECOND * silence, probes);
        assert_eq!(found, slower.map(|slower| SECOND * slower), "{idle}, {silence}, {probes}");
    }
    let slow = Config { interval: Some(SECOND * 9), ..plan(3) };
    assert_eq!(slower_interval(&slow, Duration::ZERO, 120), Some(SECOND * 30));
    assert_eq!(slower_interval(&slow, Duration::ZERO, 110), None);
}

#[test]
fn the_count_lasts_to_the_end_of_the_promise() {
    for (interval, silence, probes, count) in [
        (None, 60, 1, Some(3 + 1 + 2)),
        (None, 30, 1, Some(33 + 1 + 2)),
        (Some(SECOND * 2), 30, 5, Some(16 + 5 + 2)),
        (None, 0, 100, Some(127)),
        (None, 100, 4, Some(4 + 2)),
    ] {
        let found = lasting_count(&plan(3), interval, SECOND * silence, probes);
        assert_eq!(found, count, "{interval:?}, {silence}, {probes}");
    }
}
