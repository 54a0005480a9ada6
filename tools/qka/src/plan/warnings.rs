// SPDX-License-Identifier: MIT OR Apache-2.0
//! What somebody who knows would say to these values.

use std::time::Duration;

use super::Values;
use crate::words::time;

/// How long boxes on the way remember a silent connection. They forget it without a word, and what comes
/// after is dropped or reset. RFC 5382 asks for two hours at least; many have less.
const FORGETFUL: [(u64, &str); 3] = [
    (240, "common load balancers of clouds (4 min)"),
    (300, "many mobile networks and home routers (5 min)"),
    (7440, "a NAT that keeps to RFC 5382 (2 h 4 min)"),
];

/// All that apply.
pub fn all(values: &Values) -> Vec<String> {
    let Values { idle, interval, count, user_timeout, total, .. } = *values;
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
    warnings
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
            in_flight: seconds(timeout.unwrap_or(924)),
        }
    }

    fn warns_of(values: &Values, words: &str) -> bool {
        all(values).iter().any(|warning| warning.contains(words))
    }

    #[test]
    fn moderate_values_are_not_warned_of() {
        assert_eq!(all(&values(15, 5, 3, None)), Vec::<String>::new());
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
}
