// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "host.h"

#include <csignal>

/// Hosts on one machine: this process in a network namespace of its own, and a server in another,
/// joined by a cable whose packets can really be stopped; if wanted with a router between them, or
/// with a long way. What can go wrong with them is in faults.h.
class NetLab
{
public:
    /// How the two hosts are joined.
    enum class Way {
        Cable, ///< directly
        Router, ///< by way of a third host, on two cables
        Long ///< by a relay that delays each packet
    };
    struct Plan
    {
        Way way = Way::Cable;
        bool ipv6 = false;
        /// For the long way: milliseconds in each direction.
        int delay = 0;
        /// And by how many more, at random, each packet may be late.
        int jitter = 0;
    };

    /// Moves this process into a network namespace of its own, as root or through a user namespace.
    /// Call it first in main(), before there is a second thread. Returns why not, or nothing.
    static QString enter();

    /// Runs one of the laboratory's own programs if the arguments say so, and then returns its exit
    /// code; otherwise −1. Call it in main() before enter().
    static int serve(int &argc, char **argv);

    NetLab() = default;
    ~NetLab();
    Q_DISABLE_COPY_MOVE(NetLab)

    /// Starts the hosts and the server, and joins them. Returns why not, or nothing.
    QString start(const Plan &plan);
    QString start() { return start(Plan()); }

    QString serverAddress() const { return m_farAddress; }
    /// The network of the server's address, as a route to it names it.
    QString serverNetwork() const;
    QString clientAddress() const { return m_nearAddress; }
    quint16 serverPort(bool tls = false) const;

    /// The network stops carrying packets, in both directions and without a word.
    void cut();
    /// The network carries packets again.
    void heal();

    // What the server does to each of its connections.
    void finish() { command("finish"); }
    void halfClose() { command("half-close"); }
    void reset() { command("reset"); }
    void send(int bytes) { command("send " + QByteArray::number(bytes)); }
    /// It does not read any more, though its program runs.
    void hold() { command("hold"); }
    void read() { command("read"); }
    /// From now on it sends without end, or sends back what comes.
    void stream() { command("stream"); }
    void echo() { command("echo"); }

    /// And so many milliseconds later than it could.
    void echoLate(int lag) { command("lag " + QByteArray::number(lag)); }
    /// It sends so many bytes every so many milliseconds, so many times.
    void speak(int every, int bytes, int times);
    /// It makes a connection of its own, to a port of the near host.
    void call(quint16 port);

    // What happens to the server's program.
    void stopProgram() { signal(SIGSTOP); }
    void continueProgram() { signal(SIGCONT); }
    void killProgram();

    /// For those who make faults. There is a middle only on the way by a router; there it has one
    /// interface called "near" and one called "far". The other hosts' one is called "cable".
    Host &near() { return m_near; }
    Host &middle() { return m_middle; }
    Host &far() { return m_far; }
    /// The netfilter program for the family in use.
    QString tables() const;
    bool isIpv6() const { return m_plan.ipv6; }
    /// Runs one of the laboratory's own programs on a host, to its end.
    void runOwn(Host &host, const QString &argument);

    /// The first thing that did not work, if anything.
    QString trouble() const;

private:
    bool isOpen() const;
    void join();
    void joinByRouter();
    QString joinByRelay();
    void command(const QByteArray &line);
    void signal(int number);

    Plan m_plan;
    QString m_nearAddress;
    QString m_farAddress;
    Host m_near;
    Host m_middle;
    Host m_far;
    QProcess m_server;
    QProcess m_relay;
    QString m_trouble;
};
