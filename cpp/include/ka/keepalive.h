// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// ka::KeepAlive: guards one TCP connection of a Qt program.

#include <ka/detail/socket_tap.h>
#include <ka/enums.h>

#if defined(__GNUC__)
#    pragma GCC visibility push(default)
#endif
#include "qkeepalive/src/qobject.cxxqt.h"
#if defined(__GNUC__)
#    pragma GCC visibility pop
#endif
