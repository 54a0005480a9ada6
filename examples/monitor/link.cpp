// SPDX-License-Identifier: MIT OR Apache-2.0
#include "link.h"

namespace {

/// Why a connect failed, and what to do about it.
QString words(const QTcpSocket &socket, const QString &host, const QString &port)
{
    switch (socket.error()) {
    case QAbstractSocket::HostNotFoundError:
        return Link::tr("No host called %1 was found. Is the name right, and can this machine look "
                        "names up?")
                .arg(host);
    case QAbstractSocket::ConnectionRefusedError:
        return Link::tr("%1 refused the connection to port %2. Does a program listen there?")
                .arg(host, port);
    case QAbstractSocket::SocketTimeoutError:
        return Link::tr("%1 did not answer. Is it switched on, and does a firewall let port %2 "
                        "through?")
                .arg(host, port);
    case QAbstractSocket::NetworkError:
        return Link::tr("There is no way to %1: %2. Is the network up?")
                .arg(host, socket.errorString());
    default:
        return Link::tr("No connection to %1, port %2: %3").arg(host, port, socket.errorString());
    }
}

} // namespace

Link::Link(QObject *parent)
    : QObject(parent)
{
    connect(&m_socket, &QTcpSocket::stateChanged, this, &Link::follow);
    connect(&m_socket, &QTcpSocket::errorOccurred, this, [this] {
        // What ends a connection that stood is the guard's to tell.
        if (m_tries)
            fail(words(m_socket, m_host, m_port));
    });
    connect(&m_socket, &QTcpSocket::readyRead, this, [this] { m_socket.readAll(); });
    m_talk.setInterval(1000);
    connect(&m_talk, &QTimer::timeout, this, [this] {
        if (m_phase == Connected)
            m_socket.write("Is anybody there?\n");
    });
}

QString Link::peer() const
{
    return m_host.isEmpty() ? QString() : tr("%1, port %2").arg(m_host, m_port);
}

void Link::setTalking(bool talking)
{
    if (talking == m_talking)
        return;
    m_talking = talking;
    if (talking)
        m_talk.start();
    else
        m_talk.stop();
    emit talkingChanged();
}

void Link::open(const QString &host, const QString &port)
{
    m_host = host.trimmed();
    m_port = port.trimmed();
    emit peerChanged();
    setProblem({});
    bool isNumber = false;
    const ushort number = m_port.toUShort(&isNumber);
    if (m_host.isEmpty())
        return fail(tr("Which host? Please type its name or address."));
    if (!isNumber || number == 0)
        return fail(tr("A port is a number from 1 to 65535."));
    m_socket.abort();
    m_tries = true;
    emit opening();
    m_socket.connectToHost(m_host, number);
}

void Link::close()
{
    if (m_phase == Apart)
        return;
    m_tries = false;
    m_socket.abort();
    emit closed();
}

void Link::follow(QAbstractSocket::SocketState state)
{
    Phase phase = Connecting;
    if (state == QAbstractSocket::ConnectedState)
        phase = Connected;
    else if (state == QAbstractSocket::UnconnectedState)
        phase = Apart;
    if (phase == m_phase)
        return;
    m_phase = phase;
    if (phase == Connected)
        m_tries = false;
    emit phaseChanged();
    if (phase == Connected)
        emit opened();
}

void Link::fail(const QString &problem)
{
    m_tries = false;
    setProblem(problem);
    emit failed();
}

void Link::setProblem(const QString &problem)
{
    if (problem == m_problem)
        return;
    m_problem = problem;
    emit problemChanged();
}
