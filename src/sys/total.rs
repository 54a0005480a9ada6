//! Idle, interval and count together: kernels that count milliseconds or ticks in 32 bits add them
//! up, and a sum that runs over would condemn a peer at its first probe.

use std::time::Duration;

use crate::error::{Error, OptionName, Quantity, Unit};
use crate::plan::{Limits, Offer, Plan, Range, Shipped, Together};

/// In seconds, the longest time that fits in 31 bits of milliseconds. No system here ticks faster,
/// and the timers compare with a sign.
pub(super) const LONGEST: i64 = i32::MAX as i64 / 1000;

/// Refuses a plan whose sum does not fit; what was left alone counts as shipped. The plan's times are
/// in seconds on every system that asks.
pub(super) fn check(plan: &Plan, limits: &Limits) -> Result<(), Error> {
    let given = |value: Option<u32>| value.map(i64::from);
    let shipped = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(LONGEST);
    let idle = given(plan.idle).unwrap_or(shipped(limits.shipped.idle));
    let interval = given(plan.interval).unwrap_or(shipped(limits.shipped.interval)).max(1);
    let count = given(plan.count).unwrap_or(limits.shipped.count.into()).max(1);
    if idle.saturating_add(interval.saturating_mul(count)) <= LONGEST {
        return Ok(());
    }
    // The one to blame, and how large it could have been beside the others.
    let rest = LONGEST - idle;
    let (range, value, most) = match (given(plan.interval), given(plan.count), given(plan.idle)) {
        (Some(value), ..) => (limits.interval.range()?, seconds(value), rest / count),
        (None, Some(value), _) => (limits.count.range()?, Quantity::Count(value), rest / interval),
        (None, None, Some(value)) => {
            (limits.idle.range()?, seconds(value), LONGEST - interval.saturating_mul(count))
        }
        (None, None, None) => return Ok(()),
    };
    Err(Range { max: most.max(range.min), ..*range }.refuse(value))
}

fn seconds(value: i64) -> Quantity {
    Quantity::Milliseconds(value.saturating_mul(1000))
}

/// The times that the kernel can add up, under the name of an option in seconds.
pub(super) const fn seconds_of(option: OptionName, min: i64) -> Range {
    Range { option, unit: Unit::Seconds, min, max: LONGEST }
}

/// What such a kernel's sockets accept, and what all of them are shipped with.
pub(super) const fn limits(
    idle: OptionName,
    interval: OptionName,
    count: OptionName,
    user_timeout: Offer,
) -> Limits {
    Limits {
        idle: Offer::Within(seconds_of(idle, 1)),
        interval: Offer::Within(seconds_of(interval, 1)),
        count: Offer::Within(Range { unit: Unit::Count, ..seconds_of(count, 1) }),
        user_timeout,
        user_timeout_replaces_count: false,
        together: Together::Never,
        shipped: Shipped {
            idle: Duration::from_secs(7200),
            interval: Duration::from_secs(75),
            count: 8,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const LIMITS: Limits = limits(
        OptionName(c"IDLE"),
        OptionName(c"INTERVAL"),
        OptionName(c"COUNT"),
        Offer::Within(seconds_of(OptionName(c"TIMEOUT"), 0)),
    );

    fn refusal(idle: Option<u64>, interval: Option<u64>, count: Option<u32>) -> Option<String> {
        let seconds = |time: Option<u64>| time.map(Duration::from_secs);
        let config =
            Config { idle: seconds(idle), interval: seconds(interval), count, ..Config::default() };
        let plan = Plan::new(&config, &LIMITS).expect("each value is within its range");
        check(&plan, &LIMITS).err().map(|error| error.to_string())
    }

    #[test]
    fn what_adds_up_is_accepted() {
        assert_eq!(refusal(None, None, None), None);
        assert_eq!(refusal(Some(2_000_000), Some(100), Some(1000)), None);
        assert_eq!(refusal(Some(2_147_482), Some(1), Some(1)), None);
    }

    #[test]
    fn what_does_not_is_refused_with_what_would() {
        let refused = refusal(Some(100), Some(1_000_000), Some(3)).unwrap();
        assert_eq!(refused, "INTERVAL: 1000000 s is not within 1..715794 s");
        let refused = refusal(None, None, Some(2_000_000)).unwrap();
        assert_eq!(refused, "COUNT: 2000000 is not within 1..28537");
        let refused = refusal(Some(2_147_483), None, None).unwrap();
        assert_eq!(refused, "IDLE: 2147483 s is not within 1..2146883 s");
    }
}
