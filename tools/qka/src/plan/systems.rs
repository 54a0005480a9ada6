// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same values on other systems, by the ranges and units of docs/systems.md.

use std::time::Duration;

use qkeepalive::Config;
use serde::{Serialize, Serializer};

use crate::words::{milliseconds, time};

/// What a system makes of the values.
#[derive(Debug, Serialize)]
pub struct Elsewhere {
    pub name: &'static str,
    /// Null where it refuses them.
    #[serde(rename = "detection_ms", serialize_with = "in_milliseconds")]
    pub detection: Option<Duration>,
    pub note: String,
}

fn in_milliseconds<S: Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(milliseconds).serialize(serializer)
}

/// One system's rules.
struct System {
    name: &'static str,
    /// The unit, and the shortest and longest idle time and interval; none where sockets take no values.
    times: Option<Times>,
    /// The most probes that can be asked for; none where the number is fixed to ten.
    counts: Option<u32>,
    timeout: Timeout,
    note: &'static str,
}

struct Times {
    unit: Duration,
    idle: [Duration; 2],
    interval: [Duration; 2],
}

/// What a user timeout is there.
enum Timeout {
    /// In place of the count, on an idle connection.
    ReplacesCount,
    /// For data only.
    DataOnly,
    /// There is none.
    Missing,
}

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
/// What fits in 32 bits of milliseconds.
const LONGEST: Duration = Duration::from_secs(2_147_483);

const fn seconds(longest: Duration) -> Option<Times> {
    Some(Times { unit: SECOND, idle: [SECOND, longest], interval: [SECOND, longest] })
}

const fn windows() -> Option<Times> {
    let longest = Duration::from_millis(u32::MAX as u64);
    Some(Times { unit: MS, idle: [MS, longest], interval: [MS, longest] })
}

const SYSTEMS: [System; 9] = [
    System {
        name: "Linux, Android",
        times: seconds(Duration::from_secs(32767)),
        counts: Some(127),
        timeout: Timeout::ReplacesCount,
        note: "the guard's own verdict; warns before it",
    },
    System {
        name: "Windows 10 1709",
        times: windows(),
        counts: Some(255),
        timeout: Timeout::DataOnly,
        note: "the kernel's verdict, no warning",
    },
    System {
        name: "Windows, older",
        times: windows(),
        counts: None,
        timeout: Timeout::DataOnly,
        note: "always ten probes",
    },
    System {
        name: "macOS, iOS",
        times: seconds(LONGEST),
        counts: Some(u32::MAX),
        timeout: Timeout::DataOnly,
        note: "the kernel's verdict, no warning",
    },
    System {
        name: "FreeBSD",
        times: seconds(LONGEST),
        counts: Some(u32::MAX),
        timeout: Timeout::DataOnly,
        note: "the guard's own verdict; user timeout since 14",
    },
    System {
        name: "NetBSD",
        times: seconds(LONGEST),
        counts: Some(u32::MAX),
        timeout: Timeout::Missing,
        note: "the kernel's verdict, no warning",
    },
    System {
        name: "DragonFly",
        times: seconds(LONGEST),
        counts: Some(u32::MAX),
        timeout: Timeout::Missing,
        note: "the kernel's verdict, no warning",
    },
    System {
        name: "OpenBSD",
        times: None,
        counts: None,
        timeout: Timeout::Missing,
        note: "sockets take no values; see sysctl net.inet.tcp.keepidle",
    },
    System {
        name: "illumos",
        times: Some(Times {
            unit: SECOND,
            idle: [Duration::from_secs(10), Duration::from_secs(864_000)],
            interval: [SECOND, Duration::from_secs(60)],
        }),
        counts: Some(u32::MAX),
        timeout: Timeout::DataOnly,
        note: "the kernel's verdict, no warning",
    },
];

/// All of them. `within`: the one knob, which each system turns into values of its own.
pub fn all(asked: &Config, within: Option<Duration>) -> Vec<Elsewhere> {
    SYSTEMS.iter().map(|system| system.explain(asked, within)).collect()
}

impl System {
    fn explain(&self, asked: &Config, within: Option<Duration>) -> Elsewhere {
        let answer = |detection, note| Elsewhere { name: self.name, detection, note };
        let Some(times) = &self.times else {
            return answer(None, self.note.to_string());
        };
        let timeout = asked.user_timeout.filter(|timeout| !timeout.is_zero());
        if timeout.is_some() && matches!(self.timeout, Timeout::Missing) {
            return answer(None, "has no user timeout".into());
        }
        // Where the number of probes is fixed, the one knob makes the interval fit.
        let (idle, interval, count) = match (within, self.counts) {
            (Some(within), None) => (within / 2, within / 20, 10),
            _ => (
                asked.idle.unwrap_or(Duration::from_secs(7200)),
                asked.interval.unwrap_or(Duration::from_secs(75)),
                self.counts.map_or(10, |_| asked.count.unwrap_or(9)),
            ),
        };
        let (Ok(idle), Ok(interval)) =
            (times.fit(idle, times.idle, "idle"), times.fit(interval, times.interval, "interval"))
        else {
            let refusal = times.fit(idle, times.idle, "idle").and(times.fit(
                interval,
                times.interval,
                "interval",
            ));
            return answer(None, refusal.unwrap_err());
        };
        if self.counts.is_some_and(|most| count > most) {
            let most = self.counts.unwrap_or_default();
            return answer(None, format!("count: {count} is not within 1..{most}"));
        }
        let probes = match (timeout, &self.timeout) {
            (Some(timeout), Timeout::ReplacesCount) => {
                let beyond = timeout.saturating_sub(idle).as_millis();
                u32::try_from(beyond.div_ceil(interval.as_millis().max(1)).max(1))
                    .unwrap_or(u32::MAX)
            }
            _ => count,
        };
        answer(Some(idle + interval * probes), self.note.to_string())
    }
}

impl Times {
    /// Rounded up to the unit, if it is within the range.
    fn fit(
        &self,
        wanted: Duration,
        [min, max]: [Duration; 2],
        name: &str,
    ) -> Result<Duration, String> {
        let units = wanted.as_nanos().div_ceil(self.unit.as_nanos());
        let fitted = self.unit * u32::try_from(units).unwrap_or(u32::MAX);
        if fitted < min || fitted > max {
            return Err(format!(
                "{name}: {} is not within {} .. {}",
                time(wanted),
                time(min),
                time(max)
            ));
        }
        Ok(fitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(name: &str, config: &Config, within: Option<Duration>) -> Elsewhere {
        let mut all = all(config, within);
        all.swap_remove(all.iter().position(|system| system.name == name).unwrap())
    }

    fn config(idle_ms: u64, interval_ms: u64, count: u32) -> Config {
        Config {
            idle: Some(Duration::from_millis(idle_ms)),
            interval: Some(Duration::from_millis(interval_ms)),
            count: Some(count),
            ..Config::default()
        }
    }

    #[test]
    fn parts_of_a_second_are_rounded_up_where_seconds_are_counted() {
        let fine = config(1500, 500, 3);
        let linux = on("Linux, Android", &fine, None);
        assert_eq!(linux.detection, Some(Duration::from_secs(5)));
        let windows = on("Windows 10 1709", &fine, None);
        assert_eq!(windows.detection, Some(Duration::from_millis(3000)));
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_the_range() {
        let linux = on("Linux, Android", &config(40_000_000, 1000, 3), None);
        assert_eq!(linux.detection, None);
        assert!(linux.note.contains("is not within 1 s .. 9 h 6 min"), "{}", linux.note);
        let illumos = on("illumos", &config(3000, 1000, 3), None);
        assert!(illumos.note.contains("10 s"), "{}", illumos.note);
        let count = on("Windows 10 1709", &config(3000, 1000, 300), None);
        assert!(count.note.contains("1..255"), "{}", count.note);
    }

    #[test]
    fn ten_probes_share_the_time_where_their_number_is_fixed() {
        let six = Duration::from_secs(6);
        let old = on("Windows, older", &Config::detect_within(six).unwrap(), Some(six));
        assert_eq!(old.detection, Some(six));
        let plain = on("Windows, older", &config(3000, 1000, 3), None);
        assert_eq!(plain.detection, Some(Duration::from_secs(13)));
    }

    /// The two tables say the same.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_said_of_linux_is_what_linux_can() {
        let can = qkeepalive::capabilities();
        let linux = SYSTEMS[0].times.as_ref().unwrap();
        let idle = can.idle.unwrap();
        assert_eq!(linux.idle, [idle.min, idle.max]);
        assert_eq!(linux.unit, idle.step);
        assert_eq!(SYSTEMS[0].counts, can.count.map(|counts| *counts.end()));
        for (count, timeout) in [(3, None), (9, Some(30_000)), (5, Some(2000))] {
            let asked = Config {
                user_timeout: timeout.map(Duration::from_millis),
                ..config(5000, 2000, count)
            };
            let here = on("Linux, Android", &asked, None);
            assert_eq!(here.detection, asked.detection_time());
        }
    }
}
