// SPDX-License-Identifier: MIT OR Apache-2.0

// Does what run.sh watches with strace, and says on standard output, which strace sees as well,
// where each part begins. Fails where a value is not in force that should be.

#include "subject.h"

#include <ka/socket.h>

#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace {

constexpr int connections = 10;

void part(const char *name)
{
    const auto length = ssize_t(std::strlen(name));
    subject::require(write(STDOUT_FILENO, name, std::size_t(length)) == length, "write");
}

void requireInForce(int fd)
{
    const ka::Config wanted = subject::config();
    const ka::Config found = ka::query(fd);
    errno = 0;
    subject::require(found.enabled == wanted.enabled && found.idle == wanted.idle
                             && found.interval == wanted.interval && found.count == wanted.count,
                     "the values are not in force");
}

sockaddr *generic(sockaddr_in &address)
{
    return reinterpret_cast<sockaddr *>(&address);
}

/// A socket that listens on a free port of the loopback interface, and its address.
int listener(sockaddr_in &address)
{
    const int fd = subject::tcpSocket();
    address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    subject::require(bind(fd, generic(address), length) == 0, "bind");
    subject::require(listen(fd, connections) == 0, "listen");
    subject::require(getsockname(fd, generic(address), &length) == 0, "getsockname");
    return fd;
}

} // namespace

int main()
{
    const int fd = subject::tcpSocket();
    part("fresh socket\n");
    ka::apply(fd, subject::config());
    part("same values\n");
    ka::apply(fd, subject::config());
    part("check\n");
    requireInForce(fd);

    sockaddr_in address;
    const int listening = listener(address);
    ka::apply(listening, subject::config());
    part("accepted\n");
    for (int i = 0; i < connections; ++i) {
        const int client = subject::tcpSocket();
        subject::require(connect(client, generic(address), sizeof address) == 0, "connect");
        const int accepted = accept(listening, nullptr, nullptr);
        subject::require(accepted >= 0, "accept");
        requireInForce(accepted);
        close(accepted);
        close(client);
    }
}
