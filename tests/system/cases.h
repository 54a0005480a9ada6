// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "client.h"

#include <faults.h>

#include <QtCore/QList>

/// When a loss has to be told.
enum class Window {
    Exact, ///< at the deadline: T to T + 100 ms after the last sign of life
    Deadline, ///< not before the deadline, and before three times its length
    SinceFault, ///< likewise, but the peer is heard all the time or not known to have been
    ByProbe, ///< when the next probe has shown it: within T of the fault
    Prompt, ///< at once
};

/// One way to lose a peer.
struct Case
{
    const char *name;
    Fault fault;
    Traffic traffic;
    bool ipv6;
    bool tls;
    /// Which reasons are right.
    QList<ka::LossReason> reasons;
    Window window;

    /// Whether the library itself has to decide, for want of any word from the peer.
    bool isSilent() const
    {
        return window == Window::Exact || window == Window::Deadline
            || (window == Window::SinceFault && !reasons.contains(ka::LossReason::PeerReset));
    }
};

/// The matrix: each fault with each state of the connection, and the families and classes of socket
/// spread over them so that each pair of any two columns is there.
const QList<Case> &cases();
