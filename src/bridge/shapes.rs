//! The core's types in the shape in which they cross the bridge, and back.

use std::time::Duration;

use super::failures::{Fault, split};
use super::ffi;
use crate::capabilities::{Capabilities, TimeRange};
use crate::config::{Config, LEAVE_ALONE};
use crate::error::Error;
use crate::listener::Inherited;
use crate::plan::Offer;
use crate::snapshot::{ConnectionState, Snapshot};
use crate::{sys, time};

pub(super) fn lowered(config: &ffi::Config) -> Result<Config, Error> {
    let limits = sys::limits()?;
    let some = |value: ffi::Value| value.given.then_some(value.value);
    let time = |value: ffi::Value, offer: &Offer| {
        some(value).map(|ms| offer.range()?.milliseconds(ms)).transpose()
    };
    Ok(Config {
        enabled: config.enabled,
        idle: time(config.idle, &limits.idle)?,
        interval: time(config.interval, &limits.interval)?,
        count: some(config.count).map(|count| limits.count.range()?.number(count)).transpose()?,
        user_timeout: time(config.user_timeout, &limits.user_timeout)?,
    })
}

pub(super) fn raised(config: &Config) -> ffi::Config {
    ffi::Config {
        enabled: config.enabled,
        idle: milliseconds(config.idle),
        interval: milliseconds(config.interval),
        count: number(config.count),
        user_timeout: milliseconds(config.user_timeout),
    }
}

pub(super) fn raised_inherited(inherited: Result<Inherited, Fault>) -> ffi::Inherited {
    let known = inherited.is_ok();
    let has = inherited.unwrap_or(Inherited { values: LEAVE_ALONE, retransmit_within: None });
    ffi::Inherited {
        known,
        values: raised(&has.values),
        retransmit_within: milliseconds(has.retransmit_within),
    }
}

/// What was read from a socket may be longer than what can be written on one: no range applies.
pub(super) fn lowered_inherited(has: &ffi::Inherited) -> Option<Inherited> {
    let number = |value: ffi::Value| value.given.then(|| u64::try_from(value.value).unwrap_or(0));
    let time = |value| number(value).map(Duration::from_millis);
    has.known.then(|| Inherited {
        values: Config {
            enabled: has.values.enabled,
            idle: time(has.values.idle),
            interval: time(has.values.interval),
            count: number(has.values.count).and_then(|count| u32::try_from(count).ok()),
            user_timeout: time(has.values.user_timeout),
        },
        retransmit_within: time(has.retransmit_within),
    })
}

pub(super) fn raised_snapshot(snapshot: &Snapshot) -> ffi::Snapshot {
    ffi::Snapshot {
        state: number(snapshot.state.map(state_number)),
        probes: number(snapshot.probes),
        retransmits: number(snapshot.retransmits),
        total_retransmits: number(snapshot.total_retransmits),
        backoff: number(snapshot.backoff),
        unacked: number(snapshot.unacked),
        unsent: number(snapshot.unsent),
        round_trip_time: microseconds(snapshot.round_trip_time),
        round_trip_variation: microseconds(snapshot.round_trip_variation),
        retransmission_timeout: milliseconds(snapshot.retransmission_timeout),
        since_data_sent: milliseconds(snapshot.since_data_sent),
        since_data_received: milliseconds(snapshot.since_data_received),
        since_ack_received: milliseconds(snapshot.since_ack_received),
        segments_sent: number(snapshot.segments_sent),
        segments_received: number(snapshot.segments_received),
        data_segments_sent: number(snapshot.data_segments_sent),
        bytes_acknowledged: bytes(snapshot.bytes_acknowledged),
        bytes_received: bytes(snapshot.bytes_received),
    }
}

/// The numbers of `ka::ConnectionState`.
pub(super) fn state_number(state: ConnectionState) -> u32 {
    match state {
        ConnectionState::Closed => 0,
        ConnectionState::Listen => 1,
        ConnectionState::SynSent => 2,
        ConnectionState::SynReceived => 3,
        ConnectionState::Established => 4,
        ConnectionState::FinWait1 => 5,
        ConnectionState::FinWait2 => 6,
        ConnectionState::CloseWait => 7,
        ConnectionState::Closing => 8,
        ConnectionState::LastAck => 9,
        ConnectionState::TimeWait => 10,
    }
}

fn times(range: Option<TimeRange>) -> ffi::Span {
    let ms = |time| saturate(time::milliseconds(time));
    span(range.map(|TimeRange { min, max, step, .. }| [ms(min), ms(max), ms(step)]))
}

fn span(values: Option<[i64; 3]>) -> ffi::Span {
    let [min, max, step] = values.unwrap_or_default();
    ffi::Span { given: values.is_some(), min, max, step }
}

pub(super) fn value(value: Option<i64>) -> ffi::Value {
    ffi::Value { given: value.is_some(), value: value.unwrap_or(0) }
}

pub(super) fn number(number: Option<u32>) -> ffi::Value {
    value(number.map(i64::from))
}

pub(super) fn milliseconds(time: Option<Duration>) -> ffi::Value {
    value(time.map(|time| saturate(time::milliseconds(time))))
}

pub(super) fn microseconds(time: Option<Duration>) -> ffi::Value {
    value(time.map(|time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
}

pub(super) fn bytes(number: Option<u64>) -> ffi::Value {
    value(number.map(saturate))
}

pub(super) fn saturate(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One for all: a small program that links the library statically carries it once.
#[inline(never)]
pub(super) fn config_result(outcome: Result<Config, Fault>) -> ffi::ConfigResult {
    let (config, failure) = split(outcome);
    ffi::ConfigResult { config: raised(&config.unwrap_or_default()), failure }
}

pub(super) fn raised_capabilities(can: Capabilities) -> ffi::Capabilities {
    ffi::Capabilities {
        idle: times(can.idle),
        interval: times(can.interval),
        count: span(can.count.map(|counts| [*counts.start(), *counts.end(), 1].map(i64::from))),
        user_timeout: times(can.user_timeout),
        detect_within: times(can.detect_within),
        times_together: can.times_together,
        system_defaults: can.system_defaults,
        set_system_defaults: can.set_system_defaults,
        read_back: can.read_back,
        probes_counter: can.probes_counter,
        deadline: can.deadline,
        loss_reason: can.loss_reason,
        early_warning: can.early_warning,
    }
}
