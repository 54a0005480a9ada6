// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "record.h"

#include <QtCore/QStringList>

/// What became of a life.
struct Verdict
{
    /// What must never be, on the busiest machine. Empty if all is right.
    QStringList wrong;
    /// What came late because the machine was late.
    QStringList late;
    int connections = 0;
    int losses = 0;
};

/// The rules, the same as those of the simulated lives (tests/core/lives/judge.rs):
/// nobody is lost who was heard within the time that is promised now, or who lives, over a path that
/// has been well for long enough; who is gone is found in time; each loss is told once, after a
/// warning, and nothing else is told; what a guard put on a socket it takes back.
Verdict judge(const Record &record);
