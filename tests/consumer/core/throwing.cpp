// SPDX-License-Identifier: MIT OR Apache-2.0

// The form that throws. The exception has to be caught by its type, which was made in the library.

#include <ka/socket.h>

#include <cstdio>
#include <cstring>

#include <sys/socket.h>

using namespace std::chrono_literals;

static int wrong = 0;

static void check(bool right, const char *what)
{
    if (right)
        return;
    ++wrong;
    std::fprintf(stderr, "wrong: %s\n", what);
}

int main()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);

    ka::Config wanted;
    wanted.idle = 10s;
    wanted.interval = 1500ms;
    wanted.count = 3;
    const ka::Config given = ka::apply(socket, wanted);
    check(given.idle == 10s && given.interval == 2s && given.count == 3, "rounded up, and told so");

    const ka::Config now = ka::query(socket);
    check(now.enabled && now.idle == 10s && now.interval == 2s && now.count == 3, "in force");
    check(now.detectionTime() == 16s, "the detection time is idle + interval × count");
    check(ka::Config::detectWithin(6s).detectionTime() == 6s, "one knob for all of them");
    check(ka::snapshot(socket).state == ka::ConnectionState::Closed, "not connected");
    check(ka::systemDefaults().idle.has_value(), "the system's values can be read");

    wanted.count = 128;
    try {
        ka::apply(socket, wanted);
        check(false, "128 probes are refused");
    } catch (const ka::Error &error) {
        check(error.code() == ka::errc::OutOfRange, "the code says why");
        check(std::strcmp(error.option(), "TCP_KEEPCNT") == 0, "the option is named");
        check(std::strcmp(error.what(), "TCP_KEEPCNT: 128 is not within 1..127") == 0, "in words");
    }
    try {
        ka::query(-1);
        check(false, "-1 is refused");
    } catch (const std::system_error &error) {
        check(error.code() == ka::errc::NoDescriptor, "-1 is no descriptor");
        check(error.code() == std::errc::bad_file_descriptor, "and equals the nearest std::errc");
    }
    return wrong == 0 ? 0 : 1;
}
