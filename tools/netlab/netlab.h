// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QStringList>

/// Two hosts on one machine: this process in a network namespace of its own, a server in another,
/// joined by a veth pair whose packets can really be stopped.
///
/// The namespaces have no names: they live as long as the two processes do, so that nothing is left
/// behind whatever happens.
class NetLab
{
public:
    /// Where an end of the cable is.
    enum End { Near, Far };

    /// Moves this process into a network namespace of its own, as root or through a user namespace.
    /// Call it first in main(), before there is a second thread. Returns why not, or nothing.
    static QString enter();

    /// Runs the server of the far host if the arguments say so, and then returns its exit code;
    /// otherwise −1. Call it in main() before enter().
    static int serve(int &argc, char **argv);

    NetLab() = default;
    ~NetLab();
    Q_DISABLE_COPY_MOVE(NetLab)

    /// Starts the far host and joins it to this one. Returns why not, or nothing.
    QString start();

    QString serverAddress(bool ipv6 = false) const;
    quint16 serverPort() const { return 7000; }

    /// The network stops carrying packets, in both directions and without a word.
    void cut();
    /// The network says of each packet that there is no way to its host (ICMP).
    void reject();
    /// The network carries packets again.
    void heal();
    void setLink(End end, bool up);
    /// The far host no longer knows of any connection, as after a reboot, and is back.
    void reboot();

    // What the server does to each of its connections.
    void finish() { command("finish"); }
    void halfClose() { command("half-close"); }
    void reset() { command("reset"); }
    void send(int bytes) { command("send " + QByteArray::number(bytes)); }

    /// The first thing that did not work, if anything.
    QString trouble() const { return m_trouble; }

private:
    void command(const QByteArray &line);
    void run(End host, const QString &program, const QStringList &arguments);
    void dropAll(bool drop);

    QProcess m_far;
    QString m_trouble;
};
