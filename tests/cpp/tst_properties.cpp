// SPDX-License-Identifier: MIT OR Apache-2.0

// The properties of ka::KeepAlive: what they accept, what they tell, what reaches the kernel.

#include "guarded.h"

#include <ka/socket.h>

#include <QtCore/QThread>
#include <QtNetwork/QUdpSocket>
#include <QtTest/QtTest>

using namespace std::chrono_literals;
using ka::KeepAlive;

class tst_Properties : public QObject
{
    Q_OBJECT

private slots:
    void defaultsAreThoseOfTheContract();
    void enumsAreKnownToTheMetaObjectByTheirKeys();
    void aParentThatIsASocketIsGuarded();
    void aParentThatIsNoSocketIsJustAParent();

    void aSetterEmitsOnceAndOnlyForAChange_data();
    void aSetterEmitsOnceAndOnlyForAChange();
    void aRefusedSetterKeepsTheOldValueAndSaysWhy_data();
    void aRefusedSetterKeepsTheOldValueAndSaysWhy();
    void theNextSuccessClearsTheError();
    void aTimeMayHaveItsUnit();
    void aTimeThatNoIntHoldsIsRefusedAsItIs();
    void nobodyCanForgeALoss();

    void valuesSetBeforeTheConnectAreApplied();
    void aValueSetWhileConnectedIsWrittenAtOnce();
    void aReturnToLeaveAloneWritesNothingUntilTheNextConnect();
    void detectWithinTakesThePlaceOfTheThree();
    void disablingSwitchesKeepaliveAndVerdictOff();
    void detectionTimeIsThatWhichIsInForce();
    void aValueThatTheKernelRefusesIsTakenBack();

    void whatIsNoSocketIsRefusedAndNothingChanges();
    void aSecondGuardIsRefused();
    void aSocketOfAnotherThreadIsRefused();
    void unsettingTheSocketPutsBackWhatWasThere();
    void aDeletedGuardPutsBackWhatWasThere();
    void withoutDetectWithinTheValuesAreAsTheyWereFound();
    void theTwoTimesOfTheHeartbeatComeInAnyOrder();
    void aRefusalStaysUntilThatPropertyIsSetWell();
};

void tst_Properties::defaultsAreThoseOfTheContract()
{
    const KeepAlive guard;
    QCOMPARE(guard.socket(), nullptr);
    QCOMPARE(guard.enabled(), true);
    QCOMPARE(guard.idle(), 0);
    QCOMPARE(guard.interval(), 0);
    QCOMPARE(guard.count(), 0);
    QCOMPARE(guard.userTimeout(), -1);
    QCOMPARE(guard.detectWithin(), 0);
    QCOMPARE(guard.heartbeatInterval(), 0);
    QCOMPARE(guard.heartbeatTimeout(), 0);
    QCOMPARE(guard.heartbeatPayload(), QByteArray());
    QCOMPARE(guard.abortOnLoss(), true);
    QCOMPARE(guard.silence(), -1);
    QCOMPARE(guard.unansweredProbes(), -1);
    QCOMPARE(guard.roundTripTime(), -1);
    QCOMPARE(guard.state(), KeepAlive::State::Detached);
    QCOMPARE(guard.lossReason(), KeepAlive::LossReason::NoLoss);
    QCOMPARE(guard.errorString(), QString());
    QCOMPARE(guard.detectionTime(), -1);
    QVERIFY(guard.inherits("QObject"));
    QCOMPARE(guard.metaObject()->className(), "ka::KeepAlive");
}

void tst_Properties::enumsAreKnownToTheMetaObjectByTheirKeys()
{
    const KeepAlive guard;
    const auto property = [&](const char *name) {
        return guard.metaObject()->property(guard.metaObject()->indexOfProperty(name));
    };
    QVERIFY(property("state").isEnumType());
    QVERIFY(property("lossReason").isEnumType());
    QCOMPARE(guard.property("state").toString(), QStringLiteral("Detached"));
    QCOMPARE(QVariant::fromValue(KeepAlive::LossReason::PeerReset).toString(),
             QStringLiteral("PeerReset"));
    const QMetaEnum reasons = QMetaEnum::fromType<KeepAlive::LossReason>();
    QStringList keys;
    for (int i = 0; i < reasons.keyCount(); ++i)
        keys << QLatin1String(reasons.key(i));
    QCOMPARE(keys.join(QLatin1Char(' ')),
             QStringLiteral("NoLoss PeerClosed PeerReset ProbesUnanswered DataUnacknowledged "
                            "HeartbeatMissed NetworkUnreachable UnknownLoss"));
    QCOMPARE(QMetaEnum::fromType<KeepAlive::State>().keyCount(), 5);
}

void tst_Properties::aParentThatIsASocketIsGuarded()
{
    QTcpSocket socket;
    auto *guard = new KeepAlive(&socket);
    QCOMPARE(guard->parent(), &socket);
    QCOMPARE(guard->socket(), &socket);
    QCOMPARE(guard->state(), KeepAlive::State::Waiting);
}

void tst_Properties::aParentThatIsNoSocketIsJustAParent()
{
    QObject parent;
    auto *guard = new KeepAlive(&parent);
    QCOMPARE(guard->socket(), nullptr);
    QCOMPARE(guard->state(), KeepAlive::State::Detached);
    QCOMPARE(guard->errorString(), QString());
}

void tst_Properties::aSetterEmitsOnceAndOnlyForAChange_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QVariant>("value");
    QTest::newRow("enabled") << QByteArray("enabled") << QVariant(false);
    QTest::newRow("idle") << QByteArray("idle") << QVariant(10000);
    QTest::newRow("interval") << QByteArray("interval") << QVariant(5000);
    QTest::newRow("count") << QByteArray("count") << QVariant(3);
    QTest::newRow("userTimeout") << QByteArray("userTimeout") << QVariant(0);
    QTest::newRow("detectWithin") << QByteArray("detectWithin") << QVariant(6000);
    QTest::newRow("heartbeatInterval") << QByteArray("heartbeatInterval") << QVariant(50);
    QTest::newRow("heartbeatTimeout") << QByteArray("heartbeatTimeout") << QVariant(200);
    QTest::newRow("heartbeatPayload")
            << QByteArray("heartbeatPayload") << QVariant(QByteArray("ping\n"));
    QTest::newRow("abortOnLoss") << QByteArray("abortOnLoss") << QVariant(false);
}

void tst_Properties::aSetterEmitsOnceAndOnlyForAChange()
{
    QFETCH(QByteArray, name);
    QFETCH(QVariant, value);
    KeepAlive guard;
    const QByteArray signal = '2' + name + "Changed()";
    QSignalSpy changed(&guard, signal.constData());
    QVERIFY(changed.isValid());
    const QMetaProperty property
            = guard.metaObject()->property(guard.metaObject()->indexOfProperty(name.constData()));
    QVERIFY(property.hasNotifySignal());
    QCOMPARE(property.notifySignal().name(), name + "Changed");
    QVERIFY(guard.setProperty(name.constData(), value));
    QCOMPARE(guard.property(name.constData()), value);
    QCOMPARE(changed.size(), 1);
    QVERIFY(guard.setProperty(name.constData(), value));
    QCOMPARE(changed.size(), 1);
}

void tst_Properties::aRefusedSetterKeepsTheOldValueAndSaysWhy_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<int>("value");
    QTest::addColumn<QString>("words");
    const auto row = [](const char *name, int value, const char *words) {
        QTest::addRow("%s %d", name, value)
                << QByteArray(name) << value << QString::fromLatin1(words);
    };
    row("idle", -1, "TCP_KEEPIDLE: -1 ms is not within 1..32767 s");
    row("idle", 40000000, "TCP_KEEPIDLE: 40000 s is not within 1..32767 s");
    row("idle", std::numeric_limits<int>::min(),
        "TCP_KEEPIDLE: -2147483648 ms is not within 1..32767 s");
    row("interval", std::numeric_limits<int>::max(),
        "TCP_KEEPINTVL: 2147483647 ms is not within 1..32767 s");
    row("count", 128, "TCP_KEEPCNT: 128 is not within 1..127");
    row("count", -1, "TCP_KEEPCNT: -1 is not within 1..127");
    row("userTimeout", -2, "TCP_USER_TIMEOUT: -2 ms is not within 0..2147483647 ms");
    row("detectWithin", 1999,
        "detectWithin: 1999 ms is not within 2..65534 s; a shorter time takes a heart-beat "
        "(heartbeatInterval)");
    row("detectWithin", 70000000, "detectWithin: 70000 s is not within 2..65534 s");
    row("detectWithin", -6000, "detectWithin: -6 s is not within 2..65534 s");
    row("heartbeatInterval", -1, "heartbeatInterval: -1 ms is not within 1..2147483647 ms");
    row("heartbeatTimeout", -200, "heartbeatTimeout: -200 ms is not within 1..2147483647 ms");
}

void tst_Properties::aRefusedSetterKeepsTheOldValueAndSaysWhy()
{
    QFETCH(QByteArray, name);
    QFETCH(int, value);
    QFETCH(QString, words);
    KeepAlive guard;
    const QVariant before = guard.property(name.constData());
    QSignalSpy changed(&guard, QByteArray('2' + name + "Changed()").constData());
    QSignalSpy failed(&guard, &KeepAlive::applyFailed);
    QSignalSpy errorChanged(&guard, &KeepAlive::errorStringChanged);
    guard.setProperty(name.constData(), value);
    QCOMPARE(guard.property(name.constData()), before);
    QCOMPARE(changed.size(), 0);
    QCOMPARE(failed.size(), 1);
    QCOMPARE(failed.first().first().toString(), words);
    QCOMPARE(guard.errorString(), words);
    QCOMPARE(errorChanged.size(), 1);
}

void tst_Properties::theNextSuccessClearsTheError()
{
    KeepAlive guard;
    guard.setCount(1000);
    QVERIFY(!guard.errorString().isEmpty());
    guard.setCount(3);
    QCOMPARE(guard.errorString(), QString());
}

void tst_Properties::aTimeMayHaveItsUnit()
{
    KeepAlive guard;
    guard.setIdle(10s);
    QCOMPARE(guard.idle(), 10000);
    guard.setInterval(4500ms);
    QCOMPARE(guard.interval(), 4500);
    guard.setUserTimeout(30s);
    QCOMPARE(guard.userTimeout(), 30000);
    guard.setDetectWithin(6s);
    QCOMPARE(guard.detectWithin(), 6000);
    guard.setHeartbeatInterval(2s);
    QCOMPARE(guard.heartbeatInterval(), 2000);
    guard.setHeartbeatTimeout(5s);
    QCOMPARE(guard.heartbeatTimeout(), 5000);
    QCOMPARE(guard.errorString(), QString());
    // What means "leave alone" means it here, too.
    guard.setUserTimeout(-1ms);
    QCOMPARE(guard.userTimeout(), -1);
    guard.setDetectWithin(0s);
    QCOMPARE(guard.detectWithin(), 0);
}

void tst_Properties::aTimeThatNoIntHoldsIsRefusedAsItIs()
{
    KeepAlive guard;
    guard.setHeartbeatInterval(std::chrono::hours(24 * 365));
    QCOMPARE(guard.heartbeatInterval(), 0);
    QVERIFY2(guard.errorString().contains(QLatin1String("31536000 s is not within")),
             qPrintable(guard.errorString()));
}

/// Beside the setters of its properties there is nothing to call but what only tells. What a program can
/// reach by name is that and nothing more, and so is what it links.
void tst_Properties::nobodyCanForgeALoss()
{
    const QMetaObject &meta = KeepAlive::staticMetaObject;
    QCOMPARE(meta.superClass(), &QObject::staticMetaObject);
    for (int i = meta.methodOffset(); i < meta.methodCount(); ++i) {
        if (meta.method(i).name() != "history")
            QCOMPARE(meta.method(i).methodType(), QMetaMethod::Signal);
    }
    static_assert(sizeof(KeepAlive) == sizeof(QObject) + sizeof(void *),
                  "what is compiled against it stays right");
}

void tst_Properties::valuesSetBeforeTheConnectAreApplied()
{
    Guarded it;
    it.guard.setIdle(10000);
    it.guard.setInterval(4500);
    it.guard.setCount(3);
    it.guard.setUserTimeout(30000);
    QVERIFY(it.connect());
    const ka::Config now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.enabled && now.idle == 10s && now.interval == 5s && now.count == 3);
    QVERIFY(now.userTimeout == 30s);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.guard.interval(), 4500);
}

void tst_Properties::aValueSetWhileConnectedIsWrittenAtOnce()
{
    Guarded it;
    QVERIFY(it.connect());
    it.guard.setIdle(20000);
    QVERIFY(ka::query(it.socket.socketDescriptor()).idle == 20s);
    it.guard.setDetectWithin(6000);
    QVERIFY(ka::query(it.socket.socketDescriptor()).idle == 3s);
}

void tst_Properties::aReturnToLeaveAloneWritesNothingUntilTheNextConnect()
{
    Guarded it;
    it.guard.setIdle(10000);
    it.guard.setUserTimeout(9000);
    QVERIFY(it.connect());
    it.guard.setIdle(0);
    it.guard.setUserTimeout(-1);
    ka::Config now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.idle == 10s && now.userTimeout == 9s);
    it.socket.abort();
    QVERIFY(it.connect());
    now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.idle == ka::systemDefaults().idle && now.userTimeout == 0s);
}

void tst_Properties::detectWithinTakesThePlaceOfTheThree()
{
    Guarded it;
    it.guard.setIdle(60000);
    it.guard.setInterval(7000);
    it.guard.setCount(9);
    it.guard.setDetectWithin(6000);
    QCOMPARE(it.guard.idle(), 60000);
    QVERIFY(it.connect());
    ka::Config now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.idle == 3s && now.interval == 1s && now.count == 3);
    it.guard.setDetectWithin(0);
    now = ka::query(it.socket.socketDescriptor());
    QVERIFY(now.idle == 60s && now.interval == 7s && now.count == 9);
}

void tst_Properties::disablingSwitchesKeepaliveAndVerdictOff()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    it.guard.setEnabled(false);
    QVERIFY(!ka::query(it.socket.socketDescriptor()).enabled);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
    QCOMPARE(it.guard.detectionTime(), -1);
    it.guard.setEnabled(true);
    QVERIFY(ka::query(it.socket.socketDescriptor()).enabled);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    QCOMPARE(it.guard.detectionTime(), 6000);
    it.guard.setEnabled(false);
    QSignalSpy disconnected(&it.socket, &QTcpSocket::disconnected);
    it.peer.reset();
    QVERIFY(disconnected.wait());
    QCOMPARE(it.lost.size(), 0);
    QCOMPARE(it.guard.state(), KeepAlive::State::Waiting);
}

void tst_Properties::detectionTimeIsThatWhichIsInForce()
{
    Guarded it;
    QSignalSpy changed(&it.guard, &KeepAlive::detectionTimeChanged);
    it.guard.setIdle(9500);
    QCOMPARE(it.guard.detectionTime(), -1);
    QVERIFY(it.connect());
    const ka::Config system = ka::systemDefaults();
    QCOMPARE(std::chrono::milliseconds(it.guard.detectionTime()),
             10s + *system.interval * *system.count);
    QCOMPARE(changed.size(), 1);
    it.guard.setDetectWithin(7900);
    QCOMPARE(it.guard.detectionTime(), 7000);
    QCOMPARE(changed.size(), 2);
    it.socket.abort();
    QCOMPARE(it.guard.detectionTime(), -1);
}

void tst_Properties::aValueThatTheKernelRefusesIsTakenBack()
{
    // An MPTCP connection takes the probes and refuses the user timeout.
    Peer peer(IPPROTO_MPTCP);
    const int fd = loopback::dial(peer.port(), IPPROTO_MPTCP);
    QVERIFY2(fd != -1, "this test needs a kernel with MPTCP (net.mptcp.enabled)");
    QTcpSocket socket;
    QVERIFY(socket.setSocketDescriptor(fd));
    KeepAlive guard(&socket);
    guard.setDetectWithin(6000);
    QCOMPARE(ka::query(fd).detectionTime(), std::chrono::milliseconds(6000));
    QSignalSpy failed(&guard, &KeepAlive::applyFailed);
    guard.setUserTimeout(5000);
    QCOMPARE(guard.userTimeout(), -1);
    QCOMPARE(failed.size(), 1);
    QVERIFY2(guard.errorString().startsWith(
                     QLatin1String("TCP_USER_TIMEOUT: cannot set it to 5000 ms")),
             qPrintable(guard.errorString()));
    QCOMPARE(ka::query(fd).detectionTime(), std::chrono::milliseconds(6000));
}

void tst_Properties::whatIsNoSocketIsRefusedAndNothingChanges()
{
    Guarded it;
    QVERIFY(it.connect());
    QSignalSpy failed(&it.guard, &KeepAlive::applyFailed);
    QSignalSpy socketChanged(&it.guard, &KeepAlive::socketChanged);
    QTimer timer;
    it.guard.setSocket(&timer);
    QCOMPARE(it.guard.errorString(),
             QStringLiteral("socket: QTimer is not a QAbstractSocket and owns none"));
    QUdpSocket udp;
    it.guard.setSocket(&udp);
    QCOMPARE(it.guard.errorString(), QStringLiteral("socket: QUdpSocket is not a TCP socket"));
    QCOMPARE(failed.size(), 2);
    QCOMPARE(socketChanged.size(), 0);
    QCOMPARE(it.guard.socket(), &it.socket);
    QCOMPARE(it.guard.state(), KeepAlive::State::Healthy);
    it.guard.setSocket(nullptr);
    QCOMPARE(it.guard.errorString(), QString());
}

void tst_Properties::aSecondGuardIsRefused()
{
    QTcpSocket socket;
    KeepAlive first(&socket);
    {
        KeepAlive second;
        second.setSocket(&socket);
        QCOMPARE(second.socket(), nullptr);
        QCOMPARE(second.errorString(),
                 QStringLiteral("socket: another KeepAlive guards it already"));
    }
    first.setSocket(nullptr);
    KeepAlive third;
    third.setSocket(&socket);
    QCOMPARE(third.socket(), &socket);
}

void tst_Properties::aSocketOfAnotherThreadIsRefused()
{
    QThread thread;
    thread.start();
    auto *socket = new QTcpSocket;
    socket->moveToThread(&thread);
    KeepAlive guard;
    guard.setSocket(socket);
    QCOMPARE(guard.socket(), nullptr);
    QVERIFY(guard.errorString().contains(QLatin1String("another thread")));
    socket->deleteLater();
    thread.quit();
    QVERIFY(thread.wait());
}

void tst_Properties::unsettingTheSocketPutsBackWhatWasThere()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    QSignalSpy socketChanged(&it.guard, &KeepAlive::socketChanged);
    it.guard.setSocket(nullptr);
    QCOMPARE(socketChanged.size(), 1);
    QCOMPARE(it.guard.state(), KeepAlive::State::Detached);
    const ka::Config now = ka::query(it.socket.socketDescriptor());
    const ka::Config system = ka::systemDefaults();
    QVERIFY(!now.enabled && now.idle == system.idle);
    QVERIFY(now.interval == system.interval && now.count == system.count);
    it.peer.finish();
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(it.lost.size(), 0);
}

void tst_Properties::aDeletedGuardPutsBackWhatWasThere()
{
    // What the program has put there itself is what is found.
    Peer peer;
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    ka::Config own;
    own.idle = 100s;
    own.count = 5;
    ka::apply(socket.socketDescriptor(), own);
    {
        KeepAlive guard(&socket);
        guard.setDetectWithin(6000);
        guard.setUserTimeout(5000);
        QVERIFY(ka::query(socket.socketDescriptor()).idle == 3s);
    }
    const ka::Config now = ka::query(socket.socketDescriptor());
    QVERIFY(now.enabled && now.idle == 100s && now.count == 5 && now.userTimeout == 0s);
    QVERIFY(now.interval == ka::systemDefaults().interval);
}

void tst_Properties::withoutDetectWithinTheValuesAreAsTheyWereFound()
{
    Guarded it;
    it.guard.setDetectWithin(6000);
    QVERIFY(it.connect());
    it.guard.setDetectWithin(0);
    const ka::Config now = ka::query(it.socket.socketDescriptor());
    const ka::Config system = ka::systemDefaults();
    QVERIFY(now.enabled && now.idle == system.idle);
    QVERIFY(now.interval == system.interval && now.count == system.count);
    QVERIFY(std::chrono::milliseconds(it.guard.detectionTime()) == now.detectionTime());
}

void tst_Properties::theTwoTimesOfTheHeartbeatComeInAnyOrder()
{
    for (const bool intervalFirst : {true, false}) {
        KeepAlive guard;
        guard.setHeartbeatInterval(1000);
        guard.setHeartbeatTimeout(5000);
        const auto set = [&](int interval, int timeout) {
            if (intervalFirst)
                guard.setHeartbeatInterval(interval);
            guard.setHeartbeatTimeout(timeout);
            if (!intervalFirst)
                guard.setHeartbeatInterval(interval);
            QCOMPARE(guard.heartbeatInterval(), interval);
            QCOMPARE(guard.heartbeatTimeout(), timeout);
            QCOMPARE(guard.errorString(), QString());
        };
        set(100, 500);
        set(10000, 50000);
        set(20, 0);
        // What never fits is not kept by half.
        guard.setHeartbeatTimeout(10);
        guard.setHeartbeatInterval(15);
        QCOMPARE(guard.heartbeatInterval(), 20);
        QCOMPARE(guard.heartbeatTimeout(), 0);
        QVERIFY(guard.errorString().startsWith(QLatin1String("heartbeatTimeout: 10 ms")));
    }
}

void tst_Properties::aRefusalStaysUntilThatPropertyIsSetWell()
{
    Guarded it;
    it.guard.setDetectWithin(6); // seconds, as Qt counts its own options
    const QString words = it.guard.errorString();
    QVERIFY(words.startsWith(QLatin1String("detectWithin: 6 ms")));
    it.guard.setIdle(5000);
    QVERIFY(it.connect());
    it.guard.setCount(3);
    it.guard.setEnabled(false);
    QCOMPARE(it.guard.errorString(), words);
    it.guard.setDetectWithin(6000);
    QCOMPARE(it.guard.errorString(), QString());
}

QTEST_GUILESS_MAIN(tst_Properties)
#include "tst_properties.moc"
