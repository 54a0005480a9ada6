//! The BSDs' `struct tcp_info`, and what can be believed of it: pure, so that it is tested everywhere.
//!
//! FreeBSD, NetBSD and OpenBSD have the beginning of the structure in common
//! (`sys/netinet/tcp.h` of each); most of it is there for the names' sake and never filled. What is
//! filled was read in `tcp_fill_info()` (`sys/netinet/tcp_usrreq.c` of each):
//!
//! * `tcpi_last_data_recv` is on all three the time since *any* segment came in, an answer to a probe
//!   included, and not since the last data;
//! * the times are microseconds in 32 bits, so they begin anew after 71 minutes;
//! * NetBSD multiplies half seconds with the length of a hundredth of one, and subtracts the one clock
//!   from the other: none of its times can be used.

use std::mem::offset_of;
use std::time::Duration;

use crate::snapshot::{ConnectionState, Snapshot};

/// The structure up to the last field used here; the kernel says how much of it there is.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TcpInfo {
    pub(super) state: u8,
    /// Congestion state, retransmits, probes, backoff: never filled, except that NetBSD puts the low
    /// bits of `snd_rexmitpack` into the second.
    unfilled: [u8; 4],
    options: u8,
    /// Four bits for each direction in one byte; OpenBSD has a byte for each.
    wscale: [u8; 2],
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
    // Here OpenBSD goes its own way, with what it shows the superuser only.
    snd_wnd: u32,
    snd_bwnd: u32,
    snd_nxt: u32,
    rcv_nxt: u32,
    toe_tid: u32,
    snd_rexmitpack: u32,
    rcv_ooopack: u32,
    snd_zerowin: u32,
    // FreeBSD since 14; what was there before is zero.
    ecn: [u32; 8],
    total_tlp: u32,
    total_tlp_bytes: [u32; 2], // one number, aligned as two are
    snd_una: u32,
    snd_max: u32,
}

const _: () = {
    assert!(offset_of!(TcpInfo, rto) == 8);
    assert!(offset_of!(TcpInfo, last_data_recv) == 52);
    assert!(offset_of!(TcpInfo, rtt) == 68);
    assert!(offset_of!(TcpInfo, rcv_space) == 96);
    assert!(offset_of!(TcpInfo, snd_rexmitpack) == 120);
    assert!(offset_of!(TcpInfo, snd_una) == 176);
    assert!(size_of::<TcpInfo>() == 184);
};

/// A field, unless the kernel's structure ends before it.
macro_rules! field {
    ($info:ident, $filled:ident, $name:ident) => {{
        let end = offset_of!(TcpInfo, $name) + size_of_val(&$info.$name);
        (end <= $filled).then_some($info.$name)
    }};
}

fn us(value: u32) -> Duration {
    Duration::from_micros(u64::from(value))
}

/// The two round-trip figures, of which the second means nothing before the first is measured.
fn round_trips(info: &TcpInfo, filled: usize) -> (Option<Duration>, Option<Duration>) {
    let time = field!(info, filled, rtt).filter(|rtt| *rtt > 0).map(us);
    (time, time.and(field!(info, filled, rttvar).map(us)))
}

/// FreeBSD's; `queued` is what FIONWRITE says, the bytes that the peer has not acknowledged.
pub(super) fn freebsd(info: &TcpInfo, filled: usize, queued: Option<u32>) -> Snapshot {
    let (round_trip_time, round_trip_variation) = round_trips(info, filled);
    let in_flight = field!(info, filled, snd_max).and_then(|_| in_flight(info));
    Snapshot {
        state: field!(info, filled, state).and_then(state),
        total_retransmits: field!(info, filled, snd_rexmitpack),
        unacked: in_flight.map(|bytes| bytes.div_ceil(info.snd_mss.max(1))),
        // Where it is not told how much of it is on its way, all of it.
        unsent: queued.map(|queued| queued.saturating_sub(in_flight.unwrap_or(0))),
        round_trip_time,
        round_trip_variation,
        retransmission_timeout: field!(info, filled, rto).map(us),
        since_ack_received: field!(info, filled, last_data_recv).map(us),
        ..Snapshot::default()
    }
}

/// The bytes on their way, if the kernel is one that tells them. Others leave zeros there, and nobody
/// knows what else once was: so the three numbers have to be in order.
fn in_flight(info: &TcpInfo) -> Option<u32> {
    const LARGEST_WINDOW: u32 = 1 << 30; // RFC 7323 §2.3
    let bytes = info.snd_max.wrapping_sub(info.snd_una);
    let told = (info.snd_una, info.snd_max) != (0, 0);
    let ordered = bytes <= LARGEST_WINDOW && info.snd_nxt.wrapping_sub(info.snd_una) <= bytes;
    (told && ordered).then_some(bytes)
}

/// NetBSD's: the state and the retransmissions, and no time at all.
pub(super) fn netbsd(info: &TcpInfo, filled: usize, queued: Option<u32>) -> Snapshot {
    Snapshot {
        state: field!(info, filled, state).and_then(state),
        total_retransmits: field!(info, filled, snd_rexmitpack),
        unsent: queued,
        ..Snapshot::default()
    }
}

/// OpenBSD's, as every process may see it.
pub(super) fn openbsd(info: &TcpInfo, filled: usize) -> Snapshot {
    let (round_trip_time, round_trip_variation) = round_trips(info, filled);
    Snapshot {
        state: field!(info, filled, state).and_then(state),
        round_trip_time,
        round_trip_variation,
        retransmission_timeout: field!(info, filled, rto).map(us),
        since_data_sent: field!(info, filled, last_data_sent).map(us),
        since_ack_received: field!(info, filled, last_data_recv).map(us),
        ..Snapshot::default()
    }
}

/// The numbers for the states, the same in every system that comes from 4.4BSD, Apple's included
/// (`netinet/tcp_fsm.h`).
pub(super) fn state(number: u8) -> Option<ConnectionState> {
    Some(match number {
        0 => ConnectionState::Closed,
        1 => ConnectionState::Listen,
        2 => ConnectionState::SynSent,
        3 => ConnectionState::SynReceived,
        4 => ConnectionState::Established,
        5 => ConnectionState::CloseWait,
        6 => ConnectionState::FinWait1,
        7 => ConnectionState::Closing,
        8 => ConnectionState::LastAck,
        9 => ConnectionState::FinWait2,
        10 => ConnectionState::TimeWait,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: usize = size_of::<TcpInfo>();

    fn established() -> TcpInfo {
        TcpInfo {
            state: 4,
            rto: 230_000,
            snd_mss: 1448,
            last_data_recv: 3_500_000,
            rtt: 20_000,
            rttvar: 5000,
            snd_rexmitpack: 2,
            snd_una: u32::MAX - 99,
            snd_nxt: 1400,
            snd_max: 1400,
            ..TcpInfo::default()
        }
    }

    #[test]
    fn a_segment_of_any_kind_is_a_sign_of_life_and_no_data() {
        let seen = freebsd(&established(), ALL, Some(2500));
        assert_eq!(seen.silence(), Some(Duration::from_millis(3500)));
        assert_eq!(seen.since_data_received, None);
        assert_eq!(openbsd(&established(), ALL).silence(), seen.silence());
        assert_eq!(seen.retransmission_timeout, Some(Duration::from_millis(230)));
        assert_eq!(seen.total_retransmits, Some(2));
    }

    #[test]
    fn what_is_on_its_way_is_not_unsent() {
        // 1500 bytes, and the sequence numbers begin anew among them: two segments.
        let seen = freebsd(&established(), ALL, Some(2500));
        assert_eq!((seen.unacked, seen.unsent), (Some(2), Some(1000)));
        assert!(seen.has_data_to_deliver());
    }

    #[test]
    fn an_older_kernel_does_not_tell_what_is_on_its_way() {
        let zeros = TcpInfo { snd_una: 0, snd_max: 0, ..established() };
        let other = TcpInfo { snd_una: 77, snd_max: 5, ..established() };
        for (info, filled) in [(zeros, ALL), (other, ALL), (established(), 176)] {
            let seen = freebsd(&info, filled, Some(2500));
            assert_eq!((seen.unacked, seen.unsent), (None, Some(2500)), "{filled}");
        }
    }

    #[test]
    fn a_field_beyond_the_end_is_unknown_and_so_is_a_round_trip_before_the_first() {
        let seen = openbsd(&established(), offset_of!(TcpInfo, rtt));
        assert_eq!((seen.round_trip_time, seen.round_trip_variation), (None, None));
        let early = TcpInfo { rtt: 0, ..established() };
        assert_eq!(openbsd(&early, ALL).round_trip_variation, None);
    }

    #[test]
    fn netbsd_tells_no_times() {
        let seen = netbsd(&established(), ALL, None);
        let expected = Snapshot {
            state: Some(ConnectionState::Established),
            total_retransmits: Some(2),
            ..Snapshot::default()
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_peers_close_comes_right_after_established() {
        assert_eq!(state(5), Some(ConnectionState::CloseWait));
        assert_eq!(state(11), None);
    }
}
