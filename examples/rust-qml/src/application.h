// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QString>

/// Shows qml/main.qml until its end, and returns its code.
int run(const QString &host, int port, int within, bool once);
