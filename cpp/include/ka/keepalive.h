// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

/// \file
/// ka::KeepAlive: guards one TCP connection of a Qt program.

#include <ka/debug.h>
#include <ka/enums.h>
#include <ka/export.h>
#include <ka/socket.h>

#include <QtCore/qbytearray.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qvariant.h>

#include <chrono>

namespace ka {

namespace detail {
class GuardObject;
class SocketGuard;
} // namespace detail

/// Tells a Qt program once, and with the reason, that its TCP peer is gone.
///
/// \code
/// auto *link = new ka::KeepAlive(sock);   // guards its parent; before or after connectToHost()
/// link->setDetectWithin(6000);            // ms
/// connect(link, &ka::KeepAlive::connectionLost, this, [](auto reason, const QString &detail) {});
/// \endcode
///
/// **When.** With \ref detectWithin T, a loss is reported T to T + 100 ms after the peer was last
/// heard. This holds on an idle connection, with data in flight, and behind a closed window.
/// Earlier only with proof: a RST, a FIN, an ICMP error that the kernel believes.
/// connectionSuspect() comes before each loss that the guard finds by itself. A peer that reads
/// slowly, or not at all, is alive.
///
/// **Settings.** The values are applied at every connect, even if the program blocks in
/// QAbstractSocket::waitForConnected(). Changes apply at once, and never end a connection before
/// the time that is now asked for. Going back to 0 takes effect at the next connect. Only
/// \ref detectWithin restores at once the values that the guard had found. A guard that is deleted,
/// or given another socket, also restores what it had found, if the connection lives.
///
/// Times are int milliseconds, as in QTimer. A refused setter keeps the old value, and says why in
/// \ref errorString, in applyFailed() and in the log. A setter with the same value emits nothing.
///
/// **Event loop.** A loss is reported in an event loop, or within the socket's own blocking calls.
/// A blocked event loop may delay a report, but never causes a false one.
///
/// **Deleting.** The socket or the guard may be deleted at any time. In a slot of one of the
/// socket's own signals, delete the socket with QObject::deleteLater(), as always in Qt.
/// connectionLost() is such a place.
///
/// **Log.** The category `qkeepalive` has each refusal, and `qkeepalive.verdict` each loss, as
/// warnings. With the rule `qkeepalive.verdict=true` (QLoggingCategory) the latter also has what is
/// guarded, each state, each warning before a loss, and what led to it (history()).
///
/// **Threads.** The guard lives in its socket's thread. Call all of its functions there.
///
/// **Retransmissions.** On Linux 6.15 or newer the guard also limits the time between
/// retransmissions to a sixth of the deadline (`TCP_RTO_MAX_MS`; at least 1 s, never less than the
/// path takes), until it lets go of the connection. Before Linux 6.15 a peer that dies behind a
/// closed window is found after two of the kernel's window probes, which can be later than T.
///
/// **Systems.** This is what Linux can do. Other systems have other ranges, and most tell less:
/// there the kernel decides, in its own time and without a warning. \ref capabilities says what
/// holds on this system, docs/systems.md what holds on each.
///
/// In QML it is the type `KeepAlive` of `import QKeepAlive`, with the same names.
class KA_EXPORT KeepAlive : public QObject
{
    Q_OBJECT

    /// What is guarded: a QTcpSocket or QSslSocket, or an object that owns one as a direct child,
    /// such as a QWebSocket. Null for none. Default: the constructor's parent if it is a socket, a
    /// QWebSocket or a QLocalSocket, else null.
    ///
    /// If an owner has several sockets, the newest is guarded, and then each one that the owner
    /// makes later.
    ///
    /// Refused, with \ref errorString and applyFailed(): an object that neither is nor owns a TCP
    /// socket of Qt, a socket of another thread, and a socket that another guard has. The guard
    /// then keeps the socket that it had.
    ///
    /// If another guard has the socket, this guard waits. It takes the socket over when the other
    /// guard lets go (deleted, or given another socket), at the next turn of the event loop. It
    /// stops waiting when it is given something else, even null, or when the socket dies. If
    /// several guards wait, the latest is first.
    Q_PROPERTY(QObject *socket READ socket WRITE setSocket NOTIFY socketChanged FINAL)

    /// Whether the connection is guarded (`SO_KEEPALIVE`). Default: true. False switches keepalive
    /// off on the socket, and with it the verdict and the heart-beat. Every system has it.
    Q_PROPERTY(bool enabled READ enabled WRITE setEnabled NOTIFY enabledChanged FINAL)

    /// Silence before the first probe, in ms (`TCP_KEEPIDLE`; RFC 9293 §3.8.4, tcp(7)). Default: 0,
    /// the system's value stays (Linux: 7200 s).
    ///
    /// Linux: 1 to 32767000, rounded up to whole seconds; for other systems see ka::Config::idle.
    /// No effect while \ref detectWithin is set.
    Q_PROPERTY(int idle READ idle WRITE setIdle NOTIFY idleChanged FINAL)

    /// Time between unanswered probes, in ms (`TCP_KEEPINTVL`; tcp(7)). Default: 0, the system's
    /// value stays (Linux: 75 s).
    ///
    /// Linux: 1 to 32767000, rounded up to whole seconds; for other systems see
    /// ka::Config::interval. No effect while \ref detectWithin is set.
    Q_PROPERTY(int interval READ interval WRITE setInterval NOTIFY intervalChanged FINAL)

    /// Unanswered probes until the verdict (`TCP_KEEPCNT`; tcp(7)). Default: 0, the system's value
    /// stays (Linux: 9).
    ///
    /// Linux: 1 to 127; for other systems see ka::Config::count. No effect while \ref detectWithin
    /// is set.
    Q_PROPERTY(int count READ count WRITE setCount NOTIFY countChanged FINAL)

    /// How long sent data may stay unacknowledged, in ms (`TCP_USER_TIMEOUT`; RFC 5482, tcp(7)).
    /// Default: −1, the system's value stays; 0 is the system's own rule.
    ///
    /// Not needed for the verdict. **It also ends a connection whose live peer merely stops reading
    /// for that long**, and on Linux it replaces the count. Linux: up to 2147483647; for other
    /// systems see ka::Config::userTimeout.
    Q_PROPERTY(
            int userTimeout READ userTimeout WRITE setUserTimeout NOTIFY userTimeoutChanged FINAL)

    /// The time within which a loss is known, in ms, counted from the peer's last sign of life.
    /// Replaces \ref idle, \ref interval and \ref count. Default: 0, which is off.
    ///
    /// Linux: 2000 to 65534000, rounded down to whole seconds; ka::Config::detectWithin() says how
    /// the time is divided. It must exceed idle (about half of it) and two round trips, or
    /// \ref errorString warns. For shorter deadlines use the heart-beat.
    Q_PROPERTY(int detectWithin READ detectWithin WRITE setDetectWithin NOTIFY detectWithinChanged
                       FINAL)

    /// Time between two beats of the application's own heart-beat, in ms, 1 to 2147483647. Default:
    /// 0, no heart-beat. Works on every system.
    ///
    /// Any byte from the peer is an answer, even one that is not read yet. Acknowledgements of the
    /// peer's kernel are none. One beat is under way at a time, unsent or unanswered. The peer owes
    /// the answer from the moment at which the beat has left this host, whatever else is written.
    /// If this program did not run (a blocked event loop, SIGSTOP, a machine asleep), no beat
    /// counts as missed: the peer gets time to answer first.
    Q_PROPERTY(int heartbeatInterval READ heartbeatInterval WRITE setHeartbeatInterval NOTIFY
                       heartbeatIntervalChanged FINAL)

    /// Silence of the peer's program until ka::LossReason::HeartbeatMissed, in ms. Counted from the
    /// peer's last byte, or from the start of the heart-beat if that is later. Must be longer than
    /// \ref heartbeatInterval. Default: 0, twice the interval.
    ///
    /// Set the two in any order: a value that does not fit yet is refused, and applied when you set
    /// the other one. A program that hangs is found within this time plus one interval.
    Q_PROPERTY(int heartbeatTimeout READ heartbeatTimeout WRITE setHeartbeatTimeout NOTIFY
                       heartbeatTimeoutChanged FINAL)

    /// Written at each beat, up to 64 KiB. Default: empty; then write your protocol's own ping on
    /// heartbeatDue().
    ///
    /// Refused if the socket belongs to another object (QWebSocket), because raw bytes would break
    /// its framing. A payload that was set before such a socket is not written. A QLocalSocket
    /// takes it.
    Q_PROPERTY(QByteArray heartbeatPayload READ heartbeatPayload WRITE setHeartbeatPayload NOTIFY
                       heartbeatPayloadChanged FINAL)

    /// Whether the socket is aborted if the guard knows of the loss first. Default: true.
    ///
    /// The socket then emits QAbstractSocket::errorOccurred() with
    /// QAbstractSocket::SocketTimeoutError, as for a loss that Qt finds. Its errorString() is the
    /// `detail` of connectionLost(). Queued data is dropped, and never reaches the peer later
    /// (`SO_LINGER` 0).
    ///
    /// After a FIN the socket is never aborted: data that came before the FIN stays readable. With
    /// false, a slot of connectionLost() must call QAbstractSocket::abort() itself.
    Q_PROPERTY(
            bool abortOnLoss READ abortOnLoss WRITE setAbortOnLoss NOTIFY abortOnLossChanged FINAL)

    /// The state of the guarded connection. Default: ka::State::Detached.
    Q_PROPERTY(ka::State state READ state NOTIFY stateChanged FINAL)

    /// Why the last connection was lost, until the next connect. Default: ka::LossReason::NoLoss.
    Q_PROPERTY(ka::LossReason lossReason READ lossReason NOTIFY lossReasonChanged FINAL)

    /// The last refusal, with option, value and range, or a warning. A refusal stays until that
    /// property is set well, a warning until the next connect or another deadline. Then the one
    /// before it is shown, if that is still wrong. Default: empty. docs/guides/reasons.md says what
    /// each means and what to do.
    Q_PROPERTY(QString errorString READ errorString NOTIFY errorStringChanged FINAL)

    /// The worst case from the last sign of life to the verdict, in ms, as in force now. −1, the
    /// default, while none is. If the kernel decides (\ref capabilities), the verdict may come up
    /// to an eighth later.
    Q_PROPERTY(int detectionTime READ detectionTime NOTIFY detectionTimeChanged FINAL)

    /// Time since the peer was last heard, in ms, read from the kernel now (Linux: `TCP_INFO`). −1,
    /// the default, while not connected or if the system does not tell.
    Q_PROPERTY(int silence READ silence NOTIFY silenceChanged FINAL)

    /// Unanswered probes, of keepalive or of a closed window, read from the kernel now (Linux:
    /// `TCP_INFO`). −1, the default, while not connected or if the system does not tell. A healthy
    /// connection shows one for about a round trip.
    Q_PROPERTY(int unansweredProbes READ unansweredProbes NOTIFY unansweredProbesChanged FINAL)

    /// The smoothed round-trip time, in ms, read from the kernel now (Linux: `TCP_INFO`). −1, the
    /// default, while not connected or if the system does not tell.
    Q_PROPERTY(int roundTripTime READ roundTripTime NOTIFY roundTripTimeChanged FINAL)

    /// ka::capabilities() for QML: what this system can do, under the same names. A range is a map
    /// of `min`, `max` and `step`; times are in ms. What the system lacks is undefined.
    ///
    /// While connected it describes this connection. Behind a SOCKS proxy, and in a sandbox that
    /// forbids TCP_INFO, `deadline`, `earlyWarning`, `lossReason` and `probesCounter` are false.
    Q_PROPERTY(QVariantMap capabilities READ capabilities NOTIFY capabilitiesChanged FINAL)

public:
    /// ka::State, as an enum of the class.
    using State = ka::State;
    /// ka::LossReason, likewise.
    using LossReason = ka::LossReason;

    /// A guard that is deleted with its parent. Guards the parent if that is a socket, a QWebSocket or
    /// a QLocalSocket; see \ref socket.
    explicit KeepAlive(QObject *parent = nullptr);
    /// Lets go of the connection, which stays open.
    ~KeepAlive() override;

    /// \name Accessors
    /// \{

    /// \details Getter or setter of the property of that name. For the guard's thread. A time can also
    /// be given as `6s` or `500ms` (std::chrono).
    QObject *socket() const;
    void setSocket(QObject *object);
    bool enabled() const;
    void setEnabled(bool enabled);
    int idle() const;
    void setIdle(int milliseconds);
    void setIdle(std::chrono::milliseconds time);
    int interval() const;
    void setInterval(int milliseconds);
    void setInterval(std::chrono::milliseconds time);
    int count() const;
    void setCount(int count);
    int userTimeout() const;
    void setUserTimeout(int milliseconds);
    void setUserTimeout(std::chrono::milliseconds time);
    int detectWithin() const;
    void setDetectWithin(int milliseconds);
    void setDetectWithin(std::chrono::milliseconds time);
    int heartbeatInterval() const;
    void setHeartbeatInterval(int milliseconds);
    void setHeartbeatInterval(std::chrono::milliseconds time);
    int heartbeatTimeout() const;
    void setHeartbeatTimeout(int milliseconds);
    void setHeartbeatTimeout(std::chrono::milliseconds time);
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

    /// Why the peer was given up, or is suspected: what the guard has seen since the first doubt, as
    /// text of at most 8 KiB. `qka replay FILE` shows it step by step, and runs it through the same guard
    /// once more.
    ///
    /// It is there with each loss, in a slot of connectionLost() and until the next connect. While all
    /// is well it is the present state of the guard, and without a connection it is empty. With the
    /// rule `qkeepalive.verdict=true` it is also in the log. It has times and counters of the
    /// connection, and neither data nor addresses. The form is the tool's own and may change.
    Q_INVOKABLE QString history() const;

Q_SIGNALS:
    /// An answer of the peer is overdue: by 300 ms, or by two round trips if that is longer.
    /// Precedes each loss that the guard finds by itself. Comes only if
    /// ka::Capabilities::earlyWarning holds, or from the heart-beat.
    void connectionSuspect();
    /// The peer was heard again.
    void connectionRecovered();
    /// The connection is gone, and this side did not ask for it. Exactly once for each lost
    /// connection, before the socket's own QAbstractSocket::disconnected(). `detail` is a sentence
    /// for a person.
    ///
    /// A slot may call QAbstractSocket::connectToHost(), delete the guard, or call
    /// QObject::deleteLater() on the socket. If the socket is still open, the slot must call
    /// QAbstractSocket::abort() first. It is still open with \ref abortOnLoss off, and after a FIN
    /// that the guard found.
    void connectionLost(ka::LossReason reason, const QString &detail);
    /// A beat is due and \ref heartbeatPayload is empty: write your protocol's own ping now.
    /// Anything that the peer sends is an answer.
    void heartbeatDue();
    /// Something was refused: a value, an object that is no socket, or an option by the system. Or
    /// a warning: the deadline cannot be kept on this path or system. `message` names option, value
    /// and range, and is also in \ref errorString.
    ///
    /// In QML it comes when the object is complete, for everything that is still wrong then. So
    /// `onApplyFailed` hears it, and the log names file and line. That another guard has the socket
    /// is reported only if it still does a second later, because Loader, StackView and Instantiator
    /// make the next object before they delete the old one.
    void applyFailed(const QString &message);

    /// \name Changes
    /// \{

    /// \details The property of that name has another value. The live values (silence,
    /// unansweredProbes, roundTripTime) change ten times a second at most. They cost a timer only
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

protected:
    /// For the live values, which are looked for while somebody wants them.
    void connectNotify(const QMetaMethod &signal) override;

private:
    Q_DISABLE_COPY(KeepAlive)
    friend class detail::SocketGuard;

    /// Its child. Holds what is decided in Rust.
    detail::GuardObject *const d;
};

} // namespace ka
