// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/socket.h>

#include "bridge.h"

namespace bridge = qkeepalive::bridge;

namespace ka {

Config apply(Descriptor socket, const Config &config)
{
    return bridge::valueOrThrow(bridge::apply(socket, bridge::lower(config)));
}

Config apply(Descriptor socket, const Config &config, std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::apply(socket, bridge::lower(config)), error);
}

Config query(Descriptor socket)
{
    return bridge::valueOrThrow(bridge::query(socket));
}

Config query(Descriptor socket, std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::query(socket), error);
}

Snapshot snapshot(Descriptor socket)
{
    return bridge::valueOrThrow(bridge::snapshot(socket));
}

Snapshot snapshot(Descriptor socket, std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::snapshot(socket), error);
}

Config systemDefaults()
{
    return bridge::valueOrThrow(bridge::system_defaults());
}

Config systemDefaults(std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::system_defaults(), error);
}

Config setSystemDefaults(const Config &config)
{
    return bridge::valueOrThrow(bridge::set_system_defaults(bridge::lower(config)));
}

Config setSystemDefaults(const Config &config, std::error_code &error) noexcept
{
    return bridge::valueOrCode(bridge::set_system_defaults(bridge::lower(config)), error);
}

} // namespace ka
