// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// The one place where the facade meets the bridge: the flat structs of src/bridge.rs to and from
// the types that users see. Not installed.

#include <ka/capabilities.h>
#include <ka/config.h>
#include <ka/error.h>
#include <ka/snapshot.h>

#include "qkeepalive/src/bridge.rs.h"

namespace qkeepalive::bridge {

Config lower(const ka::Config &config) noexcept;
ka::Config raise(const Config &config) noexcept;
ka::Snapshot raise(const Snapshot &snapshot) noexcept;
ka::Capabilities raise(const Capabilities &capabilities) noexcept;

/// No error: value 0.
std::error_code errorCode(const Failure &failure) noexcept;

/// The value, or the exception.
ka::Config valueOrThrow(const ConfigResult &result);
ka::Snapshot valueOrThrow(const SnapshotResult &result);

/// The value, or a default one and the code.
ka::Config valueOrCode(const ConfigResult &result, std::error_code &error) noexcept;
ka::Snapshot valueOrCode(const SnapshotResult &result, std::error_code &error) noexcept;

} // namespace qkeepalive::bridge
