// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/config.h>

#include "qkeepalive/src/bridge.rs.h"

#include <QtCore/qglobal.h>

#include <chrono>
#include <cstdint>

QT_BEGIN_NAMESPACE
class QObject;
class QTcpServer;
QT_END_NAMESPACE

namespace ka::detail {

/// What a server's listening socket hands down to its connections, where the system does that.
///
/// A connection has what the listener had when the kernel made it, which may be long before it is
/// accepted. So after each change of the listener its connections are examined until they have the
/// values; from then on none costs a call.
class Listener
{
public:
    Listener(const QTcpServer *server, const Config &config);

    /// Other values, for the same listening socket.
    void change(const Config &config);
    /// The server has another listening socket, or none.
    void forget();
    /// Whether there was none yet to give them to.
    bool isNew() const { return !m_engine; }
    /// What makes Qt's listening socket of the descriptor, a child of the server. Only for comparing.
    const QObject *engine() const { return m_engine; }
    /// Gives the values to the listening socket if it does not have them.
    void bringUpToDate();
    /// Whether this connection that it accepted has the values, and has to be given none.
    bool handsDownTo(qintptr accepted);
    /// Puts the listening socket's options back as they were found.
    void putBack() const;

    /// What the listening socket had before, which is what its connections would have without this.
    const qkeepalive::bridge::Inherited &found() const { return m_found; }

private:
    void give(qintptr descriptor);

    const QTcpServer *const m_server;
    const QObject *m_engine = nullptr;
    qkeepalive::bridge::Config m_config;
    qkeepalive::bridge::Inherited m_found{};
    qkeepalive::bridge::Inherited m_put{};
    std::chrono::steady_clock::time_point m_examined;
    std::uint64_t m_applications = 0;
    bool m_handsDown = false;
    int m_alike = 0;
};

} // namespace ka::detail
