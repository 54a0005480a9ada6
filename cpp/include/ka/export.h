// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// Marks what the shared library exports, also in programs compiled with -fvisibility=hidden. On
/// Windows the library is a static one, and MinGW would warn of a visibility that it does not know.
#if defined(__GNUC__) && !defined(_WIN32)
#    define KA_EXPORT __attribute__((visibility("default")))
#else
#    define KA_EXPORT
#endif
