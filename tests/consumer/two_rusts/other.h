// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "other_rust/lib.rs.h"
#include "rust/cxx.h"

#include <cstring>
#include <string>

/// Whether the other library does what it should: its strings, its boxes, its exceptions.
inline bool otherWorks()
{
    auto counter = other::counter();
    counter->count();
    if (counter->count() != 2 || std::string(other::greeting("you")) != "hello you")
        return false;
    try {
        other::refuse();
    } catch (const rust::Error &error) {
        return std::strstr(error.what(), "invalid digit") != nullptr;
    }
    return false;
}
