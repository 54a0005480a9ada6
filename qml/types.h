// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What `import QKeepAlive` brings: the library's own types, described for QML. The classes stay as
// they are, so a program without QML links no Qt Qml.

#include <ka/keepalive.h>

#include <QtNetwork/qabstractsocket.h>
#include <QtQml/qqml.h>

struct KeepAliveForQml
{
    Q_GADGET
    QML_FOREIGN(ka::KeepAlive)
    QML_NAMED_ELEMENT(KeepAlive)
    QML_EXTENDED_NAMESPACE(ka)
};

struct SocketForQml
{
    Q_GADGET
    QML_FOREIGN(QAbstractSocket)
    QML_ANONYMOUS
};
