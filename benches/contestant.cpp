// SPDX-License-Identifier: MIT OR Apache-2.0
#include "contestant.h"

#include "measure.h"

#include <ka/socket.h>

#include <QtCore/QTimer>

#include <chrono>

namespace bench {

QString Contestant::name(Kind kind)
{
    switch (kind) {
    case QtAlone:
        return QStringLiteral("Qt alone");
    case Kernel:
        return QStringLiteral("the kernel's keepalive, same values");
    case Library:
        return QStringLiteral("ka::KeepAlive");
    }
    return {};
}

Contestant::Contestant(Kind kind, int detectWithin)
    : m_kind(kind)
{
    if (kind == Library) {
        m_guard = new ka::KeepAlive(&m_socket);
        m_guard->setDetectWithin(detectWithin);
        connect(m_guard, &ka::KeepAlive::connectionLost, this, [this](ka::LossReason reason) {
            m_reason = reason;
            note();
        });
        return;
    }
    connect(&m_socket, &QTcpSocket::connected, this, [this, detectWithin] {
        if (m_kind == QtAlone) {
            m_socket.setSocketOption(QAbstractSocket::KeepAliveOption, 1);
            return;
        }
        const auto within = std::chrono::milliseconds(detectWithin);
        ka::apply(m_socket.socketDescriptor(), ka::Config::detectWithin(within));
    });
    connect(&m_socket, &QTcpSocket::errorOccurred, this, &Contestant::note);
    connect(&m_socket, &QTcpSocket::disconnected, this, &Contestant::note);
}

void Contestant::writeEvery(int milliseconds)
{
    auto *timer = new QTimer(this);
    timer->setTimerType(Qt::PreciseTimer);
    connect(timer, &QTimer::timeout, this, [this, timer] {
        if (isConnected())
            write();
        else
            timer->stop();
    });
    timer->start(milliseconds);
}

void Contestant::noteLastSign()
{
    if (told())
        return; // too soon; it will be seen that there is no last sign
    const auto silence = ka::snapshot(m_socket.socketDescriptor()).silence();
    if (silence)
        m_lastSign = now() - double(silence->count());
}

std::optional<double> Contestant::verdictTime() const
{
    if (!m_told || !m_lastSign)
        return {};
    return *m_told - *m_lastSign;
}

void Contestant::note()
{
    if (!m_told)
        m_told = now();
}

} // namespace bench
