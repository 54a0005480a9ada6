// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What `import QKeepAlive` brings: the library's own types, described for QML. The classes stay as
// they are, so a program without QML links no Qt Qml.

#include "keep_alive_in_qml.h"

#include <QtNetwork/qabstractsocket.h>
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

struct SocketForQml
{
    Q_GADGET
    QML_FOREIGN(QAbstractSocket)
    QML_ANONYMOUS
};
