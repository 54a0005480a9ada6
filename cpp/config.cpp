// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/config.h>

#include "bridge.h"

namespace bridge = qkeepalive::bridge;

namespace ka {

std::chrono::milliseconds Config::detectionTime() const noexcept
{
    return std::chrono::milliseconds(bridge::detection_time(bridge::lower(*this)));
}

Config Config::detectWithin(std::chrono::milliseconds total)
{
    return bridge::valueOrThrow(bridge::detect_within(total.count()));
}

Config Config::detectWithin(std::chrono::milliseconds total, std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::detect_within(total.count()), error);
}

} // namespace ka
