// SPDX-License-Identifier: MIT OR Apache-2.0

// The form without exceptions, in a program compiled with -fno-exceptions.

#include <ka/socket.h>

#include <cstdio>

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
    std::error_code error = ka::errc::Unsupported;
    static_assert(noexcept(ka::query(socket, error)));

    const ka::Config wanted = ka::Config::detectWithin(6s, error);
    check(!error && wanted.detectionTime() == 6s, "one knob for all of them");
    check(ka::apply(socket, wanted, error) == wanted && !error, "given as asked for");
    check(ka::query(socket, error).detectionTime() == 6s && !error, "in force");
    check(ka::snapshot(socket, error).state == ka::ConnectionState::Closed && !error,
          "not connected");
    check(ka::systemDefaults(error).idle.has_value() && !error, "the system's values can be read");

    ka::Config longer;
    longer.userTimeout = 1s;
    ka::setSystemDefaults(longer, error);
    check(error == ka::errc::Unsupported, "the user timeout has no system-wide value");
    check(ka::apply(-1, wanted, error) == ka::Config() && error == ka::errc::NoDescriptor,
          "-1 is no descriptor");
    ka::Config::detectWithin(1s, error);
    check(error == ka::errc::OutOfRange && !error.message().empty(), "a second is too short");
    return wrong == 0 ? 0 : 1;
}
