// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/detail/socket_tap.h>
#include <ka/enums.h>

/// \file
/// ka::KeepAlive: guards one TCP connection of a Qt program.

#ifdef KA_DOXYGEN
// The class as its users see it, for people and Doxygen. What the compiler sees is made from
// src/qobject.rs, below, on the base ka::detail::SocketTap; a test (tests/consumer) compares the two.

namespace ka {

/// Tells a Qt program once, and with the reason, that its TCP peer is gone.
///
/// \code
/// auto *link = new ka::KeepAlive(sock);   // guards its parent; before or after connectToHost()
/// link->setDetectWithin(6000);            // ms
/// connect(link, &ka::KeepAlive::connectionLost, this, [](auto reason, const QString &detail) {});
/// \endcode
///
/// With \ref detectWithin T a loss is told T to T + 100 ms after the peer was last heard, whether
/// the connection is idle, has data in flight, or sends into a closed window; earlier only with
/// proof (a RST, a FIN, an ICMP error that the kernel believes). connectionSuspect() comes before a
/// loss that the guard finds by itself. A peer that merely reads slowly, or not at all, is alive.
///
/// The values are applied at every connect, also in a program that blocks in
/// QAbstractSocket::waitForConnected(). A change applies at once, and never ends a connection before the
/// time that is asked for now. Going back to 0 takes effect at the next connect; for \ref detectWithin at
/// once: the values are as they were found. A guard that is deleted, or given another socket, puts back
/// what it has found on the living connection. A loss is told in an event loop, or
/// within the socket's own blocking calls; a blocked event loop can delay a verdict but makes none
/// that is wrong. Copes with the socket or the guard being deleted at any time. The socket itself,
/// as always in Qt, is deleted with QObject::deleteLater() where one of its own signals is being
/// handled; connectionLost() is such a place.
///
/// Times are int milliseconds, as in QTimer. A setter that is refused keeps the old value and says
/// why in \ref errorString, in applyFailed() and in the log; one with the same value emits nothing.
///
/// The logging category `qkeepalive` has each refusal, and `qkeepalive.verdict` each loss, as
/// warnings. With `qkeepalive.verdict=true` among Qt's rules (QLoggingCategory) the latter also has
/// what else becomes of a connection: what is guarded, each state, each warning before a loss.
///
/// The guard lives in its socket's thread, and all of its functions are for that thread alone. With
/// Linux 6.15 or newer it also limits the time between retransmissions to a sixth of the deadline
/// (`TCP_RTO_MAX_MS`; 1 s at least, never less than the path takes) until it lets go of the
/// connection. Without that option a peer that dies behind a closed window is found one probe
/// later.
///
/// All of this is what Linux can do. Other systems have other ranges, and most tell less: then the
/// verdict is the kernel's, in its own time and without a warning. \ref capabilities says what
/// holds here, docs/systems.md what holds where.
///
/// In QML it is the type `KeepAlive` of `import QKeepAlive`, with the same names.
class KeepAlive : public QObject
{
    Q_OBJECT

    /// What is guarded: a QTcpSocket or QSslSocket, or an object that owns one as a direct child,
    /// such as a QWebSocket; null for none. Default: the parent given to the constructor, if it is a
    /// socket, a QWebSocket or a QLocalSocket, else null.
    ///
    /// Of an owner the newest socket is guarded, and each that it makes later in its turn. Refused,
    /// with \ref errorString and applyFailed(): what neither is nor owns a TCP socket of Qt, a
    /// socket of another thread, and one that another guard has. The socket before is left as it
    /// is.
    ///
    /// A guard that was refused another one's socket waits for it: it takes it over when that one
    /// lets go (deleted, or given another socket), at the next turn of the event loop. It waits no
    /// more when it is given something else, null included, or the socket dies. Of several that wait
    /// the latest is first.
    Q_PROPERTY(QObject *socket READ socket WRITE setSocket NOTIFY socketChanged)

    /// Whether the connection is guarded (`SO_KEEPALIVE`). Default: true. False switches keepalive
    /// off on the socket, and the verdict and the heart-beat with it. Every system has it.
    Q_PROPERTY(bool enabled READ enabled WRITE setEnabled NOTIFY enabledChanged)

    /// Silence before the first probe, in ms (`TCP_KEEPIDLE`; RFC 9293 §3.8.4, tcp(7)). Default: 0,
    /// which leaves the system's value alone (Linux: 7200 s).
    ///
    /// Linux: 1 to 32767000, rounded up to whole seconds; ka::Config::idle says what other systems
    /// make of it. Without effect while \ref detectWithin is set.
    Q_PROPERTY(int idle READ idle WRITE setIdle NOTIFY idleChanged)

    /// Time between unanswered probes, in ms (`TCP_KEEPINTVL`; tcp(7)). Default: 0, which leaves
    /// the system's value alone (Linux: 75 s).
    ///
    /// Linux: 1 to 32767000, rounded up to whole seconds; ka::Config::interval says what other
    /// systems make of it. Without effect while \ref detectWithin is set.
    Q_PROPERTY(int interval READ interval WRITE setInterval NOTIFY intervalChanged)

    /// Unanswered probes until the verdict (`TCP_KEEPCNT`; tcp(7)). Default: 0, which leaves the
    /// system's value alone (Linux: 9).
    ///
    /// Linux: 1 to 127; ka::Config::count says what other systems make of it. Without effect while
    /// \ref detectWithin is set.
    Q_PROPERTY(int count READ count WRITE setCount NOTIFY countChanged)

    /// How long sent data may stay unacknowledged, in ms (`TCP_USER_TIMEOUT`; RFC 5482, tcp(7)).
    /// Default: −1, which leaves it alone; 0 is the system's own rule.
    ///
    /// Not needed for the verdict. **Also ends a connection whose live peer merely stops reading
    /// for that long**, and on Linux takes the place of the count. Linux: up to 2147483647;
    /// ka::Config::userTimeout says what other systems make of it.
    Q_PROPERTY(int userTimeout READ userTimeout WRITE setUserTimeout NOTIFY userTimeoutChanged)

    /// One knob in place of \ref idle, \ref interval and \ref count, namely the time within which a
    /// loss is to be known, in ms, counted from the peer's last sign of life. Default: 0, which is
    /// off.
    ///
    /// Linux: 2000 to 65534000, rounded down to whole seconds; ka::Config::detectWithin() says what
    /// is made of it. It must exceed idle (half of it) and two round trips, or \ref errorString
    /// warns. Shorter deadlines take a heart-beat.
    Q_PROPERTY(int detectWithin READ detectWithin WRITE setDetectWithin NOTIFY detectWithinChanged)

    /// Time between two beats of the application's own heart-beat, in ms, 1 to 2147483647. Default:
    /// 0, which is none.
    ///
    /// Any byte of the peer is an answer, also one that is not read yet; that its kernel takes data is
    /// none. One beat is under way at a time, unsent or unanswered. The answer is owed from when the
    /// beat has left this host, whatever is written beside it. A time in which this program did not run (a blocked event
    /// loop, SIGSTOP, a machine asleep) is no missed beat: the peer gets time to answer first. Works
    /// on every system.
    Q_PROPERTY(int heartbeatInterval READ heartbeatInterval WRITE setHeartbeatInterval NOTIFY
                       heartbeatIntervalChanged)

    /// Silence of the peer's program until ka::LossReason::HeartbeatMissed, in ms, counted from its
    /// last byte or the start of the heart-beat; longer than \ref heartbeatInterval. Default: 0,
    /// which is twice the interval. The two may be set in any order: one that does not fit is refused,
    /// and taken with the other that makes it fit. A program that hangs is found within this time and
    /// one interval.
    Q_PROPERTY(int heartbeatTimeout READ heartbeatTimeout WRITE setHeartbeatTimeout NOTIFY
                       heartbeatTimeoutChanged)

    /// Written at each beat, up to 64 KiB. Default: empty; then write your protocol's own ping on
    /// heartbeatDue(). Refused for a socket that belongs to another object (QWebSocket): raw bytes
    /// would break its framing; and not written if it was set before that. A QLocalSocket takes it.
    Q_PROPERTY(QByteArray heartbeatPayload READ heartbeatPayload WRITE setHeartbeatPayload NOTIFY
                       heartbeatPayloadChanged)

    /// Whether the socket is aborted when the loss is known here first. Default: true. It then emits
    /// QAbstractSocket::errorOccurred() with QAbstractSocket::SocketTimeoutError, as for a loss that
    /// Qt finds, and its errorString() says what connectionLost() says. What is queued is dropped, and reaches the peer at no time (`SO_LINGER` 0). Never after a FIN: what
    /// came before it stays readable. With false a slot of connectionLost() has to
    /// QAbstractSocket::abort() the socket itself.
    Q_PROPERTY(bool abortOnLoss READ abortOnLoss WRITE setAbortOnLoss NOTIFY abortOnLossChanged)

    /// Where the guarded connection stands. Default: ka::State::Detached.
    Q_PROPERTY(ka::State state READ state NOTIFY stateChanged)

    /// Why the last connection was lost, until the next connect. Default: ka::LossReason::NoLoss.
    Q_PROPERTY(ka::LossReason lossReason READ lossReason NOTIFY lossReasonChanged)

    /// The last refusal, with option, value and range, or a warning. It stays until what it is about
    /// is set well; then the one before it is shown, if that is still wrong. Default: empty. What each says and asks for is in docs/guides/reasons.md.
    Q_PROPERTY(QString errorString READ errorString NOTIFY errorStringChanged)

    /// The worst case from the last sign of life to the verdict, in ms, as really in force; −1, the
    /// default, while none is. Where the verdict is the kernel's (\ref capabilities), it may come
    /// up to an eighth later.
    Q_PROPERTY(int detectionTime READ detectionTime NOTIFY detectionTimeChanged)

    /// Since the peer was last heard, in ms; read from the kernel at this moment (Linux:
    /// `TCP_INFO`). −1, the default, while not connected or where the system does not tell.
    Q_PROPERTY(int silence READ silence NOTIFY silenceChanged)

    /// Unanswered probes, of keepalive or of a closed window; read from the kernel at this moment
    /// (Linux: `TCP_INFO`). −1, the default, while not connected or where the system does not tell.
    /// One for about a round trip is what a healthy connection shows.
    Q_PROPERTY(int unansweredProbes READ unansweredProbes NOTIFY unansweredProbesChanged)

    /// The smoothed round-trip time, in ms; read from the kernel at this moment (Linux:
    /// `TCP_INFO`). −1, the default, while not connected or where the system does not tell.
    Q_PROPERTY(int roundTripTime READ roundTripTime NOTIFY roundTripTimeChanged)

    /// ka::capabilities() for QML: what this system can do, under the same names. A range is a map
    /// of `min`, `max` and `step`, in ms where it is of times; what the system lacks is undefined.
    ///
    /// While connected it says what holds of this connection: behind a SOCKS proxy and in a sandbox that
    /// forbids TCP_INFO, `deadline`, `earlyWarning`, `lossReason` and `probesCounter` are false.
    Q_PROPERTY(QVariantMap capabilities READ capabilities NOTIFY capabilitiesChanged)

public:
    /// Also ka::State, so that it reads like an enum of the class.
    using State = ka::State;
    /// Also ka::LossReason.
    using LossReason = ka::LossReason;

    /// A guard without a socket; see \ref socket.
    KeepAlive();
    /// A guard that goes with its parent, and guards it if that is a socket or owns one.
    explicit KeepAlive(QObject *parent);
    /// Lets go of the connection, which stays as it is.
    ~KeepAlive() override;

    /// \name Accessors
    /// \{

    /// \details Getter or setter of the property of that name, which says what it means. For the
    /// guard's thread.
    QObject *socket() const;
    void setSocket(QObject *object);
    bool enabled() const;
    void setEnabled(bool enabled);
    int idle() const;
    void setIdle(int milliseconds);
    int interval() const;
    void setInterval(int milliseconds);
    int count() const;
    void setCount(int count);
    int userTimeout() const;
    void setUserTimeout(int milliseconds);
    int detectWithin() const;
    void setDetectWithin(int milliseconds);
    int heartbeatInterval() const;
    void setHeartbeatInterval(int milliseconds);
    int heartbeatTimeout() const;
    void setHeartbeatTimeout(int milliseconds);
    QByteArray heartbeatPayload() const;
    void setHeartbeatPayload(const QByteArray &payload);
    bool abortOnLoss() const;
    void setAbortOnLoss(bool abort);
    ka::State state() const;
    ka::LossReason lossReason() const;
    QString errorString() const;
    int detectionTime() const;
    int silence() const;
    int unansweredProbes() const;
    int roundTripTime() const;
    QVariantMap capabilities() const;
    /// \}

Q_SIGNALS:
    /// An answer of the peer is overdue: by 300 ms, or twice the round trip if that is longer. A
    /// loss that the guard finds by itself is preceded by this. Comes only where
    /// ka::Capabilities::earlyWarning holds, or from the heart-beat.
    void connectionSuspect();
    /// The peer was heard again.
    void connectionRecovered();
    /// The connection is gone, and this side did not ask for it. Exactly once for each connection
    /// lost, before the socket's own QAbstractSocket::disconnected(). `detail` is a sentence for a
    /// person.
    ///
    /// A slot may call QAbstractSocket::connectToHost(), delete the guard, or
    /// QObject::deleteLater() the socket. Where the socket is left open, with \ref abortOnLoss off
    /// or after a FIN that the guard found, it has to QAbstractSocket::abort() first.
    void connectionLost(ka::LossReason reason, const QString &detail);
    /// A beat is due and \ref heartbeatPayload is empty: write your protocol's own ping now.
    /// Anything that the peer sends is an answer.
    void heartbeatDue();
    /// Something was refused: a value, an object that is no socket, or an option by the system.
    /// `message` names option, value and range, and is \ref errorString, too.
    ///
    /// In QML it comes when the object is complete, for what was wrong from the start and still is:
    /// `onApplyFailed` hears it, and the log names file and line. That another guard has the socket
    /// is told there only if it still has it a second later, because Loader, StackView and
    /// Instantiator make the next object before they delete the one before.
    void applyFailed(const QString &message);

    /// \name Changes
    /// \{

    /// \details The property of that name has another value. Those of the live values (silence,
    /// unansweredProbes, roundTripTime) come ten times a second at most, and cost a timer only
    /// while something is connected to one of them.
    void socketChanged();
    void enabledChanged();
    void idleChanged();
    void intervalChanged();
    void countChanged();
    void userTimeoutChanged();
    void detectWithinChanged();
    void heartbeatIntervalChanged();
    void heartbeatTimeoutChanged();
    void heartbeatPayloadChanged();
    void abortOnLossChanged();
    void capabilitiesChanged();
    void stateChanged();
    void lossReasonChanged();
    void errorStringChanged();
    void detectionTimeChanged();
    void silenceChanged();
    void unansweredProbesChanged();
    void roundTripTimeChanged();
    /// \}
};

} // namespace ka

#else

// Members of the generated class that take a `descriptor`, displayed() and refused() are for the base
// class alone.
#    if defined(__GNUC__)
#        pragma GCC visibility push(default)
#    endif
#    include "qkeepalive/src/qobject.cxxqt.h"
#    if defined(__GNUC__)
#        pragma GCC visibility pop
#    endif

#endif
