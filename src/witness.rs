//! A second descriptor of a connection, kept to ask the kernel how the connection ended.
//!
//! When a network library reports a loss, it has closed its descriptor already. The duplicate still
//! answers. It has a price: while it is open, the kernel sends no FIN for a close of the first. So
//! it has to be dropped the moment the connection is over.

use std::time::Duration;

use crate::error::Error;
use crate::snapshot::Snapshot;
use crate::sys::{self, AsDescriptor, Borrowed, Owned};

/// A duplicate of a socket's descriptor, close-on-exec, together with the socket's identity.
#[derive(Debug)]
pub struct Witness {
    duplicate: Owned,
    identity: Option<u64>,
    /// The longest time between two retransmissions as it was found.
    retransmit_within: Option<Duration>,
}

impl Witness {
    /// Duplicates the descriptor.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where no descriptor is to be had (`EMFILE`, `ENFILE`).
    pub fn new(socket: &impl AsDescriptor) -> Result<Self, Error> {
        Self::of(sys::lend(socket))
    }

    pub(crate) fn of(socket: Borrowed<'_>) -> Result<Self, Error> {
        let identity = sys::identity(socket)?;
        Ok(Self { duplicate: sys::duplicate(socket)?, identity, retransmit_within: None })
    }

    /// Whether this descriptor is of the same socket. A number is reused; the socket's identity
    /// (Linux: `SO_COOKIE`) never is.
    pub fn is_of(&self, socket: &impl AsDescriptor) -> bool {
        self.is_of_borrowed(sys::lend(socket))
    }

    pub(crate) fn is_of_borrowed(&self, socket: Borrowed<'_>) -> bool {
        // Where one of the two cannot be told, nothing says that they differ.
        sys::identity(socket).is_ok_and(|now| match (now, self.identity) {
            (Some(now), Some(then)) => now == then,
            _ => true,
        })
    }

    /// The duplicate as a number, for C++.
    #[cfg(feature = "bridge")]
    pub(crate) fn number(&self) -> i64 {
        sys::number(&self.duplicate)
    }

    /// Limits the time between two retransmissions, and remembers how it was.
    ///
    /// # Errors
    ///
    /// [`Error::NotTcp`] where the system has no such option (Linux before 6.15).
    pub fn limit_retransmissions(&mut self, limit: Duration) -> Result<(), Error> {
        let socket = sys::lend(&self.duplicate);
        if self.retransmit_within.is_none() {
            self.retransmit_within = Some(sys::retransmission_limit(socket)?);
        }
        sys::limit_retransmissions(socket, limit)
    }

    /// Puts back what was changed on the connection for its watching: it is let go of alive.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where the kernel refuses.
    pub fn restore(&mut self) -> Result<(), Error> {
        match self.retransmit_within.take() {
            Some(limit) => sys::limit_retransmissions(sys::lend(&self.duplicate), limit),
            None => Ok(()),
        }
    }

    /// Makes the close to come drop what is queued: it must not reach the peer later.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where the kernel refuses.
    pub fn discard_unsent(&self) -> Result<(), Error> {
        sys::discard_unsent(sys::lend(&self.duplicate))
    }

    /// What the kernel knows of the connection, also after its end.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](crate::snapshot).
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        sys::snapshot(sys::lend(&self.duplicate))
    }

    /// Whether the kernel holds an error that nobody has read yet. Does not read it.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel cannot be asked.
    pub fn error_pending(&self) -> Result<bool, Error> {
        sys::error_pending(sys::lend(&self.duplicate))
    }
}
