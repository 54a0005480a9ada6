// SPDX-License-Identifier: MIT OR Apache-2.0

// Built twice: with WITH_QKEEPALIVE it uses all of <ka/socket.h>, without it the same program knows
// nothing of the library. The difference is what the library adds.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

#ifdef WITH_QKEEPALIVE
#    include <ka/socket.h>

static void use(int fd)
{
    ka::Config config = ka::Config::detectWithin(std::chrono::seconds(6));
    config = ka::apply(fd, config);
    config = ka::query(fd);
    std::printf("%lld ms\n", static_cast<long long>(config.detectionTime().count()));
    std::printf("%d probes\n", ka::snapshot(fd).probes.value_or(-1));
    ka::setSystemDefaults(ka::systemDefaults());

    std::error_code error;
    config = ka::Config::detectWithin(std::chrono::seconds(6), error);
    ka::apply(fd, config, error);
    ka::query(fd, error);
    ka::snapshot(fd, error);
    ka::setSystemDefaults(ka::systemDefaults(error), error);
    std::printf("%d\n", error.value());
}
#else
static void use(int fd)
{
    std::printf("%d\n", fd);
}
#endif

int main(int, char **arguments)
{
    try {
        use(std::atoi(arguments[1]));
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
}
