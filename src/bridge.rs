//! The C++ API's way into the core: converts and forwards, and decides nothing.
//!
//! What C++ cannot get across a bridge is written out flat: an optional value as [`ffi::Value`], an
//! error as [`ffi::Failure`]. The facade in `cpp/` makes `std::optional` and `std::error_code` of
//! them, so that no installed header shows a type of the bridge. A panic ends here
//! ([`contain`]).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cxx::{CxxString, UniquePtr};

use crate::capabilities::TimeRange;
use crate::config::{Config, LEAVE_ALONE, detect_within_range};
use crate::ends::{self, End};
use crate::error::Error;
use crate::found::Found;
use crate::kernel::Socket;
use crate::listener::{self, Inherited};
use crate::plan::Offer;
use crate::snapshot::{ConnectionState, Snapshot};
use crate::witness::Witness;
use crate::{defaults, duplicates, plan, socket, sys};

#[cxx::bridge(namespace = "qkeepalive::bridge")]
pub(crate) mod ffi {
    /// An optional number; times are in milliseconds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Value {
        given: bool,
        value: i64,
    }

    /// [`crate::Config`].
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Config {
        enabled: bool,
        idle: Value,
        interval: Value,
        count: Value,
        user_timeout: Value,
    }

    /// [`crate::Snapshot`]; round-trip times are in microseconds.
    #[derive(Debug, Clone, Copy)]
    struct Snapshot {
        state: Value,
        probes: Value,
        retransmits: Value,
        total_retransmits: Value,
        backoff: Value,
        unacked: Value,
        unsent: Value,
        round_trip_time: Value,
        round_trip_variation: Value,
        retransmission_timeout: Value,
        since_data_sent: Value,
        since_data_received: Value,
        since_ack_received: Value,
        segments_sent: Value,
        segments_received: Value,
        data_segments_sent: Value,
        bytes_acknowledged: Value,
        bytes_received: Value,
    }

    /// The values that an option accepts, if it exists; times are in milliseconds.
    #[derive(Debug, Clone, Copy)]
    struct Span {
        given: bool,
        min: i64,
        max: i64,
        step: i64,
    }

    /// [`crate::Capabilities`].
    #[derive(Debug, Clone, Copy)]
    struct Capabilities {
        idle: Span,
        interval: Span,
        count: Span,
        user_timeout: Span,
        detect_within: Span,
        times_together: bool,
        system_defaults: bool,
        set_system_defaults: bool,
        read_back: bool,
        probes_counter: bool,
        deadline: bool,
        loss_reason: bool,
        early_warning: bool,
    }

    /// What a connection has from the socket that accepted it ([`crate::listener`]), or what such a
    /// socket has for it. Not `known` where it cannot be read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Inherited {
        known: bool,
        values: Config,
        retransmit_within: Value,
    }

    /// Whose number [`Failure::code`] is.
    #[derive(Debug)]
    enum Category {
        /// Nothing failed.
        None,
        /// This library's (`ka::errc`).
        Library,
        /// The system's (`errno`).
        System,
        /// A defect of this library.
        Internal,
    }

    /// [`crate::Error`].
    struct Failure {
        category: Category,
        code: i32,
        /// NUL-terminated, valid for the life of the program, never null.
        option: *const c_char,
        /// Null where nothing failed.
        message: UniquePtr<CxxString>,
    }

    /// [`crate::ends::End`].
    #[derive(Debug, Clone, Copy)]
    struct End {
        address: [u8; 16],
        port: u16,
    }

    struct ConfigResult {
        config: Config,
        failure: Failure,
    }

    struct SnapshotResult {
        snapshot: Snapshot,
        failure: Failure,
    }

    unsafe extern "C++" {
        include!("qkeepalive/cpp/message.h");
        fn message(words: &str) -> UniquePtr<CxxString>;
    }

    extern "Rust" {
        fn detect_within(milliseconds: i64) -> ConfigResult;
        /// Milliseconds, −1 for never.
        fn detection_time(config: &Config) -> i64;
        fn apply(descriptor: i64, config: &Config) -> ConfigResult;
        fn query(descriptor: i64) -> ConfigResult;
        fn snapshot(descriptor: i64) -> SnapshotResult;
        fn capabilities() -> Capabilities;
        /// Whether the kernel tells that data came in.
        fn tells_data_received() -> bool;
        fn system_defaults() -> ConfigResult;
        fn set_system_defaults(config: &Config) -> ConfigResult;

        /// How often [`apply`] was called: whether a listening socket may have changed.
        fn applications() -> u64;
        // What a listening socket hands down: see [`crate::listener`].
        fn hands_down(listener: i64) -> bool;
        fn inherited(socket: i64) -> Inherited;
        fn give_listener(listener: i64, config: &Config) -> Inherited;
        fn suits(has: &Inherited, config: &Config) -> bool;
        fn found_anew(first: &Inherited, put: &Inherited, now: &Inherited) -> Inherited;
        fn put_back(listener: i64, found: &Inherited);

        /// A duplicate of a connected socket's descriptor, or none: see [`crate::witness`].
        type MaybeWitness;
        /// Where descriptors are `scarce`, it gets no duplicate and all others lose theirs.
        fn witness(descriptor: i64, scarce: bool) -> Box<MaybeWitness>;
        /// The number that the next descriptor gets; −1 where there is no duplicate to let go of.
        fn next_descriptor() -> i64;
        /// Closes the duplicates of all witnesses.
        fn release_duplicates();
        /// Whether `is_of` can tell.
        fn knows_its_own(self: &MaybeWitness) -> bool;
        fn is_of(self: &MaybeWitness, descriptor: i64) -> bool;
        /// Whether there is a duplicate, which holds back the FIN.
        fn holds(self: &MaybeWitness) -> bool;
        /// Closes the duplicate.
        fn let_go(self: &mut MaybeWitness);
        /// What stands for the duplicate where a descriptor to read from is passed; −1 where there is
        /// none.
        fn handle(self: &MaybeWitness) -> i64;
        /// Keeps what was found on the socket: see [`crate::found`].
        fn hold(self: &mut MaybeWitness, found: &[i64; 6]);
        /// Puts that back on this descriptor, which is known to be the socket's.
        fn restore(self: &mut MaybeWitness, descriptor: i64);
        /// The same as numbers, for what a listening socket had.
        fn found_numbers(found: &Inherited) -> [i64; 6];

        /// Makes the close to come drop what is queued.
        fn discard_unsent(descriptor: i64);

        /// Whether this is the connection between these two ends, as the kernel knows them.
        fn is_between(descriptor: i64, local: &End, peer: &End) -> bool;
        /// Likewise, of one that may be over.
        fn may_be_between(descriptor: i64, local: &End, peer: &End) -> bool;
    }
}

fn detect_within(milliseconds: i64) -> ffi::ConfigResult {
    config_result(contain(|| {
        let total = detect_within_range(sys::limits()?)?.milliseconds(milliseconds)?;
        Config::detect_within(total)
    }))
}

fn detection_time(config: &ffi::Config) -> i64 {
    let time = contain(|| Ok(lowered(config)?.detection_time()));
    match time {
        Ok(Some(time)) => saturate(plan::milliseconds(time)),
        Ok(None) | Err(_) => -1,
    }
}

static APPLICATIONS: AtomicU64 = AtomicU64::new(0);

fn apply(descriptor: i64, config: &ffi::Config) -> ffi::ConfigResult {
    APPLICATIONS.fetch_add(1, Ordering::Relaxed);
    config_result(contain(|| socket::apply_to(sys::borrow(descriptor)?, &lowered(config)?)))
}

fn query(descriptor: i64) -> ffi::ConfigResult {
    config_result(contain(|| sys::query(sys::borrow(descriptor)?)))
}

fn snapshot(descriptor: i64) -> ffi::SnapshotResult {
    let (snapshot, failure) = split(contain(|| sys::snapshot(sys::borrow(descriptor)?)));
    ffi::SnapshotResult { snapshot: raised_snapshot(&snapshot.unwrap_or_default()), failure }
}

fn system_defaults() -> ffi::ConfigResult {
    config_result(contain(defaults::system_defaults))
}

fn set_system_defaults(config: &ffi::Config) -> ffi::ConfigResult {
    config_result(contain(|| defaults::set_system_defaults(&lowered(config)?)))
}

fn capabilities() -> ffi::Capabilities {
    let can = contain(|| Ok(crate::capabilities())).unwrap_or_default();
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

fn tells_data_received() -> bool {
    sys::diagnosis().data_received
}

fn times(range: Option<TimeRange>) -> ffi::Span {
    let ms = |time| saturate(plan::milliseconds(time));
    span(range.map(|TimeRange { min, max, step, .. }| [ms(min), ms(max), ms(step)]))
}

fn span(values: Option<[i64; 3]>) -> ffi::Span {
    let [min, max, step] = values.unwrap_or_default();
    ffi::Span { given: values.is_some(), min, max, step }
}

fn applications() -> u64 {
    APPLICATIONS.load(Ordering::Relaxed)
}

fn hands_down(listener: i64) -> bool {
    contain(|| Ok(listener::hands_down(sys::borrow(listener)?))).unwrap_or(false)
}

fn inherited(socket: i64) -> ffi::Inherited {
    raised_inherited(contain(|| Inherited::of(sys::borrow(socket)?)))
}

fn give_listener(listener: i64, config: &ffi::Config) -> ffi::Inherited {
    raised_inherited(contain(|| Inherited::give(sys::borrow(listener)?, &lowered(config)?)))
}

fn suits(has: &ffi::Inherited, config: &ffi::Config) -> bool {
    let suits = |has: Inherited| contain(|| Ok(has.suits(&lowered(config)?))).unwrap_or(false);
    lowered_inherited(has).is_some_and(suits)
}

fn found_anew(
    first: &ffi::Inherited,
    put: &ffi::Inherited,
    now: &ffi::Inherited,
) -> ffi::Inherited {
    match (lowered_inherited(first), lowered_inherited(put), lowered_inherited(now)) {
        (Some(first), Some(put), Some(now)) => raised_inherited(Ok(first.found_anew(&put, &now))),
        _ => *first,
    }
}

fn put_back(listener: i64, found: &ffi::Inherited) {
    if let Some(found) = lowered_inherited(found) {
        let _ = contain(|| found.put_back(sys::borrow(listener)?));
    }
}

/// A [`Witness`] where one could be had: without it a loss is told, only not explained. With it is kept
/// what was found on the socket, because it outlives the guard by just the moment that this takes.
pub(crate) struct MaybeWitness(Option<Witness>, Option<Found>);

fn witness(descriptor: i64, scarce: bool) -> Box<MaybeWitness> {
    let witness = contain(|| {
        let socket = sys::borrow(descriptor)?;
        if scarce {
            duplicates::release_all();
        }
        Ok(Witness::at_best(socket, !scarce))
    });
    Box::new(MaybeWitness(witness.ok(), None))
}

fn next_descriptor() -> i64 {
    contain(|| Ok(duplicates::next_number().unwrap_or(-1))).unwrap_or(-1)
}

fn release_duplicates() {
    let _ = contain(|| {
        duplicates::release_all();
        Ok(())
    });
}

impl MaybeWitness {
    fn knows_its_own(&self) -> bool {
        self.0.as_ref().is_some_and(Witness::knows_its_own)
    }

    fn is_of(&self, descriptor: i64) -> bool {
        let same = contain(|| {
            let socket = sys::borrow(descriptor)?;
            Ok(self.0.as_ref().is_none_or(|witness| witness.is_of_borrowed(socket)))
        });
        same.unwrap_or(false)
    }

    fn holds(&self) -> bool {
        self.0.as_ref().is_some_and(Witness::holds)
    }

    fn let_go(&mut self) {
        self.0.as_mut().into_iter().for_each(Witness::let_go);
    }

    fn handle(&self) -> i64 {
        self.0.as_ref().map_or(-1, Witness::handle)
    }
}

impl MaybeWitness {
    fn hold(&mut self, found: &[i64; 6]) {
        self.1 = Some(Found::of_numbers(*found));
    }

    fn restore(&mut self, descriptor: i64) {
        let Some(found) = self.1.take() else { return };
        let _ = contain(|| {
            found.put_back(&mut Socket::borrowing(sys::borrow(descriptor)?));
            Ok(())
        });
    }
}

fn found_numbers(found: &ffi::Inherited) -> [i64; 6] {
    let has = lowered_inherited(found);
    let mut found = Found::new(&has.map_or(LEAVE_ALONE, |has| has.values));
    found.note_retransmissions(has.and_then(|has| has.retransmit_within));
    found.numbers()
}

fn discard_unsent(descriptor: i64) {
    let _ = contain(|| sys::discard_unsent(sys::borrow(descriptor)?));
}

fn is_between(descriptor: i64, local: &ffi::End, peer: &ffi::End) -> bool {
    let known = contain(|| Ok(ends::is_between(sys::borrow(descriptor)?, end(local), end(peer))));
    known.unwrap_or(false)
}

fn may_be_between(descriptor: i64, local: &ffi::End, peer: &ffi::End) -> bool {
    let known =
        contain(|| Ok(ends::may_be_between(sys::borrow(descriptor)?, end(local), end(peer))));
    known.unwrap_or(false)
}

fn end(end: &ffi::End) -> End {
    End { address: end.address, port: end.port }
}

/// What went wrong on this side of the bridge.
pub(crate) enum Fault {
    /// The call was refused.
    Refused(Error),
    /// A defect of this library, with the panic's own words.
    Panic(String),
}

/// Runs `work` and lets no panic out of it: unwinding into C++ would end the whole program.
pub(crate) fn contain<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Fault> {
    // AssertUnwindSafe: the core's functions hold no state that a panic could leave half changed,
    // and the guard assigns its state only after everything that can fail.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome.map_err(Fault::Refused),
        Err(panic) => Err(Fault::Panic(panic_message(panic))),
    }
}

#[cold]
#[inline(never)]
fn panic_message(panic: Box<dyn Any + Send>) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("internal error of qkeepalive, please report it: {words}")
}

/// One for all: a small program that links the library statically carries it once.
#[inline(never)]
fn config_result(outcome: Result<Config, Fault>) -> ffi::ConfigResult {
    let (config, failure) = split(outcome);
    ffi::ConfigResult { config: raised(&config.unwrap_or_default()), failure }
}

fn split<T>(outcome: Result<T, Fault>) -> (Option<T>, ffi::Failure) {
    match outcome {
        Ok(value) => (Some(value), flat_failure(ffi::Category::None, 0, c"", UniquePtr::null())),
        Err(fault) => (None, failure(fault)),
    }
}

#[cold]
fn failure(fault: Fault) -> ffi::Failure {
    let error = match fault {
        Fault::Panic(words) => {
            return flat_failure(ffi::Category::Internal, 0, c"", ffi::message(&words));
        }
        Fault::Refused(error) => error,
    };
    let (category, code) = match (error.code(), error.system_code()) {
        (Some(code), _) => (ffi::Category::Library, code),
        (None, Some(code)) => (ffi::Category::System, code),
        // A file that holds nonsense has no number of the system's.
        (None, None) => (ffi::Category::Internal, 0),
    };
    flat_failure(category, code, error.option().as_c_str(), ffi::message(&error.to_string()))
}

fn flat_failure(
    category: ffi::Category,
    code: i32,
    option: &'static std::ffi::CStr,
    message: UniquePtr<CxxString>,
) -> ffi::Failure {
    ffi::Failure { category, code, option: option.as_ptr(), message }
}

fn lowered(config: &ffi::Config) -> Result<Config, Error> {
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

fn raised(config: &Config) -> ffi::Config {
    ffi::Config {
        enabled: config.enabled,
        idle: milliseconds(config.idle),
        interval: milliseconds(config.interval),
        count: number(config.count),
        user_timeout: milliseconds(config.user_timeout),
    }
}

fn raised_inherited(inherited: Result<Inherited, Fault>) -> ffi::Inherited {
    let known = inherited.is_ok();
    let has = inherited.unwrap_or(Inherited { values: LEAVE_ALONE, retransmit_within: None });
    ffi::Inherited {
        known,
        values: raised(&has.values),
        retransmit_within: milliseconds(has.retransmit_within),
    }
}

/// What was read from a socket may be longer than what can be written on one: no range applies.
fn lowered_inherited(has: &ffi::Inherited) -> Option<Inherited> {
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

fn raised_snapshot(snapshot: &Snapshot) -> ffi::Snapshot {
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
fn state_number(state: ConnectionState) -> u32 {
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

fn value(value: Option<i64>) -> ffi::Value {
    ffi::Value { given: value.is_some(), value: value.unwrap_or(0) }
}

fn number(number: Option<u32>) -> ffi::Value {
    value(number.map(i64::from))
}

fn milliseconds(time: Option<Duration>) -> ffi::Value {
    value(time.map(|time| saturate(plan::milliseconds(time))))
}

fn microseconds(time: Option<Duration>) -> ffi::Value {
    value(time.map(|time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX)))
}

fn bytes(number: Option<u64>) -> ffi::Value {
    value(number.map(saturate))
}

fn saturate(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_words() {
        let (value, failure) = split(contain::<()>(|| panic!("the roof is on fire")));
        assert!(value.is_none());
        assert_eq!(failure.category, ffi::Category::Internal);
        assert!(failure.message.to_string().ends_with("please report it: the roof is on fire"));
    }

    #[test]
    fn no_descriptor_and_negative_values_are_refused_by_name() {
        let on = raised(&Config::default());
        let refused = apply(-1, &on);
        assert_eq!(refused.failure.category, ffi::Category::Library);
        assert_eq!(refused.failure.code, Error::NO_DESCRIPTOR);
        let negative = ffi::Config { idle: value(Some(-5)), ..on };
        let refused = set_system_defaults(&negative);
        assert_eq!(refused.failure.code, Error::OUT_OF_RANGE);
        let words = refused.failure.message.to_string();
        assert!(words.contains(": -5 ms is not within 1.."), "{words}");
        assert_eq!(detection_time(&negative), -1);
    }

    proptest! {
        #[test]
        fn whatever_c_plus_plus_sends_is_answered(
            descriptor in prop_oneof![Just(-1i64), i64::MIN..0, (1i64 << 31)..=i64::MAX],
            enabled: bool, idle: Option<i64>, interval: Option<i64>,
            count: Option<i64>, user_timeout: Option<i64>,
        ) {
            let config = ffi::Config {
                enabled,
                idle: value(idle),
                interval: value(interval),
                count: value(count),
                user_timeout: value(user_timeout),
            };
            prop_assert_eq!(apply(descriptor, &config).failure.category, ffi::Category::Library);
            prop_assert!(detection_time(&config) >= -1);
            let within = detect_within(idle.unwrap_or(0)).failure;
            prop_assert!(within.category != ffi::Category::Internal, "{}", within.message);
        }
    }
}
