// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// Included by the bridge itself.

#include "rust/cxx.h"

#include <memory>
#include <string>

namespace qkeepalive::bridge {

/// A message for Failure. A null pointer where nothing failed costs less than an empty
/// rust::String, whose moves and destructor are calls into Rust.
inline std::unique_ptr<std::string> message(rust::Str words)
{
    return std::make_unique<std::string>(words.data(), words.size());
}

} // namespace qkeepalive::bridge
