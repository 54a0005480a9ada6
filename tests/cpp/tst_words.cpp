// SPDX-License-Identifier: MIT OR Apache-2.0

// What the library's types say to people: in qDebug(), and on a screen.

#include <ka/keepalive.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QDebug>
#include <QtCore/QMetaEnum>
#include <QtCore/QTranslator>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtTest/QtTest>

using namespace std::chrono_literals;

class tst_Words : public QObject
{
    Q_OBJECT

private slots:
    void aConfigShowsWhatItAsksFor();
    void aSnapshotShowsWhatTheKernelTells();
    void capabilitiesShowTheRanges();
    void eachReasonHasWordsOfItsOwn();
    void theWordsAreTranslated();
};

template<typename Value>
static QString shown(const Value &value)
{
    QString text;
    QDebug(&text).nospace() << value;
    return text;
}

void tst_Words::aConfigShowsWhatItAsksFor()
{
    ka::Config config;
    QCOMPARE(shown(config), QStringLiteral("ka::Config(on)"));
    config.idle = 10s;
    config.interval = 4500ms;
    config.count = 3;
    config.userTimeout = 30s;
    config.enabled = false;
    QCOMPARE(shown(config),
             QStringLiteral("ka::Config(off, idle 10000 ms, interval 4500 ms, count 3, "
                            "user timeout 30000 ms)"));
    // What comes after it is as it would be without it.
    QString text;
    QDebug(&text) << config << QStringLiteral("quoted") << 1;
    QVERIFY2(text.endsWith(QLatin1String("user timeout 30000 ms) \"quoted\" 1 ")),
             qPrintable(text));
}

void tst_Words::aSnapshotShowsWhatTheKernelTells()
{
    QCOMPARE(shown(ka::Snapshot()), QStringLiteral("ka::Snapshot()"));
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket socket;
    socket.connectToHost(server.serverAddress(), server.serverPort());
    QVERIFY(socket.waitForConnected());
    const QString text = shown(ka::snapshot(socket.socketDescriptor()));
    QVERIFY2(text.startsWith(QLatin1String("ka::Snapshot(Established, probes 0, ")),
             qPrintable(text));
    QVERIFY2(text.contains(QLatin1String(", round trip ")), qPrintable(text));
    QVERIFY2(text.contains(QLatin1String(" us, ")), qPrintable(text));
}

void tst_Words::capabilitiesShowTheRanges()
{
    const QString text = shown(ka::capabilities());
    QVERIFY2(text.contains(QLatin1String("idle 1000..32767000 ms")), qPrintable(text));
    QVERIFY2(text.contains(QLatin1String("count 1..127,")), qPrintable(text));
    QVERIFY2(text.contains(QLatin1String("earlyWarning")), qPrintable(text));
    QVERIFY2(!text.contains(QLatin1String("timesTogether")), qPrintable(text));
}

void tst_Words::eachReasonHasWordsOfItsOwn()
{
    const auto keys = QMetaEnum::fromType<ka::LossReason>();
    QSet<QString> words;
    for (int i = 0; i < keys.keyCount(); ++i) {
        const QString text = ka::toString(ka::LossReason(keys.value(i)));
        QVERIFY2(!text.isEmpty() && text != QLatin1String(keys.key(i)), keys.key(i));
        words.insert(text);
    }
    QCOMPARE(int(words.size()), keys.keyCount());
    QCOMPARE(ka::toString(ka::LossReason::ProbesUnanswered),
             QStringLiteral("the other side does not answer any more"));
}

void tst_Words::theWordsAreTranslated()
{
    class German : public QTranslator
    {
    public:
        bool isEmpty() const override { return false; }
        QString translate(const char *context, const char *text, const char *, int) const override
        {
            if (qstrcmp(context, "ka::LossReason") != 0
                || qstrcmp(text, "the other side has closed the connection") != 0)
                return {};
            return QStringLiteral("die Gegenseite hat die Verbindung beendet");
        }
    } german;
    QVERIFY(QCoreApplication::installTranslator(&german));
    QCOMPARE(ka::toString(ka::LossReason::PeerClosed),
             QStringLiteral("die Gegenseite hat die Verbindung beendet"));
    QCoreApplication::removeTranslator(&german);
}

QTEST_GUILESS_MAIN(tst_Words)
#include "tst_words.moc"
