//! One contract, one file per operating system, and every `unsafe` of the core.
//!
//! A system provides, under these names:
//!
//! | Name | Does |
//! |---|---|
//! | `Borrowed`, `Owned`, `AsDescriptor` | the system's descriptor: borrowed, owned, and what can lend one |
//! | `lend(socket)` | the descriptor of anything that can lend one |
//! | `borrow(number)` | a borrowed descriptor from a number, or [`NoDescriptor`] |
//! | `limits()` | what its sockets accept, found by asking the system where its version decides |
//! | `diagnosis()` | what it tells of its connections |
//! | `apply(descriptor, plan)` | tells the kernel, all or nothing |
//! | `query(descriptor)` | what is in force on a socket; `None` for what cannot be read |
//! | `snapshot(descriptor)` | what the kernel knows of the connection; [`Unsupported`] where it tells nothing at all |
//! | `duplicate(descriptor)` | a second descriptor of the same socket, not inherited by children |
//! | `identity(descriptor)` | a number that no other socket has at the same time; `None` where it cannot be told, as for a connection that is gone |
//! | `error_pending(descriptor)` | whether an error waits to be read, without reading it |
//! | `take_error(descriptor)` | that error, or what the kernel has heard of the network; takes it away |
//! | `error_name(code)` | the name of one of the system's errors, where the system's own words lack it |
//! | `unacknowledged(descriptor)` | how many bytes the peer has not acknowledged, sent or not |
//! | `probe_now(descriptor, config)` | sends one keepalive probe more than the plan has |
//! | `set_count(descriptor, count)` | how many of them go unanswered before the system gives up, in the middle of it |
//! | `discard_unsent(descriptor)` | the close to come drops what is queued and resets the connection |
//! | `retransmission_limit(descriptor)`, `limit_retransmissions(descriptor, time)` | the longest time between two of them |
//! | `retries()` | after how many of them the system gives up |
//! | `is_multipath(descriptor)` | whether this is MPTCP |
//! | `asleep()` | how long this machine has slept |
//! | `system_defaults()`, `set_system_defaults(config)` | the values behind sockets that say nothing |
//!
//! What is a help and no promise (`unacknowledged` and the five after it) answers [`Unsupported`] where
//! there is nothing of the kind. This list of modules and what is below it are the only places that
//! name a system.
//!
//! A system without a file of its own gets the one that answers [`Unsupported`].
//!
//! [`NoDescriptor`]: crate::Error::NoDescriptor
//! [`Unsupported`]: crate::Error::Unsupported

// What is the same on every POSIX system, and what several systems share. The tests of these parts
// run where there is something to run them on.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[allow(dead_code)]
mod apple_info;
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "dragonfly",
    target_os = "openbsd",
))]
#[allow(dead_code)]
mod bsd;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[allow(dead_code)]
mod bsd_info;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[allow(dead_code)]
mod change;
#[cfg(unix)]
#[allow(dead_code)]
mod posix;
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[allow(dead_code)]
mod total;
#[cfg(unix)]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
mod unix;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::*;

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(target_vendor = "apple")]
pub use apple::*;

#[cfg(target_os = "freebsd")]
mod freebsd;
#[cfg(target_os = "freebsd")]
pub use freebsd::*;

#[cfg(target_os = "netbsd")]
mod netbsd;
#[cfg(target_os = "netbsd")]
pub use netbsd::*;

#[cfg(target_os = "dragonfly")]
mod dragonfly;
#[cfg(target_os = "dragonfly")]
pub use dragonfly::*;

#[cfg(target_os = "openbsd")]
mod openbsd;
#[cfg(target_os = "openbsd")]
pub use openbsd::*;

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
mod solaris;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
pub use solaris::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "dragonfly",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
    windows,
)))]
mod unsupported;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "dragonfly",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
    windows,
)))]
pub use unsupported::*;
