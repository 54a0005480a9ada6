//! What the kernel knows of a connection, the same on every system.

use std::time::Duration;

use crate::record::{Fields, field, variants};

/// The longest wait between two attempts to deliver data (Linux: `TCP_RTO_MAX`).
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

/// What the kernel knows of one connection at one moment (Linux: `TCP_INFO`, tcp(7); each field
/// says which of its members it is).
///
/// Reading it takes nothing away: neither data nor a pending error. A field is `None` where the
/// system does not tell; Linux and Android tell all of them, and what the others tell stands in
/// docs/systems.md. The kernel's clock has a grain of some milliseconds (Linux: 1000 / CONFIG_HZ,
/// so 1 to 10 ms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Snapshot {
    /// Where the connection stands (`tcpi_state`; RFC 9293 §3.3.2).
    pub state: Option<ConnectionState>,
    /// Unanswered probes, of keepalive or of a closed window (`tcpi_probes`). A healthy link shows
    /// one for about a round trip.
    pub probes: Option<u32>,
    /// Retransmissions of the oldest unacknowledged data (`tcpi_retransmits`).
    pub retransmits: Option<u32>,
    /// Retransmissions since the connection began (`tcpi_total_retrans`).
    pub total_retransmits: Option<u32>,
    /// How often the retransmission timer has doubled (`tcpi_backoff`).
    pub backoff: Option<u32>,
    /// Segments sent and not yet acknowledged (`tcpi_unacked`). Zero after an abort.
    pub unacked: Option<u32>,
    /// Bytes queued and not yet sent (`tcpi_notsent_bytes`).
    pub unsent: Option<u32>,
    /// The smoothed round-trip time (`tcpi_rtt`; RFC 6298).
    pub round_trip_time: Option<Duration>,
    /// Its mean deviation (`tcpi_rttvar`).
    pub round_trip_variation: Option<Duration>,
    /// How long unacknowledged data waits for its next retransmission (`tcpi_rto`; RFC 6298).
    pub retransmission_timeout: Option<Duration>,
    /// Time since data was last sent (`tcpi_last_data_sent`).
    pub since_data_sent: Option<Duration>,
    /// Time since data last came in (`tcpi_last_data_recv`), whether or not the program read it.
    pub since_data_received: Option<Duration>,
    /// Time since an acknowledgement last came in (`tcpi_last_ack_recv`); the answers to keepalive
    /// probes are such.
    pub since_ack_received: Option<Duration>,
    /// Segments sent (`tcpi_segs_out`).
    pub segments_sent: Option<u32>,
    /// Segments received (`tcpi_segs_in`).
    pub segments_received: Option<u32>,
    /// Segments with data sent (`tcpi_data_segs_out`).
    pub data_segments_sent: Option<u32>,
    /// Bytes that the peer has acknowledged since the connection began (`tcpi_bytes_acked`).
    pub bytes_acknowledged: Option<u64>,
    /// Bytes of data that came in since the connection began (`tcpi_bytes_received`), whether or
    /// not the program has read them.
    pub bytes_received: Option<u64>,
    /// Bytes of data that were sent at least once (`tcpi_bytes_sent` without `tcpi_bytes_retrans`; Linux
    /// 4.19 and newer). What this host itself cannot send, because a link is down or a queue is full, is
    /// counted at each attempt.
    pub bytes_sent: Option<u64>,
    /// How many bytes after those that it has acknowledged the peer is ready to take
    /// (`tcpi_snd_wnd`; Linux 5.4 and newer; RFC 9293 §3.8.6).
    pub window: Option<u32>,
    /// How many bytes the peer was last told that it may send (`tcpi_rcv_wnd`; Linux 6.2 and newer).
    /// Zero while nobody here reads what came in.
    pub receive_window: Option<u32>,
}

impl Snapshot {
    pub(crate) fn fields(&mut self, to: &mut dyn Fields) {
        field(to, "state", &mut self.state);
        field(to, "probes", &mut self.probes);
        field(to, "retransmits", &mut self.retransmits);
        field(to, "total_retransmits", &mut self.total_retransmits);
        field(to, "backoff", &mut self.backoff);
        field(to, "unacked", &mut self.unacked);
        field(to, "unsent", &mut self.unsent);
        field(to, "round_trip", &mut self.round_trip_time);
        field(to, "variation", &mut self.round_trip_variation);
        field(to, "timeout", &mut self.retransmission_timeout);
        field(to, "since_sent", &mut self.since_data_sent);
        field(to, "since_data", &mut self.since_data_received);
        field(to, "since_ack", &mut self.since_ack_received);
        field(to, "segments_sent", &mut self.segments_sent);
        field(to, "segments_received", &mut self.segments_received);
        field(to, "data_segments", &mut self.data_segments_sent);
        field(to, "acked", &mut self.bytes_acknowledged);
        field(to, "received", &mut self.bytes_received);
        field(to, "sent", &mut self.bytes_sent);
        field(to, "window", &mut self.window);
        field(to, "room", &mut self.receive_window);
    }

    /// Time since the peer was last heard in any way: the shorter one of
    /// [`since_data_received`](Self::since_data_received) and
    /// [`since_ack_received`](Self::since_ack_received).
    pub fn silence(&self) -> Option<Duration> {
        match (self.since_data_received, self.since_ack_received) {
            (Some(data), Some(ack)) => Some(data.min(ack)),
            (one, other) => one.or(other),
        }
    }

    /// Whether data is on its way to the peer or waits for it.
    pub fn has_data_to_deliver(&self) -> bool {
        self.unacked.unwrap_or(0) > 0 || self.unsent.unwrap_or(0) > 0
    }

    /// For how long, at least, the oldest data on its way is unacknowledged; `None` where there is
    /// none.
    ///
    /// The kernel does not say it. But no data is on its way that was sent later than the last, and
    /// the kernel doubles its timeout with each attempt: after n of them the waits so far were
    /// 1/2ⁿ, 2/2ⁿ, … of the present one, and all together as long as that without the first. The
    /// two do not add up: an attempt that could not leave this host counts in the second only.
    pub fn unacknowledged_for(&self) -> Option<Duration> {
        if self.unacked? == 0 {
            return None;
        }
        Some(self.attempted_for().max(self.since_data_sent?))
    }

    /// All waits between the attempts so far.
    pub(crate) fn attempted_for(&self) -> Duration {
        let timeout = self.retransmission_timeout.unwrap_or_default();
        timeout.saturating_sub(timeout / (1 << self.backoff.unwrap_or(0).min(31)))
    }

    /// How long the kernel may wait for its next attempt to deliver data. For a retransmission it
    /// tells that; a window probe, which is also how it tries what has never left this host, waits
    /// for what follows from the number of those that were made.
    pub(crate) fn attempt_within(&self) -> Duration {
        let timeout = self.retransmission_timeout.unwrap_or_default();
        let probes_window = self.unacked == Some(0) && self.unsent.is_some_and(|bytes| bytes > 0);
        let doubled = if probes_window { self.backoff.unwrap_or(0).min(31) } else { 0 };
        timeout.saturating_mul(1 << doubled).min(LONGEST_TIMEOUT)
    }
}

/// The states of a TCP connection (RFC 9293 §3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// There is no connection: none was made yet, or it has ended.
    Closed,
    /// Waits for connections of others.
    Listen,
    /// Asked for a connection, and waits for the answer.
    SynSent,
    /// Was asked for a connection, and has answered.
    SynReceived,
    /// Connected in both directions.
    Established,
    /// This side has closed; its FIN is not acknowledged yet.
    FinWait1,
    /// This side has closed; the peer may still send.
    FinWait2,
    /// The peer has closed; this side may still send.
    CloseWait,
    /// Both have closed at the same time; this side's FIN is not acknowledged yet.
    Closing,
    /// The peer closed first, then this side, whose FIN is not acknowledged yet.
    LastAck,
    /// Over; waits for late segments to die out.
    TimeWait,
}

variants!(ConnectionState: Self::Closed, Self::Listen, Self::SynSent, Self::SynReceived,
    Self::Established, Self::FinWait1, Self::FinWait2, Self::CloseWait, Self::Closing,
    Self::LastAck, Self::TimeWait);

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn attempts_that_could_not_leave_this_host_do_not_make_data_older_than_it_is() {
        // Sent once, 1.4 s ago. Three attempts since then, at 0.2, 0.6 and 1.4 s, found no way out.
        let stranded = Snapshot {
            unacked: Some(1),
            retransmits: Some(3),
            backoff: Some(3),
            retransmission_timeout: Some(ms(1600)),
            since_data_sent: Some(ms(1400)),
            ..Snapshot::default()
        };
        assert_eq!(stranded.unacknowledged_for(), Some(ms(1400)));
        // The same, all of them sent: it is 1.4 s old although the last went out just now.
        let resent = Snapshot { since_data_sent: Some(ms(0)), ..stranded };
        assert_eq!(resent.unacknowledged_for(), Some(ms(1400)));
        assert_eq!(Snapshot { unacked: Some(0), ..resent }.unacknowledged_for(), None);
    }

    #[test]
    fn data_is_as_old_as_the_older_of_two_bounds_says() {
        let data = Snapshot {
            unacked: Some(2),
            backoff: Some(1),
            retransmission_timeout: Some(ms(400)),
            since_data_sent: Some(ms(250)),
            ..Snapshot::default()
        };
        assert_eq!(data.attempted_for(), ms(200));
        assert_eq!(data.unacknowledged_for(), Some(ms(250)));
        assert_eq!(Snapshot { backoff: None, ..data }.attempted_for(), ms(0));
        assert_eq!(Snapshot { unacked: None, ..data }.unacknowledged_for(), None);
        assert_eq!(Snapshot { since_data_sent: None, ..data }.unacknowledged_for(), None);
        // More doublings than there are bits.
        assert!(Snapshot { backoff: Some(200), ..data }.attempted_for() >= ms(399));
    }

    #[test]
    fn the_peer_was_last_heard_by_whatever_came_last() {
        let heard = |data: Option<u64>, ack: Option<u64>| Snapshot {
            since_data_received: data.map(ms),
            since_ack_received: ack.map(ms),
            ..Snapshot::default()
        };
        for (data, ack, silence) in [
            (Some(5), Some(3), Some(3)),
            (Some(3), Some(5), Some(3)),
            (Some(3), None, Some(3)),
            (None, Some(5), Some(5)),
            (None, None, None),
        ] {
            assert_eq!(heard(data, ack).silence(), silence.map(ms), "{data:?} {ack:?}");
        }
    }

    #[test]
    fn data_on_its_way_or_waiting_is_to_be_delivered() {
        for (unacked, unsent, deliver) in [
            (Some(0), Some(0), false),
            (Some(1), Some(0), true),
            (Some(0), Some(1), true),
            (Some(1), None, true),
            (None, Some(1), true),
            (None, None, false),
        ] {
            let info = Snapshot { unacked, unsent, ..Snapshot::default() };
            assert_eq!(info.has_data_to_deliver(), deliver, "{unacked:?} {unsent:?}");
        }
    }

    #[test]
    fn a_window_probe_waits_for_twice_as_long_each_time_and_never_longer_than_the_kernel_allows() {
        for (unacked, unsent, backoff, wait) in [
            (Some(0), Some(8), 5, 16_800),
            (Some(0), Some(1), 0, 525),
            (Some(0), Some(8), 20, 120_000),
            (Some(0), Some(8), 40, 120_000),
            // A retransmission's timeout is told as it is; without data there is none to wait for.
            (Some(1), Some(8), 5, 525),
            (Some(0), Some(0), 5, 525),
            (None, Some(8), 5, 525),
            (Some(0), None, 5, 525),
        ] {
            let info = Snapshot {
                unacked,
                unsent,
                backoff: Some(backoff),
                retransmission_timeout: Some(Duration::from_millis(525)),
                ..Snapshot::default()
            };
            let wait = Duration::from_millis(wait);
            assert_eq!(info.attempt_within(), wait, "{unacked:?} {unsent:?} {backoff}");
        }
    }
}
