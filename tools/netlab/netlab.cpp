// SPDX-License-Identifier: MIT OR Apache-2.0
#include "netlab.h"

#include "conntrack.h"
#include "relay.h"
#include "server.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtNetwork/QTcpSocket>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

constexpr const char *serverArgument = "--netlab-server";
constexpr const char *relayArgument = "--netlab-relay";
constexpr const char *forgetArgument = "--netlab-forget";

/// An address of the near cable (1), of the far cable behind a router (2), or of the long way (3),
/// with its prefix length. They are set aside for documentation, and for private networks of IPv6.
QString address(bool ipv6, int network, int host)
{
    if (ipv6)
        return QStringLiteral("fd00:6b61:%1::%2/64").arg(network).arg(host);
    static const char *const networks[] = {"192.0.2", "198.51.100", "203.0.113"};
    return QStringLiteral("%1.%2/24").arg(QLatin1String(networks[network - 1])).arg(host);
}

QString bare(const QString &address)
{
    return address.section(QLatin1Char('/'), 0, 0);
}

QString network(const QString &address, bool ipv6)
{
    return ipv6 ? bare(address).section(QStringLiteral("::"), 0, 0) + QStringLiteral("::/64")
                : bare(address).section(QLatin1Char('.'), 0, 2) + QStringLiteral(".0/24");
}

/// Lines of ip(8) that bring an interface up with an address.
QStringList up(const QString &interface, const QString &address)
{
    // nodad: no wait until an address of IPv6 is known to be unique.
    return {QStringLiteral("link set lo up"),
            QStringLiteral("addr add %1 dev %2%3")
                    .arg(address, interface,
                         address.contains(QLatin1Char(':')) ? QStringLiteral(" nodad") : QString()),
            QStringLiteral("link set %1 up").arg(interface)};
}

bool writeFile(const char *path, const QByteArray &text)
{
    QFile file(QString::fromLatin1(path));
    return file.open(QIODevice::WriteOnly | QIODevice::Unbuffered)
        && file.write(text) == text.size();
}

} // namespace

QString NetLab::enter()
{
    for (const char *name : {"ip", "iptables", "ip6tables", "nsenter", "unshare"}) {
        if (Host::tool(QString::fromLatin1(name)).isEmpty()) {
            return QStringLiteral("network namespaces need the program '%1' (Debian: apt install "
                                  "iproute2 iptables util-linux)")
                    .arg(QLatin1String(name));
        }
    }
    if (::unshare(CLONE_NEWNET) == 0)
        return {};
    const QByteArray uid = QByteArray::number(uint(::getuid()));
    const QByteArray gid = QByteArray::number(uint(::getgid()));
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return QStringLiteral("this machine lets neither root nor this user make network "
                              "namespaces: %1")
                .arg(QString::fromLocal8Bit(std::strerror(errno)));
    }
    if (!writeFile("/proc/self/setgroups", "deny")
        || !writeFile("/proc/self/uid_map", "0 " + uid + " 1")
        || !writeFile("/proc/self/gid_map", "0 " + gid + " 1"))
        return QStringLiteral("this user may make a user namespace but not become root in it");
    return {};
}

int NetLab::serve(int &argc, char **argv)
{
    const auto is = [&](const char *argument, int count) {
        return argc == count && std::strcmp(argv[1], argument) == 0;
    };
    if (is(forgetArgument, 2)) {
        const int error = forgetConnections();
        std::fprintf(stderr, "%s\n", std::strerror(error));
        return error == 0 ? 0 : 1;
    }
    if (!is(serverArgument, 2) && !is(relayArgument, 6))
        return -1;
    // Ends with the program that started it, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is(relayArgument, 6))
        return relay(argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]));
    QCoreApplication application(argc, argv);
    Server server;
    return server.isListening() ? QCoreApplication::exec() : 1;
}

NetLab::~NetLab()
{
    if (m_server.state() != QProcess::NotRunning)
        killProgram(); // it may be stopped
    m_relay.closeWriteChannel();
    if (m_relay.state() != QProcess::NotRunning && !m_relay.waitForFinished(2000)) {
        m_relay.kill();
        m_relay.waitForFinished();
    }
    // What another lab would find: a namespace is taken down in the kernel's own time, and this
    // process stays in its own.
    if (m_plan.way != Way::Long)
        m_near.run(QStringLiteral("ip link del cable"));
    m_near.run(tables() + QStringLiteral(" -F"));
}

QString NetLab::start(const Plan &plan)
{
    m_plan = plan;
    QString refusal = m_far.start();
    if (refusal.isEmpty() && plan.way == Way::Router)
        refusal = m_middle.start();
    if (!refusal.isEmpty())
        return refusal;

    m_server.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_far.launch(m_server, QCoreApplication::applicationFilePath(),
                 {QString::fromLatin1(serverArgument)});
    switch (plan.way) {
    case Way::Cable:
        join();
        break;
    case Way::Router:
        joinByRouter();
        break;
    case Way::Long:
        m_trouble = joinByRelay();
        break;
    }
    if (!m_trouble.isEmpty())
        return m_trouble;
    if (!m_server.waitForReadyRead(20000) || m_server.readLine().trimmed() != "ready")
        return QStringLiteral("the far server did not start: ") + m_server.errorString();
    return isOpen() ? trouble() : QStringLiteral("no packet reaches the far host");
}

/// Waits until packets get through, so that the first of a connection is not lost: with IPv6 a fresh
/// cable takes a second or two, and a SYN sent again makes a timer of seconds out of the retransmission
/// timeout.
bool NetLab::isOpen() const
{
    QElapsedTimer waiting;
    waiting.start();
    while (waiting.elapsed() < 20000) {
        // Nobody listens there, and the far kernel says so.
        QTcpSocket knock;
        knock.connectToHost(m_farAddress, Server::closedPort);
        knock.waitForConnected(5000);
        if (knock.error() == QAbstractSocket::ConnectionRefusedError)
            return true;
    }
    return false;
}

void NetLab::join()
{
    const QString near = address(m_plan.ipv6, 1, 1);
    const QString far = address(m_plan.ipv6, 1, 2);
    m_near.ip(QStringList{QStringLiteral("link add cable type veth peer name cable netns %1")
                                  .arg(m_far.holder())}
              + up(QStringLiteral("cable"), near));
    m_far.ip(up(QStringLiteral("cable"), far));
    m_nearAddress = bare(near);
    m_farAddress = bare(far);
}

void NetLab::joinByRouter()
{
    const QString near = address(m_plan.ipv6, 1, 1);
    const QString toNear = address(m_plan.ipv6, 1, 9);
    const QString toFar = address(m_plan.ipv6, 2, 9);
    const QString far = address(m_plan.ipv6, 2, 2);
    const QString route = QStringLiteral("route add %1 via %2");
    m_near.ip(QStringList{QStringLiteral("link add cable type veth peer name near netns %1")
                                  .arg(m_middle.holder())}
              + up(QStringLiteral("cable"), near));
    m_middle.set(m_plan.ipv6 ? QStringLiteral("ipv6/conf/all/forwarding")
                             : QStringLiteral("ipv4/ip_forward"),
                 QStringLiteral("1"));
    m_middle.ip(QStringList{QStringLiteral("link add far type veth peer name cable netns %1")
                                    .arg(m_far.holder())}
                + up(QStringLiteral("near"), toNear) + up(QStringLiteral("far"), toFar));
    m_near.ip({route.arg(network(far, m_plan.ipv6), bare(toNear))});
    m_far.ip(up(QStringLiteral("cable"), far)
             << route.arg(network(near, m_plan.ipv6), bare(toFar)));
    m_nearAddress = bare(near);
    m_farAddress = bare(far);
}

QString NetLab::joinByRelay()
{
    m_relay.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_near.launch(m_relay, QCoreApplication::applicationFilePath(),
                  {QString::fromLatin1(relayArgument), QStringLiteral("cable"),
                   QString::number(m_far.holder()), QString::number(m_plan.delay),
                   QString::number(m_plan.jitter)});
    if (!m_relay.waitForReadyRead(20000) || m_relay.readLine().trimmed() != "ready")
        return QStringLiteral("the relay did not start: ") + m_relay.errorString();
    const QString near = address(m_plan.ipv6, 3, 1);
    const QString far = address(m_plan.ipv6, 3, 2);
    m_near.ip(up(QStringLiteral("cable"), near));
    m_far.ip(up(QStringLiteral("cable"), far));
    m_nearAddress = bare(near);
    m_farAddress = bare(far);
    return {};
}

quint16 NetLab::serverPort(bool tls) const
{
    return tls ? Server::tlsPort : Server::plainPort;
}

QString NetLab::serverNetwork() const
{
    return network(m_farAddress, m_plan.ipv6);
}

QString NetLab::tables() const
{
    return m_plan.ipv6 ? QStringLiteral("ip6tables") : QStringLiteral("iptables");
}

void NetLab::cut()
{
    // What comes in is dropped at both ends: a packet dropped on its way out is one that its own
    // kernel knows to be lost.
    m_far.run(tables() + QStringLiteral(" -I INPUT -j DROP"));
    m_near.run(tables() + QStringLiteral(" -I INPUT -j DROP"));
}

void NetLab::heal()
{
    m_near.run(tables() + QStringLiteral(" -F INPUT"));
    m_far.run(tables() + QStringLiteral(" -F INPUT"));
}

void NetLab::runOwn(Host &host, const QString &argument)
{
    host.run(QCoreApplication::applicationFilePath(), {argument});
}

void NetLab::speak(int every, int bytes, int times)
{
    command("speak " + QByteArray::number(every) + ' ' + QByteArray::number(bytes) + ' '
            + QByteArray::number(times));
}

void NetLab::call(quint16 port)
{
    command("call " + m_nearAddress.toLatin1() + ' ' + QByteArray::number(port));
}

void NetLab::killProgram()
{
    m_server.kill();
    m_server.waitForFinished();
}

void NetLab::signal(int number)
{
    if (::kill(pid_t(m_server.processId()), number) != 0)
        m_trouble = QStringLiteral("the far server is not there");
}

QString NetLab::trouble() const
{
    for (const QString &trouble :
         {m_trouble, m_near.trouble(), m_middle.trouble(), m_far.trouble()}) {
        if (!trouble.isEmpty())
            return trouble;
    }
    return {};
}

void NetLab::command(const QByteArray &line)
{
    m_server.write(line + '\n');
    m_server.waitForBytesWritten(2000);
    while (!m_server.canReadLine()) {
        if (!m_server.waitForReadyRead(5000)) {
            m_trouble = QStringLiteral("the far server does not answer to '%1'")
                                .arg(QString::fromLatin1(line));
            return;
        }
    }
    const QByteArray answer = m_server.readLine().trimmed();
    if (answer != "ok")
        m_trouble = QString::fromLatin1(line + ": " + answer);
}
