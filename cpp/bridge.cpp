// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bridge.h"

namespace qkeepalive::bridge {

namespace {

template<typename T>
Value lower(const std::optional<T> &value) noexcept
{
    if (!value)
        return {false, 0};
    if constexpr (std::is_integral_v<T>)
        return {true, *value};
    else
        return {true, value->count()};
}

template<typename T>
std::optional<T> raise(Value value) noexcept
{
    if (!value.given)
        return std::nullopt;
    return static_cast<T>(value.value);
}

[[noreturn]] void raise(const Failure &failure)
{
    throw ka::Error(errorCode(failure), failure.option, *failure.message);
}

} // namespace

Config lower(const ka::Config &config) noexcept
{
    return {config.enabled, lower(config.idle), lower(config.interval), lower(config.count),
            lower(config.userTimeout)};
}

ka::Config raise(const Config &config) noexcept
{
    using std::chrono::milliseconds;
    ka::Config raised;
    raised.enabled = config.enabled;
    raised.idle = raise<milliseconds>(config.idle);
    raised.interval = raise<milliseconds>(config.interval);
    raised.count = raise<int>(config.count);
    raised.userTimeout = raise<milliseconds>(config.user_timeout);
    return raised;
}

ka::Snapshot raise(const Snapshot &snapshot) noexcept
{
    using std::chrono::microseconds;
    using std::chrono::milliseconds;
    ka::Snapshot raised;
    raised.state = raise<ka::ConnectionState>(snapshot.state);
    raised.probes = raise<int>(snapshot.probes);
    raised.retransmits = raise<int>(snapshot.retransmits);
    raised.totalRetransmits = raise<int>(snapshot.total_retransmits);
    raised.backoff = raise<int>(snapshot.backoff);
    raised.unacked = raise<int>(snapshot.unacked);
    raised.unsent = raise<int>(snapshot.unsent);
    raised.roundTripTime = raise<microseconds>(snapshot.round_trip_time);
    raised.roundTripVariation = raise<microseconds>(snapshot.round_trip_variation);
    raised.retransmissionTimeout = raise<milliseconds>(snapshot.retransmission_timeout);
    raised.sinceDataSent = raise<milliseconds>(snapshot.since_data_sent);
    raised.sinceDataReceived = raise<milliseconds>(snapshot.since_data_received);
    raised.sinceAckReceived = raise<milliseconds>(snapshot.since_ack_received);
    raised.segmentsSent = raise<unsigned>(snapshot.segments_sent);
    raised.segmentsReceived = raise<unsigned>(snapshot.segments_received);
    raised.dataSegmentsSent = raise<unsigned>(snapshot.data_segments_sent);
    raised.bytesAcknowledged = raise<std::uint64_t>(snapshot.bytes_acknowledged);
    raised.bytesReceived = raise<std::uint64_t>(snapshot.bytes_received);
    return raised;
}

ka::Capabilities raise(const Capabilities &capabilities) noexcept
{
    using Times = ka::Capabilities::Times;
    using std::chrono::milliseconds;
    const auto times = [](const Span &range) -> std::optional<Times> {
        if (!range.given)
            return std::nullopt;
        return Times{milliseconds(range.min), milliseconds(range.max), milliseconds(range.step)};
    };
    ka::Capabilities raised;
    raised.idle = times(capabilities.idle);
    raised.interval = times(capabilities.interval);
    if (const auto &count = capabilities.count; count.given)
        raised.count = ka::Capabilities::Counts{int(count.min), int(count.max)};
    raised.userTimeout = times(capabilities.user_timeout);
    raised.detectWithin = times(capabilities.detect_within);
    raised.timesTogether = capabilities.times_together;
    raised.systemDefaults = capabilities.system_defaults;
    raised.setSystemDefaults = capabilities.set_system_defaults;
    raised.readBack = capabilities.read_back;
    raised.probesCounter = capabilities.probes_counter;
    raised.deadline = capabilities.deadline;
    raised.lossReason = capabilities.loss_reason;
    raised.earlyWarning = capabilities.early_warning;
    return raised;
}

std::error_code errorCode(const Failure &failure) noexcept
{
    switch (failure.category) {
    case Category::Library:
        return {failure.code, ka::errorCategory()};
    case Category::System:
        return {failure.code, std::system_category()};
    case Category::Internal:
        return std::make_error_code(std::errc::state_not_recoverable);
    case Category::None:
        break;
    }
    return {};
}

ka::Config valueOrThrow(const ConfigResult &result)
{
    if (result.failure.category != Category::None)
        raise(result.failure);
    return raise(result.config);
}

ka::Snapshot valueOrThrow(const SnapshotResult &result)
{
    if (result.failure.category != Category::None)
        raise(result.failure);
    return raise(result.snapshot);
}

ka::Config valueOrCode(const ConfigResult &result, std::error_code &error) noexcept
{
    error = errorCode(result.failure);
    return error ? ka::Config() : raise(result.config);
}

ka::Snapshot valueOrCode(const SnapshotResult &result, std::error_code &error) noexcept
{
    error = errorCode(result.failure);
    return error ? ka::Snapshot() : raise(result.snapshot);
}

} // namespace qkeepalive::bridge
