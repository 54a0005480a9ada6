// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

class QQmlApplicationEngine;
class QQuickWindow;

/// Loads the monitor's window into an engine. Returns null, having said why, if it cannot be loaded.
QQuickWindow *loadWindow(QQmlApplicationEngine &engine);
