// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>
#include <ka/snapshot.h>

#include <QtCore/QElapsedTimer>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>

#include <memory>

class NetLab;

/// What a connection does while something goes wrong with it.
enum class Traffic {
    Idle,
    InFlight, ///< this side sends again and again
    QueueFull, ///< the peer does not read, and megabytes wait to be sent
    BufferFull, ///< this side does not read, and its socket's buffer is full
    Streaming, ///< the peer sends again and again
    BothWays, ///< both do
};

/// A program with one guarded connection, which writes down what it is told and when, and when the
/// kernel last heard of the peer.
class Client : public QObject
{
    Q_OBJECT

public:
    /// What the peer has sent where the buffer is full.
    static constexpr int unread = 32 * 1024;

    Client(bool tls, int detectWithin);
    ~Client() override;

    QTcpSocket &socket() { return *m_socket; }
    ka::KeepAlive &guard() { return *m_guard; }
    /// What the kernel knows of the connection.
    ka::Snapshot snapshot() const;

    /// Connects and, with TLS, waits until that is agreed on. Returns whether it worked.
    bool connectTo(const NetLab &lab);
    /// Brings the connection into a state. Returns whether it is in it.
    bool begin(Traffic traffic, NetLab &lab);
    /// No more data of this side's own accord.
    void beQuiet() { m_writer.stop(); }
    /// Takes whatever comes, also what was left in the buffer.
    void readOn();
    /// Bytes that Qt has not yet handed to the kernel.
    qint64 waiting() const;
    /// Waits until what was written has been acknowledged.
    bool waitUntilAcknowledged(int timeout = 5000);
    /// Whether a question of this side is answered: the peer's program must echo.
    bool isAnswered(int timeout = 5000);

    /// Forgets what has been told so far, and how silent the peer was.
    void forgetEvents();
    /// Forgets how late this process was, as it always is after it has waited for something else.
    void forgetLateness();
    /// What was told since, in order: suspect, recovered, lost, disconnected.
    QStringList events() const { return m_events; }
    ka::LossReason reason() const { return m_reason; }
    QString detail() const { return m_detail; }

    // Milliseconds on this client's clock.
    qint64 now() const { return m_clock.elapsed(); }
    qint64 lostAt() const { return m_lostAt; }
    /// When the kernel last heard anything of the peer.
    qint64 lastLife() const { return m_lastLife; }
    /// The longest time for which it had heard nothing.
    qint64 longestSilence() const { return m_longestSilence; }
    /// By how much the machine has been late, at worst, with waking this process.
    qint64 lateness() const { return m_lateness; }

private slots:
    // What the guard tells; connected by name.
    void suspect() { m_events << QStringLiteral("suspect"); }
    void recovered() { m_events << QStringLiteral("recovered"); }

private:
    void look();
    void take();

    QElapsedTimer m_clock;
    std::unique_ptr<QTcpSocket> m_socket;
    ka::KeepAlive *m_guard;
    QTimer m_looks;
    QTimer m_writer;
    bool m_reads = true;
    QByteArray m_received;
    QByteArray m_question;
    bool m_answered = false;
    QStringList m_events;
    ka::LossReason m_reason = ka::LossReason::NoLoss;
    QString m_detail;
    qint64 m_lostAt = -1;
    qint64 m_lastLife = 0;
    qint64 m_longestSilence = 0;
    qint64 m_lastLook = 0;
    qint64 m_lateness = 0;
};
