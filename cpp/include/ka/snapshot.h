// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ka {

/// The states of a TCP connection (RFC 9293 §3.3.2).
enum class ConnectionState {
    /// There is no connection: none was made yet, or it has ended.
    Closed = 0,
    /// Waits for connections from others.
    Listen = 1,
    /// This side asked for a connection, and waits for the answer.
    SynSent = 2,
    /// This side was asked for a connection, and has answered.
    SynReceived = 3,
    /// Connected in both directions.
    Established = 4,
    /// This side has closed; its FIN is not acknowledged yet.
    FinWait1 = 5,
    /// This side has closed; the peer may still send.
    FinWait2 = 6,
    /// The peer has closed; this side may still send.
    CloseWait = 7,
    /// Both have closed at the same time. This side's FIN is not acknowledged yet.
    Closing = 8,
    /// The peer closed first, then this side, whose FIN is not acknowledged yet.
    LastAck = 9,
    /// Over. Waits for late segments to die out.
    TimeWait = 10,
};

/// What the kernel knows of one connection at one moment. Reading it takes away neither data nor a
/// pending error. On Linux it is `TCP_INFO` (tcp(7)); each field names its member there.
///
/// A field is empty if the system does not tell it. Linux and Android tell all of them. The
/// kernel's clock has steps of some milliseconds (Linux: 1000 / CONFIG_HZ, so 1 to 10 ms).
struct Snapshot
{
    /// The state of the connection (`tcpi_state`). Every known system tells it.
    std::optional<ConnectionState> state;
    /// Unanswered probes, of keepalive or of a closed window (`tcpi_probes`). A healthy link shows
    /// one for about a round trip. Only Linux and Android.
    std::optional<int> probes;
    /// Retransmissions of the oldest unacknowledged data (`tcpi_retransmits`). Only Linux and
    /// Android.
    std::optional<int> retransmits;
    /// Retransmissions since the connection began (`tcpi_total_retrans`). Also on macOS, FreeBSD
    /// and NetBSD. Also on Windows since version 1703, as the number of segments that the bytes
    /// fill.
    std::optional<int> totalRetransmits;
    /// How often the retransmission timer has doubled (`tcpi_backoff`). Only Linux and Android.
    std::optional<int> backoff;
    /// Segments sent and not yet acknowledged (`tcpi_unacked`). Zero after an abort. Also on
    /// FreeBSD since 14. Also on Windows since version 1703, as the number of segments that the
    /// bytes fill.
    std::optional<int> unacked;
    /// Bytes queued and not yet sent (`tcpi_notsent_bytes`). Also on FreeBSD since 14. On macOS,
    /// NetBSD, and FreeBSD before 14: all bytes that are not acknowledged yet.
    std::optional<int> unsent;
    /// The smoothed round-trip time (`tcpi_rtt`; RFC 6298). Also on macOS, FreeBSD, OpenBSD, and on
    /// Windows since version 1703.
    std::optional<std::chrono::microseconds> roundTripTime;
    /// Its mean deviation (`tcpi_rttvar`; RFC 6298). Also on macOS, FreeBSD and OpenBSD.
    std::optional<std::chrono::microseconds> roundTripVariation;
    /// How long unacknowledged data waits for its next retransmission (`tcpi_rto`; RFC 6298). Also
    /// on FreeBSD and OpenBSD, and on macOS while data is in flight.
    std::optional<std::chrono::milliseconds> retransmissionTimeout;
    /// Time since data was last sent (`tcpi_last_data_sent`). Also on OpenBSD.
    std::optional<std::chrono::milliseconds> sinceDataSent;
    /// Time since data last came in, whether or not the program has read it
    /// (`tcpi_last_data_recv`). Only Linux and Android.
    std::optional<std::chrono::milliseconds> sinceDataReceived;
    /// Time since an acknowledgement last came in (`tcpi_last_ack_recv`); answers to keepalive
    /// probes count. On FreeBSD and OpenBSD: since any segment came in.
    std::optional<std::chrono::milliseconds> sinceAckReceived;
    /// Segments sent (`tcpi_segs_out`). Only Linux and Android.
    std::optional<unsigned> segmentsSent;
    /// Segments received (`tcpi_segs_in`). Only Linux and Android.
    std::optional<unsigned> segmentsReceived;
    /// Segments with data sent (`tcpi_data_segs_out`). Only Linux and Android.
    std::optional<unsigned> dataSegmentsSent;
    /// Bytes that the peer has acknowledged since the connection began (`tcpi_bytes_acked`). Only
    /// Linux and Android.
    std::optional<std::uint64_t> bytesAcknowledged;
    /// Bytes of data that came in since the connection began, whether or not the program has read
    /// them (`tcpi_bytes_received`). Also on macOS, and on Windows since version 1703.
    std::optional<std::uint64_t> bytesReceived;

    /// Time since the peer was last heard in any way: the shorter one of sinceDataReceived and
    /// sinceAckReceived. Empty if the system tells neither.
    std::optional<std::chrono::milliseconds> silence() const noexcept
    {
        if (sinceDataReceived && sinceAckReceived)
            return *sinceDataReceived < *sinceAckReceived ? sinceDataReceived : sinceAckReceived;
        return sinceDataReceived ? sinceDataReceived : sinceAckReceived;
    }
};

} // namespace ka
