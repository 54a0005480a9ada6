// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ka {

/// The states of a TCP connection (RFC 9293 §3.3.2).
enum class ConnectionState {
    Closed = 0,
    Listen = 1,
    SynSent = 2,
    SynReceived = 3,
    Established = 4,
    FinWait1 = 5,
    FinWait2 = 6,
    CloseWait = 7,
    Closing = 8,
    LastAck = 9,
    TimeWait = 10,
};

/// What the kernel knows of one connection at one moment (Linux: TCP_INFO). Reading it takes away
/// neither data nor a pending error. A field is empty where the system does not tell.
struct Snapshot
{
    /// Where the connection stands.
    std::optional<ConnectionState> state;
    /// Unanswered probes, of keepalive or of a closed window. A healthy link shows one for about a
    /// round trip.
    std::optional<int> probes;
    /// Retransmissions of the oldest unacknowledged data.
    std::optional<int> retransmits;
    /// Retransmissions since the connection began.
    std::optional<int> totalRetransmits;
    /// How often the retransmission timer has doubled.
    std::optional<int> backoff;
    /// Segments sent and not yet acknowledged.
    std::optional<int> unacked;
    /// Bytes queued and not yet sent.
    std::optional<int> unsent;
    /// The smoothed round-trip time.
    std::optional<std::chrono::microseconds> roundTripTime;
    /// Its mean deviation.
    std::optional<std::chrono::microseconds> roundTripVariation;
    /// The time until the next retransmission of unacknowledged data.
    std::optional<std::chrono::milliseconds> retransmissionTimeout;
    /// Time since data was last sent.
    std::optional<std::chrono::milliseconds> sinceDataSent;
    /// Time since data last came in, whether or not the program has read it.
    std::optional<std::chrono::milliseconds> sinceDataReceived;
    /// Time since an acknowledgement last came in; the answers to keepalive probes are such.
    std::optional<std::chrono::milliseconds> sinceAckReceived;
    /// Segments sent.
    std::optional<unsigned> segmentsSent;
    /// Segments received.
    std::optional<unsigned> segmentsReceived;
    /// Segments with data sent.
    std::optional<unsigned> dataSegmentsSent;
    /// Bytes that the peer has acknowledged since the connection began.
    std::optional<std::uint64_t> bytesAcknowledged;
    /// Bytes of data that came in since the connection began, whether or not the program has read
    /// them.
    std::optional<std::uint64_t> bytesReceived;

    /// Time since the peer was last heard in any way.
    std::optional<std::chrono::milliseconds> silence() const noexcept
    {
        if (sinceDataReceived && sinceAckReceived)
            return *sinceDataReceived < *sinceAckReceived ? sinceDataReceived : sinceAckReceived;
        return sinceDataReceived ? sinceDataReceived : sinceAckReceived;
    }
};

} // namespace ka
