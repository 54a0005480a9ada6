//! `SIO_TCP_INFO` (Windows 10 1703): what the system knows of a connection. See Microsoft's pages
//! "TCP_INFO_v0 structure" and "TCPSTATE enumeration".

use std::mem::{self, MaybeUninit};
use std::ptr;
use std::time::Duration;

use socket2::SockRef;
use windows_sys::Win32::Networking::WinSock;

use super::option::{CONNECT_TIME, LISTENING, check_tcp, size};
use super::{Borrowed, error_pending as is_aborted, raw};
use crate::error::Error;
use crate::snapshot::{ConnectionState, Snapshot};

/// The SDK's `TCP_INFO_v0` (mstcpip.h), with a byte in the place of its BOOLEAN: what the system
/// writes there need not be one of the two values that a `bool` may have.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct TcpInfo {
    state: WinSock::TCPSTATE,
    mss: u32,
    connection_time_ms: u64,
    timestamps_enabled: u8,
    rtt_us: u32,
    min_rtt_us: u32,
    bytes_in_flight: u32,
    cwnd: u32,
    snd_wnd: u32,
    rcv_wnd: u32,
    rcv_buf: u32,
    bytes_out: u64,
    bytes_in: u64,
    bytes_reordered: u32,
    bytes_retrans: u32,
    fast_retrans: u32,
    dup_acks_in: u32,
    timeout_episodes: u32,
    syn_retrans: u8,
}

// The SDK's layout, on each architecture.
const _: () = assert!(
    mem::size_of::<TcpInfo>() == mem::size_of::<WinSock::TCP_INFO_v0>()
        && mem::offset_of!(TcpInfo, bytes_in_flight)
            == mem::offset_of!(WinSock::TCP_INFO_v0, BytesInFlight)
        && mem::offset_of!(TcpInfo, bytes_in) == mem::offset_of!(WinSock::TCP_INFO_v0, BytesIn)
        && mem::offset_of!(TcpInfo, bytes_retrans)
            == mem::offset_of!(WinSock::TCP_INFO_v0, BytesRetrans)
);

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    if let Some(info) = read(socket) {
        let told = info.snapshot();
        // What it says of an aborted connection is documented nowhere; that it was aborted is told
        // otherwise.
        let state = if is_aborted(socket)? { Some(ConnectionState::Closed) } else { told.state };
        return Ok(Snapshot { state, ..told });
    }
    // Not TCP, an older system, or a connection of which nothing is known any more.
    check_tcp(socket)?;
    Ok(Snapshot { state: Some(coarse_state(socket)?), ..Snapshot::default() })
}

/// Whether the system tells it of this socket.
pub(super) fn is_told(socket: Borrowed<'_>) -> bool {
    read(socket).is_some()
}

fn read(socket: Borrowed<'_>) -> Option<TcpInfo> {
    let version: u32 = 0;
    let mut info = MaybeUninit::<TcpInfo>::zeroed();
    let mut returned = 0;
    // SAFETY: the input is a DWORD that is only read, and the output a TcpInfo; both outlive the call
    // and are given with their sizes, so Winsock writes within them, and `returned` is a DWORD.
    // Without an OVERLAPPED and a routine the call is over when it returns. Any number is allowed as
    // a socket, a wrong one is an error.
    let result = unsafe {
        WinSock::WSAIoctl(
            raw(socket),
            WinSock::SIO_TCP_INFO,
            (&raw const version).cast(),
            size::<u32>().unsigned_abs(),
            info.as_mut_ptr().cast(),
            size::<TcpInfo>().unsigned_abs(),
            &raw mut returned,
            ptr::null_mut(),
            None,
        )
    };
    // SAFETY: it was zeroed, and every field is an integer, for which every pattern is a value.
    let info = unsafe { info.assume_init() };
    (result == 0 && returned as usize >= mem::offset_of!(TcpInfo, fast_retrans)).then_some(info)
}

impl TcpInfo {
    /// Only what Microsoft says the meaning of. `BytesOut` may count a retransmitted byte once or
    /// twice: that is not said, so what was acknowledged is not known.
    fn snapshot(&self) -> Snapshot {
        // The system counts bytes; as many segments as they fill at least, the last one partly.
        let segments = |bytes: u32| (self.mss > 0).then(|| bytes.div_ceil(self.mss));
        // Before the handshake nothing was measured.
        let round_trip = self.rtt_us > 0;
        Snapshot {
            state: state(self.state),
            total_retransmits: segments(self.bytes_retrans),
            unacked: segments(self.bytes_in_flight),
            round_trip_time: round_trip.then(|| Duration::from_micros(u64::from(self.rtt_us))),
            bytes_received: Some(self.bytes_in),
            ..Snapshot::default()
        }
    }
}

/// The numbers of the SDK's TCPSTATE.
fn state(state: WinSock::TCPSTATE) -> Option<ConnectionState> {
    Some(match state {
        WinSock::TCPSTATE_CLOSED => ConnectionState::Closed,
        WinSock::TCPSTATE_LISTEN => ConnectionState::Listen,
        WinSock::TCPSTATE_SYN_SENT => ConnectionState::SynSent,
        WinSock::TCPSTATE_SYN_RCVD => ConnectionState::SynReceived,
        WinSock::TCPSTATE_ESTABLISHED => ConnectionState::Established,
        WinSock::TCPSTATE_FIN_WAIT_1 => ConnectionState::FinWait1,
        WinSock::TCPSTATE_FIN_WAIT_2 => ConnectionState::FinWait2,
        WinSock::TCPSTATE_CLOSE_WAIT => ConnectionState::CloseWait,
        WinSock::TCPSTATE_CLOSING => ConnectionState::Closing,
        WinSock::TCPSTATE_LAST_ACK => ConnectionState::LastAck,
        WinSock::TCPSTATE_TIME_WAIT => ConnectionState::TimeWait,
        _ => return None,
    })
}

/// The state as far as other calls show it: listening, with a peer, or with none (any more).
fn coarse_state(socket: Borrowed<'_>) -> Result<ConnectionState, Error> {
    if LISTENING.read(socket).is_ok_and(|listening| listening != 0) {
        return Ok(ConnectionState::Listen);
    }
    // A socket may know its peer's address before the connection stands, and remember it after an
    // abort; but then it has an error to tell.
    let connected = CONNECT_TIME.read(socket).is_ok_and(|seconds| seconds != u32::MAX)
        && SockRef::from(&socket).peer_addr().is_ok()
        && !is_aborted(socket)?;
    Ok(if connected { ConnectionState::Established } else { ConnectionState::Closed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_segments_rounded_up() {
        let info = TcpInfo {
            state: WinSock::TCPSTATE_ESTABLISHED,
            mss: 1460,
            rtt_us: 250,
            bytes_in_flight: 1461,
            bytes_in: 7,
            bytes_retrans: 1460,
            ..TcpInfo::default()
        };
        let snapshot = info.snapshot();
        assert_eq!(snapshot.state, Some(ConnectionState::Established));
        assert_eq!((snapshot.unacked, snapshot.total_retransmits), (Some(2), Some(1)));
        assert_eq!(snapshot.round_trip_time, Some(Duration::from_micros(250)));
        assert_eq!((snapshot.bytes_received, snapshot.bytes_acknowledged), (Some(7), None));
        assert_eq!((snapshot.probes, snapshot.silence()), (None, None));
    }

    #[test]
    fn what_was_never_measured_is_not_told() {
        let unconnected = TcpInfo::default().snapshot();
        assert_eq!(unconnected.state, Some(ConnectionState::Closed));
        assert_eq!((unconnected.unacked, unconnected.round_trip_time), (None, None));
        assert_eq!(state(WinSock::TCPSTATE_MAX), None);
    }
}
