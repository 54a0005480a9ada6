// SPDX-License-Identifier: MIT OR Apache-2.0

#include <ka/enums.h>

#include <QtCore/qmetaobject.h>

int main()
{
    return ka::staticMetaObject.indexOfEnumerator("LossReason") >= 0 ? 0 : 1;
}
