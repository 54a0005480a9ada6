// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// TCP keepalive on any socket descriptor. Needs no Qt.
///
/// Each function has two forms. One throws ka::Error, whose what() names the option, the value and
/// the range. The other takes a std::error_code, is noexcept, and works with -fno-exceptions. It
/// clears the code on success, and returns a default value on failure. A refused call changes
/// nothing.

#include <ka/capabilities.h>
#include <ka/config.h>
#include <ka/error.h>
#include <ka/export.h>
#include <ka/snapshot.h>

#include <cstdint>
#include <system_error>

#ifdef QT_BEGIN_NAMESPACE
QT_BEGIN_NAMESPACE
class QAbstractSocket;
QT_END_NAMESPACE
#else
class QAbstractSocket;
#endif

/// All of QKeepAlive for C++: KeepAlive and guardConnections() for Qt, apply() and its like for any
/// descriptor.
namespace ka {

/// A socket descriptor as a number: an int on POSIX, a SOCKET on Windows, a qintptr in Qt.
using Descriptor = std::intptr_t;

/// Applies `config` to a TCP socket in any state, all or nothing: every value is checked before the
/// first is written. Returns the values that the kernel was given, after rounding up. What you left
/// empty stays empty.
///
/// On Linux, connections that a listening socket accepts inherit its values.
///
/// Fails with ka::errc::NoDescriptor for a negative number, ka::errc::NotTcp for any other kind of
/// descriptor, ka::errc::OutOfRange, ka::errc::Unsupported, or the system's own code (such as EBADF
/// for a closed descriptor). Windows refuses options while an asynchronous connect is pending, with
/// WSAEINVAL. For any thread, like all of these functions.
KA_EXPORT Config apply(Descriptor socket, const Config &config);
/// \overload
KA_EXPORT Config apply(Descriptor socket, const Config &config, std::error_code &error) noexcept;

/// The same for a socket of Qt, of which the library makes sure that the descriptor is its own: behind a
/// SOCKS proxy Qt's socketDescriptor() is an invented number, which may be that of another connection.
/// Then, and while the socket is not connected, it fails with ka::errc::NoDescriptor, and writes nothing.
/// For the socket's thread. In the library of Qt (`QKeepAlive::QKeepAlive`), not in Core.
KA_EXPORT Config apply(const QAbstractSocket &socket, const Config &config);
/// \overload
KA_EXPORT Config apply(const QAbstractSocket &socket, const Config &config,
                       std::error_code &error) noexcept;

/// What is in force on a TCP socket, whoever set it. All values are there, except those that this
/// socket or system does not tell (a user timeout of MPTCP; ka::Capabilities::readBack). Windows
/// tells whole seconds. Fails like apply().
KA_EXPORT Config query(Descriptor socket);
/// \overload
KA_EXPORT Config query(Descriptor socket, std::error_code &error) noexcept;

/// What the kernel knows of the connection (Linux: `TCP_INFO`). Takes away neither data nor a
/// pending error. Fails like apply().
KA_EXPORT Snapshot snapshot(Descriptor socket);
/// \overload
KA_EXPORT Snapshot snapshot(Descriptor socket, std::error_code &error) noexcept;

/// The system-wide values. A socket with keepalive on has them until it gets its own. Linux:
/// net.ipv4.tcp_keepalive_time, _intvl and _probes of this network namespace; they can be larger
/// than a socket accepts. Windows: KeepAliveTime and KeepAliveInterval in the registry. `enabled`
/// is always true here; a new socket has keepalive off.
KA_EXPORT Config systemDefaults();
/// \overload
KA_EXPORT Config systemDefaults(std::error_code &error) noexcept;

/// Sets the system-wide values. An empty value stays as it is. Returns what was really set. Fails
/// with EACCES, EPERM or EROFS if this process may not, and with ka::errc::Unsupported for a user
/// timeout, which has no system-wide value. On Windows the count has none either; only an
/// administrator can set the values, and they are in force after the next restart.
KA_EXPORT Config setSystemDefaults(const Config &config);
/// \overload
KA_EXPORT Config setSystemDefaults(const Config &config, std::error_code &error) noexcept;

} // namespace ka
