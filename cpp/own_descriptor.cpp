// SPDX-License-Identifier: MIT OR Apache-2.0
#include "own_descriptor.h"

#include "qkeepalive/src/bridge.rs.h"

#include <QtNetwork/qhostaddress.h>
#include <QtNetwork/qtcpsocket.h>

#include <algorithm>
#include <iterator>

#ifdef Q_OS_UNIX
#    include <sys/resource.h>
#endif

namespace ka::detail {

namespace {

using qkeepalive::bridge::End;

End end(const QHostAddress &address, quint16 port)
{
    End end{};
    const Q_IPV6ADDR six = address.toIPv6Address(); // of IPv4 the mapped one
    std::copy(std::begin(six.c), std::end(six.c), end.address.begin());
    end.port = port;
    return end;
}

/// Whether `agrees` says so of the ends that Qt gives for this descriptor.
///
/// Behind an HTTP proxy these are the ends of the connection beyond. Qt's engine has a socket of its
/// own for the one to the proxy, with the same descriptor.
template<typename Agrees>
bool isOf(const QAbstractSocket *socket, qintptr descriptor, Agrees agrees)
{
    const auto asked = [&](const QAbstractSocket *one) {
        return agrees(descriptor, end(one->localAddress(), one->localPort()),
                      end(one->peerAddress(), one->peerPort()));
    };
    if (descriptor == -1)
        return false;
    if (asked(socket))
        return true;
    const auto within = socket->findChildren<QTcpSocket *>();
    return std::any_of(within.begin(), within.end(), [&](const QTcpSocket *one) {
        return one->parent()->inherits("QHttpSocketEngine") && one->socketDescriptor() == descriptor
            && asked(one);
    });
}

} // namespace

qintptr ownDescriptor(const QAbstractSocket *socket)
{
    const qintptr descriptor = socket->socketDescriptor();
    return isOf(socket, descriptor, qkeepalive::bridge::is_between) ? descriptor : -1;
}

bool mayBeOwn(const QAbstractSocket *socket, qintptr descriptor)
{
    return isOf(socket, descriptor, qkeepalive::bridge::may_be_between);
}

bool isScarce(qintptr descriptor)
{
#ifdef Q_OS_UNIX
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
        && rlim_t(descriptor) >= limit.rlim_cur / 2;
#else
    Q_UNUSED(descriptor)
    return false; // handles are not numbered, and there are many
#endif
}

void makeRoom()
{
    const std::int64_t next = qkeepalive::bridge::next_descriptor();
    if (next != -1 && isScarce(qintptr(next)))
        qkeepalive::bridge::release_duplicates();
}

} // namespace ka::detail
