// SPDX-License-Identifier: MIT OR Apache-2.0

// Two Qt clients lose the same server, on a network that really fails: one with a plain QTcpSocket,
// one with a ka::KeepAlive on it. Client and server are hosts of their own (network namespaces),
// and nothing is simulated.

#include "client.h"
#include "page.h"
#include "scene.h"

#include <netlab.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QLoggingCategory>

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

    // The scenes show it themselves.
    QLoggingCategory::setFilterRules(QStringLiteral("qkeepalive.verdict=false"));
    page::paragraph({}, QStringLiteral("Two clients, one server, two hosts joined by a cable. Both "
                                       "clients are idle on a healthy "
                                       "connection. The guarded one was told detectWithin: 4000, "
                                       "which counts from the server's "
                                       "last sign of life, about 0.3 s before the fault. Times "
                                       "here count from the fault."));
    const Scene scenes[] = {
            {QStringLiteral("network silent, idle"),
             QStringLiteral("the network stops carrying packets"), 0,
             [](NetLab &network, Client &, Client &) { network.cut(); }, 10000},
            {QStringLiteral("network silent, sending"),
             QStringLiteral("the network stops; both send data"), 0,
             [](NetLab &network, Client &plain, Client &guarded) {
                 network.cut();
                 plain.write(1000);
                 guarded.write(1000);
             },
             10000},
            {QStringLiteral("server's program hangs"),
             QStringLiteral("nobody answers (here with heartbeatInterval: 1500)"), 1500,
             [](NetLab &, Client &, Client &) {}, 10000},
            {QStringLiteral("server resets (RST)"),
             QStringLiteral("the server resets the connection"), 0,
             [](NetLab &network, Client &, Client &) { network.reset(); }, 3000},
            {QStringLiteral("server closes (FIN)"), QStringLiteral("the server closes its half"), 0,
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
