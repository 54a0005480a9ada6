// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>

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
            if (const int silence = guard.silence(); silence >= 0)
                lastLife = std::max(lastLife, now - silence);
        });
        connect(&guard, &ka::KeepAlive::connectionLost, this,
                [this] { lostAt = m_clock.elapsed(); });
        m_looks.setTimerType(Qt::PreciseTimer);
        m_looks.start(25);
    }

    qint64 lastLife = 0;
    qint64 lostAt = -1;
    qint64 lateness = 0;

private:
    QElapsedTimer m_clock;
    QTimer m_looks;
    qint64 m_lastLook = 0;
};
