// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/enums.h>

#include <QtCore/qloggingcategory.h>

QT_BEGIN_NAMESPACE
class QAbstractSocket;
class QObject;
class QString;
QT_END_NAMESPACE

namespace ka {
class KeepAlive;
}

namespace ka::detail {

class Changes;

/// "qkeepalive": what was refused. Warnings are on, what is less is off unless it is asked for.
Q_DECLARE_LOGGING_CATEGORY(refusals)
/// "qkeepalive.verdict": losses, as warnings; what else becomes of a connection, for debugging.
Q_DECLARE_LOGGING_CATEGORY(verdicts)

/// Tells a refusal.
void logRefusal(const KeepAlive *guard, const QString &why);
/// Tells a loss of the connection that this socket has, or had until now.
void logLoss(const KeepAlive *guard, const QAbstractSocket *socket, ka::LossReason reason,
             const QString &detail);
/// Tells what led to it, for debugging.
void logHistory(const KeepAlive *guard);
/// Tells what has changed otherwise.
void logChanges(const KeepAlive *guard, Changes changes);

} // namespace ka::detail
