// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QSocketNotifier>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

/// The server of the far host: takes connections, plain ones at one port and TLS at the next, reads
/// what comes, and does to each of them what a line on its standard input says. Ends with its
/// standard input.
class Server : public QObject
{
public:
    static constexpr quint16 plainPort = 7000;
    static constexpr quint16 tlsPort = 7001;
    static constexpr quint16 closedPort = 7002;

    Server();

    bool isListening() const { return m_plain.isListening() && m_tls.isListening(); }

private:
    /// A listener that leaves what becomes of a connection to the server.
    class Listener : public QTcpServer
    {
    public:
        explicit Listener(Server *server, bool tls)
            : m_server(server)
            , m_isTls(tls)
        {
        }

    protected:
        void incomingConnection(qintptr descriptor) override
        {
            m_server->take(descriptor, m_isTls);
        }

    private:
        Server *m_server;
        bool m_isTls;
    };

    QList<QTcpSocket *> connections() const;
    bool isReady() const;
    void take(qintptr descriptor, bool tls);
    void serve(QTcpSocket *connection);
    void call(const QByteArray &address, quint16 port);
    void read(QTcpSocket *connection);
    void readCommands();
    bool obey(const QByteArray &line);
    bool obey(const QByteArray &word, int number, QTcpSocket *connection);

    QSocketNotifier m_input;
    Listener m_plain{this, false};
    Listener m_tls{this, true};
    QTimer m_stream;
    /// What it says of its own accord: so many bytes, so many times.
    QTimer m_speech;
    int m_words = 0;
    int m_speeches = 0;
    /// How late it sends back what comes, in milliseconds.
    int m_lag = 0;
    bool m_echoes = false;
    bool m_holds = false;
};
