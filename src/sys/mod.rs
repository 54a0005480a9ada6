//! One contract, one file per operating system, and every `unsafe` of the core.
//!
//! A system provides, under these names:
//!
//! | Name | Does |
//! |---|---|
//! | `Borrowed`, `Owned`, `AsDescriptor` | the system's descriptor: borrowed, owned, and what can lend one |
//! | `lend(socket)` | the descriptor of anything that can lend one |
//! | `borrow(number)` | a borrowed descriptor from a number, or [`NoDescriptor`] |
//! | `number(owned)` | the opposite way, for C++ |
//! | `limits()` | what its sockets accept |
//! | `apply(descriptor, plan)` | tells the kernel, all or nothing |
//! | `query(descriptor)` | what is in force on a socket |
//! | `snapshot(descriptor)` | what the kernel knows of the connection |
//! | `duplicate(descriptor)` | a second descriptor of the same socket, not inherited by children |
//! | `identity(descriptor)` | a number that no other socket has or will have |
//! | `error_pending(descriptor)` | whether an error waits to be read, without reading it |
//! | `take_error(descriptor)` | that error, or what the kernel has heard of the network; takes it away |
//! | `probe_now(descriptor, config)` | sends one keepalive probe more than the plan has |
//! | `discard_unsent(descriptor)` | the close to come drops what is queued and resets the connection |
//! | `retransmission_limit(descriptor)`, `limit_retransmissions(descriptor, time)` | the longest time between two of them |
//! | `retries()` | after how many of them the system gives up |
//! | `is_multipath(descriptor)` | whether this is MPTCP |
//! | `asleep()` | how long this machine has slept |
//! | `system_defaults()`, `set_system_defaults(config)` | the values behind sockets that say nothing |
//!
//! A system without a file of its own gets the one that answers [`Unsupported`].
//!
//! [`NoDescriptor`]: crate::Error::NoDescriptor
//! [`Unsupported`]: crate::Error::Unsupported

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::*;

#[cfg(not(target_os = "linux"))]
mod unsupported;
#[cfg(not(target_os = "linux"))]
pub use unsupported::*;
