// SPDX-License-Identifier: MIT OR Apache-2.0

// Real faults of a real network: each is told once, with its reason, in its order and in its time.

#include "cases.h"
#include "client.h"
#include "main.h"

#include <faults.h>
#include <netlab.h>

#include <QtTest/QtTest>

#include <set>

using ka::LossReason;

namespace {

constexpr int within = 4000;
/// The kernel tells its times in steps of some milliseconds.
constexpr int resolution = 10;
constexpr int prompt = 1000;

QString text(const QList<LossReason> &reasons)
{
    QStringList names;
    for (const LossReason reason : reasons)
        names << QVariant::fromValue(reason).toString();
    return names.join(QStringLiteral(" or "));
}

/// The name that a row's columns give it, without the fault's own.
QStringList columns(const Case &row)
{
    static const char *const traffic[]
            = {"idle", "in-flight", "queue-full", "buffer-full", "streaming", "both-ways"};
    return {QString::fromLatin1(traffic[int(row.traffic)]),
            row.ipv6 ? QStringLiteral("ipv6") : QStringLiteral("ipv4"),
            row.tls ? QStringLiteral("tls") : QStringLiteral("tcp")};
}

/// From when to when a loss may be told, on the client's clock.
struct Span
{
    qint64 from;
    qint64 to;
};

Span allowed(Window window, const Client &client, qint64 faultFrom, qint64 faultTo)
{
    const qint64 life = client.lastLife();
    switch (window) {
    case Window::Exact:
        return {life + within - resolution, life + within + 100 + client.lateness()};
    case Window::Deadline:
        return {life + within - resolution, life + 3 * within};
    case Window::SinceFault:
        return {faultFrom, faultTo + 3 * within};
    case Window::ByProbe:
        return {faultFrom, faultTo + within + prompt};
    case Window::Prompt:
        return {faultFrom, faultTo + prompt};
    }
    return {0, -1};
}

} // namespace

class tst_Losses : public QObject
{
    Q_OBJECT

private slots:
    void isTold_data();
    void isTold();
    /// Beyond the matrix, for the soak: each row with every family and class.
    void isToldInEveryWay_data();
    void isToldInEveryWay();
    void theMatrixHasEachPair();
};

/// Plays one case, and checks everything that is promised of it.
static void lose(const Case &row)
{
    NetLab lab;
    const QString trouble = lab.start({wayFor(row.fault), row.ipv6});
    QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
    prepare(row.fault, lab);
    Client client(row.tls, within);
    QVERIFY2(client.connectTo(lab), qPrintable(client.socket().errorString()));
    QCOMPARE(client.guard().detectionTime(), within);
    QVERIFY(client.begin(row.traffic, lab));
    if (row.fault == Fault::KilledUnread) {
        lab.stopProgram();
        QVERIFY(client.socket().write("unread") > 0);
        if (row.traffic != Traffic::QueueFull && row.traffic != Traffic::InFlight)
            QVERIFY(client.waitUntilAcknowledged());
    }
    QCOMPARE(client.guard().state(), ka::State::Healthy);

    const qint64 from = client.now();
    client.forgetEvents();
    make(row.fault, lab);
    QVERIFY2(lab.trouble().isEmpty(), qPrintable(lab.trouble()));
    const qint64 to = client.now();
    client.forgetLateness();
    QTRY_VERIFY_WITH_TIMEOUT(client.events().contains(QStringLiteral("lost")), 4 * within);
    QCOMPARE(client.guard().state(), ka::State::Lost);
    QCOMPARE(client.guard().lossReason(), client.reason());
    if (row.traffic == Traffic::BufferFull && client.reason() == LossReason::PeerClosed) {
        // Nothing of what a peer sent before it closed may be taken away.
        qint64 read = client.socket().readAll().size();
        client.socket().setReadBufferSize(0);
        QTRY_VERIFY_WITH_TIMEOUT((read += client.socket().readAll().size()) >= Client::unread,
                                 5000);
        QCOMPARE(read, qint64(Client::unread));
    }
    QTRY_VERIFY_WITH_TIMEOUT(client.events().contains(QStringLiteral("disconnected")), 5000);
    QTest::qWait(200); // nothing more may come
    const QStringList events = client.events();

    const Span span = allowed(row.window, client, from, to);
    qInfo("%s: %s %lld ms after the last sign of life, %lld ms after the fault (made in %lld ms, "
          "lateness %lld ms): %s; %s",
          row.name, qPrintable(text({client.reason()})), client.lostAt() - client.lastLife(),
          client.lostAt() - to, to - from, client.lateness(), qPrintable(client.detail()),
          qPrintable(events.join(QLatin1Char(' '))));
    QVERIFY2(row.reasons.contains(client.reason()),
             qPrintable(text({client.reason()}) + QStringLiteral(", expected ")
                        + text(row.reasons)));
    QVERIFY(!client.detail().isEmpty());
    QVERIFY2(client.lostAt() >= span.from && client.lostAt() <= span.to,
             qPrintable(QStringLiteral("told at %1 ms, expected within %2..%3 ms")
                                .arg(client.lostAt())
                                .arg(span.from)
                                .arg(span.to)));
    QCOMPARE(events.count(QStringLiteral("lost")), 1);
    QCOMPARE(events.count(QStringLiteral("disconnected")), 1);
    if (row.isSilent()) {
        QCOMPARE(events.mid(events.size() - 3),
                 (QStringList{QStringLiteral("suspect"), QStringLiteral("lost"),
                              QStringLiteral("disconnected")}));
    } else {
        QCOMPARE(events.mid(events.size() - 2),
                 (QStringList{QStringLiteral("lost"), QStringLiteral("disconnected")}));
    }
    // A peer that is still heard in between can be suspected more than once.
    if (row.window != Window::SinceFault && row.traffic != Traffic::Streaming)
        QVERIFY(!events.contains(QStringLiteral("recovered")));
}

void tst_Losses::isTold_data()
{
    QTest::addColumn<int>("index");
    for (int i = 0; i < cases().size(); ++i)
        QTest::newRow(cases().at(i).name) << i;
}

void tst_Losses::isTold()
{
    QFETCH(int, index);
    lose(cases().at(index));
}

void tst_Losses::isToldInEveryWay_data()
{
    QTest::addColumn<int>("index");
    QTest::addColumn<bool>("ipv6");
    QTest::addColumn<bool>("tls");
    for (int i = 0; i < cases().size(); ++i) {
        for (const bool ipv6 : {false, true}) {
            for (const bool tls : {false, true}) {
                Case row = cases().at(i);
                const QString fault = QString::fromLatin1(row.name).section(QLatin1Char('.'), 0, 0);
                row.ipv6 = ipv6;
                row.tls = tls;
                const QString name = (QStringList{fault} + columns(row)).join(QLatin1Char('.'));
                QTest::newRow(qPrintable(name)) << i << ipv6 << tls;
            }
        }
    }
}

void tst_Losses::isToldInEveryWay()
{
    QFETCH(int, index);
    QFETCH(bool, ipv6);
    QFETCH(bool, tls);
    Case row = cases().at(index);
    row.name = QTest::currentDataTag();
    row.ipv6 = ipv6;
    row.tls = tls;
    lose(row);
}

/// The names say what the rows are, and each pair of two columns is in some row.
void tst_Losses::theMatrixHasEachPair()
{
    std::set<QString> names;
    std::set<QString> pairs;
    for (const Case &row : cases()) {
        const QString name = QString::fromLatin1(row.name);
        QVERIFY2(names.insert(name).second, row.name);
        QStringList words = columns(row);
        QCOMPARE(name.section(QLatin1Char('.'), 1), words.join(QLatin1Char('.')));
        words << QStringLiteral("fault %1").arg(int(row.fault));
        for (const QString &a : words) {
            for (const QString &b : words)
                pairs.insert(a + QLatin1Char(' ') + b);
        }
    }
    const QStringList traffics{QStringLiteral("idle"), QStringLiteral("in-flight"),
                               QStringLiteral("queue-full"), QStringLiteral("buffer-full")};
    const QStringList families{QStringLiteral("ipv4"), QStringLiteral("ipv6")};
    const QStringList classes{QStringLiteral("tcp"), QStringLiteral("tls")};
    QStringList faults;
    for (int i = 0; i <= int(Fault::Reboot); ++i)
        faults << QStringLiteral("fault %1").arg(i);
    const QList<QStringList> all{traffics, families, classes, faults};
    QStringList missing;
    for (int i = 0; i < all.size(); ++i) {
        for (int j = 0; j < i; ++j) {
            for (const QString &a : all.at(i)) {
                for (const QString &b : all.at(j)) {
                    if (pairs.count(a + QLatin1Char(' ') + b) == 0)
                        missing << a + QLatin1Char(' ') + b;
                }
            }
        }
    }
    // A peer that has not read everything cannot close in good order: see cases.cpp.
    const QStringList impossible{
            QStringLiteral("fault %1 queue-full").arg(int(Fault::Fin)),
            QStringLiteral("fault %1 queue-full").arg(int(Fault::Killed)),
    };
    QCOMPARE(missing, impossible);
}

int main(int argc, char **argv)
{
    return runInNetLab<tst_Losses>(argc, argv);
}

#include "tst_losses.moc"
