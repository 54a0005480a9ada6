// SPDX-License-Identifier: MIT OR Apache-2.0

// What QKeepAlive::Qml adds to register.cpp: a program that links it knows `import QKeepAlive`
// wherever it is run, without an import path and without the plugin.

#include "register.h"

#include <QtCore/qcoreapplication.h>
#include <QtQml/qqml.h>

// Not by QQmlModuleRegistration, as a plugin does it: of a second one in the process, that of a library
// which links this too, Qt makes a fatal error.
static void registerOnce()
{
    if (qmlTypeId("QKeepAlive", 1, 0, "KeepAlive") < 0)
        ka::detail::registerQmlTypes();
}
Q_COREAPP_STARTUP_FUNCTION(registerOnce)

/// The linker takes a file out of an archive for what the program names, and a program names nothing of
/// this one. So the CMake target has the linker ask for this name.
extern "C" void qkeepalive_qml()
{
}
