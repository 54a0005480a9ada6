//! How the guard is let decide, and what came of it is shown.
//!
//! Each call does the same three things: it lets the guard decide, compares the guard's [`View`] before
//! and after, and hands the differences to the base's `publish`, which emits. No borrow of the guard is
//! alive then, and nothing of this object is touched afterwards: a slot may set properties, connect the
//! socket anew, or delete the object.

use std::pin::Pin;
use std::time::Instant;

use cxx_qt::CxxQtType as _;
use cxx_qt_lib::QString;

use super::ffi;
use super::properties::{PROPERTIES, bit, milliseconds, qt_reason};
use crate::bridge::{Fault, contain};
use crate::driver::{Orders, drive};
use crate::guard::{About, Clock, Facts, Guard, Input, State, View};
use crate::kernel;

impl ffi::GuardObject {
    /// Tells the guard what has happened on the connection of this descriptor, one after the other, and
    /// shows what came of it.
    pub(super) fn decide(
        self: Pin<&mut Self>,
        changes: u32,
        descriptor: i64,
        inputs: impl IntoIterator<Item = Input>,
    ) {
        let mut kernel = kernel::Socket::numbered(descriptor);
        self.show(changes, |guard| {
            let mut orders = Orders::default();
            let outcome = contain(|| {
                for input in inputs {
                    orders = drive(guard, input, Clock::read(), &mut kernel)?;
                }
                Ok(())
            });
            match outcome {
                Ok(()) => (orders, None),
                Err(Fault::Refused(error)) => (Orders::default(), Some(error.to_string())),
                Err(Fault::Panic(why)) => refuse(guard, About::Connection, why),
            }
        });
    }

    /// Runs `act` on the guard, does what it ordered, and emits what has changed by it. The last
    /// thing that a function does: a slot may have deleted the object.
    pub(super) fn show(
        mut self: Pin<&mut Self>,
        changes: u32,
        act: impl FnOnce(&mut Guard) -> (Orders, Option<String>),
    ) {
        let guard = &mut self.as_mut().rust_mut().get_mut().guard;
        let before = guard.view();
        let found = guard.found().filter(|_| changes & CONNECTING == 0);
        let refusals = guard.refusals();
        let (orders, failure) = act(guard);
        let after = guard.view();
        // Not only what a call has returned.
        let failure =
            failure.or_else(|| (guard.refusals() != refusals).then(|| after.error.clone()));
        let differences = differences(&before, &after) | acts(&orders);
        let changes = (changes & !CONNECTING) | differences;
        let (next_look, hears) = (guard.next_look(), guard.wants_received());

        // It outlives the guard by the moment that it takes to put it back.
        let now_found = guard.found().filter(|now| Some(*now) != found);
        if let Some([enabled, idle, interval, count, user_timeout, retransmit_within]) =
            now_found.map(|found| found.numbers())
        {
            let this = self.as_mut();
            this.hold_found(enabled, idle, interval, count, user_timeout, retransmit_within);
        }
        self.as_mut().hear_received(hears);

        // Lost and not aborted: Qt may take long to find out, and the FIN is not to wait for it.
        if orders.loss.is_some() {
            self.as_mut().drop_witness();
        }
        let (after, lateness) = next_look.map_or((-1, 0), |look| {
            let now = Instant::now();
            let wait = look.at.saturating_duration_since(now);
            // Rounded up: a look that comes early finds nothing and has to come again.
            let after = i64::from(milliseconds(Some(wait), 0)) + 1;
            // One that is due is not put off by each call in between.
            let spent = now.saturating_duration_since(look.at);
            let lateness = look.lateness.saturating_sub(spent);
            (after, i64::from(milliseconds(Some(lateness), 0)))
        });
        self.as_mut().look_in(after, lateness);

        if changes == 0 && orders.loss.is_none() && failure.is_none() {
            return; // as nearly always
        }
        // With the order to abort it is what the socket says of itself.
        let said = orders.loss.or(orders.verdict);
        let detail = said.map(|loss| QString::from(&loss.to_string())).unwrap_or_default();
        let failure = failure.map(|words| QString::from(&words)).unwrap_or_default();
        self.publish(changes, qt_reason(orders.loss.map(|loss| loss.reason)), &detail, &failure);
    }
}

/// Beside the changes: there may be another connection now. No change has this bit.
pub(super) const CONNECTING: u32 = 1 << 31;

pub(super) fn refuse(guard: &mut Guard, about: About, why: String) -> (Orders, Option<String>) {
    let _ =
        guard.handle(Input::Refused { about, why: why.clone() }, Facts::default(), Clock::read());
    (Orders::default(), Some(why))
}

/// What is to be seen of it, as bits.
fn differences(before: &View, after: &View) -> u32 {
    if before == after {
        return 0; // as nearly always
    }
    let numbers = PROPERTIES.iter().filter(|it| (it.get)(before) != (it.get)(after));
    let numbers = numbers.fold(0, |bits, it| bits | bit(it.property));
    let (was, is) = (before.state, after.state);
    numbers
        | bits(&[
            (ffi::Change::ErrorString, before.error != after.error),
            (ffi::Change::Capabilities, before.blind != after.blind),
            (ffi::Change::Suspected, was != State::Suspect && is == State::Suspect),
            (ffi::Change::Recovered, was == State::Suspect && is == State::Healthy),
        ])
}

fn acts(orders: &Orders) -> u32 {
    bits(&[(ffi::Change::BeatDue, orders.beat), (ffi::Change::MustAbort, orders.abort)])
}

fn bits(changes: &[(ffi::Change, bool)]) -> u32 {
    changes.iter().filter(|(_, changed)| *changed).fold(0, |bits, (change, _)| bits | change.repr)
}
