// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

// What is compared: the four calls that programs copy from a blog, and the same values for
// ka::apply().

#include <ka/config.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace subject {

inline constexpr int idle = 10;
inline constexpr int interval = 5;
inline constexpr int count = 3;

inline ka::Config config()
{
    ka::Config config;
    config.idle = std::chrono::seconds(idle);
    config.interval = std::chrono::seconds(interval);
    config.count = count;
    return config;
}

/// A benchmark that cannot do what it measures ends, so that no number comes out of it.
inline void require(bool done, const char *what)
{
    if (done)
        return;
    std::perror(what);
    std::exit(2);
}

inline int tcpSocket()
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    return fd;
}

inline void setOption(int fd, int level, int name, int value)
{
    require(setsockopt(fd, level, name, &value, sizeof value) == 0, "setsockopt");
}

inline void fourBareCalls(int fd)
{
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
}

} // namespace subject
