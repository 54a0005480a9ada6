// SPDX-License-Identifier: MIT OR Apache-2.0

// How long a program does not know, by the fault: Qt alone, the kernel's keepalive with the values
// that ka::KeepAlive would set, and ka::KeepAlive.
//
// Each fault is made in a network of its own (two hosts, see tools/netlab), all at the same time,
// with some connections of each kind; the median counts. Time runs from the peer's last sign of
// life, as the kernel tells it; a reset or a close is itself the last sign.

#include "contestant.h"
#include "measure.h"
#include "task.h"

#include <faults.h>
#include <netlab.h>

#include <QtCore/QCoreApplication>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <vector>

namespace {

using bench::Contestant;

constexpr int detectWithin = 4000;
constexpr int connectionsOfAKind = 15;
constexpr double watch = 15000;
constexpr double never = std::numeric_limits<double>::infinity();

struct Way
{
    const char *name;
    bool writes; // into the silence
    bool isSign; // of life, the last
    void (*make)(NetLab &lab);
};

const Way faults[] = {
        {"network silent, idle", false, false, [](NetLab &lab) { lab.cut(); }},
        {"network silent, data in flight", true, false, [](NetLab &lab) { lab.cut(); }},
        {"own link down, data queued", true, false,
         [](NetLab &lab) { make(::Fault::NearLinkDown, lab); }},
        {"peer resets (RST)", false, true, [](NetLab &lab) { lab.reset(); }},
        {"peer closes (FIN)", false, true, [](NetLab &lab) { lab.finish(); }},
};

struct Found
{
    double seconds[std::size(Contestant::kinds)]; // median, or never
};

Found play(const Way &fault, char *program)
{
    bench::require(NetLab::enter());
    int argc = 1;
    char *argv[] = {program, nullptr};
    QCoreApplication application(argc, argv);
    NetLab lab;
    bench::require(lab.start());

    std::vector<std::unique_ptr<Contestant>> contestants;
    for (int i = 0; i < connectionsOfAKind; ++i) {
        for (const Contestant::Kind kind : Contestant::kinds) {
            contestants.push_back(std::make_unique<Contestant>(kind, detectWithin));
            contestants.back()->connectTo(lab.serverAddress(), lab.serverPort());
        }
        bench::run(150); // at another phase of the probes
    }
    bench::run(1000);

    const double start = bench::now();
    fault.make(lab);
    bench::require(lab.trouble());
    for (const auto &contestant : contestants) {
        if (fault.isSign)
            contestant->setLastSign(start);
        else
            contestant->noteLastSign();
        if (fault.writes)
            contestant->write();
    }
    bench::run(watch, [&] {
        return std::all_of(contestants.begin(), contestants.end(),
                           [](const auto &contestant) { return contestant->told(); });
    });

    Found found;
    for (const Contestant::Kind kind : Contestant::kinds) {
        std::vector<double> times;
        for (const auto &contestant : contestants) {
            if (contestant->kind() == kind)
                times.push_back(contestant->verdictTime().value_or(never));
        }
        found.seconds[kind] = bench::quantile(times, 0.5) / 1e3;
    }
    return found;
}

QString time(double seconds)
{
    return seconds == never ? QStringLiteral("> %1 s").arg(bench::number(watch / 1000, 0))
                            : QStringLiteral("%1 s").arg(bench::number(seconds, 2));
}

} // namespace

/// Argument: a file for the times alone, as picture.awk reads them: fault|Qt|kernel|library, in
/// seconds or "never"; the first line names what was set and how long was watched.
int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    std::vector<std::unique_ptr<bench::Task<Found>>> tasks;
    for (const Way &fault : faults) {
        tasks.push_back(std::make_unique<bench::Task<Found>>(
                [&fault, argv] { return play(fault, argv[0]); }));
    }
    std::FILE *data = argc > 1 ? std::fopen(argv[1], "w") : nullptr;
    bench::require(argc < 2 || data, "the file for the times");
    if (data)
        std::fprintf(data, "detectWithin|%g|%g\n", detectWithin / 1e3, watch / 1e3);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const Found found = tasks[i]->result();
        const double *seconds = found.seconds;
        bench::row(QStringLiteral("told after: ") + QLatin1String(faults[i].name),
                   QStringLiteral("ka::KeepAlive %1; kernel's keepalive %2; Qt alone %3")
                           .arg(time(seconds[Contestant::Library]),
                                time(seconds[Contestant::Kernel]),
                                time(seconds[Contestant::QtAlone])));
        if (!data)
            continue;
        std::fprintf(data, "%s", faults[i].name);
        for (const Contestant::Kind kind : Contestant::kinds) {
            if (seconds[kind] == never)
                std::fputs("|never", data);
            else
                std::fprintf(data, "|%.3f", seconds[kind]);
        }
        std::fputc('\n', data);
    }
    if (data)
        bench::require(std::fclose(data) == 0, "the file for the times");
}
