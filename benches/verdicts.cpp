// SPDX-License-Identifier: MIT OR Apache-2.0

// How exact the verdict is: the time from the peer's last sign of life to connectionLost(), less
// detectWithin, beside the kernel's own keepalive and beside Qt alone.
//
// Each round is a network of its own (two hosts, see tools/netlab) with many connections of each
// kind, opened one after the other over more than an idle period, so that the network falls silent
// at every phase of their probes. Of those with data in flight every other one writes all the time,
// before and after; the others write once, into the silence. When the peer was last heard the kernel
// says (ka::snapshot), in steps of a few milliseconds.

#include "contestant.h"
#include "measure.h"
#include "task.h"

#include <netlab.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using bench::Contestant;

constexpr int detectWithin = 4000;
constexpr int perRound = 50;
constexpr int mostRounds = 20;
constexpr double watch = 9000;
constexpr double tolerance = 100;
constexpr double clockStep = 4; // of the kernel's TCP clock, at its coarsest usual 250 Hz

/// What became of the connections of one kind, idle or in flight.
struct Group
{
    int silent = 0; // not told while watched
    int early = 0; // told before the fault
    int told = 0;
    std::array<double, perRound *mostRounds> late = {}; // of those told, in milliseconds

    void add(const Contestant &contestant)
    {
        if (const auto time = contestant.verdictTime())
            late[std::size_t(told++)] = *time - detectWithin;
        else
            ++(contestant.told() ? early : silent);
    }

    void add(const Group &other)
    {
        silent += other.silent;
        early += other.early;
        std::copy_n(other.late.begin(), other.told, late.begin() + told);
        told += other.told;
    }
};

struct Found
{
    Group groups[2][std::size(Contestant::kinds)]; // idle and in flight
};

struct Connection
{
    bool inFlight;
    bool streams;
    std::unique_ptr<Contestant> contestant;
};

Found play(char *program)
{
    bench::require(NetLab::enter());
    int argc = 1;
    char *argv[] = {program, nullptr};
    QCoreApplication application(argc, argv);
    NetLab lab;
    bench::require(lab.start());

    std::vector<Connection> connections;
    for (int i = 0; i < perRound; ++i) {
        for (const bool inFlight : {false, true}) {
            for (const Contestant::Kind kind : Contestant::kinds) {
                const bool streams = inFlight && i % 2 == 0;
                auto contestant = std::make_unique<Contestant>(kind, detectWithin);
                contestant->connectTo(lab.serverAddress(), lab.serverPort());
                if (streams)
                    contestant->writeEvery(100);
                connections.push_back({inFlight, streams, std::move(contestant)});
            }
        }
        bench::run(50);
    }
    bench::run(1000);
    for (const Connection &connection : connections) {
        if (!connection.contestant->isConnected())
            bench::require(QStringLiteral("a healthy connection does not stand"));
    }

    lab.cut();
    bench::require(lab.trouble());
    for (Connection &connection : connections) {
        connection.contestant->noteLastSign();
        if (connection.inFlight && !connection.streams)
            connection.contestant->write();
    }
    bench::run(watch);

    Found found;
    for (const Connection &connection : connections)
        found.groups[connection.inFlight][connection.contestant->kind()].add(
                *connection.contestant);
    return found;
}

void print(const Group &group, const QString &what, bool judged)
{
    const int all = group.told + group.silent + group.early;
    if (group.told == 0 && group.early == 0) {
        bench::row(what,
                   QStringLiteral("none of %1 within %2 s")
                           .arg(all)
                           .arg(bench::number(watch / 1000, 0)),
                   judged ? QStringLiteral("0..100 ms") : QStringLiteral("-"),
                   judged ? bench::Verdict::Missed : bench::Verdict::NoTarget);
        return;
    }
    const std::vector<double> late(group.late.begin(), group.late.begin() + group.told);
    const auto at
            = [&late](double share) { return bench::number(bench::quantile(late, share), 0); };
    QString measured = QStringLiteral("%1 runs: median %2, p99 %3, max %4 ms; min %5")
                               .arg(all)
                               .arg(at(0.5), at(0.99), at(1), at(0));
    if (group.silent > 0)
        measured += QStringLiteral("; %1 not told").arg(group.silent);
    if (group.early > 0)
        measured += QStringLiteral("; %1 told of a healthy peer").arg(group.early);
    if (!judged) {
        bench::row(what, measured);
        return;
    }
    const bool met = group.told == all && bench::quantile(late, 0) >= -clockStep
                  && bench::quantile(late, 1) <= tolerance;
    bench::row(what, measured, QStringLiteral("0..100 ms"), bench::metIf(met));
}

} // namespace

/// Argument: the number of rounds, each of 50 runs.
int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    const int rounds = std::clamp(argc > 1 ? std::atoi(argv[1]) : 4, 1, mostRounds);
    Found sum;
    for (int round = 0; round < rounds; ++round) {
        bench::Task<Found> task([argv] { return play(argv[0]); });
        const Found found = task.result();
        for (const int inFlight : {0, 1}) {
            for (const Contestant::Kind kind : Contestant::kinds)
                sum.groups[inFlight][kind].add(found.groups[inFlight][kind]);
        }
    }
    for (const int inFlight : {0, 1}) {
        for (const Contestant::Kind kind :
             {Contestant::Library, Contestant::Kernel, Contestant::QtAlone}) {
            print(sum.groups[inFlight][kind],
                  QStringLiteral("verdict after detectWithin %1 s, %2: %3")
                          .arg(detectWithin / 1000)
                          .arg(inFlight ? QStringLiteral("in flight") : QStringLiteral("idle"),
                               Contestant::name(kind)),
                  kind == Contestant::Library);
        }
    }
}
