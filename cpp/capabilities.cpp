// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/capabilities.h>

#include "bridge.h"

namespace ka {

Capabilities capabilities() noexcept
{
    return qkeepalive::bridge::raise(qkeepalive::bridge::capabilities());
}

} // namespace ka
