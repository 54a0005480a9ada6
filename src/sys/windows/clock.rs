//! How long the machine has slept.

use std::mem;
use std::sync::OnceLock;
use std::time::Duration;

use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTime;
use windows_sys::w;

/// QueryInterruptTime counts the time asleep and QueryUnbiasedInterruptTime does not. Both give the
/// same count of ticks otherwise, unlike GetTickCount64, which moves in larger steps.
pub(crate) fn asleep() -> Duration {
    let Some(with_sleep) = query_interrupt_time() else {
        return Duration::ZERO;
    };
    // A thread can be held up between the two, which looks like sleep; hardly three times in a row.
    let ticks = (0..3).filter_map(|_| difference(with_sleep)).min().unwrap_or(0);
    // A tick is 100 ns, and the machine has not slept for 58,000 years.
    Duration::from_nanos(ticks.saturating_mul(100))
}

fn difference(with_sleep: QueryInterruptTime) -> Option<u64> {
    let (mut awake, mut all) = (0, 0);
    // SAFETY: each pointer is to a u64 that outlives the call, and just that is written.
    let known = unsafe { QueryUnbiasedInterruptTime(&raw mut awake) } != 0;
    // SAFETY: likewise; the pointer to the function is QueryInterruptTime, as its type says.
    unsafe { with_sleep(&raw mut all) };
    known.then(|| all.saturating_sub(awake))
}

/// `VOID QueryInterruptTime(PULONGLONG)`, the SDK's realtimeapiset.h.
type QueryInterruptTime = unsafe extern "system" fn(*mut u64);

/// Looked up, because it came with Windows 10: a program that imported it would not even start on an
/// older system.
fn query_interrupt_time() -> Option<QueryInterruptTime> {
    static FOUND: OnceLock<Option<QueryInterruptTime>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // SAFETY: the name is a NUL-terminated literal. The module is part of every process, so the
        // handle, which is not counted, stays valid; null is checked.
        let kernel = unsafe { GetModuleHandleW(w!("kernelbase.dll")) };
        if kernel.is_null() {
            return None;
        }
        // SAFETY: a valid handle, and a NUL-terminated literal.
        let found = unsafe { GetProcAddress(kernel, c"QueryInterruptTime".as_ptr().cast()) }?;
        // SAFETY: kernelbase.dll exports that name with this signature and no other; both types are
        // pointers to functions of the same calling convention.
        Some(unsafe {
            mem::transmute::<unsafe extern "system" fn() -> isize, QueryInterruptTime>(found)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_awake_is_no_sleep() {
        assert!(query_interrupt_time().is_some());
        let before = asleep();
        std::thread::sleep(Duration::from_millis(50));
        let grown = asleep().abs_diff(before);
        assert!(grown < Duration::from_millis(10), "{grown:?}");
    }
}
