// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <sys/types.h>

/// A long way between two hosts: carries IP packets between a TUN device of this process's network
/// namespace and one of another's, each packet `delay` milliseconds late and up to `jitter` more, in
/// order and unchanged.
/// Unlike with a proxy, the kernels at both ends talk with each other, and feel the delay.
///
/// Both devices are called `device`. Says "ready" once they are there, and carries packets until its
/// standard input ends. Returns an exit code.
int relay(const char *device, pid_t other, int delay, int jitter);
