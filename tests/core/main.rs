//! The public API of the crate, on real sockets and with the policy driven by hand.

#![allow(missing_docs)]

mod calls;
mod driven;
mod guard;
// What only its kernel tells, or only it does; everything else has to hold on every system.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
mod liveness;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod lives;
mod silences;
mod socket;
mod stream;
#[cfg(windows)]
mod windows;
mod witness;
mod world;
