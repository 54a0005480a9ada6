// SPDX-License-Identifier: MIT OR Apache-2.0

#include <ka/socket.h>

#include "other.h"

#include <sys/socket.h>

using namespace std::chrono_literals;

/// ka::apply() on a socket, and its exception, which is made of what Rust says.
static bool oursWorks()
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (ka::apply(socket, ka::Config::detectWithin(6s)).detectionTime() != 6s)
        return false;
    try {
        ka::query(-1);
    } catch (const ka::Error &error) {
        return error.code() == ka::errc::NoDescriptor;
    }
    return false;
}

int main()
{
    return oursWorks() && otherWorks() && oursWorks() ? 0 : 1;
}
