// SPDX-License-Identifier: MIT OR Apache-2.0
#include "scene.h"

#include "client.h"
#include "page.h"

#include <netlab.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

using page::Ink;

namespace {

void wait(
        int milliseconds, const std::function<bool()> &enough = [] { return false; })
{
    QElapsedTimer passed;
    passed.start();
    while (passed.elapsed() < milliseconds && !enough()) {
        QEventLoop loop;
        QTimer::singleShot(20, &loop, &QEventLoop::quit);
        loop.exec();
    }
}

/// One line of the timeline: when, and who says it.
void tell(const QString &time, const QString &who, const QString &words, Ink ink = Ink::Plain)
{
    page::paragraph(QStringLiteral("%1  %2  ").arg(time, 8).arg(who, -8), words, ink);
}

} // namespace

Outcome play(const Scene &scene, NetLab &lab)
{
    page::paragraph({}, {});
    page::paragraph({}, scene.title, Ink::Bold);

    QElapsedTimer sinceFault;
    const auto now = [&] {
        return sinceFault.isValid()
                     ? QStringLiteral("%1 s").arg(double(sinceFault.elapsed()) / 1000, 0, 'f', 2)
                     : QString();
    };
    const auto plainClient = QStringLiteral("plain");
    const auto guardedClient = QStringLiteral("guarded");
    Client plain([&](const QString &words) { tell(now(), plainClient, words); });
    Outcome outcome{scene.title, {}, {}, -1};
    Client guarded([&](const QString &words) {
        if (!guarded.verdict().isEmpty() && outcome.after < 0)
            outcome.after = sinceFault.elapsed();
        tell(now(), guardedClient, words, Ink::Green);
    });
    guarded.guard()->setDetectWithin(4000);
    guarded.guard()->setHeartbeatPayload("ping\n");
    guarded.guard()->setHeartbeatInterval(scene.heartbeatInterval);
    plain.connectTo(lab.serverAddress(), lab.serverPort());
    guarded.connectTo(lab.serverAddress(), lab.serverPort());
    wait(3000, [&] { return plain.isConnected() && guarded.isConnected(); });
    wait(300);

    sinceFault.start();
    tell(now(), QStringLiteral("⚡"), scene.fault, Ink::Red);
    scene.act(lab, plain, guarded);
    wait(scene.watch, [&] { return !plain.verdict().isEmpty() && !guarded.verdict().isEmpty(); });
    const bool plainKnows = !plain.verdict().isEmpty();
    if (!plainKnows)
        tell(now(), plainClient, QStringLiteral("still in ConnectedState, and silent"),
             Ink::Yellow);
    outcome.plain
            = plainKnows
                    ? plain.verdict()
                    : QStringLiteral("nothing in %1 s").arg(double(scene.watch) / 1000, 0, 'f', 0);
    outcome.guarded = guarded.verdict().isEmpty() ? QStringLiteral("nothing") : guarded.verdict();
    if (guarded.verdict().isEmpty())
        outcome.after = -1;
    plain.close();
    guarded.close();
    lab.heal();
    return outcome;
}

void printSummary(const QList<Outcome> &outcomes)
{
    QList<QStringList> rows{{QStringLiteral("What happened"), QStringLiteral("plain QTcpSocket"),
                             QStringLiteral("with ka::KeepAlive"), QStringLiteral("after")}};
    for (const Outcome &outcome : outcomes) {
        rows << QStringList{outcome.title, outcome.plain, outcome.guarded,
                            outcome.after < 0 ? QStringLiteral("never")
                                              : QStringLiteral("%1 s").arg(
                                                      double(outcome.after) / 1000, 0, 'f', 2)};
    }
    page::paragraph({}, {});
    page::table(rows);
}
