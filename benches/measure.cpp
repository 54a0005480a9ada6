// SPDX-License-Identifier: MIT OR Apache-2.0
#include "measure.h"

#include <QtCore/QEventLoop>
#include <QtCore/QTimer>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <sys/resource.h>

namespace bench {

void require(bool done, const char *what)
{
    if (done)
        return;
    std::perror(what);
    std::exit(2);
}

void require(const QString &trouble)
{
    if (trouble.isEmpty())
        return;
    std::fprintf(stderr, "%s\n", qPrintable(trouble));
    std::exit(2);
}

int descriptors()
{
    rlimit limit{};
    require(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    require(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    return int(std::min<rlim_t>(limit.rlim_max, 1000000));
}

void pinToProcessor(bool first)
{
    cpu_set_t set;
    require(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
    int chosen = -1;
    for (int processor = 0; processor < CPU_SETSIZE && (!first || chosen < 0); ++processor) {
        if (CPU_ISSET(processor, &set))
            chosen = processor;
    }
    CPU_ZERO(&set);
    CPU_SET(chosen, &set);
    require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

double now()
{
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

double processorTime()
{
    rusage usage{};
    require(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    const auto milliseconds = [](const timeval &time) {
        return double(time.tv_sec) * 1e3 + double(time.tv_usec) / 1e3;
    };
    return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

void run(double milliseconds, const std::function<bool()> &enough)
{
    QEventLoop loop;
    bool timeIsUp = false;
    QTimer::singleShot(int(std::ceil(milliseconds)), Qt::PreciseTimer, &loop, [&] {
        timeIsUp = true;
        loop.quit();
    });
    if (!enough)
        loop.exec();
    while (!timeIsUp && !enough())
        loop.processEvents(QEventLoop::WaitForMoreEvents);
}

double quantile(std::vector<double> values, double share)
{
    errno = ENODATA;
    require(!values.empty(), "a quantile");
    const auto place
            = values.begin() + std::ptrdiff_t(std::lround(share * double(values.size() - 1)));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

void row(const QString &what, const QString &measured, const QString &target, Verdict verdict)
{
    static constexpr const char *words[] = {"MISSED", "ok", "-"};
    std::printf("%s|%s|%s|%s\n", qUtf8Printable(what), qUtf8Printable(measured),
                qUtf8Printable(target), words[int(verdict)]);
    std::fflush(stdout);
}

QString number(double value, int decimals)
{
    return QString::number(value, 'f', decimals);
}

} // namespace bench
