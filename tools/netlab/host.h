// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QProcess>
#include <QtCore/QStringList>

/// One host of the laboratory: a network namespace, and programs that are run in it.
///
/// A namespace has no name: a small program holds it and ends with its standard input, so that
/// nothing is left behind however this process ends.
class Host
{
public:
    /// An administration tool, which may live where a user's PATH does not lead; empty without it.
    static QString tool(const QString &name);

    /// The host that this process is on itself, until start().
    Host() = default;
    ~Host();
    Q_DISABLE_COPY_MOVE(Host)

    /// Makes a namespace of its own. Returns why not, or nothing.
    QString start();
    /// The process that holds the namespace, as programs like nsenter want it.
    qint64 holder() const;

    /// Starts a program on this host and returns at once. Its process id is the program's own.
    void launch(QProcess &process, const QString &program, const QStringList &arguments) const;
    /// Runs a program on this host to its end.
    void run(const QString &program, const QStringList &arguments, const QByteArray &input = {});
    /// Runs the words of a line.
    void run(const QString &line);
    /// Runs lines of ip(8), all in one process.
    void ip(const QStringList &lines);
    /// Writes a kernel setting of this host's network, such as "ipv4/ip_forward".
    void set(const QString &name, const QString &value);

    /// The first thing that did not work, if anything.
    QString trouble() const { return m_trouble; }

private:
    QProcess m_holder;
    QString m_trouble;
};
