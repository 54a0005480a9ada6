// SPDX-License-Identifier: MIT OR Apache-2.0
//! What somebody who knows would say to these values.

use std::time::Duration;

use qkeepalive::Config;
use qkeepalive::retransmission::system_gives_up_after;

use super::{SHIPPED, Values};
use crate::words::{time, time_and_seconds};

/// How long boxes on the way remember a silent connection. They forget it without a word, and what comes
/// after is dropped or reset. RFC 5382 asks for two hours at least; many have less.
const FORGETFUL: [(u64, &str); 3] = [
    (240, "common load balancers of clouds (4 min)"),
    (300, "many mobile networks and home routers (5 min)"),
    (7440, "a NAT that keeps to RFC 5382 (2 h 4 min)"),
];

/// All that apply. `left_alone`: what the system says where nothing was typed.
pub fn all(values: &Values, left_alone: &Config) -> Vec<String> {
    let Values { idle, interval, count, user_timeout, total, in_flight } = *values;
    let mut warnings = Vec::new();
    let forgotten: Vec<_> = FORGETFUL
        .iter()
        .filter(|(limit, _)| idle >= Duration::from_secs(*limit))
        .map(|(_, who)| *who)
        .collect();
    if !forgotten.is_empty() {
        warnings.push(format!(
            "idle {} is longer than a silent connection is remembered by {}: they drop it before the first \
             probe.",
            time(idle),
            forgotten.join(", ")
        ));
    }
    if let Some(timeout) = user_timeout {
        warnings.push(format!(
            "A user timeout of {} also ends a connection whose live peer merely reads nothing for that long, \
             and a connect that takes longer.",
            time(timeout)
        ));
        if timeout < idle {
            warnings.push(format!(
                "The user timeout is shorter than idle: on an idle connection the first unanswered probe ends \
                 it, after {}.",
                time(total)
            ));
        } else {
            warnings.push(format!(
                "On Linux the user timeout takes the place of the count ({count}) on an idle connection."
            ));
        }
    } else if count == 1 {
        warnings.push("With one probe a single lost packet ends a live connection.".into());
    }
    if user_timeout.is_none() && in_flight < total {
        warnings.push(gives_up_early(total, in_flight));
    }
    if interval < Duration::from_secs(1) || total < Duration::from_secs(4) {
        warnings.push(format!(
            "{} is short: a round trip longer than {} (mobile, satellite) looks like a dead peer.",
            time(total),
            time(total.saturating_sub(idle) / 2)
        ));
    }
    if total > Duration::from_secs(600) {
        warnings
            .push(format!("A program does not know for {} that its peer is gone.", time(total)));
    }
    if cfg!(any(target_os = "linux", target_os = "android")) {
        warnings.extend(changed(left_alone));
    }
    warnings
}

/// With data on its way the kernel does not wait for as long as was asked for.
fn gives_up_early(total: Duration, in_flight: Duration) -> String {
    let mut words = format!(
        "With data on its way the kernel gives up after {}, before the {} asked for: a shorter outage than \
         asked for already ends the connection.",
        time(in_flight),
        time(total)
    );
    if cfg!(any(target_os = "linux", target_os = "android")) {
        // The time grows with each retransmission, so the one tells the other.
        let least = |wanted: Duration| (0..=255).find(|n| system_gives_up_after(*n) >= wanted);
        if let Some(now) = least(in_flight) {
            words.push_str(&format!(" The cause is net.ipv4.tcp_retries2 = {now}"));
            words.push_str(&match least(total) {
                Some(enough) => {
                    format!("; {enough} is enough: sysctl -w net.ipv4.tcp_retries2={enough}")
                }
                None => ", and the largest, 255, is not enough either.".into(),
            });
        }
    }
    words
}

/// What was left alone and is not as the system is shipped.
fn changed(left_alone: &Config) -> Option<String> {
    let Config { idle, interval, count, .. } = *left_alone;
    let differs = |name: &str, here: Option<Duration>, shipped: Duration| {
        let here = here.filter(|here| *here != shipped)?;
        let (here, shipped) = (time_and_seconds(here), time_and_seconds(shipped));
        Some(format!("net.ipv4.tcp_keepalive_{name} is {here} and not {shipped}"))
    };
    let all: Vec<_> = [
        differs("time", idle, SHIPPED.idle),
        differs("intvl", interval, SHIPPED.interval),
        count.filter(|count| *count != SHIPPED.count).map(|count| {
            format!("net.ipv4.tcp_keepalive_probes is {count} and not {}", SHIPPED.count)
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!all.is_empty()).then(|| {
        format!(
            "What is left alone is not as this system is shipped: {}. Elsewhere the same program behaves \
             otherwise; set idle, interval and count on the socket.",
            all.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(idle: u64, interval: u64, count: u32, timeout: Option<u64>) -> Values {
        let seconds = Duration::from_secs;
        Values {
            idle: seconds(idle),
            interval: seconds(interval),
            count,
            user_timeout: timeout.map(seconds),
            total: seconds(idle + interval * u64::from(count)),
            in_flight: timeout.map_or(system_gives_up_after(15), seconds),
        }
    }

    fn warns_of(values: &Values, words: &str) -> bool {
        all(values, &Config::default()).iter().any(|warning| warning.contains(words))
    }

    #[test]
    fn moderate_values_are_not_warned_of() {
        assert_eq!(all(&values(15, 5, 3, None), &Config::default()), Vec::<String>::new());
    }

    #[test]
    fn an_idle_time_longer_than_boxes_remember_is_warned_of() {
        assert!(!warns_of(&values(239, 5, 3, None), "remembered"));
        assert!(warns_of(&values(240, 5, 3, None), "clouds"));
        assert!(warns_of(&values(7440, 5, 3, None), "RFC 5382"));
    }

    #[test]
    fn a_user_timeout_is_warned_of_for_slow_readers() {
        assert!(warns_of(&values(15, 5, 3, Some(30)), "reads nothing"));
        assert!(warns_of(&values(15, 5, 3, Some(10)), "shorter than idle"));
    }

    #[test]
    fn a_single_probe_and_a_short_time_are_warned_of() {
        assert!(warns_of(&values(1, 1, 1, None), "single lost packet"));
        assert!(warns_of(&values(1, 1, 1, None), "round trip"));
    }

    #[test]
    fn a_kernel_that_gives_up_before_the_time_asked_for_is_warned_of() {
        let retrying = |idle, retries| Values {
            in_flight: system_gives_up_after(retries),
            ..values(idle, 5, 3, None)
        };
        // 15 s and 30 s; after 0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4, 51 s the kernel gives up.
        for (idle, retries, early) in [
            (15, 15, false),
            (15, 7, false),
            (15, 6, true),
            (15, 0, true),
            (600, 15, false),
            (600, 12, true),
        ] {
            let values = retrying(idle, retries);
            assert_eq!(warns_of(&values, "With data on its way"), early, "{idle} s, {retries}");
        }
        let exactly = Values { in_flight: Duration::from_secs(30), ..values(15, 5, 3, None) };
        assert!(!warns_of(&exactly, "With data on its way"));
        let asked_for = Values { user_timeout: Some(Duration::from_secs(10)), ..retrying(15, 3) };
        assert!(!warns_of(&asked_for, "With data on its way"), "that is the user timeout's doing");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_setting_behind_it_is_named_with_one_that_is_enough() {
        let words = |total, retries| {
            gives_up_early(Duration::from_secs(total), system_gives_up_after(retries))
        };
        let early = words(30, 3);
        assert!(early.contains("net.ipv4.tcp_retries2 = 3; 7 is enough"), "{early}");
        assert!(early.contains("gives up after 3 s, before the 30 s asked for"), "{early}");
        assert!(early.ends_with("sysctl -w net.ipv4.tcp_retries2=7"), "{early}");
        assert!(words(1_000_000, 15).contains("255, is not enough"));
    }

    #[test]
    fn what_is_left_alone_is_warned_of_where_the_system_was_changed() {
        let seconds = |number| Some(Duration::from_secs(number));
        let shipped = Config {
            idle: Some(SHIPPED.idle),
            interval: Some(SHIPPED.interval),
            count: Some(SHIPPED.count),
            ..Config::default()
        };
        assert_eq!(changed(&shipped), None);
        assert_eq!(changed(&Config::default()), None, "nothing was left alone");
        let words = |config| changed(&config).expect("it is warned of");
        let idle = words(Config { idle: seconds(100), ..shipped });
        assert!(
            idle.contains("tcp_keepalive_time is 100 s (1 min 40 s) and not 7200 s (2 h)"),
            "{idle}"
        );
        assert!(!idle.contains("intvl") && !idle.contains("probes"), "{idle}");
        let others = words(Config { interval: seconds(10), count: Some(5), ..shipped });
        assert!(
            others.contains("tcp_keepalive_intvl is 10 s and not 75 s (1 min 15 s), "),
            "{others}"
        );
        assert!(others.contains("tcp_keepalive_probes is 5 and not 9."), "{others}");
    }
}
