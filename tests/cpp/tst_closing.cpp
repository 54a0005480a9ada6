// SPDX-License-Identifier: MIT OR Apache-2.0

// A close of the program's own, with much still to be sent: the peer gets all of it as long as its
// kernel takes it.

#include "guarded.h"

#include <QtTest/QtTest>

using ka::KeepAlive;

namespace {

/// More than the kernels of both ends hold.
constexpr int much = 6 * 1024 * 1024;

/// Reads so much at a time, so often.
class SlowReader
{
public:
    SlowReader(Peer &peer, int bytes, int every)
    {
        QObject::connect(&m_timer, &QTimer::timeout,
                         [this, &peer, bytes] { m_read += peer.take(bytes).size(); });
        m_timer.start(every);
    }

    qint64 read() const { return m_read; }

private:
    QTimer m_timer;
    qint64 m_read = 0;
};

} // namespace

class tst_Closing : public QObject
{
    Q_OBJECT

private slots:
    void aPeerWhoseOwnEndIsClosedGetsAllThatWasQueued_data();
    void aPeerWhoseOwnEndIsClosedGetsAllThatWasQueued();
    void underAHeartBeatAPeerThatReadsSlowlyGetsAllThatWasQueued();
};

void tst_Closing::aPeerWhoseOwnEndIsClosedGetsAllThatWasQueued_data()
{
    QTest::addColumn<bool>("before");
    QTest::newRow("before") << true;
    QTest::newRow("after") << false;
}

/// Four seconds' worth of it, twice the time in which a loss is known.
void tst_Closing::aPeerWhoseOwnEndIsClosedGetsAllThatWasQueued()
{
    QFETCH(bool, before);
    Guarded it;
    it.guard.setDetectWithin(2000);
    QVERIFY(it.connect());
    it.socket.write(QByteArray(much, 'x'));
    QTest::qWait(100);
    if (before)
        it.peer.halfClose();
    it.socket.disconnectFromHost();
    if (!before) {
        QTest::qWait(100);
        it.peer.halfClose();
    }
    const SlowReader reader(it.peer, 80 * 1024, 50);
    QTRY_COMPARE_WITH_TIMEOUT(reader.read(), qint64(much), 30000);
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(it.lost.size(), 0);
}

/// It reads each half second, and its window is closed in between.
void tst_Closing::underAHeartBeatAPeerThatReadsSlowlyGetsAllThatWasQueued()
{
    Guarded it;
    it.setHeartbeat(50, 200, "ping\n");
    QVERIFY(it.connect());
    it.socket.write(QByteArray(much, 'x'));
    it.socket.disconnectFromHost();
    const SlowReader reader(it.peer, 1024 * 1024, 500);
    QTRY_VERIFY2_WITH_TIMEOUT(reader.read() >= much, qPrintable(QString::number(reader.read())),
                              30000);
    QTRY_COMPARE(it.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(it.lost.size(), 0);
}

QTEST_GUILESS_MAIN(tst_Closing)
#include "tst_closing.moc"
