//! `TCP_INFO`: what the kernel knows of a connection.

use std::mem;
use std::time::Duration;

use crate::error::{Error, OptionName};
use crate::snapshot::{ConnectionState, Snapshot};
use crate::sys::unix::{Borrowed, Filled, read_filled};

const INFO: OptionName = OptionName(c"TCP_INFO");

/// The kernel's `struct tcp_info` up to the last field used here. The C library's own stops
/// earlier, and the kernel's grows: it returns the length that it filled.
#[repr(C)]
#[derive(Clone, Copy)]
struct TcpInfo {
    state: u8,
    ca_state: u8,
    retransmits: u8,
    probes: u8,
    backoff: u8,
    options: u8,
    wscale: u8,
    flags: u8,
    rto: u32,
    ato: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked: u32,
    sacked: u32,
    lost: u32,
    retrans: u32,
    fackets: u32,
    last_data_sent: u32,
    last_ack_sent: u32,
    last_data_recv: u32,
    last_ack_recv: u32,
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt: u32,
    rttvar: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time: u64,
    rwnd_limited: u64,
    sndbuf_limited: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
    dsack_dups: u32,
    reord_seen: u32,
    rcv_ooopack: u32,
    snd_wnd: u32,
}

// SAFETY: every field is an integer, of which every pattern of bits is a value.
unsafe impl Filled for TcpInfo {}

pub(crate) fn snapshot(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    let (info, filled) = read_filled::<TcpInfo>(socket, INFO, libc::TCP_INFO)?;
    // A field that an older kernel did not fill is not zero but unknown.
    macro_rules! field {
        ($name:ident) => {{
            let end = mem::offset_of!(TcpInfo, $name) + mem::size_of_val(&info.$name);
            (end <= filled).then_some(info.$name)
        }};
    }
    let ms = |value: u32| Duration::from_millis(u64::from(value));
    let us = |value: u32| Duration::from_micros(u64::from(value));
    let state = field!(state).and_then(state);
    if is_blank(state, &info) {
        return Ok(Snapshot { state, ..Snapshot::default() });
    }
    Ok(Snapshot {
        state,
        probes: field!(probes).map(u32::from),
        retransmits: field!(retransmits).map(u32::from),
        total_retransmits: field!(total_retrans),
        backoff: field!(backoff).map(u32::from),
        unacked: field!(unacked),
        unsent: field!(notsent_bytes),
        round_trip_time: field!(rtt).map(us),
        round_trip_variation: field!(rttvar).map(us),
        retransmission_timeout: field!(rto).map(us),
        since_data_sent: field!(last_data_sent).map(ms),
        since_data_received: field!(last_data_recv).map(ms),
        since_ack_received: field!(last_ack_recv).map(ms),
        segments_sent: field!(segs_out),
        segments_received: field!(segs_in),
        data_segments_sent: field!(data_segs_out),
        bytes_acknowledged: field!(bytes_acked),
        bytes_received: field!(bytes_received),
        bytes_sent: field!(bytes_retrans).map(|again| info.bytes_sent.saturating_sub(again)),
        window: field!(snd_wnd),
    })
}

/// Whether somebody who plays the kernel answers with zeros (gVisor does). To a careless reader each
/// of them says that the peer was heard just now. A kernel that has a connection always has a
/// segment size and a timeout for it.
fn is_blank(state: Option<ConnectionState>, info: &TcpInfo) -> bool {
    match state {
        None => true,
        Some(ConnectionState::Listen | ConnectionState::Closed) => false,
        Some(_) => info.snd_mss == 0 || info.rto == 0,
    }
}

/// The kernel's numbers for the states (`net/tcp_states.h`).
fn state(number: u8) -> Option<ConnectionState> {
    Some(match number {
        1 => ConnectionState::Established,
        2 => ConnectionState::SynSent,
        3 | 12 => ConnectionState::SynReceived,
        4 => ConnectionState::FinWait1,
        5 => ConnectionState::FinWait2,
        6 => ConnectionState::TimeWait,
        7 => ConnectionState::Closed,
        8 => ConnectionState::CloseWait,
        9 => ConnectionState::LastAck,
        10 => ConnectionState::Listen,
        11 => ConnectionState::Closing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::unix::lend;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_kernel_that_has_a_connection_is_not_taken_for_one_that_answers_with_zeros() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let info = snapshot(lend(&client)).unwrap();
        assert_eq!(info.state, Some(ConnectionState::Established));
        assert!(info.silence().is_some());
        let (real, _) = read_filled::<TcpInfo>(lend(&client), INFO, libc::TCP_INFO).unwrap();
        for blank in [TcpInfo { snd_mss: 0, ..real }, TcpInfo { rto: 0, ..real }] {
            assert!(is_blank(info.state, &blank));
        }
        assert!(is_blank(None, &real));
        assert!(!is_blank(Some(ConnectionState::Listen), &TcpInfo { snd_mss: 0, ..real }));
    }
}
