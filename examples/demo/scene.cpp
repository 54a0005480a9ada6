// SPDX-License-Identifier: MIT OR Apache-2.0
#include "scene.h"

#include "client.h"

#include <netlab.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

#include <cstdio>
#include <unistd.h>

namespace {

constexpr int plainWidth = 38;

/// Makes a text stand out, where it is read by a person.
QString strong(const QString &text, const char *colour)
{
    static const bool terminal = ::isatty(STDOUT_FILENO);
    return terminal ? QStringLiteral("\033[%1m%2\033[0m").arg(QLatin1String(colour), text) : text;
}

void print(const QString &line)
{
    std::fputs(qPrintable(line + QLatin1Char('\n')), stdout);
    std::fflush(stdout);
}

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

QString row(const QString &time, const QString &plain, const QString &guarded)
{
    return QStringLiteral("%1  %2  %3").arg(time, 8).arg(plain, -plainWidth).arg(guarded);
}

} // namespace

Outcome play(const Scene &scene, NetLab &lab)
{
    print(QStringLiteral("\n%1").arg(strong(scene.title, "1")));
    print(row(QString(), QStringLiteral("plain QTcpSocket"), QStringLiteral("with ka::KeepAlive")));

    QElapsedTimer sinceFault;
    const auto now = [&] {
        return sinceFault.isValid()
                     ? QStringLiteral("%1 s").arg(double(sinceFault.elapsed()) / 1000, 0, 'f', 2)
                     : QString();
    };
    Client plain([&](const QString &words) { print(row(now(), words, QString())); });
    Outcome outcome{scene.title, {}, {}, -1};
    Client guarded([&](const QString &words) {
        if (!guarded.verdict().isEmpty() && outcome.after < 0)
            outcome.after = sinceFault.elapsed();
        print(row(now(), QString(), strong(words, "32")));
    });
    guarded.guard()->setDetectWithin(4000);
    guarded.guard()->setHeartbeatPayload("ping\n");
    guarded.guard()->setHeartbeatInterval(scene.heartbeatInterval);
    plain.connectTo(lab.serverAddress(), lab.serverPort());
    guarded.connectTo(lab.serverAddress(), lab.serverPort());
    wait(3000, [&] { return plain.isConnected() && guarded.isConnected(); });
    wait(300);

    sinceFault.start();
    print(row(now(), strong(QStringLiteral("⚡ ") + scene.fault, "31"), QString()));
    scene.act(lab, plain, guarded);
    wait(scene.watch, [&] { return !plain.verdict().isEmpty() && !guarded.verdict().isEmpty(); });
    const bool plainKnows = !plain.verdict().isEmpty();
    if (!plainKnows) {
        print(row(now(),
                  strong(QStringLiteral("still says ConnectedState, and nothing else"), "33"),
                  QString()));
    }
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
    const auto line = [](const QString &a, const QString &b, const QString &c, const QString &d) {
        print(QStringLiteral("%1 | %2 | %3 | %4").arg(a, -34).arg(b, -22).arg(c, -19).arg(d));
    };
    print(QString());
    line(QStringLiteral("What happened"), QStringLiteral("plain QTcpSocket"),
         QStringLiteral("with ka::KeepAlive"), QStringLiteral("after"));
    const auto dashes = [](int count) { return QString(count, QLatin1Char('-')); };
    line(dashes(34), dashes(22), dashes(19), dashes(8));
    for (const Outcome &outcome : outcomes) {
        line(outcome.title, outcome.plain, outcome.guarded,
             outcome.after < 0
                     ? QStringLiteral("never")
                     : QStringLiteral("%1 s").arg(double(outcome.after) / 1000, 0, 'f', 2));
    }
}
