// SPDX-License-Identifier: MIT OR Apache-2.0

// Link Monitor: shows how one connection fares. What it knows comes from KeepAlive in Main.qml.

#include "network.h"
#include "window.h"

#include <netlab.h>

#include <QtCore/QCommandLineParser>
#include <QtGui/QGuiApplication>
#include <QtQml/QQmlApplicationEngine>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace {

/// Before there is a QGuiApplication to ask: it has threads.
bool isDemo(int argc, char **argv)
{
    return std::any_of(argv + 1, argv + argc,
                       [](const char *argument) { return std::strcmp(argument, "--demo") == 0; });
}

int run(int argc, char **argv)
{
    QGuiApplication application(argc, argv);
    application.setApplicationDisplayName(QStringLiteral("Link Monitor"));
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("Shows how one TCP connection fares."));
    parser.addHelpOption();
    parser.addOption({QStringLiteral("demo"),
                      QStringLiteral("Bring a far host, on a network that can be cut.")});
    parser.process(application);

    QQmlApplicationEngine engine;
    return loadWindow(engine) ? application.exec() : 1;
}

} // namespace

int main(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    if (isDemo(argc, argv))
        Network::enter();
    const int result = run(argc, argv);
    if (result != Network::startAgain)
        return result;
    ::execl("/proc/self/exe", argv[0], "--demo", nullptr);
    std::perror("monitor: cannot be started again as a demo");
    return 1;
}
