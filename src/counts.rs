//! The counts of probes that guards have left higher on a socket than they found them.
//!
//! A guard that lets go while probes are out must not have the kernel give up for them, and so it
//! leaves the count higher by as many. The next guard of the same socket is told here what the count
//! really is; otherwise each of them would take the last one's for it, and add to that.

use std::sync::{Mutex, PoisonError};

/// Of each socket, by its identity, what belongs on it.
static LEFT: Mutex<Vec<(u64, u32)>> = Mutex::new(Vec::new());

/// Sockets that nobody guards again are forgotten in their turn.
const MOST: usize = 64;

pub(crate) fn is_empty() -> bool {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

pub(crate) fn note(socket: u64, count: u32) {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.retain(|(of, _)| *of != socket);
    if left.len() == MOST {
        left.remove(0);
    }
    left.push((socket, count));
}

pub(crate) fn take(socket: u64) -> Option<u32> {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = left.iter().position(|(of, _)| *of == socket)?;
    Some(left.remove(place).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_told_once_and_the_oldest_are_forgotten() {
        const FIRST: u64 = 1 << 60; // nobody else's
        note(FIRST, 9);
        note(FIRST, 5);
        assert!(!is_empty());
        assert_eq!(take(FIRST), Some(5));
        assert_eq!(take(FIRST), None);
        for number in 0..=MOST as u64 {
            note(FIRST + number, 3);
        }
        assert_eq!(take(FIRST), None);
        assert_eq!(take(FIRST + MOST as u64), Some(3));
    }
}
