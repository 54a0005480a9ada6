// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// Marks what the shared library exports, also in programs compiled with -fvisibility=hidden.
#if defined(__GNUC__)
#    define KA_EXPORT __attribute__((visibility("default")))
#else
#    define KA_EXPORT
#endif
