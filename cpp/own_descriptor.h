// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/qglobal.h>

QT_BEGIN_NAMESPACE
class QAbstractSocket;
QT_END_NAMESPACE

namespace ka::detail {

/// The descriptor of this socket's connection, if both of its ends are for the kernel what they are
/// for Qt; −1 otherwise. Behind a SOCKS5 proxy Qt gives a number of its own invention, which may well
/// be the descriptor of something else.
qintptr ownDescriptor(const QAbstractSocket *socket);

/// Whether this number may still be the one that was: a connection that is over has one end only.
bool mayBeOwn(const QAbstractSocket *socket, qintptr descriptor);

/// Whether the process comes near to the number of descriptors that it may have, as this one shows.
bool isScarce(qintptr descriptor);

/// Lets go of all duplicates where descriptors have become scarce since: the program may have opened
/// files, or sockets that nobody guards.
void makeRoom();

} // namespace ka::detail
