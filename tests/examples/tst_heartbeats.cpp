// SPDX-License-Identifier: MIT OR Apache-2.0

// The clients whose heart-beat is a protocol's own ping: a server whose program is stopped, while its
// kernel answers every probe, misses it.

#include "example.h"

#include "../system/main.h"

#include <netlab.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTemporaryDir>
#include <QtWebSockets/QWebSocket>
#include <QtWebSockets/QWebSocketServer>

#include <cstring>
#include <memory>

namespace {

constexpr int beat = 500;
/// What a server may be silent for.
constexpr int timeout = 2 * beat;
constexpr int late = 100;
/// From the client's word until this program has it.
constexpr int hearing = 100;

// What the examples end with.
constexpr int misused = 1;
constexpr int notConnected = 2;
constexpr int lost = 3;

constexpr quint16 webSocketPort = 7010;
constexpr const char *webSocketArgument = "--websocket-server";

/// A server that does nothing but keep its connections; Qt answers the pings.
int serveWebSockets(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    QWebSocketServer server(QString(), QWebSocketServer::NonSecureMode);
    if (!server.listen(QHostAddress::Any, webSocketPort))
        return 1;
    std::puts("ready");
    std::fflush(stdout);
    return QCoreApplication::exec();
}

} // namespace

class tst_Heartbeats : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void theWebSocketClientTellsThatItsServerHangs();
    void theWebSocketClientTellsThatItsPeerIsGone();
    void theWebSocketClientRefusesWhatItCannotUse();
    void theRedisClientTellsThatRedisHangs();
    void theRedisClientTellsThatRedisHasEnded();
    void theRedisClientRefusesWhatItCannotUse();

private:
    void startServer(const QString &program, const QStringList &arguments, const QByteArray &ready);
    void startRedis();
    void startWebSockets();
    void start(const QString &program, const QStringList &arguments);
    void tellsThatTheServerHangs();
    QString url() const;

    std::unique_ptr<NetLab> m_lab;
    std::unique_ptr<QProcess> m_server;
    std::unique_ptr<QTemporaryDir> m_directory;
    std::unique_ptr<Example> m_client;
};

void tst_Heartbeats::init()
{
    m_lab = std::make_unique<NetLab>();
    const QString trouble = m_lab->start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_Heartbeats::cleanup()
{
    m_client.reset();
    if (m_server) {
        m_server->kill(); // it may be stopped
        m_server->waitForFinished();
    }
    m_server.reset();
    m_directory.reset();
    const QString trouble = m_lab->trouble();
    m_lab.reset();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

/// Starts a server on the far host, which ends with this process.
void tst_Heartbeats::startServer(const QString &program, const QStringList &arguments,
                                 const QByteArray &ready)
{
    m_server = std::make_unique<QProcess>();
    m_server->setProcessChannelMode(QProcess::MergedChannels);
    m_lab->far().launch(*m_server, QStringLiteral("setpriv"),
                        QStringList{QStringLiteral("--pdeathsig"), QStringLiteral("KILL"), program}
                                + arguments);
    QByteArray said;
    const bool started = QTest::qWaitFor(
            [&] {
                said += m_server->readAll();
                return said.contains(ready) || m_server->state() == QProcess::NotRunning;
            },
            10000);
    QVERIFY2(started && said.contains(ready), said.constData());
}

void tst_Heartbeats::startRedis()
{
    const QString redis = Host::tool(QStringLiteral("redis-server"));
    QVERIFY2(!redis.isEmpty(), "there is no redis-server (Debian: apt install redis-server)");
    m_directory = std::make_unique<QTemporaryDir>();
    startServer(redis,
                {QStringLiteral("--bind"), m_lab->serverAddress(), QStringLiteral("--dir"),
                 m_directory->path(), QStringLiteral("--save"), QString(),
                 QStringLiteral("--protected-mode"), QStringLiteral("no")},
                "Ready to accept connections");
}

void tst_Heartbeats::startWebSockets()
{
    startServer(QCoreApplication::applicationFilePath(), {QLatin1String(webSocketArgument)},
                "ready");
}

QString tst_Heartbeats::url() const
{
    return QStringLiteral("ws://%1:%2").arg(m_lab->serverAddress()).arg(webSocketPort);
}

void tst_Heartbeats::start(const QString &program, const QStringList &arguments)
{
    m_client = std::make_unique<Example>(m_lab->near(), program, arguments);
}

/// Stops the server's program, whose pings have been answered until now.
void tst_Heartbeats::tellsThatTheServerHangs()
{
    if (QTest::currentTestFailed())
        return;
    QVERIFY(m_client->says(QStringLiteral("Healthy")));
    QTest::qWait(4 * beat);
    QVERIFY2(!m_client->says(QStringLiteral("Lost"), 0), "a server that answers is lost");
    QElapsedTimer sinceFault;
    QCOMPARE(::kill(pid_t(m_server->processId()), SIGSTOP), 0);
    sinceFault.start();
    QVERIFY(m_client->says(QStringLiteral("HeartbeatMissed: "), 4 * timeout));
    const qint64 took = sinceFault.elapsed();
    QCOMPARE(m_client->exitCode(), lost);
    const int silence = m_client->secondsBefore(QStringLiteral("ago"));
    const int latest = timeout + late + m_client->lateness();
    QVERIFY2(silence >= timeout && silence <= latest + 50, qPrintable(QString::number(silence)));
    QVERIFY2(took >= timeout - beat - late && took <= latest + hearing,
             qPrintable(QString::number(took)));
}

void tst_Heartbeats::theWebSocketClientTellsThatItsServerHangs()
{
    startWebSockets();
    start(QStringLiteral("websocket/websocket_client"),
          {url(), QStringLiteral("--beat"), QString::number(beat)});
    tellsThatTheServerHangs();
}

void tst_Heartbeats::theWebSocketClientTellsThatItsPeerIsGone()
{
    constexpr int within = 4000;
    constexpr int idle = 1000;
    startWebSockets();
    start(QStringLiteral("websocket/websocket_client"),
          {url(), QStringLiteral("--within"), QString::number(within), QStringLiteral("--beat"),
           QStringLiteral("0")});
    QVERIFY(m_client->says(QStringLiteral("Healthy")));
    QTest::qWait(300); // its handshake is still on its way
    QElapsedTimer sinceFault;
    m_lab->cut();
    sinceFault.start();
    QVERIFY(m_client->says(QStringLiteral("ProbesUnanswered: "), 2 * within));
    const qint64 took = sinceFault.elapsed();
    QCOMPARE(m_client->exitCode(), lost);
    QVERIFY2(took >= within - idle - late && took <= within + late + hearing + m_client->lateness(),
             qPrintable(QString::number(took)));
}

void tst_Heartbeats::theWebSocketClientRefusesWhatItCannotUse()
{
    const QString program = QStringLiteral("websocket/websocket_client");
    const QString address = m_lab->serverAddress();
    const struct
    {
        QStringList arguments;
        int code;
        QString words;
    } cases[] = {
            {{}, misused, QStringLiteral("Usage: ")},
            {{QStringLiteral("http://localhost")}, misused, QStringLiteral("is not like ws://")},
            {{QStringLiteral("ws:localhost")}, misused, QStringLiteral("is not like ws://")},
            {{url(), QStringLiteral("--beat"), QStringLiteral("often")},
             misused,
             QStringLiteral("'often' is not")},
            {{url(), QStringLiteral("--within"), QStringLiteral("1")},
             misused,
             QStringLiteral("detectWithin: 1 ms is not")},
            {{QStringLiteral("ws://%1:7002").arg(address)}, notConnected, QStringLiteral("efused")},
            {{QStringLiteral("ws://nobody.invalid")},
             notConnected,
             QStringLiteral("cannot connect")},
    };
    for (const auto &wrong : cases) {
        start(program, wrong.arguments);
        QCOMPARE(m_client->exitCode(), wrong.code);
        QVERIFY2(m_client->output().contains(wrong.words), qPrintable(wrong.words));
    }
}

void tst_Heartbeats::theRedisClientTellsThatRedisHangs()
{
    startRedis();
    start(QStringLiteral("redis/redis_client"), {m_lab->serverAddress(), QStringLiteral("6379"),
                                                 QStringLiteral("--beat"), QString::number(beat)});
    tellsThatTheServerHangs();
    QVERIFY(m_client && m_client->output().count(QLatin1String("+PONG")) >= 3);
}

void tst_Heartbeats::theRedisClientTellsThatRedisHasEnded()
{
    startRedis();
    start(QStringLiteral("redis/redis_client"), {m_lab->serverAddress(), QStringLiteral("6379")});
    QVERIFY(m_client->says(QStringLiteral("Healthy")));
    QTest::qWait(200); // it has to accept the connection, or it would be reset
    m_server->terminate();
    QVERIFY(m_client->says(QStringLiteral("PeerClosed: ")));
    QCOMPARE(m_client->exitCode(), 0);
}

void tst_Heartbeats::theRedisClientRefusesWhatItCannotUse()
{
    const QString program = QStringLiteral("redis/redis_client");
    const QString host = m_lab->serverAddress();
    const struct
    {
        QStringList arguments;
        int code;
        QString words;
    } cases[] = {
            {{host}, misused, QStringLiteral("Usage: ")},
            {{host, QStringLiteral("redis")}, misused, QStringLiteral("'redis' is not a port")},
            {{host, QStringLiteral("6379"), QStringLiteral("--beat"), QStringLiteral("-1")},
             misused,
             QStringLiteral("heartbeatInterval: -1 ms is not")},
            // Nobody has started one.
            {{host, QStringLiteral("6379")}, notConnected, QStringLiteral("efused")},
    };
    for (const auto &wrong : cases) {
        start(program, wrong.arguments);
        QCOMPARE(m_client->exitCode(), wrong.code);
        QVERIFY2(m_client->output().contains(wrong.words), qPrintable(wrong.words));
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && std::strcmp(argv[1], webSocketArgument) == 0)
        return serveWebSockets(argc, argv);
    return runInNetLab<tst_Heartbeats>(argc, argv);
}

#include "tst_heartbeats.moc"
