// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times, as people type them and as people read them, and names.

use std::time::Duration;

use qkeepalive::LossReason;

/// A time from the command line: `6s`, `500ms`, `2h 11m`; a bare number is seconds, as in sysctl(8).
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text)
        .map_err(|_| "a time is wanted, such as 6s, 500ms or 2h (a bare number is seconds)".into())
}

/// At most two units: "2 h 11 min", "6 s", "500 ms". Nothing is rounded up.
pub fn time(time: Duration) -> String {
    let ms = time.as_millis();
    if ms < 1000 {
        return format!("{ms} ms");
    }
    if ms < 60_000 {
        // Tenths, and none where they are zero.
        let (seconds, tenths) = (ms / 1000, ms % 1000 / 100);
        return if tenths == 0 { format!("{seconds} s") } else { format!("{seconds}.{tenths} s") };
    }
    let seconds = ms / 1000;
    let units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (name, length) in units {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            parts.push(format!("{number} {name}"));
        } else if !parts.is_empty() {
            break; // "1 d 5 s" would say more than anybody wants to know
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

/// The same with the seconds that an option holds, where they are not the same words: "7200 s (2 h)".
pub fn time_and_seconds(value: Duration) -> String {
    let words = time(value);
    if value.subsec_nanos() == 0 && value.as_secs() >= 60 {
        return format!("{} s ({words})", value.as_secs());
    }
    words
}

/// The reason of a loss, by the name that it has everywhere.
pub fn reason(reason: LossReason) -> String {
    match reason {
        LossReason::Unknown => "UnknownLoss".to_owned(),
        reason => format!("{reason:?}"),
    }
}

/// Whole milliseconds, for JSON.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_unit() {
        assert_eq!(parse_time("100"), Ok(Duration::from_secs(100)));
        assert_eq!(parse_time("6s"), Ok(Duration::from_secs(6)));
        assert_eq!(parse_time(" 500ms "), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("2h 11m"), Ok(Duration::from_secs(7860)));
        for nonsense in ["", "s", "-5", "6 parsecs", "1e3", "99999999999999999999999"] {
            assert!(parse_time(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn times_are_told_in_two_units() {
        for (ms, words) in [
            (0, "0 ms"),
            (500, "500 ms"),
            (6000, "6 s"),
            (4560, "4.5 s"),
            (60_000, "1 min"),
            (7_875_000, "2 h 11 min"),
            (7_200_000, "2 h"),
            (86_405_000, "1 d"),
            (938_000, "15 min 38 s"),
        ] {
            assert_eq!(time(Duration::from_millis(ms)), words);
        }
        assert_eq!(time_and_seconds(Duration::from_secs(7200)), "7200 s (2 h)");
        assert_eq!(time_and_seconds(Duration::from_secs(9)), "9 s");
    }

    proptest::proptest! {
        #[test]
        fn what_is_told_can_be_typed_and_is_no_longer_than_the_time(ms in 0u64..10_000_000_000) {
            let given = Duration::from_millis(ms);
            let mut typed = time(given).replace("min", "m");
            if let Some((seconds, tenths)) = typed.clone().split_once('.') {
                typed = format!("{seconds} s {}00 ms", tenths.trim_end_matches(" s"));
            }
            let read = parse_time(&typed).unwrap();
            proptest::prop_assert!(read <= given && given < read * 2 + Duration::from_millis(1));
        }
    }
}
