// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// TCP keepalive on any socket descriptor. Needs no Qt.
///
/// Each function comes in two forms. One throws ka::Error, whose what() names the option, the value
/// and the range. The other takes a std::error_code, is noexcept and works with -fno-exceptions; it
/// clears the code on success, and on failure returns a default value. A refused call has changed
/// nothing.

#include <ka/capabilities.h>
#include <ka/config.h>
#include <ka/error.h>
#include <ka/export.h>
#include <ka/snapshot.h>

#include <cstdint>
#include <system_error>

/// All of QKeepAlive for C++: KeepAlive and guardConnections() for Qt, apply() and its like for any
/// descriptor.
namespace ka {

/// A socket descriptor as a number: an int of POSIX, a SOCKET of Windows, a qintptr of Qt.
using Descriptor = std::intptr_t;

/// Applies `config` to a TCP socket in any state, all or nothing: every value is checked before the
/// first is written. Returns what the kernel was really given, after rounding up; what was left
/// alone stays empty.
///
/// On Linux the connections that a listening socket accepts inherit what is applied to it.
///
/// Fails with ka::errc::NoDescriptor for a negative number, ka::errc::NotTcp for any other kind of
/// descriptor, ka::errc::OutOfRange, ka::errc::Unsupported, or the system's own code (such as EBADF
/// for a number that is closed). Windows refuses options while an asynchronous connect is pending,
/// with WSAEINVAL. For any thread, like all of these functions.
KA_EXPORT Config apply(Descriptor socket, const Config &config);
/// \overload
KA_EXPORT Config apply(Descriptor socket, const Config &config, std::error_code &error) noexcept;

/// What is in force on a TCP socket, whoever set it. Every value is there, except those that this
/// socket or system does not tell (a user timeout of MPTCP; ka::Capabilities::readBack). Windows
/// tells whole seconds. Fails like apply().
KA_EXPORT Config query(Descriptor socket);
/// \overload
KA_EXPORT Config query(Descriptor socket, std::error_code &error) noexcept;

/// What the kernel knows of the connection (Linux: `TCP_INFO`), which takes neither data nor a
/// pending error away. Fails like apply().
KA_EXPORT Snapshot snapshot(Descriptor socket);
/// \overload
KA_EXPORT Snapshot snapshot(Descriptor socket, std::error_code &error) noexcept;

/// The system-wide values, which a socket with keepalive on has until it is given its own (Linux:
/// net.ipv4.tcp_keepalive_time, _intvl and _probes of this network namespace; they can be larger
/// than a socket accepts). `enabled` is always true here: there is no system-wide switch, and
/// keepalive is off on a new socket. On Windows these are KeepAliveTime and KeepAliveInterval in
/// the registry.
KA_EXPORT Config systemDefaults();
/// \overload
KA_EXPORT Config systemDefaults(std::error_code &error) noexcept;

/// Sets the system-wide values; what is empty stays as it is. Returns what was really set. Fails
/// with EACCES, EPERM or EROFS where this process may not, and with ka::errc::Unsupported for a
/// user timeout, which has no system-wide value. On Windows, where a count has none either, it
/// takes an administrator, and the values are in force after the next restart.
KA_EXPORT Config setSystemDefaults(const Config &config);
/// \overload
KA_EXPORT Config setSystemDefaults(const Config &config, std::error_code &error) noexcept;

} // namespace ka
