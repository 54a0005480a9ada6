// SPDX-License-Identifier: MIT OR Apache-2.0

// life SEED [SECONDS]: lives the life of that seed on the real kernel, between network namespaces of
// its own, and judges it. The same seed and seconds are the same plan.

#include "judge.h"
#include "life.h"

#include <QtCore/QCoreApplication>

#include <cstdio>
#include <cstdlib>

namespace {

enum Exit { Right = 0, Wrong = 1, Usage = 2, NoLaboratory = 3 };

void print(const QString &text)
{
    std::fputs(qPrintable(text), stdout);
}

} // namespace

int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    const quint64 seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 0;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 25;
    if (argc < 2 || argc > 3 || seconds < 1) {
        std::fprintf(stderr, "Usage: life SEED [SECONDS]\n");
        return Usage;
    }
    QString trouble = NetLab::enter();
    QCoreApplication application(argc, argv);
    const Plan plan = Plan::generate(seed, seconds * 1000);
    Life life(plan);
    if (trouble.isEmpty())
        trouble = life.run();
    const QString name = QStringLiteral("life %1 %2: ").arg(seed).arg(seconds);
    if (!trouble.isEmpty()) {
        print(name + QStringLiteral("no laboratory: ") + trouble + QLatin1Char('\n'));
        return NoLaboratory;
    }
    const Verdict verdict = judge(life.record());
    const bool right = verdict.wrong.isEmpty() && verdict.late.isEmpty();
    if (!right)
        print(plan.toText() + toText(life.record()));
    for (const QString &what : verdict.wrong)
        print(QStringLiteral("WRONG ") + what + QLatin1Char('\n'));
    for (const QString &what : verdict.late)
        print(QStringLiteral("LATE ") + what + QLatin1Char('\n'));
    const QString word = !verdict.wrong.isEmpty() ? QStringLiteral("wrong")
                       : right                    ? QStringLiteral("right")
                                                  : QStringLiteral("late");
    print(name + word
          + QStringLiteral(", %1 connections, %2 losses\n")
                    .arg(verdict.connections)
                    .arg(verdict.losses));
    return verdict.wrong.isEmpty() ? Right : Wrong;
}
