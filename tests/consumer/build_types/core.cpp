// SPDX-License-Identifier: MIT OR Apache-2.0

#include <ka/socket.h>

int main()
{
    return ka::systemDefaults().enabled ? 0 : 1;
}
