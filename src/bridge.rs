//! The C++ API's way into the core: converts and forwards, and decides nothing.
//!
//! What C++ cannot get across a bridge is written out flat: an optional value as [`ffi::Value`], an
//! error as [`ffi::Failure`]. The facade in `cpp/` makes `std::optional` and `std::error_code` of
//! them, so that no installed header shows a type of the bridge. A panic ends here ([`contain`]).

mod failures;
mod shapes;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::{Config, LEAVE_ALONE};
use crate::deadline::detect_within_range;
use crate::ends::{self, End};
use crate::found::Found;
use crate::kernel::Socket;
use crate::listener::{self, Inherited};
use crate::witness::Witness;
use crate::{defaults, duplicates, socket, sys, time};

#[cfg(feature = "qt")]
pub(crate) use failures::Fault;
pub(crate) use failures::contain;
use failures::split;
use shapes::{
    config_result, lowered, lowered_inherited, raised_capabilities, raised_inherited,
    raised_snapshot, saturate,
};

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
        Ok(Some(time)) => saturate(time::milliseconds(time)),
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
    raised_capabilities(contain(|| Ok(crate::capabilities())).unwrap_or_default())
}

fn tells_data_received() -> bool {
    sys::diagnosis().data_received
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

#[cfg(test)]
mod tests;
