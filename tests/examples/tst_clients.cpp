// SPDX-License-Identifier: MIT OR Apache-2.0

// The clients that guard their connection and do nothing else: in C++, by TLS, in QML, in Rust.

#include "example.h"

#include "../system/main.h"

#include <netlab.h>

#include <QtCore/QElapsedTimer>

#include <memory>

namespace {

constexpr int within = 4000;
/// What its half of that is, and what the verdict may take beyond it.
constexpr int idle = 1000;
constexpr int late = 100;
/// From the client's word until this program has it.
constexpr int hearing = 100;

// What the examples end with.
constexpr int closed = 0;
constexpr int misused = 1;
constexpr int notConnected = 2;
constexpr int lost = 3;

} // namespace

class tst_Clients : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void tellsThatItsPeerIsGone_data() { clients(); }
    void tellsThatItsPeerIsGone();
    void tellsThatItsPeerHasClosed_data() { clients(); }
    void tellsThatItsPeerHasClosed();
    void refusesWhatItCannotUse_data() { clients(); }
    void refusesWhatItCannotUse();
    void theTlsClientTrustsNotEverybody();

private:
    void clients();
    void start(const QStringList &where, const QStringList &more = {});
    QStringList server() const;

    std::unique_ptr<NetLab> m_lab;
    std::unique_ptr<Example> m_client;
};

void tst_Clients::clients()
{
    QTest::addColumn<QString>("program");
    QTest::addColumn<QStringList>("always");
    QTest::addColumn<bool>("tls");
    QTest::addColumn<QString>("ready");
    const QStringList certified{QStringLiteral("--ca"), QStringLiteral(CERTIFICATE),
                                QStringLiteral("--name"), QStringLiteral("localhost")};
    const QStringList none;
    const QStringList once{QStringLiteral("--once")};
    QTest::newRow("the console client") << "console/console_client" << none << false << "Healthy";
    QTest::newRow("the TLS client") << "tls/tls_client" << certified << true << "encrypted";
    QTest::newRow("the QML client") << "qml/qml_client" << once << false << "Connected";
    QTest::newRow("the Rust client") << "rust/rust_client" << none << false << "Healthy";
    QTest::newRow("the client in Rust and QML")
            << "rust-qml/rust_qml_client" << once << false << "Connected";
}

void tst_Clients::init()
{
    m_lab = std::make_unique<NetLab>();
    const QString trouble = m_lab->start();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

void tst_Clients::cleanup()
{
    m_client.reset();
    const QString trouble = m_lab->trouble();
    m_lab.reset();
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
}

QStringList tst_Clients::server() const
{
    QFETCH(bool, tls);
    return {m_lab->serverAddress(), QString::number(m_lab->serverPort(tls))};
}

/// Starts the client of this row; the command line of all of them is the same.
void tst_Clients::start(const QStringList &where, const QStringList &more)
{
    QFETCH(QString, program);
    QFETCH(QStringList, always);
    m_client = std::make_unique<Example>(m_lab->near(), program, where + more + always);
}

void tst_Clients::tellsThatItsPeerIsGone()
{
    QFETCH(QString, ready);
    start(server(), {QStringLiteral("--within"), QString::number(within)});
    QVERIFY(m_client->says(ready));
    QTest::qWait(200); // the last of a handshake is still on its way
    QElapsedTimer sinceFault;
    m_lab->cut();
    sinceFault.start();
    QVERIFY(m_client->says(QStringLiteral("did not answer"), 2 * within));
    const qint64 took = sinceFault.elapsed();
    QCOMPARE(m_client->exitCode(), lost);
    // The kernel's own figure, in tenths of a second; and it was known in time here, too.
    const int silence = m_client->secondsBefore(QStringLiteral("ago"));
    const int latest = within + late + m_client->lateness();
    QVERIFY2(silence >= within && silence <= latest + 50, qPrintable(QString::number(silence)));
    QVERIFY2(took >= within - idle - late && took <= latest + hearing,
             qPrintable(QString::number(took)));
}

void tst_Clients::tellsThatItsPeerHasClosed()
{
    QFETCH(QString, ready);
    start(server());
    QVERIFY(m_client->says(ready));
    QElapsedTimer sinceFault;
    sinceFault.start();
    m_lab->finish();
    QVERIFY(m_client->says(QStringLiteral("the peer closed the connection")));
    QVERIFY(sinceFault.elapsed() < 1000 + m_client->lateness());
    QCOMPARE(m_client->exitCode(), closed);
}

void tst_Clients::refusesWhatItCannotUse()
{
    const QString host = server().first();
    const QString port = server().last();
    const QString option = QStringLiteral("--within");
    const struct
    {
        QStringList where;
        QStringList more;
        int code;
        QString words;
    } cases[] = {
            {{}, {}, misused, QStringLiteral("Usage: ")},
            {{host}, {}, misused, QStringLiteral("Usage: ")},
            {{host, QStringLiteral("0")}, {}, misused, QStringLiteral("'0' is not a port")},
            {{host, QStringLiteral("70000")}, {}, misused, QStringLiteral("'70000' is not a port")},
            {{host, QStringLiteral("http")}, {}, misused, QStringLiteral("'http' is not a port")},
            {{host, port},
             {option, QStringLiteral("soon")},
             misused,
             QStringLiteral("'soon' is not")},
            {{host, port},
             {option, QStringLiteral("1999")},
             misused,
             QStringLiteral("1999 ms is not")},
            {{host, QStringLiteral("7002")}, {}, notConnected, QStringLiteral("efused")},
            {{QStringLiteral("nobody.invalid"), port},
             {},
             notConnected,
             QStringLiteral("annot connect: ")},
    };
    for (const auto &wrong : cases) {
        start(wrong.where, wrong.more);
        QCOMPARE(m_client->exitCode(), wrong.code);
        QVERIFY2(m_client->output().contains(wrong.words), qPrintable(wrong.words));
    }
}

void tst_Clients::theTlsClientTrustsNotEverybody()
{
    const QString program = QStringLiteral("tls/tls_client");
    const QStringList where{m_lab->serverAddress(), QString::number(m_lab->serverPort(true))};
    const QString ca = QStringLiteral("--ca");
    const struct
    {
        QStringList more;
        int code;
        QString words;
    } cases[] = {
            {{QStringLiteral("--name"), QStringLiteral("localhost")},
             notConnected,
             QStringLiteral("self-signed")},
            // The certificate is not one of the server's address.
            {{ca, QStringLiteral(CERTIFICATE)}, notConnected, QStringLiteral("host name")},
            {{ca, QStringLiteral("/dev/null")}, misused, QStringLiteral("'/dev/null' has no")},
    };
    for (const auto &wrong : cases) {
        m_client = std::make_unique<Example>(m_lab->near(), program, where + wrong.more);
        QCOMPARE(m_client->exitCode(), wrong.code);
        QVERIFY2(m_client->output().contains(wrong.words), qPrintable(wrong.words));
        // It was this side that ended the connection.
        QVERIFY(!m_client->output().contains(QLatin1String("Lost")));
    }
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_Clients>(argc, argv);
}

#include "tst_clients.moc"
