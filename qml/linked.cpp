// SPDX-License-Identifier: MIT OR Apache-2.0

// What QKeepAlive::Qml adds to register.cpp: a program that links it knows `import QKeepAlive`
// wherever it is run, without an import path and without the plugin.

#include "register.h"

#include <QtCore/qcoreapplication.h>
#include <QtQml/qqml.h>
#include <QtQml/qqmlmoduleregistration.h>

#if QT_VERSION_MAJOR == 5
// Qt 5 looks for the module's directory first, unless the types are there already.
static void registerTypes()
{
    ka::detail::registerQmlTypes();
}
Q_COREAPP_STARTUP_FUNCTION(registerTypes)
#else
// At the first import. And where the module's directory is found all the same, as in Debian's packages,
// this tells Qt to leave the plugin alone, which its qmldir calls optional.
static const QQmlModuleRegistration registration("QKeepAlive", ka::detail::registerQmlTypes);
#endif

/// The linker takes a file out of an archive for what the program names, and a program names nothing of
/// this one. So the CMake target has the linker ask for this name.
extern "C" void qkeepalive_qml()
{
}
