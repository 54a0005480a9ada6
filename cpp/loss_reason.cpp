// SPDX-License-Identifier: MIT OR Apache-2.0
#include <ka/enums.h>

#include <QtCore/qcoreapplication.h>

namespace ka::words {

QString toString(LossReason reason)
{
    const auto words
            = [](const char *text) { return QCoreApplication::translate("ka::LossReason", text); };
    switch (reason) {
    case LossReason::NoLoss:
        return words(QT_TRANSLATE_NOOP("ka::LossReason", "not lost"));
    case LossReason::PeerClosed:
        return words(
                QT_TRANSLATE_NOOP("ka::LossReason", "the other side has closed the connection"));
    case LossReason::PeerReset:
        return words(QT_TRANSLATE_NOOP("ka::LossReason",
                                       "the other side has broken the connection off"));
    case LossReason::ProbesUnanswered:
        return words(
                QT_TRANSLATE_NOOP("ka::LossReason", "the other side does not answer any more"));
    case LossReason::DataUnacknowledged:
        return words(QT_TRANSLATE_NOOP("ka::LossReason",
                                       "the other side does not acknowledge what was sent"));
    case LossReason::HeartbeatMissed:
        return words(QT_TRANSLATE_NOOP("ka::LossReason",
                                       "the other computer answers, but its program does not"));
    case LossReason::NetworkUnreachable:
        return words(
                QT_TRANSLATE_NOOP("ka::LossReason", "the network has no way to the other side"));
    case LossReason::UnknownLoss:
        break;
    }
    return words(QT_TRANSLATE_NOOP("ka::LossReason", "the connection is gone"));
}

} // namespace ka::words
