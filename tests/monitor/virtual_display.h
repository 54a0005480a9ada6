// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QProcess>

/// A screen of the test's own, which nobody sees: Xvfb. It ends with the test, however that ends.
class VirtualDisplay
{
public:
    VirtualDisplay() = default;
    ~VirtualDisplay();
    Q_DISABLE_COPY_MOVE(VirtualDisplay)

    /// Starts it and points Qt at it; call it before there is a QGuiApplication. Returns why not, or
    /// nothing.
    QString start();

private:
    QProcess m_server;
};
