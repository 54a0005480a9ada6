// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <netlab.h>

#include <QtTest/QtTest>

#include <cstdio>

/// main() of a test that needs the laboratory.
template<class Test>
int runInNetLab(int argc, char **argv)
{
    const int served = NetLab::serve(argc, argv);
    if (served != -1)
        return served;
    const QString trouble = NetLab::enter();
    if (!trouble.isEmpty()) {
        std::fprintf(stderr, "%s: %s\n", argv[0], qPrintable(trouble));
        return 1;
    }
    // Qt's own limit is five minutes; the longest case of the soak lasts ten.
    if (!qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT"))
        qputenv("QTEST_FUNCTION_TIMEOUT", "1200000");
    QCoreApplication application(argc, argv);
    Test test;
    return QTest::qExec(&test, argc, argv);
}
