// SPDX-License-Identifier: MIT OR Apache-2.0

// Two Qt clients lose the same server, on a network that really fails: one with a plain QTcpSocket,
// one with a ka::KeepAlive on it. Client and server are hosts of their own (network namespaces),
// and nothing is simulated.

#include "client.h"
#include "scene.h"

#include <netlab.h>

#include <QtCore/QCoreApplication>

#include <algorithm>
#include <cstdio>

int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    const QString refusal = NetLab::enter();
    if (!refusal.isEmpty()) {
        std::fprintf(stderr, "demo: %s\n", qPrintable(refusal));
        return 1;
    }
    QCoreApplication application(argc, argv);
    NetLab lab;
    const QString trouble = lab.start();
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "demo: %s\n", qPrintable(trouble));
        return 1;
    }

    std::puts("Two clients, one server, two hosts joined by a cable. Both clients are idle on a\n"
              "healthy connection; the guarded one was told detectWithin: 4000. Times count from\n"
              "the fault.");
    const Scene scenes[] = {
            {QStringLiteral("the network goes silent, idle"),
             QStringLiteral("the network stops carrying packets"), 0,
             [](NetLab &network, Client &, Client &) { network.cut(); }, 10000},
            {QStringLiteral("the network goes silent, in flight"),
             QStringLiteral("the network stops; both send data"), 0,
             [](NetLab &network, Client &plain, Client &guarded) {
                 network.cut();
                 plain.write(1000);
                 guarded.write(1000);
             },
             10000},
            {QStringLiteral("the server's program hangs"),
             QStringLiteral("nobody answers (here with heartbeatInterval: 1500)"), 1500,
             [](NetLab &, Client &, Client &) {}, 10000},
            {QStringLiteral("the server resets the connection"),
             QStringLiteral("the server resets (RST)"), 0,
             [](NetLab &network, Client &, Client &) { network.reset(); }, 3000},
            {QStringLiteral("the server closes its half"),
             QStringLiteral("the server closes its half (FIN)"), 0,
             [](NetLab &network, Client &, Client &) { network.halfClose(); }, 3000},
    };
    QList<Outcome> outcomes;
    for (const Scene &scene : scenes)
        outcomes << play(scene, lab);
    printSummary(outcomes);
    if (!lab.trouble().isEmpty()) {
        std::fprintf(stderr, "demo: %s\n", qPrintable(lab.trouble()));
        return 1;
    }
    const bool told = std::all_of(outcomes.cbegin(), outcomes.cend(),
                                  [](const Outcome &outcome) { return outcome.after >= 0; });
    return told ? 0 : 1;
}
