//! The public API of the crate, on real sockets and with the policy driven by hand.

#![allow(missing_docs)]

mod guard;
mod liveness;
mod socket;
mod witness;
mod world;
