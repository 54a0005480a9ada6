// SPDX-License-Identifier: MIT OR Apache-2.0

#include <ka/keepalive.h>

#include "other.h"

#include <QtCore/QCoreApplication>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

/// A guarded connection within this program, and a setter that is refused.
static bool oursWorks()
{
    QTcpServer server;
    QTcpSocket socket;
    ka::KeepAlive guard(&socket);
    guard.setDetectWithin(6000);
    if (!server.listen(QHostAddress::LocalHost))
        return false;
    socket.connectToHost(server.serverAddress(), server.serverPort());
    if (!socket.waitForConnected(5000) || guard.state() != ka::KeepAlive::State::Healthy)
        return false;
    guard.setCount(128);
    return guard.count() == 0 && guard.errorString().contains(QLatin1String("128"));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    return oursWorks() && otherWorks() && oursWorks() ? 0 : 1;
}
