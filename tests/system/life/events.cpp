// SPDX-License-Identifier: MIT OR Apache-2.0

// What happens in a life, as its plan says.

#include "life.h"

#include <faults.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>

namespace {

/// What may wait to be written; a program that asks for more waits, too.
constexpr qint64 enough = 512 * 1024;

} // namespace

void Life::begin()
{
    m_began = true;
    for (const Plan::Event &event : m_plan.events) {
        QTimer::singleShot(event.at, Qt::PreciseTimer, this, [this, event] { happen(event); });
    }
    QTimer::singleShot(m_plan.length, this, &QCoreApplication::quit);
}

void Life::happen(const Plan::Event &event)
{
    using Event = Plan::Event;
    switch (event.what) {
    case Event::Slider:
        return drag(event.a, event.b);
    case Event::NoDelay:
        if (m_connected)
            m_socket->setSocketOption(QAbstractSocket::LowDelayOption, event.a);
        return note(Stamp::Note, QStringLiteral("no delay %1").arg(event.a));
    case Event::Write:
        note(Stamp::Note, QStringLiteral("writes %1 bytes each %2 ms, %3 times")
                                  .arg(event.b)
                                  .arg(event.a)
                                  .arg(event.c));
        m_bytes = event.b;
        m_times = event.c;
        return m_writer.start(event.a);
    case Event::Block:
        return block(event.a);
    case Event::LetGo:
        m_wantsGuard = false;
        return letGo(m_plan.seed % 2 == 0 && !m_plan.accepted);
    case Event::ComeBack:
        return comeBack();
    case Event::NewGuard:
        if (m_wantsGuard && m_guard && m_socket) {
            letGo(true);
            makeGuard();
        }
        return;
    case Event::Close:
        return close();
    case Event::Cut:
    case Event::Heal:
        return happenToPath(event);
    case Event::DetectWithin:
    case Event::Enabled:
    case Event::HeartbeatInterval:
    case Event::HeartbeatTimeout:
        return set(event);
    default:
        return happenToPeer(event);
    }
}

void Life::happenToPeer(const Plan::Event &event)
{
    using Event = Plan::Event;
    // Without a connection there is nobody to be done something to.
    if (!m_connected && event.what != Event::Read && event.what != Event::Continue)
        return;
    switch (event.what) {
    case Event::Speak:
        return m_stage.act(Stamp::Note, event.c, QStringLiteral("the peer speaks"),
                           [event](NetLab &lab) { lab.speak(event.a, event.b, event.c); });
    case Event::Lag:
        return m_stage.act(Stamp::Lags, event.a, {},
                           [event](NetLab &lab) { lab.echoLate(event.a); });
    case Event::Hold:
        return m_stage.act(Stamp::Holds, 0, {}, [](NetLab &lab) { lab.hold(); });
    case Event::Read:
        return m_stage.act(Stamp::Reads, 0, {}, [](NetLab &lab) { lab.read(); });
    case Event::Stop:
        return m_stage.act(Stamp::Stopped, 0, {}, [](NetLab &lab) { lab.stopProgram(); });
    case Event::Continue:
        return m_stage.act(Stamp::Continued, 0, {}, [](NetLab &lab) { lab.continueProgram(); });
    case Event::Finish:
        return m_stage.act(Stamp::Ends, 0, QStringLiteral("FIN"),
                           [](NetLab &lab) { lab.finish(); });
    case Event::Reset:
        return m_stage.act(Stamp::Ends, 0, QStringLiteral("RST"), [](NetLab &lab) { lab.reset(); });
    case Event::Die:
        return m_stage.act(Stamp::Ends, 1, QStringLiteral("killed"),
                           [](NetLab &lab) { lab.killProgram(); });
    default:
        return;
    }
}

void Life::happenToPath(const Plan::Event &event)
{
    if (event.what == Plan::Event::Heal)
        return heal();
    const QString drop = QStringLiteral("%1 -I INPUT -j DROP")
                                 .arg(QLatin1String(m_plan.ipv6 ? "ip6tables" : "iptables"));
    switch (event.a) {
    case Plan::Both:
        return m_stage.act(Stamp::Cut, 0, QStringLiteral("both ways"),
                           [](NetLab &lab) { lab.cut(); });
    case Plan::Out:
        return m_stage.act(Stamp::Cut, 0, QStringLiteral("outgoing"),
                           [drop](NetLab &lab) { lab.far().run(drop); });
    case Plan::In:
        return m_stage.act(Stamp::Cut, 0, QStringLiteral("incoming"),
                           [drop](NetLab &lab) { lab.near().run(drop); });
    default:
        return m_stage.act(Stamp::LinkDown, 0, {}, [](NetLab &lab) {
            lab.far().ip({QStringLiteral("link set cable down")});
        });
    }
}

/// The path is as well as it was at first.
void Life::heal()
{
    const double lost = m_plan.loss / 100.0;
    m_stage.act(Stamp::Healed, 0, {}, [lost](NetLab &lab) {
        QStringList lines{QStringLiteral("link set cable up")};
        if (lab.isIpv6()) {
            // Of IPv6 an address goes with the link.
            lines << QStringLiteral("addr replace %1/64 dev cable nodad").arg(lab.serverAddress());
        }
        lab.far().ip(lines);
        lab.heal();
        if (lost > 0)
            loseAtRandom(lab, lost);
    });
}

void Life::set(const Plan::Event &event)
{
    using Event = Plan::Event;
    if (event.what == Event::DetectWithin)
        m_wanted.detectWithin = event.a;
    else if (event.what == Event::Enabled)
        m_wanted.enabled = event.a != 0;
    else if (event.what == Event::HeartbeatInterval)
        m_wanted.heartbeatInterval = event.a;
    else
        m_wanted.heartbeatTimeout = event.a;
    if (!m_guard)
        return;
    if (event.what == Event::DetectWithin)
        m_guard->setDetectWithin(event.a);
    else if (event.what == Event::Enabled)
        m_guard->setEnabled(event.a != 0);
    else if (event.what == Event::HeartbeatInterval)
        m_guard->setHeartbeatInterval(event.a);
    else
        m_guard->setHeartbeatTimeout(event.a);
    noteSettings(Stamp::Set);
}

/// Somebody drags a slider: a value for each picture of the screen.
void Life::drag(int from, int to)
{
    constexpr int steps = 30;
    for (int step = 0; step <= steps; ++step) {
        const int value = (from * (steps - step) + to * step) / steps;
        QTimer::singleShot(step * 16, Qt::PreciseTimer, this, [this, value] {
            set({0, Plan::Event::DetectWithin, value});
        });
    }
}

void Life::write()
{
    if (--m_times <= 0)
        m_writer.stop();
    if (m_connected && !m_closing && m_socket->bytesToWrite() < enough)
        m_socket->write(QByteArray(m_bytes, 'w'));
}

void Life::block(int milliseconds)
{
    const qint64 before = m_clock.now();
    QThread::msleep(ulong(milliseconds));
    const qint64 after = m_clock.now();
    m_record.stamps.push_back({Stamp::Blocked, before, after, milliseconds, {}, {}, {}});
    m_lastLook = after; // not the machine's fault
}

void Life::close()
{
    if (!m_connected || m_closing)
        return;
    m_closing = true;
    note(Stamp::Closes);
    // What waits to be written keeps a closing socket, but not for ever.
    QTimer::singleShot(2000, m_socket.data(), [this] {
        if (m_closing)
            m_socket->abort();
    });
    m_socket->disconnectFromHost();
}
