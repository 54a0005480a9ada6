// SPDX-License-Identifier: MIT OR Apache-2.0

// What <ka/socket.h> promises, on real descriptors.

#include <ka/socket.h>

#include "peer.h"

#include <QtCore/QDeadlineTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>
#include <QtNetwork/QUdpSocket>
#include <QtTest/QtTest>

#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <linux/netlink.h>
#include <type_traits>
#include <utility>

using namespace std::chrono_literals;

static_assert(noexcept(ka::apply(0, ka::Config(), std::declval<std::error_code &>())));
static_assert(noexcept(ka::query(0, std::declval<std::error_code &>())));
static_assert(noexcept(ka::snapshot(0, std::declval<std::error_code &>())));
static_assert(noexcept(ka::systemDefaults(std::declval<std::error_code &>())));
static_assert(noexcept(ka::setSystemDefaults(ka::Config(), std::declval<std::error_code &>())));
static_assert(std::is_base_of_v<std::system_error, ka::Error>);
static_assert(std::is_nothrow_copy_constructible_v<ka::Error>);

namespace {

/// A descriptor that is closed at the end of its scope.
class Fd
{
public:
    explicit Fd(int fd)
        : m_fd(fd)
    {
    }
    Fd(Fd &&other) noexcept
        : m_fd(std::exchange(other.m_fd, -1))
    {
    }
    ~Fd()
    {
        if (m_fd != -1)
            ::close(m_fd);
    }
    operator int() const { return m_fd; }

private:
    int m_fd;
};

Fd tcp(int family = AF_INET)
{
    return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

bool keepaliveOn(int fd)
{
    int on = -1;
    socklen_t length = sizeof on;
    ::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &length);
    return on == 1;
}

ka::Config classic()
{
    ka::Config config;
    config.idle = 10s;
    config.interval = 5s;
    config.count = 3;
    return config;
}

} // namespace

class tst_Socket : public QObject
{
    Q_OBJECT

private slots:
    void whatIsAppliedIsInForce();
    void anEmptyValueIsLeftAlone();
    void timesAreRoundedUpAndTheResultSaysSo();
    void keepaliveCanBeSwitchedOff();
    void aQintptrNeedsNoCast();
    void ipv6AndMptcpSocketsTakeTheOptions();
    void aRefusedUserTimeoutOnMptcpChangesNothing();

    void whatIsNoTcpSocketIsRefusedAndUnchanged_data();
    void whatIsNoTcpSocketIsRefusedAndUnchanged();
    void aValueOutOfRangeIsRefusedAndNothingChanges_data();
    void aValueOutOfRangeIsRefusedAndNothingChanges();
    void errorsCompareAsCodesAndConditions();

    void detectWithinSplitsTheTime();
    void detectWithinSaysWhatIsPossible();
    void detectionTimeFollowsTheKernelsFormula();

    void aSnapshotTellsTheStateWithoutTakingTheError();
    void systemDefaultsAreTheKernelsOwn();
    void whatIsPossibleIsAcceptedAndNothingBeyondIt();
    void systemDefaultsRefuseWhatTheyCannotHold();
};

void tst_Socket::whatIsAppliedIsInForce()
{
    const Fd fd = tcp();
    ka::Config wanted = classic();
    wanted.userTimeout = 30s;
    QVERIFY(ka::apply(fd, wanted) == wanted);
    QVERIFY(keepaliveOn(fd));
    QVERIFY(ka::query(fd) == wanted);
    std::error_code error = std::make_error_code(std::errc::io_error);
    QVERIFY(ka::apply(fd, wanted, error) == wanted);
    QVERIFY2(!error, "success clears the code");
}

void tst_Socket::anEmptyValueIsLeftAlone()
{
    const Fd fd = tcp();
    ka::apply(fd, classic());
    ka::Config onlyInterval;
    onlyInterval.interval = 7s;
    const ka::Config given = ka::apply(fd, onlyInterval);
    QVERIFY(!given.idle && !given.count && !given.userTimeout);
    const ka::Config now = ka::query(fd);
    QVERIFY(now.idle == 10s && now.interval == 7s && now.count == 3);
}

void tst_Socket::timesAreRoundedUpAndTheResultSaysSo()
{
    const Fd fd = tcp();
    ka::Config wanted;
    wanted.idle = 9001ms;
    wanted.interval = 1ms;
    wanted.userTimeout = 1500ms;
    const ka::Config given = ka::apply(fd, wanted);
    QVERIFY(given.idle == 10s && given.interval == 1s && given.userTimeout == 1500ms);
    const ka::Config now = ka::query(fd);
    QVERIFY(now.idle == 10s && now.interval == 1s && now.userTimeout == 1500ms);
}

void tst_Socket::keepaliveCanBeSwitchedOff()
{
    const Fd fd = tcp();
    ka::apply(fd, classic());
    ka::Config off;
    off.enabled = false;
    QVERIFY(!ka::apply(fd, off).enabled);
    QVERIFY(!keepaliveOn(fd));
    QVERIFY(!ka::query(fd).enabled && ka::query(fd).idle == 10s);
}

void tst_Socket::aQintptrNeedsNoCast()
{
    Peer peer;
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    std::error_code error;
    ka::apply(socket.socketDescriptor(), classic(), error);
    QVERIFY2(error == ka::errc::NoDescriptor, "Qt shows -1 while it connects");
    QVERIFY(socket.waitForConnected());
    QVERIFY(ka::apply(socket.socketDescriptor(), classic()) == classic());
    const qintptr descriptor = socket.socketDescriptor();
    const ka::Descriptor same{descriptor};
    QCOMPARE(ka::query(same).count.value_or(0), 3);
}

void tst_Socket::ipv6AndMptcpSocketsTakeTheOptions()
{
    const Fd v6 = tcp(AF_INET6);
    QVERIFY(ka::apply(v6, classic()) == classic());
    const Fd mptcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP));
    QVERIFY2(mptcp != -1, "this test needs a kernel with MPTCP (net.mptcp.enabled)");
    QVERIFY(ka::apply(mptcp, classic()) == classic());
    const ka::Config now = ka::query(mptcp);
    QVERIFY(now.enabled && now.idle == 10s && !now.userTimeout);
}

void tst_Socket::aRefusedUserTimeoutOnMptcpChangesNothing()
{
    const Fd mptcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP));
    QVERIFY2(mptcp != -1, "this test needs a kernel with MPTCP (net.mptcp.enabled)");
    const ka::Config before = ka::query(mptcp);
    ka::Config wanted = classic();
    wanted.userTimeout = 5s;
    try {
        ka::apply(mptcp, wanted);
        QFAIL("an MPTCP socket has no user timeout");
    } catch (const ka::Error &error) {
        QCOMPARE(error.option(), "TCP_USER_TIMEOUT");
        QCOMPARE(error.code(), std::error_code(ENOPROTOOPT, std::system_category()));
        QVERIFY2(strstr(error.what(), "TCP_USER_TIMEOUT: cannot set it to 5000 ms"), error.what());
    }
    QVERIFY(ka::query(mptcp) == before);
}

void tst_Socket::whatIsNoTcpSocketIsRefusedAndUnchanged_data()
{
    QTest::addColumn<int>("fd");
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("library");
    int ends[2] = {-1, -1};
    QCOMPARE(::pipe2(ends, O_CLOEXEC), 0);
    const int closed = ::dup(ends[0]);
    ::close(closed);
    const int notTcp = int(ka::errc::NotTcp);
    QTest::newRow("-1") << -1 << int(ka::errc::NoDescriptor) << true;
    QTest::newRow("-42") << -42 << int(ka::errc::NoDescriptor) << true;
    QTest::newRow("closed") << 9999 << EBADF << false;
    QTest::newRow("pipe") << ends[0] << notTcp << true;
    QTest::newRow("file") << ::open("/dev/null", O_RDWR | O_CLOEXEC) << notTcp << true;
    QTest::newRow("UDP") << ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) << notTcp << true;
    QTest::newRow("Unix") << ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) << notTcp << true;
    QTest::newRow("netlink") << ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
                             << notTcp << true;
    // A raw socket takes privileges: tests/system has them in its namespace.
}

void tst_Socket::whatIsNoTcpSocketIsRefusedAndUnchanged()
{
    QFETCH(int, fd);
    QFETCH(int, code);
    QFETCH(bool, library);
    const std::error_code expected(code, library ? ka::errorCategory() : std::system_category());
    const bool before = keepaliveOn(fd);
    std::error_code error;
    QVERIFY(ka::apply(fd, classic(), error) == ka::Config());
    QCOMPARE(error, expected);
    ka::query(fd, error);
    QCOMPARE(error, expected);
    ka::snapshot(fd, error);
    QCOMPARE(error, expected);
    try {
        ka::apply(fd, classic());
        QFAIL("it was not refused");
    } catch (const ka::Error &thrown) {
        QCOMPARE(thrown.code(), expected);
        QVERIFY(qstrlen(thrown.what()) > 10);
        QVERIFY(thrown.option());
    }
    QCOMPARE(keepaliveOn(fd), before);
    if (fd >= 0)
        ::close(fd);
}

void tst_Socket::aValueOutOfRangeIsRefusedAndNothingChanges_data()
{
    QTest::addColumn<qint64>("idle");
    QTest::addColumn<qint64>("interval");
    QTest::addColumn<int>("count");
    QTest::addColumn<qint64>("userTimeout");
    QTest::addColumn<QByteArray>("option");
    QTest::addColumn<QByteArray>("words");
    constexpr qint64 ok = 5000;
    constexpr qint64 most = std::numeric_limits<qint64>::max();
    constexpr qint64 least = std::numeric_limits<qint64>::min();
    const QByteArray idle("TCP_KEEPIDLE"), interval("TCP_KEEPINTVL"), count("TCP_KEEPCNT"),
            timeout("TCP_USER_TIMEOUT");
    QTest::newRow("idle 0") << qint64(0) << ok << 3 << ok << idle
                            << QByteArray("TCP_KEEPIDLE: 0 s is not within 1..32767 s");
    QTest::newRow("idle -1 ms") << qint64(-1) << ok << 3 << ok << idle
                                << QByteArray("TCP_KEEPIDLE: -1 ms is not within 1..32767 s");
    QTest::newRow("idle 40000 s") << qint64(40000000) << ok << 3 << ok << idle
                                  << QByteArray("TCP_KEEPIDLE: 40000 s is not within 1..32767 s");
    QTest::newRow("idle 32767.001 s")
            << qint64(32767001) << ok << 3 << ok << idle
            << QByteArray("TCP_KEEPIDLE: 32767001 ms is not within 1..32767 s");
    QTest::newRow("idle most") << most << ok << 3 << ok << idle << QByteArray("1..32767 s");
    QTest::newRow("idle least") << least << ok << 3 << ok << idle << QByteArray("1..32767 s");
    QTest::newRow("interval 0") << ok << qint64(0) << 3 << ok << interval
                                << QByteArray("TCP_KEEPINTVL: 0 s is not within 1..32767 s");
    QTest::newRow("count 0") << ok << ok << 0 << ok << count
                             << QByteArray("TCP_KEEPCNT: 0 is not within 1..127");
    QTest::newRow("count -3") << ok << ok << -3 << ok << count
                              << QByteArray("TCP_KEEPCNT: -3 is not within 1..127");
    QTest::newRow("count 128") << ok << ok << 128 << ok << count
                               << QByteArray("TCP_KEEPCNT: 128 is not within 1..127");
    QTest::newRow("count INT_MAX") << ok << ok << std::numeric_limits<int>::max() << ok << count
                                   << QByteArray("is not within 1..127");
    QTest::newRow("user timeout -5 ms")
            << ok << ok << 3 << qint64(-5) << timeout
            << QByteArray("TCP_USER_TIMEOUT: -5 ms is not within 0..2147483647 ms");
    QTest::newRow("user timeout 2^31 ms")
            << ok << ok << 3 << qint64(2147483648) << timeout
            << QByteArray("TCP_USER_TIMEOUT: 2147483648 ms is not within 0..2147483647 ms");
}

void tst_Socket::aValueOutOfRangeIsRefusedAndNothingChanges()
{
    QFETCH(qint64, idle);
    QFETCH(qint64, interval);
    QFETCH(int, count);
    QFETCH(qint64, userTimeout);
    QFETCH(QByteArray, option);
    QFETCH(QByteArray, words);
    const Fd fd = tcp();
    const ka::Config before = ka::query(fd);
    ka::Config wanted;
    wanted.idle = std::chrono::milliseconds(idle);
    wanted.interval = std::chrono::milliseconds(interval);
    wanted.count = count;
    wanted.userTimeout = std::chrono::milliseconds(userTimeout);
    std::error_code code;
    ka::apply(fd, wanted, code);
    QVERIFY(code == ka::errc::OutOfRange);
    try {
        ka::apply(fd, wanted);
        QFAIL("it was not refused");
    } catch (const ka::Error &error) {
        QVERIFY(error.code() == ka::errc::OutOfRange);
        QCOMPARE(QByteArray(error.option()), option);
        QVERIFY2(QByteArray(error.what()).endsWith(words), error.what());
    }
    QVERIFY(ka::query(fd) == before);
    QVERIFY(!keepaliveOn(fd));
}

void tst_Socket::errorsCompareAsCodesAndConditions()
{
    std::error_code error;
    ka::apply(-1, ka::Config(), error);
    QVERIFY(error == ka::errc::NoDescriptor);
    QVERIFY(error == std::errc::bad_file_descriptor);
    QCOMPARE(error.category().name(), "ka");
    QVERIFY(!error.message().empty());
    const std::error_code made = ka::errc::Unsupported;
    QVERIFY(made == std::errc::not_supported);
    QVERIFY(made == make_error_code(ka::errc::Unsupported));
}

void tst_Socket::detectWithinSplitsTheTime()
{
    const ka::Config six = ka::Config::detectWithin(6s);
    QVERIFY(six.enabled && six.idle == 3s && six.interval == 1s && six.count == 3);
    QVERIFY(!six.userTimeout);
    QVERIFY(six.detectionTime() == 6s);
    QVERIFY(ka::Config::detectWithin(6999ms) == six);
    std::error_code error;
    QVERIFY(ka::Config::detectWithin(2s, error).detectionTime() == 2s);
    QVERIFY(!error);
}

void tst_Socket::detectWithinSaysWhatIsPossible()
{
    for (const auto total : {1999ms, 0ms, -5ms, std::chrono::milliseconds(100h)}) {
        std::error_code code;
        ka::Config::detectWithin(total, code);
        QVERIFY(code == ka::errc::OutOfRange);
        try {
            ka::Config::detectWithin(total);
            QFAIL("it was not refused");
        } catch (const ka::Error &error) {
            QCOMPARE(error.option(), "detectWithin");
            QVERIFY2(strstr(error.what(), "is not within 2..65534 s"), error.what());
        }
    }
}

void tst_Socket::detectionTimeFollowsTheKernelsFormula()
{
    ka::Config config = classic();
    QVERIFY(config.detectionTime() == 25s);
    config.userTimeout = 30s;
    QVERIFY(config.detectionTime() == 30s);
    config.userTimeout = 31s;
    QVERIFY(config.detectionTime() == 35s);
    config.enabled = false;
    QVERIFY(config.detectionTime() == -1ms);
}

void tst_Socket::aSnapshotTellsTheStateWithoutTakingTheError()
{
    Peer peer;
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), peer.port());
    QVERIFY(socket.waitForConnected() && peer.accept());
    const auto alive = ka::snapshot(socket.socketDescriptor());
    QVERIFY(alive.state == ka::ConnectionState::Established);
    QVERIFY(alive.roundTripTime && alive.silence() && *alive.silence() < 2s);
    QVERIFY(alive.probes == 0 && alive.retransmits == 0);
    peer.reset();
    // No event loop here: Qt must not read the error before this test does.
    const QDeadlineTimer deadline(2000);
    while (ka::snapshot(socket.socketDescriptor()).state != ka::ConnectionState::Closed)
        QVERIFY(!deadline.hasExpired());
    char byte;
    QCOMPARE(::recv(int(socket.socketDescriptor()), &byte, 1, 0), ssize_t(-1));
    QCOMPARE(errno, ECONNRESET);
}

void tst_Socket::whatIsPossibleIsAcceptedAndNothingBeyondIt()
{
    const ka::Capabilities can = ka::capabilities();
    // Linux lacks nothing.
    QVERIFY(can.idle && can.interval && can.count && can.userTimeout && can.detectWithin);
    QVERIFY(can.systemDefaults && can.setSystemDefaults && can.readBack && can.probesCounter);
    QVERIFY(can.deadline && can.lossReason && can.earlyWarning);
    QVERIFY(!can.timesTogether);

    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const qintptr socket = server.socketDescriptor();
    const auto refused = [socket](auto change) {
        ka::Config config;
        change(config);
        std::error_code error;
        ka::apply(socket, config, error);
        return error == ka::errc::OutOfRange;
    };
    for (const auto value : {&ka::Config::idle, &ka::Config::interval, &ka::Config::userTimeout}) {
        const ka::Capabilities::Times range = value == &ka::Config::idle     ? *can.idle
                                            : value == &ka::Config::interval ? *can.interval
                                                                             : *can.userTimeout;
        QVERIFY(!refused([&](ka::Config &config) { config.*value = range.min; }));
        QVERIFY(!refused([&](ka::Config &config) { config.*value = range.max; }));
        QVERIFY(refused([&](ka::Config &config) { config.*value = range.min - range.step; }));
        QVERIFY(refused([&](ka::Config &config) { config.*value = range.max + range.step; }));
    }
    QVERIFY(!refused([&](ka::Config &config) { config.count = can.count->max; }));
    QVERIFY(refused([&](ka::Config &config) { config.count = can.count->max + 1; }));
    std::error_code error;
    ka::Config::detectWithin(can.detectWithin->min, error);
    QVERIFY(!error);
    ka::Config::detectWithin(can.detectWithin->min - 1ms, error);
    QVERIFY(error == ka::errc::OutOfRange);
}

void tst_Socket::systemDefaultsAreTheKernelsOwn()
{
    const auto number = [](const char *name) {
        QFile file(QStringLiteral("/proc/sys/net/ipv4/") + QLatin1String(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toInt() : -1;
    };
    const ka::Config now = ka::systemDefaults();
    QVERIFY(now.idle == std::chrono::seconds(number("tcp_keepalive_time")));
    QVERIFY(now.interval == std::chrono::seconds(number("tcp_keepalive_intvl")));
    QCOMPARE(now.count.value_or(-1), number("tcp_keepalive_probes"));
    QVERIFY(!now.userTimeout);
}

void tst_Socket::systemDefaultsRefuseWhatTheyCannotHold()
{
    const ka::Config before = ka::systemDefaults();
    std::error_code error;
    ka::Config timeout = before;
    timeout.userTimeout = 5s;
    ka::setSystemDefaults(timeout, error);
    QVERIFY(error == ka::errc::Unsupported);
    ka::Config zero = before;
    zero.count = 0;
    ka::setSystemDefaults(zero, error);
    QVERIFY(error == ka::errc::OutOfRange);
    QVERIFY(ka::systemDefaults() == before);
}

QTEST_GUILESS_MAIN(tst_Socket)
#include "tst_socket.moc"
