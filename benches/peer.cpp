// SPDX-License-Identifier: MIT OR Apache-2.0
#include "peer.h"

#include "measure.h"
#include "task.h"

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bench {

namespace {

constexpr int addresses = 16;
constexpr int backlog = 4096;

sockaddr *generic(sockaddr_in &address)
{
    return reinterpret_cast<sockaddr *>(&address);
}

sockaddr_in loopback(quint16 port, int index)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + quint32(index % addresses));
    return address;
}

} // namespace

Peer::Peer(const Body &body)
{
    int line[2];
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) == 0, "socketpair");
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(listener >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET; // any address, any port
    socklen_t length = sizeof address;
    require(bind(listener, generic(address), length) == 0, "bind");
    require(listen(listener, backlog) == 0, "listen");
    require(getsockname(listener, generic(address), &length) == 0, "getsockname");
    m_port = ntohs(address.sin_port);

    m_process = forkChild();
    if (m_process == 0) {
        close(line[0]);
        body(listener, line[1]);
        _exit(0);
    }
    close(line[1]);
    close(listener);
    m_line = line[0];
}

Peer::~Peer()
{
    close(m_line);
    kill(m_process, SIGKILL);
    waitpid(m_process, nullptr, 0);
}

int Peer::connect(int index) const
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(descriptor >= 0, "socket");
    sockaddr_in address = loopback(m_port, index);
    require(::connect(descriptor, generic(address), sizeof address) == 0, "connect");
    return descriptor;
}

void Peer::tell(int line, char letter)
{
    require(send(line, &letter, 1, MSG_NOSIGNAL) == 1, "the other process is gone");
}

char Peer::hear(int line)
{
    char letter = 0;
    errno = EPIPE;
    require(recv(line, &letter, 1, 0) == 1, "the other process is gone");
    return letter;
}

void Peer::untilGone(int line)
{
    char letter = 0;
    while (recv(line, &letter, 1, 0) > 0) { }
}

std::vector<int> Peer::accept(int listener, int count)
{
    std::vector<int> connections;
    connections.reserve(std::size_t(count));
    while (int(connections.size()) < count) {
        const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        require(descriptor >= 0, "accept");
        connections.push_back(descriptor);
    }
    return connections;
}

} // namespace bench
