// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QSocketNotifier>
#include <QtNetwork/QTcpServer>

/// The server of the far host: takes connections, reads what comes, and does to each of them what a
/// line on its standard input says. Ends with its standard input.
class Server : public QTcpServer
{
public:
    Server();

private:
    void readCommands();
    bool obey(const QByteArray &line);

    QSocketNotifier m_input;
};
