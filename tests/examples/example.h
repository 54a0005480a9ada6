// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QTimer>

class Host;

/// One of the examples, running on a host of the laboratory. Ends with this process.
class Example
{
public:
    /// Starts it; `program` is its path below the examples' folder.
    Example(const Host &host, const QString &program, const QStringList &arguments);
    ~Example();
    Q_DISABLE_COPY_MOVE(Example)

    /// Waits until it has said this.
    bool says(const QString &words, int timeout = 20000);
    /// Waits for its end. Its exit code, or −1 if it has none.
    int exitCode(int timeout = 20000);
    /// All that it has said so far.
    QString output() const { return m_output; }
    qint64 processId() const { return m_process.processId(); }

    /// By how much the machine has been late, at worst, with waking this process.
    int lateness() const { return m_lateness; }
    /// A number of seconds from what it has said, as ms: the one in front of these words; −1 if there
    /// is none.
    int secondsBefore(const QString &words) const;

private:
    QProcess m_process;
    QString m_output;
    QTimer m_looks;
    QElapsedTimer m_sinceLook;
    int m_lateness = 0;
};
