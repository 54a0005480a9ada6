// SPDX-License-Identifier: MIT OR Apache-2.0
#include "netlab.h"

#include "server.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QFile>
#include <QtCore/QStandardPaths>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

// Addresses that are set aside for documentation, and for private networks of IPv6.
const QString nearV4 = QStringLiteral("192.0.2.1");
const QString farV4 = QStringLiteral("192.0.2.2");
const QString nearV6 = QStringLiteral("fd00:6b61::1");
const QString farV6 = QStringLiteral("fd00:6b61::2");
const QString cable = QStringLiteral("cable");
constexpr const char *serverArgument = "--netlab-server";

/// Administration tools live where a user's PATH may not lead.
QString tool(const QString &name)
{
    const QString found = QStandardPaths::findExecutable(name);
    return found.isEmpty() ? QStandardPaths::findExecutable(
                   name, {QStringLiteral("/usr/sbin"), QStringLiteral("/sbin")})
                           : found;
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
        if (tool(QString::fromLatin1(name)).isEmpty()) {
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
    if (argc != 2 || std::strcmp(argv[1], serverArgument) != 0)
        return -1;
    // Ends with the program that started it, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    QCoreApplication application(argc, argv);
    Server server;
    return server.isListening() ? QCoreApplication::exec() : 1;
}

NetLab::~NetLab()
{
    // The kernel takes a namespace down in its own time; another lab may want the name before that.
    run(Near, QStringLiteral("ip"), {QStringLiteral("link"), QStringLiteral("del"), cable});
    m_far.closeWriteChannel(); // the server ends with its standard input
    if (m_far.state() != QProcess::NotRunning && !m_far.waitForFinished(2000)) {
        m_far.kill();
        m_far.waitForFinished();
    }
}

QString NetLab::start()
{
    m_far.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    // unshare replaces itself with the server, so its process id is the server's.
    m_far.start(tool(QStringLiteral("unshare")),
                {QStringLiteral("--net"), QCoreApplication::applicationFilePath(),
                 QString::fromLatin1(serverArgument)});
    if (!m_far.waitForReadyRead(10000) || m_far.readLine().trimmed() != "ready")
        return QStringLiteral("the far host did not start: ") + m_far.errorString();

    const QString farHost = QString::number(m_far.processId());
    const auto ip = [this](End host, const QString &arguments) {
        run(host, QStringLiteral("ip"), arguments.split(QLatin1Char(' ')));
    };
    ip(Near, QStringLiteral("link add %1 type veth peer name %1 netns %2").arg(cable, farHost));
    for (const End end : {Near, Far}) {
        ip(end, QStringLiteral("link set lo up"));
        ip(end, QStringLiteral("addr add %1/24 dev %2").arg(end == Near ? nearV4 : farV4, cable));
        // nodad: no wait until the address is known to be unique.
        ip(end,
           QStringLiteral("addr add %1/64 dev %2 nodad").arg(end == Near ? nearV6 : farV6, cable));
        ip(end, QStringLiteral("link set %1 up").arg(cable));
    }
    return m_trouble;
}

QString NetLab::serverAddress(bool ipv6) const
{
    return ipv6 ? farV6 : farV4;
}

void NetLab::cut()
{
    dropAll(true);
}

void NetLab::reject()
{
    run(Far, QStringLiteral("iptables"),
        QStringLiteral("-I INPUT -j REJECT --reject-with icmp-host-unreachable")
                .split(QLatin1Char(' ')));
}

void NetLab::heal()
{
    dropAll(false);
}

void NetLab::setLink(End end, bool up)
{
    run(end, QStringLiteral("ip"),
        {QStringLiteral("link"), QStringLiteral("set"), cable,
         up ? QStringLiteral("up") : QStringLiteral("down")});
    if (up && end == Near) {
        // Taking the link down took the IPv6 address with it.
        run(Near, QStringLiteral("ip"),
            {QStringLiteral("addr"), QStringLiteral("replace"), nearV6 + QStringLiteral("/64"),
             QStringLiteral("dev"), cable, QStringLiteral("nodad")});
    }
}

void NetLab::reboot()
{
    cut();
    reset(); // the far kernel forgets, and its RST gets lost
    heal();
}

void NetLab::dropAll(bool drop)
{
    for (const char *tables : {"iptables", "ip6tables"}) {
        for (const char *chain : {"INPUT", "OUTPUT"}) {
            QStringList arguments{drop ? QStringLiteral("-I") : QStringLiteral("-F"),
                                  QString::fromLatin1(chain)};
            if (drop)
                arguments << QStringLiteral("-j") << QStringLiteral("DROP");
            run(Far, QString::fromLatin1(tables), arguments);
        }
    }
}

void NetLab::command(const QByteArray &line)
{
    m_far.write(line + '\n');
    m_far.waitForBytesWritten(2000);
    while (!m_far.canReadLine()) {
        if (!m_far.waitForReadyRead(5000)) {
            m_trouble = QStringLiteral("the far server does not answer to '%1'")
                                .arg(QString::fromLatin1(line));
            return;
        }
    }
    const QByteArray answer = m_far.readLine().trimmed();
    if (answer != "ok")
        m_trouble = QString::fromLatin1(line + ": " + answer);
}

void NetLab::run(End host, const QString &program, const QStringList &arguments)
{
    QStringList words{tool(program)};
    words += arguments;
    if (host == Far) {
        words = QStringList{tool(QStringLiteral("nsenter")), QStringLiteral("--net"),
                            QStringLiteral("--target"), QString::number(m_far.processId()),
                            QStringLiteral("--")}
              + words;
    }
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(words.takeFirst(), words);
    const bool ended = process.waitForFinished(10000);
    if (m_trouble.isEmpty() && (!ended || process.exitCode() != 0)) {
        m_trouble = QStringLiteral("'%1 %2' failed: %3")
                            .arg(program, arguments.join(QLatin1Char(' ')),
                                 QString::fromLocal8Bit(process.readAll()).trimmed());
    }
}
