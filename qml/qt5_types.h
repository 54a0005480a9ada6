// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What `import QKeepAlive 1.0` brings with Qt 5: the same as types.h does. Qt 5 finds a type's enum
// keys in the type's own class alone, so there is a class of this module's own that repeats them.

#include "keep_alive_in_qml.h"

#include <QtNetwork/qabstractsocket.h>
#include <QtQml/qqml.h>

#ifdef Q_MOC_RUN
#    define KeepAliveInQml ka::KeepAlive // what there is to describe: it adds nothing to be seen
#endif

class KeepAliveForQml : public KeepAliveInQml
{
    Q_OBJECT
    QML_NAMED_ELEMENT(KeepAlive)

public:
    enum class State {
        Detached = int(ka::State::Detached),
        Waiting = int(ka::State::Waiting),
        Healthy = int(ka::State::Healthy),
        Suspect = int(ka::State::Suspect),
        Lost = int(ka::State::Lost),
    };
    Q_ENUM(State)

    enum class LossReason {
        NoLoss = int(ka::LossReason::NoLoss),
        PeerClosed = int(ka::LossReason::PeerClosed),
        PeerReset = int(ka::LossReason::PeerReset),
        ProbesUnanswered = int(ka::LossReason::ProbesUnanswered),
        DataUnacknowledged = int(ka::LossReason::DataUnacknowledged),
        HeartbeatMissed = int(ka::LossReason::HeartbeatMissed),
        NetworkUnreachable = int(ka::LossReason::NetworkUnreachable),
        UnknownLoss = int(ka::LossReason::UnknownLoss),
    };
    Q_ENUM(LossReason)
};

struct SocketForQml
{
    Q_GADGET
    QML_FOREIGN(QAbstractSocket)
    QML_ANONYMOUS
};
