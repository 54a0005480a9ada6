//! What carries a guard's data in and out: asks the kernel, lets the guard decide, and does what comes
//! of it. What only the owner of the socket can do it returns as [`Orders`].

use crate::error::Error;
use crate::guard::{Clock, Facts, Guard, Input, Output, Wants};
use crate::kernel::Kernel;
use crate::loss::Loss;

/// What the owner of the socket is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orders {
    /// The connection is lost: tell it.
    pub loss: Option<Loss>,
    /// Abort the connection now.
    pub abort: bool,
    /// Why it is aborted. The loss itself comes when it is disconnected. `None` where the program's
    /// own close takes too long: that is no loss.
    pub verdict: Option<Loss>,
    /// Write a beat, and tell that ([`Input::BeatWritten`]).
    pub beat: bool,
}

/// Tells the guard what has happened, and the kernel what follows from it.
///
/// # Errors
///
/// As [`Guard::handle`].
pub fn drive(
    guard: &mut Guard,
    input: Input,
    clock: Clock,
    kernel: &mut impl Kernel,
) -> Result<Orders, Error> {
    let mut orders = Orders::default();
    let mut next = Some(input);
    let mut outcome = Ok(());
    while let Some(input) = next.take() {
        let wants = guard.wants(&input, clock);
        let facts = if wants == Wants::default() { Facts::default() } else { ask(wants, kernel) };
        outcome = guard.handle(input, facts, clock);
        while let Some(output) = guard.poll() {
            next = next.or(carry_out(output, &mut orders, kernel));
        }
    }
    outcome.map(|()| orders)
}

/// Asks the kernel for what the guard wants to know.
fn ask(wants: Wants, kernel: &mut impl Kernel) -> Facts {
    let mut facts = Facts::default();
    if wants.info {
        facts.info = kernel.snapshot();
    }
    // For a heart-beat, how much has really left.
    if let Some(info) = facts.info.as_mut().filter(|_| wants.left) {
        info.bytes_sent = kernel.bytes_left(info);
    }
    if wants.options {
        let mut options = kernel.query();
        if let (Ok(options), Some(count)) = (&mut options, kernel.noted_count()) {
            options.count = options.count.map(|left| left.min(count));
        }
        facts.options = Some(options);
    }
    let uncounted = facts.info.is_some_and(|info| info.probes.is_none());
    facts.probing = (wants.probing && uncounted).then(|| kernel.is_probing());
    facts.multipath = wants.multipath.then(|| kernel.is_multipath());
    facts.retries = wants.retries.then(|| kernel.retries());
    facts.retransmit_within = wants.retransmit_within.then(|| kernel.retransmission_limit());
    facts
}

/// Does it, or orders it. Returns what the guard waits for.
fn carry_out(output: Output, orders: &mut Orders, kernel: &mut impl Kernel) -> Option<Input> {
    match output {
        Output::Apply(config) => {
            let given = kernel.apply(&config);
            let read = given.as_ref().ok().and_then(|_| kernel.query().ok());
            return Some(Input::Applied { given, read });
        }
        Output::TakeError => return Some(Input::Error(kernel.take_error())),
        Output::ApplyWaiting(config) => {
            let _ = kernel.apply(&config);
        }
        Output::SetCount(count) => kernel.set_count(count),
        Output::Probe(in_force) => kernel.probe_now(&in_force),
        Output::RetransmitWithin(limit) => kernel.limit_retransmissions(limit),
        Output::PutBack(found) => found.put_back(kernel),
        Output::Beat => orders.beat = true,
        Output::Abort(verdict) => (orders.abort, orders.verdict) = (true, verdict),
        Output::Lost(loss) => orders.loss = Some(loss),
    }
    None
}
