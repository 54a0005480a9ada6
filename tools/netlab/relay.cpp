// SPDX-License-Identifier: MIT OR Apache-2.0
#include "relay.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Packet
{
    Clock::time_point due;
    std::vector<char> bytes;
};

/// One end: a device, and what is on its way to it.
struct End
{
    int device = -1;
    std::deque<Packet> coming;
};

int openDevice(const char *name)
{
    const int descriptor = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (descriptor == -1 || ::ioctl(descriptor, TUNSETIFF, &request) == -1) {
        std::perror("relay: /dev/net/tun");
        return -1;
    }
    return descriptor;
}

bool moveTo(pid_t other)
{
    const std::string path = "/proc/" + std::to_string(other) + "/ns/net";
    const int space = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool moved = space != -1 && ::setns(space, CLONE_NEWNET) == 0;
    if (!moved)
        std::perror("relay: the other host");
    ::close(space);
    return moved;
}

/// How late one packet is.
class Lateness
{
public:
    Lateness(int delay, int jitter)
        : m_milliseconds(delay, delay + jitter)
    {
    }
    Clock::duration next() { return std::chrono::milliseconds(m_milliseconds(m_random)); }

private:
    std::minstd_rand m_random;
    std::uniform_int_distribution<int> m_milliseconds;
};

void take(End &from, End &to, Lateness &lateness)
{
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t length = ::read(from.device, buffer.data(), buffer.size());
        if (length <= 0)
            return;
        Clock::time_point due = Clock::now() + lateness.next();
        if (!to.coming.empty())
            due = std::max(due, to.coming.back().due); // none overtakes another
        to.coming.push_back({due, {buffer.data(), buffer.data() + length}});
    }
}

void give(End &end)
{
    while (!end.coming.empty() && end.coming.front().due <= Clock::now()) {
        const std::vector<char> &bytes = end.coming.front().bytes;
        // A device that is not up yet takes nothing: such a packet is lost, as on any network.
        [[maybe_unused]] const ssize_t written = ::write(end.device, bytes.data(), bytes.size());
        end.coming.pop_front();
    }
}

/// Milliseconds until the next packet is due; −1 if there is none.
int pause(const std::array<End, 2> &ends)
{
    int shortest = -1;
    for (const End &end : ends) {
        if (end.coming.empty())
            continue;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end.coming.front().due
                                                                       - Clock::now());
        const int wait = left.count() > 0 ? int(left.count()) : 0;
        shortest = shortest == -1 || wait < shortest ? wait : shortest;
    }
    return shortest;
}

} // namespace

int relay(const char *device, pid_t other, int delay, int jitter)
{
    // A way through a network does not wait for a busy machine. Where this may not be asked for (a user
    // without the right), it is as late as the machine makes it.
    sched_param first{};
    first.sched_priority = 1;
    ::sched_setscheduler(0, SCHED_FIFO, &first);

    std::array<End, 2> ends;
    ends[0].device = openDevice(device);
    if (ends[0].device == -1 || !moveTo(other))
        return 1;
    ends[1].device = openDevice(device);
    if (ends[1].device == -1)
        return 1;
    Lateness lateness(delay, jitter);
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        std::array<pollfd, 3> watched{{{STDIN_FILENO, POLLIN, 0},
                                       {ends[0].device, POLLIN, 0},
                                       {ends[1].device, POLLIN, 0}}};
        ::poll(watched.data(), watched.size(), pause(ends));
        if (watched[0].revents != 0)
            return 0;
        take(ends[0], ends[1], lateness);
        take(ends[1], ends[0], lateness);
        give(ends[0]);
        give(ends[1]);
    }
}
