//! What the kernel knows of a connection, the same on every system.

use std::time::Duration;

/// What the kernel knows of one connection at one moment (Linux: `TCP_INFO`).
///
/// Reading it takes nothing away: neither data nor a pending error. A field is `None` where the
/// system does not tell.
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
    /// The smoothed round-trip time (`tcpi_rtt`).
    pub round_trip_time: Option<Duration>,
    /// Its mean deviation (`tcpi_rttvar`).
    pub round_trip_variation: Option<Duration>,
    /// The time until the next retransmission of unacknowledged data (`tcpi_rto`).
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
}

impl Snapshot {
    /// Time since the peer was last heard in any way.
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
    /// The kernel does not say it, but it doubles its timeout with each retransmission: after n of
    /// them the waits so far were 1/2ⁿ, 2/2ⁿ, … of the present one, and all together as long as
    /// that without the first. Then comes the time since the last.
    pub fn unacknowledged_for(&self) -> Option<Duration> {
        if self.unacked? == 0 {
            return None;
        }
        let timeout = self.retransmission_timeout.unwrap_or_default();
        let first = timeout.checked_div(1 << self.retransmits.unwrap_or(0).min(31));
        Some(timeout - first.unwrap_or(timeout) + self.since_data_sent?)
    }
}

/// The states of a TCP connection (RFC 9293 §3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the RFC's own
#[non_exhaustive]
pub enum ConnectionState {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}
