// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QFile>
#include <QtNetwork/QSslKey>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>
#include <QtTest/QtTest>

#include <sys/socket.h>

/// A server with a certificate of its own making (tests/cpp/tls).
class TlsServer : public QTcpServer
{
public:
    TlsServer() { listen(QHostAddress::LocalHost); }

    QSslSocket *peer = nullptr;

protected:
    void incomingConnection(qintptr descriptor) override
    {
        const auto read = [](const char *name) {
            QFile file(QFINDTESTDATA(name));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        peer = new QSslSocket(this);
        peer->setSocketDescriptor(descriptor);
        peer->setLocalCertificate(QSslCertificate(read("tls/certificate.pem")));
        peer->setPrivateKey(QSslKey(read("tls/key.pem"), QSsl::Ec));
        peer->startServerEncryption();
        addPendingConnection(peer);
    }
};
