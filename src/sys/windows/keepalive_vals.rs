//! `SIO_KEEPALIVE_VALS`: idle and interval in milliseconds, and the switch, in one call that cannot
//! be read back. See Microsoft's page "SIO_KEEPALIVE_VALS control code" and the SDK's mstcpip.h.

use std::num::NonZeroU32;
use std::ptr;

use windows_sys::Win32::Networking::WinSock;

use super::option::{self, note_fine_times, refused, size};
use super::system::System;
use super::{Borrowed, is_whole, raw};
use crate::error::{Attempt, Error, OptionName, Quantity, Unit};
use crate::plan::Range;

/// Its fields as they are named in errors, so that these say which of the two it is.
pub(super) const TIME: OptionName = OptionName(c"SIO_KEEPALIVE_VALS.keepalivetime");
pub(super) const INTERVAL: OptionName = OptionName(c"SIO_KEEPALIVE_VALS.keepaliveinterval");

const BOTH: OptionName = OptionName(c"SIO_KEEPALIVE_VALS");

/// All that the call takes. It has no "leave alone", and a time of 0 would be stored and flood the
/// peer with probes: neither can be said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Values {
    enabled: bool,
    idle: NonZeroU32,
    interval: NonZeroU32,
}

impl Values {
    /// From milliseconds.
    pub(super) fn new(enabled: bool, idle: u32, interval: u32) -> Result<Self, Error> {
        let above_zero = |option: OptionName, ms: u32| {
            let range =
                Range { option, unit: Unit::Milliseconds, min: 1, max: i64::from(u32::MAX) };
            NonZeroU32::new(ms).ok_or_else(|| range.refuse(Quantity::Milliseconds(i64::from(ms))))
        };
        let (idle, interval) = (above_zero(TIME, idle)?, above_zero(INTERVAL, interval)?);
        Ok(Self { enabled, idle, interval })
    }

    /// Tells the socket. If it refuses, the times are as before, as far as they can be read.
    pub(super) fn set(&self, system: &System, socket: Borrowed<'_>) -> Result<(), Error> {
        let times = [&option::IDLE, &option::INTERVAL].map(|time| (time, system.times));
        let old = times.map(|(time, there)| there.then(|| time.old(socket).ok()?)?.zip(Some(time)));
        // Switched off, the call stores no times, and the next switch-on would find others than these.
        let stored = if self.enabled { Ok(()) } else { self.send(socket, true) };
        let refusal = stored.and_then(|()| self.send(socket, self.enabled));
        if refusal.is_err() {
            if !self.enabled {
                let _ = option::ENABLED.write(socket, 0);
            }
            // One call, and yet it may have taken the first value before it refused the second.
            for (value, time) in old.into_iter().flatten() {
                let _ = time.write(socket, value);
            }
        }
        refusal
    }

    fn send(&self, socket: Borrowed<'_>, enabled: bool) -> Result<(), Error> {
        let (idle, interval) = (self.idle.get(), self.interval.get());
        if !is_whole(Some(idle)) || !is_whole(Some(interval)) {
            note_fine_times();
        }
        let values = WinSock::tcp_keepalive {
            onoff: u32::from(enabled),
            keepalivetime: idle,
            keepaliveinterval: interval,
        };
        let mut returned = 0;
        // SAFETY: the input is a tcp_keepalive that outlives the call, with its size, and is only
        // read; there is no output buffer, and its size is said to be 0. `returned` is a DWORD that
        // Winsock writes. Without an OVERLAPPED and a routine the call is over when it returns. Any
        // number is allowed as a socket, a wrong one is an error.
        let result = unsafe {
            WinSock::WSAIoctl(
                raw(socket),
                WinSock::SIO_KEEPALIVE_VALS,
                (&raw const values).cast(),
                size::<WinSock::tcp_keepalive>().unsigned_abs(),
                ptr::null_mut(),
                0,
                &raw mut returned,
                ptr::null_mut(),
                None,
            )
        };
        if result == 0 {
            return Ok(());
        }
        // It does not say which of them it refuses.
        let (idle, interval) = (i64::from(idle), i64::from(interval));
        let attempt = Attempt::SetBoth { idle, interval, unit: Unit::Milliseconds };
        Err(refused(socket, BOTH, attempt))
    }
}

/// One of the two times is missing.
#[cold]
pub(super) fn incomplete() -> Error {
    let why = "idle and interval go to this system in one call; give both";
    Error::Unsupported { option: BOTH, why }
}
