// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// What the types of <ka/socket.h> look like in qDebug().

#include <ka/capabilities.h>
#include <ka/config.h>
#include <ka/export.h>
#include <ka/snapshot.h>

#include <QtCore/qglobal.h>

QT_BEGIN_NAMESPACE
class QDebug;
QT_END_NAMESPACE

namespace ka {

/// As `ka::Config(on, idle 10000 ms, interval 5000 ms, count 3)`. What is empty is left out.
KA_EXPORT QDebug operator<<(QDebug debug, const Config &config);
/// As `ka::Snapshot(Established, probes 0, round trip 120 us, silence 4000 ms)`. What the system does not
/// tell is left out.
KA_EXPORT QDebug operator<<(QDebug debug, const Snapshot &snapshot);
/// As `ka::Capabilities(idle 1000..32767000 ms, count 1..127, deadline, lossReason)`: the ranges that
/// there are, and what is true.
KA_EXPORT QDebug operator<<(QDebug debug, const Capabilities &capabilities);

} // namespace ka
