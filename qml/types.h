// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What `import QKeepAlive` brings: the library's own types, described for QML. The classes stay as
// they are, so a program without QML links no Qt Qml.

#include "keep_alive_in_qml.h"

#include <QtNetwork/qabstractsocket.h>
#include <QtNetwork/qsslsocket.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtQml/qqml.h>

struct KeepAliveForQml
{
    Q_GADGET
#ifdef Q_MOC_RUN
    QML_FOREIGN(ka::KeepAlive) // what there is to describe
#else
    QML_FOREIGN(KeepAliveInQml) // what is made: the same to look at
#endif
    QML_NAMED_ELEMENT(KeepAlive)
    QML_EXTENDED_NAMESPACE(ka)
};

// What a program's own class has a property of. qmllint wants to know the class as it is named there.

struct SocketForQml
{
    Q_GADGET
    QML_FOREIGN(QAbstractSocket)
    QML_ANONYMOUS
};

struct TcpSocketForQml
{
    Q_GADGET
    QML_FOREIGN(QTcpSocket)
    QML_ANONYMOUS
};

#ifndef QT_NO_SSL
struct SslSocketForQml
{
    Q_GADGET
    QML_FOREIGN(QSslSocket)
    QML_ANONYMOUS
};
#endif

/// The keys of the enums once more: Qt's QML compiler (qmlcachegen) turns KeepAlive.Lost into a look
/// at the meta-object of the type whose name is that of the namespace. Without such a type the
/// compiled QML ends the program with Qt 6.4.
struct KeysForQmlCompiler
{
    Q_GADGET

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
inline const int keysForQmlCompiler = qRegisterMetaType<KeysForQmlCompiler>("ka");
