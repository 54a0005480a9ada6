// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What every benchmark needs: to give up, to wait, to sum up, and to print a row.

#include <QtCore/QString>

#include <functional>
#include <vector>

namespace bench {

/// A benchmark that cannot do what it measures ends, so that no number comes out of it.
void require(bool done, const char *what);
/// The same for what the laboratory says: empty is well.
void require(const QString &trouble);

/// Raises this process's limit of descriptors as far as it may, and returns it.
int descriptors();

/// Keeps this process on the first or the last processor that it may use: where the system puts two
/// that talk to each other changes from run to run, and with it their speed.
void pinToProcessor(bool first);

/// Milliseconds on a clock that never steps back, the same for all processes.
double now();

/// Processor time of this process in milliseconds, its own and the kernel's on its behalf.
double processorTime();

/// Runs the event loop for that long, or until there is enough.
void run(double milliseconds, const std::function<bool()> &enough = {});

/// The value below which that share of the values lies.
double quantile(std::vector<double> values, double share);

enum class Verdict { Missed, Met, NoTarget };

/// Prints a row for run.sh: what | measured | target | ok or MISSED or "-".
void row(const QString &what, const QString &measured, const QString &target = QStringLiteral("-"),
         Verdict verdict = Verdict::NoTarget);

inline Verdict metIf(bool met)
{
    return met ? Verdict::Met : Verdict::Missed;
}

/// A number with so many decimals.
QString number(double value, int decimals);

} // namespace bench
