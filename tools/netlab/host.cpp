// SPDX-License-Identifier: MIT OR Apache-2.0
#include "host.h"

#include <QtCore/QStandardPaths>

#include <unistd.h>

QString Host::tool(const QString &name)
{
    const QString found = QStandardPaths::findExecutable(name);
    return found.isEmpty() ? QStandardPaths::findExecutable(
                   name, {QStringLiteral("/usr/sbin"), QStringLiteral("/sbin")})
                           : found;
}

Host::~Host()
{
    m_holder.closeWriteChannel();
    if (m_holder.state() != QProcess::NotRunning && !m_holder.waitForFinished(2000)) {
        m_holder.kill();
        m_holder.waitForFinished();
    }
}

QString Host::start()
{
    // unshare replaces itself with cat: the process id stays. What cat says back tells that the
    // namespace is there.
    m_holder.start(tool(QStringLiteral("unshare")),
                   {QStringLiteral("--net"), QStringLiteral("cat")});
    m_holder.write("ready\n");
    if (!m_holder.waitForReadyRead(20000) || m_holder.readLine() != "ready\n")
        return QStringLiteral("a host did not start: ") + m_holder.errorString();
    return {};
}

qint64 Host::holder() const
{
    return m_holder.state() == QProcess::NotRunning ? qint64(::getpid()) : m_holder.processId();
}

void Host::launch(QProcess &process, const QString &program, const QStringList &arguments) const
{
    QStringList words{tool(program)};
    words += arguments;
    if (m_holder.state() != QProcess::NotRunning) {
        words = QStringList{tool(QStringLiteral("nsenter")), QStringLiteral("--net"),
                            QStringLiteral("--target"), QString::number(holder()),
                            QStringLiteral("--")}
              + words;
    }
    process.start(words.takeFirst(), words);
}

void Host::run(const QString &program, const QStringList &arguments, const QByteArray &input)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    launch(process, program, arguments);
    process.write(input);
    process.closeWriteChannel();
    const bool ended = process.waitForFinished(20000);
    if (m_trouble.isEmpty() && (!ended || process.exitCode() != 0)) {
        m_trouble = QStringLiteral("'%1 %2' failed: %3 %4")
                            .arg(program, arguments.join(QLatin1Char(' ')),
                                 QString::fromLocal8Bit(process.readAll()).trimmed(),
                                 QString::fromLocal8Bit(input));
    }
}

void Host::run(const QString &line)
{
    QStringList words = line.split(QLatin1Char(' '));
    const QString program = words.takeFirst();
    run(program, words);
}

void Host::ip(const QStringList &lines)
{
    run(QStringLiteral("ip"), {QStringLiteral("-batch"), QStringLiteral("-")},
        (lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toLocal8Bit());
}

void Host::set(const QString &name, const QString &value)
{
    run(QStringLiteral("sh"),
        {QStringLiteral("-c"), QStringLiteral("echo %1 > /proc/sys/net/%2").arg(value, name)});
}
