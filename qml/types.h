// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What `import QKeepAlive` brings: the library's own types, described for QML. The classes stay as
// they are, so a program without QML links no Qt Qml.

#include <ka/keepalive.h>

#include <QtNetwork/qabstractsocket.h>
#include <QtQml/qqml.h>

#ifndef QML_EXTENDED_NAMESPACE
// Qt 5 extends a type by a class, not by a namespace: this class passes the keys of the namespace's
// enums on. It has no properties, so Qt makes no object of it.
class KeysOfNamespace : public QObject
{
public:
    explicit KeysOfNamespace(QObject *parent) : QObject(parent) {}
    static constexpr const QMetaObject &staticMetaObject = ka::staticMetaObject;
};
#    define QML_EXTENDED_NAMESPACE(NAMESPACE) QML_EXTENDED(KeysOfNamespace)
#endif

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
