// SPDX-License-Identifier: MIT OR Apache-2.0

// Qt's own keepalive options, which it has since 6.11, and this library on the same sockets: each
// sees what the other has set, and neither undoes it. What both say of a peer that is dead is in
// tests/system.

#include "guarded.h"

#include <ka/socket.h>

#include <QtTest/QtTest>

using namespace std::chrono_literals;
using ka::KeepAlive;

namespace {

/// Keepalive values as Qt has them: in seconds.
struct Values
{
    int idle;
    int interval;
    int count;

    friend bool operator==(const Values &a, const Values &b)
    {
        return a.idle == b.idle && a.interval == b.interval && a.count == b.count;
    }
    /// For the message of a comparison that fails.
    friend char *toString(const Values &values)
    {
        return qstrdup(qPrintable(QStringLiteral("%1/%2/%3")
                                          .arg(values.idle)
                                          .arg(values.interval)
                                          .arg(values.count)));
    }
};

void setByQt(QAbstractSocket &socket, const Values &values)
{
    socket.setSocketOption(QAbstractSocket::KeepAliveOption, 1);
    socket.setSocketOption(QAbstractSocket::KeepAliveIdleOption, values.idle);
    socket.setSocketOption(QAbstractSocket::KeepAliveIntervalOption, values.interval);
    socket.setSocketOption(QAbstractSocket::KeepAliveCountOption, values.count);
}

Values seenByQt(QAbstractSocket &socket)
{
    return {socket.socketOption(QAbstractSocket::KeepAliveIdleOption).toInt(),
            socket.socketOption(QAbstractSocket::KeepAliveIntervalOption).toInt(),
            socket.socketOption(QAbstractSocket::KeepAliveCountOption).toInt()};
}

bool isOnByQt(QAbstractSocket &socket)
{
    return socket.socketOption(QAbstractSocket::KeepAliveOption).toBool();
}

/// What ka::query() sees; nothing but −1 where keepalive is off, or a value is not whole seconds.
Values seenByQuery(const QAbstractSocket &socket)
{
    const ka::Config config = ka::query(socket.socketDescriptor());
    const auto seconds = [&](const std::optional<std::chrono::milliseconds> &time) {
        return config.enabled && time && *time % 1s == 0s ? int(*time / 1s) : -1;
    };
    return {seconds(config.idle), seconds(config.interval),
            config.enabled ? config.count.value_or(-1) : -1};
}

} // namespace

class tst_BesideQt : public QObject
{
    Q_OBJECT

private slots:
    void whatQtSetIsSeenByQuery();
    void whatQtIgnoresIsRefusedInWords();
    void whatIsAppliedIsSeenByQt();
    void whatAGuardAppliesIsSeenByQt();
    void aGuardTurnedOffIsSeenByQt();
    void aGuardWithoutValuesLeavesThoseOfQt();
    void aGuardTakesTheValuesThatItHasNot();
    void valuesSetByQtBesideAGuardAreKept();
    void afterAReconnectThoseOfQtAreGoneAndOursAreBack();
    void twoSocketsSideBySideDoNotMind();
    void theLossIsToldOnASocketWithBoth();
};

void tst_BesideQt::whatQtSetIsSeenByQuery()
{
    Guarded it;
    it.guard.setSocket(nullptr);
    QVERIFY(it.connect());
    QVERIFY(!ka::query(it.socket.socketDescriptor()).enabled);
    const Values values{60, 10, 5};
    setByQt(it.socket, values);
    QCOMPARE(seenByQuery(it.socket), values);
    QCOMPARE(ka::query(it.socket.socketDescriptor()).detectionTime(), 110000ms);
}

void tst_BesideQt::whatQtIgnoresIsRefusedInWords()
{
    Guarded it;
    it.guard.setSocket(nullptr);
    QVERIFY(it.connect());
    const Values values{60, 10, 5};
    setByQt(it.socket, values);
    setByQt(it.socket, {0, 40000, 128}); // nothing tells that none of the three can be
    QCOMPARE(seenByQuery(it.socket), values);
    ka::Config config;
    config.idle = 40000s;
    std::error_code error;
    ka::apply(it.socket.socketDescriptor(), config, error);
    QVERIFY(error == ka::errc::OutOfRange);
    QCOMPARE(seenByQt(it.socket), values);
}

void tst_BesideQt::whatIsAppliedIsSeenByQt()
{
    Guarded it;
    it.guard.setSocket(nullptr);
    QVERIFY(it.connect());
    ka::Config config;
    config.idle = 30s;
    config.interval = 7s;
    config.count = 4;
    ka::apply(it.socket.socketDescriptor(), config);
    QVERIFY(isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), (Values{30, 7, 4}));
    // Each value that is left out stays as Qt has it.
    setByQt(it.socket, {50, 8, 3});
    ka::Config interval;
    interval.interval = 9s;
    ka::apply(it.socket.socketDescriptor(), interval);
    QCOMPARE(seenByQt(it.socket), (Values{50, 9, 3}));
}

void tst_BesideQt::whatAGuardAppliesIsSeenByQt()
{
    Guarded it;
    it.guard.setIdle(20000);
    it.guard.setInterval(4000);
    it.guard.setCount(6);
    QVERIFY(it.connect());
    QVERIFY(isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), (Values{20, 4, 6}));
    it.guard.setDetectWithin(6000);
    QCOMPARE(seenByQt(it.socket), (Values{3, 1, 3}));
}

void tst_BesideQt::aGuardTurnedOffIsSeenByQt()
{
    Guarded it;
    QVERIFY(it.connect());
    setByQt(it.socket, {60, 10, 5});
    it.guard.setEnabled(false);
    QVERIFY(!isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), (Values{60, 10, 5}));
}

void tst_BesideQt::aGuardWithoutValuesLeavesThoseOfQt()
{
    Guarded it;
    it.guard.setSocket(nullptr);
    QVERIFY(it.connect());
    const Values values{60, 10, 5};
    setByQt(it.socket, values);
    it.guard.setSocket(&it.socket);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(seenByQt(it.socket), values);
    QCOMPARE(it.guard.detectionTime(), 110000);
    // And what it lets go of.
    it.guard.setSocket(nullptr);
    QVERIFY(isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), values);
}

void tst_BesideQt::aGuardTakesTheValuesThatItHasNot()
{
    Guarded it;
    it.guard.setSocket(nullptr);
    it.guard.setIdle(20000);
    QVERIFY(it.connect());
    setByQt(it.socket, {60, 10, 5});
    it.guard.setSocket(&it.socket);
    QCOMPARE(seenByQt(it.socket), (Values{20, 10, 5}));
    QCOMPARE(it.guard.detectionTime(), 70000);
}

void tst_BesideQt::valuesSetByQtBesideAGuardAreKept()
{
    Guarded it;
    QVERIFY(it.connect());
    const Values values{60, 10, 5};
    setByQt(it.socket, values);
    QCOMPARE(seenByQuery(it.socket), values);
    it.guard.setUserTimeout(30000);
    it.guard.setEnabled(false);
    it.guard.setEnabled(true);
    QVERIFY(isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), values);
    it.guard.setInterval(12000);
    QCOMPARE(seenByQt(it.socket), (Values{60, 12, 5}));
    // With a user timeout the kernel counts time instead of probes.
    QCOMPARE(it.guard.detectionTime(), 72000);
}

void tst_BesideQt::afterAReconnectThoseOfQtAreGoneAndOursAreBack()
{
    Guarded it;
    it.guard.setIdle(20000);
    QTcpSocket plain;
    Peer other;
    const auto connectPlain = [&] {
        plain.connectToHost(QStringLiteral("127.0.0.1"), other.port());
        return plain.waitForConnected() && other.accept();
    };
    QVERIFY(it.connect() && connectPlain());
    const Values fresh{20, seenByQt(plain).interval, seenByQt(plain).count};
    QVERIFY(!isOnByQt(plain));
    QCOMPARE(seenByQt(it.socket), fresh);
    setByQt(it.socket, {60, 10, 5});
    setByQt(plain, {60, 10, 5});
    QVERIFY(isOnByQt(plain));

    it.socket.abort();
    plain.abort();
    QVERIFY(it.connect() && connectPlain());
    QVERIFY(!isOnByQt(plain));
    QVERIFY(isOnByQt(it.socket));
    QCOMPARE(seenByQt(it.socket), fresh);
    QCOMPARE(seenByQuery(it.socket), fresh);
}

void tst_BesideQt::twoSocketsSideBySideDoNotMind()
{
    Guarded ours;
    ours.guard.setDetectWithin(6000);
    Guarded theirs;
    theirs.guard.setSocket(nullptr);
    QSignalSpy disconnected(&theirs.socket, &QTcpSocket::disconnected);
    QVERIFY(ours.connect() && theirs.connect());
    setByQt(theirs.socket, {4, 1, 2});
    QCOMPARE(seenByQuery(ours.socket), (Values{3, 1, 3}));
    QCOMPARE(seenByQuery(theirs.socket), (Values{4, 1, 2}));
    theirs.peer.reset();
    QVERIFY(disconnected.wait());
    QCOMPARE(ours.guard.state(), KeepAlive::State::Healthy);
    ours.peer.reset();
    QTRY_COMPARE(ours.reason(), ka::LossReason::PeerReset);
}

void tst_BesideQt::theLossIsToldOnASocketWithBoth()
{
    Guarded it;
    QVERIFY(it.connect());
    setByQt(it.socket, {60, 10, 5});
    it.peer.finish();
    QTRY_COMPARE(it.reason(), ka::LossReason::PeerClosed);
    QCOMPARE(it.guard.state(), KeepAlive::State::Lost);
}

QTEST_GUILESS_MAIN(tst_BesideQt)
#include "tst_beside_qt.moc"
