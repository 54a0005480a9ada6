// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QString>

#include <functional>

class NetLab;
class Client;

/// One way to lose a peer.
struct Scene
{
    QString title;
    /// Said when the fault is made.
    QString fault;
    /// The guarded client's heart-beat; 0 for none.
    int heartbeatInterval;
    std::function<void(NetLab &, Client &plain, Client &guarded)> act;
    /// How long to watch from the fault on, in milliseconds.
    int watch;
};

/// What came of it.
struct Outcome
{
    QString title;
    QString plain;
    QString guarded;
    /// Milliseconds from the fault to the guarded client's word; −1 if it had none.
    qint64 after = -1;
};

/// Plays a scene, and prints the timeline of both clients side by side while it happens.
Outcome play(const Scene &scene, NetLab &lab);

/// Prints the summary.
void printSummary(const QList<Outcome> &outcomes);
