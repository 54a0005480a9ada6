// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/enums.h>
#include <ka/export.h>

#include <QtCore/qbasictimer.h>
#include <QtCore/qbytearray.h>
#include <QtCore/qobject.h>
#include <QtCore/qstring.h>
#include <QtCore/qvariant.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>

QT_BEGIN_NAMESPACE
class QAbstractSocket;
QT_END_NAMESPACE

namespace ka::detail {

class SocketOwner;
class SocketWitness;
class Waiting;
struct Tie;

/// What is worth a signal, as bits of publish().
enum class Change : std::uint32_t {
    Socket = 1,
    Enabled = 2,
    Idle = 4,
    Interval = 8,
    Count = 16,
    UserTimeout = 32,
    DetectWithin = 64,
    State = 128,
    LossReason = 256,
    ErrorString = 512,
    DetectionTime = 1024,
    HeartbeatInterval = 1 << 11,
    HeartbeatTimeout = 1 << 12,
    HeartbeatPayload = 1 << 13,
    AbortOnLoss = 1 << 14,
    Silence = 1 << 15,
    UnansweredProbes = 1 << 16,
    RoundTripTime = 1 << 17,
    // What is no property.
    Suspected = 1 << 18,
    Recovered = 1 << 19,
    BeatDue = 1 << 20,
    MustAbort = 1 << 21,
    Capabilities = 1 << 22,
};

/// The class of what Qt reported on a connection.
enum class SocketError : std::int32_t {
    None = 0,
    ClosedByPeer = 1,
    TimedOut = 2,
    Unreachable = 3,
    Other = 4,
};

/// Stands for the descriptor of a connection that has none which is its own beyond doubt. Such a
/// connection is guarded without the kernel's help. −1 is no connection.
inline constexpr std::int64_t noDescriptor = -2;

/// The base of ka::KeepAlive: holds the pointer to the socket, hears its signals, and emits every
/// signal of the guard. It decides nothing; what it hears goes to the pure virtual functions, which
/// are implemented in Rust, and what is decided there comes back through publish().
///
/// Use ka::KeepAlive, not this class.
class KA_EXPORT SocketTap : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QObject *socket READ socket WRITE setSocket NOTIFY socketChanged FINAL)
    // Here and not with the others, because only here moc sees what kind of type they have.
    Q_PROPERTY(ka::State state READ state NOTIFY stateChanged FINAL)
    Q_PROPERTY(ka::LossReason lossReason READ lossReason NOTIFY lossReasonChanged FINAL)
    Q_PROPERTY(QVariantMap capabilities READ capabilities NOTIFY capabilitiesChanged FINAL)

public:
    using State = ka::State;
    using LossReason = ka::LossReason;

    explicit SocketTap(QObject *parent = nullptr);
    ~SocketTap() override;

    /// What is guarded: a QTcpSocket or QSslSocket, or an object that owns one as a direct child,
    /// such as a QWebSocket; null for none. A parent given to the constructor is taken at once if it
    /// is a socket, a QWebSocket or a QLocalSocket.
    QObject *socket() const;
    /// Of an owner the newest socket is guarded, and each that it makes later in its turn. It frames
    /// what is sent, so heartbeatPayload is not written; only a QLocalSocket does not.
    ///
    /// A connection whose descriptor is not to be had, such as one through a SOCKS5 proxy or of a
    /// QLocalSocket, has the heart-beat.
    ///
    /// Refused, with errorString and applyFailed(): what neither is nor owns a TCP socket of Qt, a
    /// socket of another thread, and one that another guard has. The socket before is left as it is.
    /// The last of these is taken as soon as the other guard lets go, unless this one was given
    /// something else meanwhile; several guards that wait have it in turn, the latest first. Where the
    /// other one waits for the socket of this one, this one lets go of it, and they exchange them.
    void setSocket(QObject *object);

    /// ka::capabilities() for QML: what this system can do, under the same names. A range is a map of
    /// `min`, `max` and `step`, in milliseconds where it is of times; what the system lacks is
    /// undefined.
    QVariantMap capabilities() const;

    /// Where the guarded connection stands.
    virtual ka::State state() const = 0;
    /// Of the last loss, until the next connect.
    virtual ka::LossReason lossReason() const = 0;
    /// Written at each beat.
    virtual QByteArray heartbeatPayload() const = 0;

Q_SIGNALS:
    void socketChanged();
    void enabledChanged();
    void idleChanged();
    void intervalChanged();
    void countChanged();
    void userTimeoutChanged();
    void detectWithinChanged();
    void stateChanged();
    void lossReasonChanged();
    void errorStringChanged();
    void detectionTimeChanged();
    void heartbeatIntervalChanged();
    void heartbeatTimeoutChanged();
    void heartbeatPayloadChanged();
    void abortOnLossChanged();
    void capabilitiesChanged();
    /// While connected to something, ten times a second as long as the value changes.
    void silenceChanged();
    /// Likewise.
    void unansweredProbesChanged();
    /// Likewise.
    void roundTripTimeChanged();

    /// An answer of the peer is overdue: by 300 ms, or twice the round trip if that is longer. A
    /// loss that the guard finds by itself is preceded by this.
    void connectionSuspect();
    /// The peer was heard again.
    void connectionRecovered();
    /// A beat is due and heartbeatPayload is empty: write your protocol's own ping now. Anything that
    /// the peer sends is an answer.
    void heartbeatDue();
    /// The connection is gone, and this side did not ask for it. Exactly once for each connection
    /// lost, before the socket's own disconnected(). `detail` is a sentence for a person. A slot may
    /// call connectToHost(), delete the guard, or deleteLater() the socket. (Where the socket is
    /// left open, with abortOnLoss off or after a FIN, it has to abort() first.)
    void connectionLost(ka::LossReason reason, const QString &detail);
    /// Something was refused: a value, an object that is no socket, or an option by the system.
    /// `message` names option, value and range, and is errorString, too.
    void applyFailed(const QString &message);

protected:
    // To Rust. Each of these may publish, and a slot may then delete the guard: the caller touches
    // nothing of it afterwards.

    /// Another socket, or none, was set; `descriptor` is that of its connection, −1 for none. Here
    /// and below noDescriptor is a connection without one. With `inherits` it has the
    /// values of the socket that accepted it.
    virtual void socketReplaced(bool present, std::int64_t descriptor, bool inherits) = 0;
    /// The same owner has another socket, or none for now.
    virtual void socketRenewed(std::int64_t descriptor) = 0;
    /// The socket is connected.
    virtual void socketConnected(std::int64_t descriptor) = 0;
    /// It is time to look at the connection. `queued`: so many bytes Qt holds that are not in the
    /// kernel yet; −1 while the peer's program can be asked nothing, or could not be heard.
    virtual void socketLooked(std::int64_t descriptor, std::int64_t queued) = 0;
    /// A beat was written, or heartbeatDue() emitted, and what Qt could give to the kernel it has
    /// given; it still holds `queued` bytes.
    virtual void beatWritten(std::int64_t descriptor, std::int64_t queued) = 0;
    /// Data came in. Called only while hearReceived() has it so.
    virtual void socketReceived() = 0;
    /// Somebody displays silence, unansweredProbes or roundTripTime.
    virtual void displayed() = 0;
    /// Qt reported an error. `descriptor` is where the kernel's view can be read.
    virtual void socketFailed(ka::detail::SocketError error, std::int64_t descriptor) = 0;
    /// The socket begins to close.
    virtual void socketClosing(std::int64_t descriptor) = 0;
    /// The socket is no longer connected. `error` is what stands in it, `descriptor` the duplicate.
    virtual void socketDisconnected(ka::detail::SocketError error, std::int64_t descriptor) = 0;
    /// Something was refused here.
    virtual void refused(const QString &why) = 0;
    /// The socket that is there was set once more, or none where there is none.
    virtual void socketKept() = 0;
    /// Whether this was refused and is still wrong.
    virtual bool isRefused(const QString &why) const = 0;
    /// Whether the kernel tells nothing of the connection, although this system's kernel does.
    virtual bool isBlind() const = 0;

    // To a class that makes a guard of another kind of program, such as QML's.

    /// Whether to tell this refusal now, by applyFailed() and in the log. Otherwise it is in
    /// errorString alone.
    virtual bool tells(const QString &why);
    /// Writes a refusal that is told into the log.
    virtual void log(const QString &why) const;
    /// How long a socket may belong to another guard until this one tells that it was refused.
    virtual std::chrono::milliseconds patience() const;

    // From Rust.

    /// Guards the parent if it is a socket, or of a class that is known to own one.
    void adoptParent();
    /// Writes into the log what is not refused, and yet is hardly what was meant.
    void warn(const QString &words) const;
    /// Whether the socket belongs to another object that frames what is written.
    bool isOwned() const;
    /// Has socketLooked() called after this time, −1 for none in particular, and by so
    /// much later at most.
    void lookIn(std::int64_t milliseconds, std::int64_t lateness);
    /// Whether socketReceived() is called. Holds for the connection under guard; at first it is so
    /// where the kernel cannot tell that data came in.
    void hearReceived(bool hear);
    /// Keeps what was found on the socket until the guard lets go of it, and it is put back.
    void holdFound(std::int64_t enabled, std::int64_t idle, std::int64_t interval,
                   std::int64_t count, std::int64_t userTimeout, std::int64_t retransmitWithin);
    /// One of the numbers of what the socket had that accepted this one. For socketReplaced() with
    /// `inherits`.
    std::int64_t inherited(std::int32_t number) const;
    /// The descriptor of the guarded connection, −1 for none.
    std::int64_t descriptor() const;
    /// Closes the duplicate descriptor, so that nothing holds back the FIN.
    void dropWitness();
    /// Emits a signal for each bit of `changes`, applyFailed() if there is a `failure`, and
    /// connectionLost() unless `loss` is NoLoss; writes the beat that is due, or aborts the
    /// connection. Then `detail` is what the socket says of it as its error; empty, it says nothing.
    /// The last thing that a function of the guard does: a slot may have deleted it.
    void publish(std::uint32_t changes, ka::LossReason loss, const QString &detail,
                 const QString &failure);

    void connectNotify(const QMetaMethod &signal) override;
    bool event(QEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    friend class SocketWitness;
    friend class SocketOwner;
    friend class ServerGuard;
    friend class Waiting;

    SocketWitness *witness() const;
    std::int64_t tie(QAbstractSocket *socket);
    void part();
    void missSocket();
    void socketGone(const Tie *tie, const QString &why);
    void takeNewest();
    void ownerGone(SocketOwner *owner);
    void waitFor(QObject *object, QAbstractSocket *socket);
    bool isWaitedForBy(QAbstractSocket *socket) const;
    void stopWaiting();
    void tryAgain();
    void refuseAnothers();
    void beat(unsigned judged);
    void abort(unsigned judged, const QString &why);
    bool isDisplayed() const;
    void display();

    std::shared_ptr<Tie> m_tie;
    SocketOwner *m_owner = nullptr;
    Waiting *m_waiting = nullptr;
    QBasicTimer m_display;
    std::unique_ptr<std::array<std::int64_t, 6>> m_inherited; // while it is handed over
};

} // namespace ka::detail
