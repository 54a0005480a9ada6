// SPDX-License-Identifier: MIT OR Apache-2.0

// How long ka::apply() takes against the four bare calls.
//
// A round measures every candidate once, in random order, each on sockets of its own that were made
// just before: whatever else the machine does meanwhile hits all of them alike. Compared are the
// fastest rounds of each (but for a few, which may be flukes): they are what the code costs, the
// others what the neighbours do. The spread over all rounds is printed beside it.

#include "subject.h"

#include <ka/socket.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <random>
#include <vector>

namespace {

constexpr int rounds = 2000;
constexpr double fastest = 0.02;

const ka::Config config = subject::config();

void applyWithCode(int fd)
{
    std::error_code error;
    ka::apply(fd, config, error);
    subject::require(!error, "ka::apply");
}

void applyThrowing(int fd)
{
    ka::apply(fd, config);
}

/// The least that is possible for a library which has to know whether TCP_KEEPIDLE differs.
void bareCallsAndOneRead(int fd)
{
    int value = 0;
    socklen_t length = sizeof value;
    subject::require(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length) == 0, "getsockopt");
    subject::fourBareCalls(fd);
}

using Sockets = std::array<int, 100>;

struct Candidate
{
    void (*call)(int fd);
    std::vector<double> first = {}; // nanoseconds a call on a fresh socket, for each round
    std::vector<double> again = {}; // the same once more on the same sockets
};

double nanosecondsPerCall(void (*call)(int fd), const Sockets &sockets)
{
    using namespace std::chrono;
    const auto start = steady_clock::now();
    for (const int fd : sockets)
        call(fd);
    const duration<double, std::nano> taken = steady_clock::now() - start;
    return taken.count() / double(sockets.size());
}

void measure(Candidate &candidate)
{
    Sockets sockets;
    std::generate(sockets.begin(), sockets.end(), subject::tcpSocket);
    candidate.first.push_back(nanosecondsPerCall(candidate.call, sockets));
    candidate.again.push_back(nanosecondsPerCall(candidate.call, sockets));
    std::for_each(sockets.begin(), sockets.end(), close);
}

double quantile(std::vector<double> values, double share)
{
    const auto place = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

struct Comparison
{
    double ratio; // of the fastest
    double median; // of the ratios within each round, as are:
    double low;
    double high;
};

Comparison compare(const std::vector<double> &times, const std::vector<double> &bare)
{
    std::vector<double> ratios;
    std::transform(times.begin(), times.end(), bare.begin(), std::back_inserter(ratios),
                   [](double time, double base) { return time / base; });
    return {quantile(times, fastest) / quantile(bare, fastest), quantile(ratios, 0.5),
            quantile(ratios, 0.1), quantile(ratios, 0.9)};
}

/// Prints a row for run.sh; no target: only for orientation.
void row(const char *what, const std::vector<double> &times, const std::vector<double> &bare,
         double target = 0)
{
    const Comparison found = compare(times, bare);
    std::printf("%s|%.2f x = %.0f / %.0f ns; all rounds: median %.2f, 80 %% in %.2f..%.2f|", what,
                found.ratio, quantile(times, fastest), quantile(bare, fastest), found.median,
                found.low, found.high);
    if (target > 0)
        std::printf("<= %.2f x|%s\n", target, found.ratio <= target ? "ok" : "MISSED");
    else
        std::printf("-|-\n");
}

} // namespace

int main()
{
    Candidate bare{subject::fourBareCalls};
    Candidate bareAndRead{bareCallsAndOneRead};
    Candidate withCode{applyWithCode};
    Candidate throwing{applyThrowing};

    std::array<Candidate *, 4> order = {&bare, &bareAndRead, &withCode, &throwing};
    std::mt19937 random;
    for (int round = 0; round < rounds; ++round) {
        std::shuffle(order.begin(), order.end(), random);
        for (Candidate *candidate : order)
            measure(*candidate);
    }

    row("time, fresh socket: four bare calls and one getsockopt", bareAndRead.first, bare.first);
    row("time, fresh socket: ka::apply with error_code", withCode.first, bare.first, 1.35);
    row("time, fresh socket: ka::apply that throws", throwing.first, bare.first, 1.35);
    row("time, same values: ka::apply with error_code", withCode.again, bare.again, 1.15);
    row("time, same values: ka::apply that throws", throwing.again, bare.again, 1.15);
}
