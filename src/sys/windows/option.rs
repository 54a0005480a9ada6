//! Socket options whose value is a DWORD, and what Winsock says when it refuses one.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Win32::Networking::WinSock;

use super::{Borrowed, raw};
use crate::error::{Attempt, Error, OptionName, Unit};

/// One option of setsockopt whose value is a DWORD.
#[derive(Debug)]
pub(in crate::sys) struct SocketOption {
    pub(super) name: OptionName,
    level: i32,
    number: i32,
    pub(super) unit: Unit,
    /// A time that SIO_KEEPALIVE_VALS sets as well, in milliseconds.
    fine: bool,
}

/// Microsoft's page "SO_KEEPALIVE socket option".
pub(in crate::sys) static ENABLED: SocketOption =
    switch(OptionName(c"SO_KEEPALIVE"), WinSock::SO_KEEPALIVE);

// Microsoft's page "SOL_SOCKET socket options".
pub(super) static LISTENING: SocketOption =
    switch(OptionName(c"SO_ACCEPTCONN"), WinSock::SO_ACCEPTCONN);
/// For how many seconds the socket has been connected; all ones if it is not.
pub(super) static CONNECT_TIME: SocketOption =
    switch(OptionName(c"SO_CONNECT_TIME"), WinSock::SO_CONNECT_TIME);

// The page "IPPROTO_TCP socket options"; the numbers are in the SDK's ws2ipdef.h.
pub(super) static IDLE: SocketOption =
    tcp(OptionName(c"TCP_KEEPIDLE"), WinSock::TCP_KEEPIDLE, Unit::Seconds, true);
pub(super) static INTERVAL: SocketOption =
    tcp(OptionName(c"TCP_KEEPINTVL"), WinSock::TCP_KEEPINTVL, Unit::Seconds, true);
pub(super) static COUNT: SocketOption =
    tcp(OptionName(c"TCP_KEEPCNT"), WinSock::TCP_KEEPCNT, Unit::Count, false);
pub(super) static USER_TIMEOUT: SocketOption =
    tcp(OptionName(c"TCP_MAXRT"), WinSock::TCP_MAXRT, Unit::Seconds, false);

const fn switch(name: OptionName, number: i32) -> SocketOption {
    SocketOption { name, level: WinSock::SOL_SOCKET, number, unit: Unit::Count, fine: false }
}

const fn tcp(name: OptionName, number: i32, unit: Unit, fine: bool) -> SocketOption {
    SocketOption { name, level: WinSock::IPPROTO_TCP, number, unit, fine }
}

/// Whether this program has ever sent part of a second by SIO_KEEPALIVE_VALS.
static FINE_TIMES: AtomicBool = AtomicBool::new(false);

/// From now on a time that is read in seconds may be a rounded one.
pub(super) fn note_fine_times() {
    FINE_TIMES.store(true, Ordering::Relaxed);
}

impl SocketOption {
    pub(super) fn read(&self, socket: Borrowed<'_>) -> Result<u32, Error> {
        let mut value: u32 = 0;
        let mut length = size::<u32>();
        // SAFETY: `value` is a DWORD that outlives the call and `length` says exactly its size, so
        // Winsock writes within it. Some options come as a single byte: the others are zero already.
        // Any number is allowed as a socket, a wrong one is an error.
        let result = unsafe {
            WinSock::getsockopt(
                raw(socket),
                self.level,
                self.number,
                (&raw mut value).cast::<u8>(),
                &raw mut length,
            )
        };
        if result == 0 { Ok(value) } else { Err(refused(socket, self.name, Attempt::Read)) }
    }

    pub(in crate::sys) fn write(&self, socket: Borrowed<'_>, value: u32) -> Result<(), Error> {
        if self.write_raw(socket, value) == 0 {
            return Ok(());
        }
        Err(refused(socket, self.name, Attempt::Set(i64::from(value), self.unit)))
    }

    fn write_raw(&self, socket: Borrowed<'_>, value: u32) -> i32 {
        // SAFETY: the pointer is to a DWORD that outlives the call, and its size is given; Winsock
        // only reads it. Any number is allowed as a socket, a wrong one is an error.
        unsafe {
            WinSock::setsockopt(
                raw(socket),
                self.level,
                self.number,
                (&raw const value).cast::<u8>(),
                size::<u32>(),
            )
        }
    }

    /// What can be put back. A part of a second may read as none, and a time of 0 must never be
    /// stored: Windows would take it for what it says and flood the peer with probes.
    pub(in crate::sys) fn old(&self, socket: Borrowed<'_>) -> Result<Option<u32>, Error> {
        let value = self.read(socket)?;
        Ok((value > 0 || !self.fine).then_some(value))
    }

    /// Whether what was read is what is in force, and not perhaps a rounded time.
    pub(in crate::sys) fn reads_exactly(&self) -> bool {
        !self.fine || !FINE_TIMES.load(Ordering::Relaxed)
    }
}

const PROTOCOL: OptionName = OptionName(c"SO_PROTOCOL_INFOW");

/// Refuses what is not TCP. Winsock knows for each socket of which protocol it is, so nothing has to
/// be concluded from errors: WSAENOPROTOOPT is also what an older system says of a newer option.
pub(in crate::sys) fn check_tcp(socket: Borrowed<'_>) -> Result<(), Error> {
    let mut info = WinSock::WSAPROTOCOL_INFOW::default();
    let mut length = size::<WinSock::WSAPROTOCOL_INFOW>();
    // SAFETY: `info` is a WSAPROTOCOL_INFOW that outlives the call and `length` says exactly its
    // size, so Winsock writes within it; every field is an integer. Any number is allowed as a
    // socket, a wrong one is an error.
    let result = unsafe {
        WinSock::getsockopt(
            raw(socket),
            WinSock::SOL_SOCKET,
            WinSock::SO_PROTOCOL_INFOW,
            (&raw mut info).cast::<u8>(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(refused(socket, PROTOCOL, Attempt::Read));
    }
    // The numbers of protocols are each family's own.
    let internet = [WinSock::AF_INET, WinSock::AF_INET6].map(i32::from);
    if internet.contains(&info.iAddressFamily) && info.iProtocol == WinSock::IPPROTO_TCP {
        return Ok(());
    }
    let WinSock::WSAPROTOCOL_INFOW { iAddressFamily: family, iProtocol: protocol, .. } = info;
    let kind = format!("it is of protocol {protocol} of address family {family}");
    Err(Error::NotTcp { source: io::Error::new(io::ErrorKind::InvalidInput, kind) })
}

/// Winsock's last error as ours.
#[cold]
pub(super) fn refused(socket: Borrowed<'_>, option: OptionName, attempt: Attempt) -> Error {
    let source = io::Error::last_os_error();
    match source.raw_os_error() {
        // Winsock says the same of a socket that was closed.
        Some(WinSock::WSAENOTSOCK) => Error::NotTcp { source },
        Some(WinSock::WSAEINVAL) if is_connecting(socket) => {
            Error::System { option, attempt: Attempt::WhileConnecting, source }
        }
        _ => Error::System { option, attempt, source },
    }
}

/// Whether a connect is under way. Winsock then refuses options with WSAEINVAL, which it says of a
/// wrong value, too. The switch has no wrong values, so it tells which of the two it is; it is
/// written as it is.
fn is_connecting(socket: Borrowed<'_>) -> bool {
    let mut value: u32 = 0;
    let mut length = size::<u32>();
    // SAFETY: as in `SocketOption::read`, which is not called because it comes here when refused.
    let read = unsafe {
        WinSock::getsockopt(
            raw(socket),
            ENABLED.level,
            ENABLED.number,
            (&raw mut value).cast::<u8>(),
            &raw mut length,
        )
    };
    let refused = read != 0 || ENABLED.write_raw(socket, value) != 0;
    refused && io::Error::last_os_error().raw_os_error() == Some(WinSock::WSAEINVAL)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // the structs are small
pub(super) const fn size<T>() -> i32 {
    mem::size_of::<T>() as i32
}
