// SPDX-License-Identifier: MIT OR Apache-2.0
#include "example.h"

#include <host.h>

#include <QtCore/QRegularExpression>
#include <QtTest/QTest>

#include <algorithm>

Example::Example(const Host &host, const QString &program, const QStringList &arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    // There is no display, and what QML prints goes to no journal.
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    environment.insert(QStringLiteral("QT_QUICK_BACKEND"), QStringLiteral("software"));
    environment.insert(QStringLiteral("QT_FORCE_STDERR_LOGGING"), QStringLiteral("1"));
    m_process.setProcessEnvironment(environment);
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    QObject::connect(&m_process, &QProcess::readyRead, &m_process,
                     [this] { m_output += QString::fromUtf8(m_process.readAll()); });
    host.launch(m_process, QStringLiteral("setpriv"),
                QStringList{QStringLiteral("--pdeathsig"), QStringLiteral("KILL"),
                            QLatin1String(EXAMPLES) + program}
                        + arguments);

    m_looks.setTimerType(Qt::PreciseTimer);
    m_looks.setInterval(25);
    QObject::connect(&m_looks, &QTimer::timeout, &m_looks, [this] {
        m_lateness = std::max(m_lateness, int(m_sinceLook.restart()) - m_looks.interval());
    });
    m_sinceLook.start();
    m_looks.start();
}

Example::~Example()
{
    if (QTest::currentTestFailed())
        qWarning("%s", qPrintable(QStringLiteral("the example said:\n") + m_output));
    m_process.kill();
    m_process.waitForFinished();
}

bool Example::says(const QString &words, int timeout)
{
    return QTest::qWaitFor([&] { return m_output.contains(words); }, timeout);
}

int Example::exitCode(int timeout)
{
    const bool ended = QTest::qWaitFor([this] { return m_process.state() == QProcess::NotRunning; },
                                       timeout);
    m_output += QString::fromUtf8(m_process.readAll());
    return ended && m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1;
}

int Example::secondsBefore(const QString &words) const
{
    const QRegularExpression expression(QStringLiteral("([0-9.]+) s ")
                                        + QRegularExpression::escape(words));
    const QRegularExpressionMatch match = expression.match(m_output);
    return match.hasMatch() ? qRound(match.captured(1).toDouble() * 1000) : -1;
}
