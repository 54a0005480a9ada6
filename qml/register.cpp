// SPDX-License-Identifier: MIT OR Apache-2.0
#include "register.h"

#include <QtCore/qglobal.h>
#if QT_VERSION_MAJOR == 5
#    include "qt5_types.h"
#else
#    include "types.h"
#endif

namespace ka::detail {

void registerQmlTypes()
{
    qmlRegisterTypesAndRevisions<KeepAliveForQml, SocketForQml>("QKeepAlive", 1);
    qmlRegisterModule("QKeepAlive", 1, 0);
}

} // namespace ka::detail
