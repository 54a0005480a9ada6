//! Apple's `struct tcp_connection_info`, and what can be believed of it: pure, so that it is tested
//! everywhere.
//!
//! Layout: `bsd/netinet/tcp.h` of xnu; what fills it: `tcp_connection_fill_info()` in
//! `bsd/netinet/tcp_usrreq.c`. The times are milliseconds.
//!
//! There is no time since the peer was last heard, and no count that would stand in for it:
//! `tcpi_rxpackets` grows with data only (`bsd/netinet/tcp_input.c`), and the answer to a keepalive
//! probe carries none.

use std::mem::offset_of;
use std::time::Duration;

use super::bsd_info::state;
use crate::snapshot::{ConnectionState, Snapshot};

/// The structure up to the last field used here; the kernel says how much of it there is.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ConnectionInfo {
    state: u8,
    snd_wscale: u8,
    rcv_wscale: u8,
    pad: u8,
    options: u32,
    flags: u32,
    /// Zero unless data is on its way.
    rto: u32,
    maxseg: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    snd_wnd: u32,
    /// What the peer has not acknowledged, sent or not: the same as `SO_NWRITE`.
    snd_sbbytes: u32,
    rcv_wnd: u32,
    rttcur: u32,
    srtt: u32,
    rttvar: u32,
    /// Fifteen flags of TCP Fast Open.
    tfo: u32,
    /// 64-bit numbers, aligned to eight on every processor.
    counts: Counts,
}

#[repr(C, align(8))]
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    txpackets: u64,
    txbytes: u64,
    txretransmitbytes: u64,
    rxpackets: u64,
    /// Also what came twice.
    rxbytes: u64,
    rxoutoforderbytes: u64,
    txretransmitpackets: u64,
}

const _: () = {
    assert!(offset_of!(ConnectionInfo, rto) == 12);
    assert!(offset_of!(ConnectionInfo, snd_sbbytes) == 32);
    assert!(offset_of!(ConnectionInfo, srtt) == 44);
    assert!(offset_of!(ConnectionInfo, counts) == 56);
    assert!(offset_of!(ConnectionInfo, counts.rxbytes) == 88);
    assert!(size_of::<ConnectionInfo>() == 112);
};

pub(super) fn snapshot(info: &ConnectionInfo, filled: usize) -> Snapshot {
    // All of it but the last count has always been there; what ends earlier is something else.
    if filled < offset_of!(ConnectionInfo, counts.txretransmitpackets) {
        return Snapshot::default();
    }
    let retransmits = (filled >= size_of::<ConnectionInfo>())
        .then_some(info.counts.txretransmitpackets)
        .and_then(|packets| u32::try_from(packets).ok());
    let ms = |value: u32| Duration::from_millis(u64::from(value));
    let state = state(info.state);
    // A path shorter than a millisecond has the figure zero.
    let measured = !matches!(
        state,
        None | Some(
            ConnectionState::Closed
                | ConnectionState::Listen
                | ConnectionState::SynSent
                | ConnectionState::SynReceived
        )
    );
    Snapshot {
        state,
        total_retransmits: retransmits,
        unsent: Some(info.snd_sbbytes),
        round_trip_time: measured.then_some(ms(info.srtt)),
        round_trip_variation: measured.then_some(ms(info.rttvar)),
        retransmission_timeout: (info.rto > 0).then_some(ms(info.rto)),
        bytes_received: Some(info.counts.rxbytes),
        ..Snapshot::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_milliseconds_and_bytes() {
        let info = ConnectionInfo {
            state: 4,
            rto: 230,
            snd_sbbytes: 1500,
            srtt: 20,
            rttvar: 5,
            counts: Counts {
                rxbytes: 7,
                rxpackets: 1,
                txretransmitpackets: 2,
                ..Counts::default()
            },
            ..ConnectionInfo::default()
        };
        let expected = Snapshot {
            state: Some(ConnectionState::Established),
            total_retransmits: Some(2),
            unsent: Some(1500),
            round_trip_time: Some(Duration::from_millis(20)),
            round_trip_variation: Some(Duration::from_millis(5)),
            retransmission_timeout: Some(Duration::from_millis(230)),
            bytes_received: Some(7),
            ..Snapshot::default()
        };
        assert_eq!(snapshot(&info, 112), expected);
        assert_eq!(snapshot(&info, 104), Snapshot { total_retransmits: None, ..expected });
        assert_eq!(snapshot(&info, 100), Snapshot::default());
    }

    #[test]
    fn nothing_is_measured_before_the_connection_stands() {
        let info = ConnectionInfo { state: 2, rttvar: 5, ..ConnectionInfo::default() };
        let early = snapshot(&info, 112);
        assert_eq!((early.round_trip_time, early.round_trip_variation), (None, None));
        assert_eq!(early.retransmission_timeout, None);
    }
}
