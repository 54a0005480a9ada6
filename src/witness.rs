//! A second descriptor of a connection, kept to ask the kernel how the connection ended.
//!
//! When a network library reports a loss, it has closed its descriptor already. The duplicate still
//! answers. It has a price: while it is open, the kernel sends no FIN for a close of the first. So
//! it has to be dropped the moment the connection is over. And it is the first thing to do without
//! where descriptors are scarce.

use crate::duplicates::Held;
use crate::error::Error;
use crate::snapshot::Snapshot;
use crate::sys::{self, AsDescriptor, Borrowed};

/// A duplicate of a socket's descriptor, close-on-exec, together with the socket's identity.
#[derive(Debug)]
pub struct Witness {
    /// `None` where there was none to be had; it may also be gone since.
    duplicate: Option<Held>,
    identity: Option<u64>,
}

impl Witness {
    /// Duplicates the descriptor.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where no descriptor is to be had (`EMFILE`, `ENFILE`).
    pub fn new(socket: &impl AsDescriptor) -> Result<Self, Error> {
        let socket = sys::lend(socket);
        let identity = sys::identity(socket)?;
        let duplicate = Some(Held::new(sys::duplicate(socket)?));
        Ok(Self { duplicate, identity })
    }

    /// With what can be had of a duplicate, if one is `wanted`, and of the identity.
    #[cfg(feature = "bridge")]
    pub(crate) fn at_best(socket: Borrowed<'_>, wanted: bool) -> Self {
        let identity = sys::identity(socket).ok().flatten();
        let duplicate = if wanted { sys::duplicate(socket).ok().map(Held::new) } else { None };
        Self { duplicate, identity }
    }

    /// Whether it has a duplicate.
    #[cfg(feature = "bridge")]
    pub(crate) fn holds(&self) -> bool {
        self.duplicate.as_ref().is_some_and(Held::is_there)
    }

    /// Goes on without one.
    #[cfg(feature = "bridge")]
    pub(crate) fn let_go(&mut self) {
        self.duplicate = None;
    }

    /// Whether it can tell its own socket from others.
    #[cfg(feature = "bridge")]
    pub(crate) fn knows_its_own(&self) -> bool {
        self.identity.is_some()
    }

    fn with<T>(&self, work: impl FnOnce(Borrowed<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let done = self.duplicate.as_ref().and_then(|held| held.with(work));
        done.unwrap_or(Err(Error::NoDescriptor { given: -1 }))
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

    /// What stands for the duplicate in C++, −1 where there is none.
    #[cfg(feature = "bridge")]
    pub(crate) fn handle(&self) -> i64 {
        self.duplicate.as_ref().filter(|held| held.is_there()).map_or(-1, Held::handle)
    }

    /// Makes the close to come drop what is queued: it must not reach the peer later.
    ///
    /// # Errors
    ///
    /// [`Error::System`] where the kernel refuses.
    pub fn discard_unsent(&self) -> Result<(), Error> {
        self.with(sys::discard_unsent)
    }

    /// What the kernel knows of the connection, also after its end.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](crate::snapshot).
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        self.with(sys::snapshot)
    }

    /// Whether the kernel holds an error that nobody has read yet. Does not read it.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel cannot be asked.
    pub fn error_pending(&self) -> Result<bool, Error> {
        self.with(sys::error_pending)
    }
}

/// Reads what the kernel knows of a connection, from where C++ says: a descriptor, or what stands for
/// a duplicate ([`Witness::handle`]). No slot of the program may run within `read`: no duplicate goes
/// or comes meanwhile.
#[cfg(feature = "qt")]
pub(crate) fn view<T>(
    from: i64,
    read: impl FnOnce(Borrowed<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    // −1 and −2 are no descriptors for C++.
    if from < -2 {
        let read = crate::duplicates::with_handle(from, read);
        return read.unwrap_or(Err(Error::NoDescriptor { given: -1 }));
    }
    read(sys::borrow(from)?)
}
