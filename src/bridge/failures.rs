//! What goes wrong on this side, as C++ gets to know it. A panic ends here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cxx::{CxxString, UniquePtr};

use super::ffi;
use crate::error::Error;

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
pub(super) fn panic_message(panic: Box<dyn Any + Send>) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("internal error of qkeepalive, please report it: {words}")
}

pub(super) fn split<T>(outcome: Result<T, Fault>) -> (Option<T>, ffi::Failure) {
    match outcome {
        Ok(value) => (Some(value), flat_failure(ffi::Category::None, 0, c"", UniquePtr::null())),
        Err(fault) => (None, failure(fault)),
    }
}

#[cold]
pub(super) fn failure(fault: Fault) -> ffi::Failure {
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

pub(super) fn flat_failure(
    category: ffi::Category,
    code: i32,
    option: &'static std::ffi::CStr,
    message: UniquePtr<CxxString>,
) -> ffi::Failure {
    ffi::Failure { category, code, option: option.as_ptr(), message }
}
