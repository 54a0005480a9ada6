// SPDX-License-Identifier: MIT OR Apache-2.0
#include "virtual_display.h"

#include <QtCore/QStandardPaths>

#include <csignal>
#include <sys/prctl.h>

VirtualDisplay::~VirtualDisplay()
{
    m_server.terminate();
    if (m_server.state() != QProcess::NotRunning && !m_server.waitForFinished(5000)) {
        m_server.kill();
        m_server.waitForFinished();
    }
}

QString VirtualDisplay::start()
{
    const QString program = QStandardPaths::findExecutable(QStringLiteral("Xvfb"));
    if (program.isEmpty())
        return QStringLiteral(
                "a virtual display needs the program 'Xvfb' (Debian: apt install xvfb)");
    m_server.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGTERM); });
    // It takes the first number that is free, and says which on its standard output.
    m_server.start(program,
                   {QStringLiteral("-displayfd"), QStringLiteral("1"), QStringLiteral("-screen"),
                    QStringLiteral("0"), QStringLiteral("2400x2400x24"),
                    QStringLiteral("-nolisten"), QStringLiteral("tcp"), QStringLiteral("-noreset"),
                    QStringLiteral("-extension"), QStringLiteral("GLX")});
    while (!m_server.canReadLine()) {
        if (!m_server.waitForReadyRead(20000)) {
            return QStringLiteral("'Xvfb' did not start: ")
                 + QString::fromLocal8Bit(m_server.readAllStandardError()).trimmed();
        }
    }
    qputenv("DISPLAY", ":" + m_server.readLine().trimmed());
    qputenv("QT_QPA_PLATFORM", "xcb");
    qputenv("QT_QUICK_BACKEND", "software");
    qputenv("QML_DISABLE_DISK_CACHE", "1"); // nothing is left behind in the user's cache
    return {};
}
