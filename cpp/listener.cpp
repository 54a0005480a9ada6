// SPDX-License-Identifier: MIT OR Apache-2.0
#include "listener.h"

#include "bridge.h"

#include <QtNetwork/qtcpserver.h>

#include <algorithm>

namespace ka::detail {

namespace bridge = qkeepalive::bridge;

namespace {

/// After so many connections in a row that have the values, all that come have them. One is not
/// enough: where several processors make connections, two of them may change places.
constexpr int enough = 4;
/// How long a change of the listening socket may go unnoticed that the program made on the bare
/// descriptor. One by ka::apply() is noticed at once.
constexpr std::chrono::seconds examineEvery{1};

/// At each listen() Qt makes an engine as the server's child, and deletes the one before later.
const QObject *newestEngine(const QTcpServer *server)
{
    const QObjectList &children = server->children();
    const auto engine = std::find_if(children.rbegin(), children.rend(), [](const QObject *child) {
        return child->inherits("QAbstractSocketEngine");
    });
    return engine == children.rend() ? nullptr : *engine;
}

} // namespace

Listener::Listener(const QTcpServer *server, const Config &config)
    : m_server(server)
    , m_config(bridge::lower(config))
{
}

void Listener::change(const Config &config)
{
    bringUpToDate(); // what the program has changed meanwhile is to be put back as it is now
    m_config = bridge::lower(config);
    if (m_handsDown && m_server->socketDescriptor() != -1)
        give(m_server->socketDescriptor());
}

void Listener::forget()
{
    m_engine = nullptr;
    m_handsDown = false;
    m_found = m_put = {};
}

void Listener::bringUpToDate()
{
    const qintptr descriptor = m_server->socketDescriptor();
    if (descriptor == -1)
        return;
    if (!m_engine) {
        m_engine = newestEngine(m_server);
        // A proxy's engine invents its numbers: they are no descriptors, or somebody else's.
        m_handsDown = m_engine && m_engine->inherits("QNativeSocketEngine")
                   && bridge::hands_down(descriptor);
        if (m_handsDown) {
            m_found = bridge::inherited(descriptor);
            give(descriptor);
        }
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!m_handsDown
        || (bridge::applications() == m_applications && now - m_examined < examineEvery))
        return;
    m_applications = bridge::applications();
    m_examined = now;
    const bridge::Inherited has = bridge::inherited(descriptor);
    if (has != m_put) {
        m_found = bridge::found_anew(m_found, m_put, has);
        give(descriptor);
    }
}

/// If it is refused, each connection will be given the values, or say why not.
void Listener::give(qintptr descriptor)
{
    m_put = bridge::give_listener(descriptor, m_config);
    m_applications = bridge::applications();
    m_examined = std::chrono::steady_clock::now();
    m_alike = 0;
}

bool Listener::handsDownTo(qintptr accepted)
{
    if (!m_handsDown || !m_put.known || !bridge::suits(m_put, m_config))
        return false;
    if (m_alike >= enough)
        return true;
    const bool alike = bridge::inherited(accepted) == m_put;
    m_alike = alike ? m_alike + 1 : 0;
    return alike;
}

void Listener::putBack() const
{
    const qintptr descriptor = m_server->socketDescriptor();
    if (descriptor == -1 || !m_handsDown || !m_put.known || newestEngine(m_server) != m_engine)
        return;
    bridge::put_back(descriptor, bridge::found_anew(m_found, m_put, bridge::inherited(descriptor)));
}

} // namespace ka::detail
