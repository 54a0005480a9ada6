// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace ka::detail {

/// Registers what the QML module of C++ programs brings, under the same names.
void registerQmlTypes();

} // namespace ka::detail
