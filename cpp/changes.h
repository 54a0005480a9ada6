// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "qkeepalive/src/qobject.cxxqt.h"

#include <cstdint>

namespace ka::detail {

/// What a guard has to show and to do, as Rust says it: a bit for each.
class Changes
{
public:
    explicit Changes(std::uint32_t bits)
        : m_bits(bits)
    {
    }

    bool has(Change change) const { return (m_bits & static_cast<std::uint32_t>(change)) != 0; }
    bool has(Property property) const { return ((m_bits >> int(property)) & 1) != 0; }

private:
    std::uint32_t m_bits;
};

} // namespace ka::detail
