// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>
#include <ka/snapshot.h>
#include <ka/socket.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>

#include <algorithm>
#include <utility>

/// Writes down when the peer was last heard and when the loss was told, and how late this process
/// was, at worst, with looking. Milliseconds since it began.
class Watch : public QObject
{
public:
    explicit Watch(ka::KeepAlive &guard)
    {
        m_clock.start();
        connect(&m_looks, &QTimer::timeout, this, [this, &guard] {
            const qint64 now = m_clock.elapsed();
            lateness
                    = std::max(lateness, now - std::exchange(m_lastLook, now) - m_looks.interval());
            // Of the kernel itself: what the guard displays is as old as the last frame.
            const auto *socket = static_cast<QTcpSocket *>(guard.socket());
            std::error_code none; // without a descriptor an empty one
            if (const auto silence = ka::snapshot(socket->socketDescriptor(), none).silence())
                lastLife = std::max(lastLife, now - qint64(silence->count()));
        });
        connect(&guard, &ka::KeepAlive::connectionLost, this,
                [this] { lostAt = m_clock.elapsed(); });
        m_looks.setTimerType(Qt::PreciseTimer);
        m_looks.start(25);
    }

    qint64 lastLife = -1000000; // it may have been before this began
    qint64 lostAt = -1;
    qint64 lateness = 0;

private:
    QElapsedTimer m_clock;
    QTimer m_looks;
    qint64 m_lastLook = 0;
};
