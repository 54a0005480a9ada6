// SPDX-License-Identifier: MIT OR Apache-2.0

// The server that guards each of its clients: it runs on the far host, its clients are in here.

#include "example.h"

#include "../system/main.h"

#include <netlab.h>

#include <QtCore/QElapsedTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

#include <memory>
#include <sys/socket.h>

namespace {

constexpr int within = 4000;
/// A quarter of that, and what the verdict may take beyond it.
constexpr int idle = 1000;
constexpr int late = 100;
/// From the server's word until this program has it.
constexpr int hearing = 100;

constexpr quint16 port = 7020;
constexpr int misused = 1;
constexpr int notListening = 2;

} // namespace

class tst_GuardedServer : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void theServerTellsWhichClientIsGone();
    void theServerRefusesWhatItCannotUse();

private:
    void start(const QStringList &arguments);

    std::unique_ptr<NetLab> m_lab;
    std::unique_ptr<Example> m_server;
};

void tst_GuardedServer::init()
{
    m_lab = std::make_unique<NetLab>();
    const QString trouble = m_lab->start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_GuardedServer::cleanup()
{
    m_server.reset();
    const QString trouble = m_lab->trouble();
    m_lab.reset();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_GuardedServer::start(const QStringList &arguments)
{
    m_server = std::make_unique<Example>(m_lab->far(), QStringLiteral("server/guarded_server"),
                                         arguments);
}

void tst_GuardedServer::theServerTellsWhichClientIsGone()
{
    start({QString::number(port), QStringLiteral("--within"), QString::number(within)});
    QVERIFY(m_server->says(QStringLiteral("listening")));
    QTcpSocket clients[3];
    QStringList names;
    for (QTcpSocket &client : clients) {
        client.connectToHost(m_lab->serverAddress(), port);
        QTRY_COMPARE(client.state(), QAbstractSocket::ConnectedState);
        names << QStringLiteral("%1:%2 ").arg(m_lab->clientAddress()).arg(client.localPort());
        client.write("hello");
        QTRY_COMPARE(client.bytesAvailable(), qint64(5)); // sent back
        QVERIFY(m_server->says(names.last() + QStringLiteral("connected")));
    }

    // One closes, one resets, and when that is told the way to the third is cut.
    clients[0].disconnectFromHost();
    QVERIFY(m_server->says(names[0] + QStringLiteral("PeerClosed: ")));
    const linger hard{1, 0};
    QCOMPARE(::setsockopt(int(clients[1].socketDescriptor()), SOL_SOCKET, SO_LINGER, &hard,
                          sizeof hard),
             0);
    clients[1].abort();
    QVERIFY(m_server->says(names[1] + QStringLiteral("PeerReset: ")));
    QElapsedTimer sinceFault;
    m_lab->cut();
    sinceFault.start();
    QVERIFY(m_server->says(names[2] + QStringLiteral("owes an answer"), 2 * within));
    QVERIFY(m_server->says(names[2] + QStringLiteral("ProbesUnanswered: "), 2 * within));
    const qint64 took = sinceFault.elapsed();
    QVERIFY2(took >= within - idle - late && took <= within + late + hearing + m_server->lateness(),
             qPrintable(QString::number(took)));
    // Each was told once. (The library's own log names them in the midst of a line.)
    for (const QString &name : names)
        QCOMPARE(m_server->output().count(QLatin1Char('\n') + name), name == names[2] ? 3 : 2);
}

void tst_GuardedServer::theServerRefusesWhatItCannotUse()
{
    const QString option = QStringLiteral("--within");
    const struct
    {
        QStringList arguments;
        int code;
        QString words;
    } cases[] = {
            {{}, misused, QStringLiteral("Usage: ")},
            {{QStringLiteral("65536")}, misused, QStringLiteral("'65536' is not a port")},
            {{QStringLiteral("7020"), option, QStringLiteral("4s")},
             misused,
             QStringLiteral("'4s' is not")},
            {{QStringLiteral("7020"), option, QStringLiteral("0")},
             misused,
             QStringLiteral("detectWithin: 0 s is not")},
            // The laboratory's own server has that one.
            {{QString::number(m_lab->serverPort())},
             notListening,
             QStringLiteral("cannot listen at port 7000: ")},
    };
    for (const auto &wrong : cases) {
        start(wrong.arguments);
        QCOMPARE(m_server->exitCode(), wrong.code);
        QVERIFY2(m_server->output().contains(wrong.words), qPrintable(wrong.words));
    }
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_GuardedServer>(argc, argv);
}

#include "tst_guarded_server.moc"
