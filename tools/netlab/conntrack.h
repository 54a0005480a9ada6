// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// Makes the connection tracking of this process's network namespace forget all that it knows, as a
/// firewall does after a reboot or when an entry has expired. Returns 0, or an errno.
int forgetConnections();
