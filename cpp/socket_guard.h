// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/enums.h>

#include <QtCore/qbasictimer.h>
#include <QtCore/qbytearray.h>
#include <QtCore/qmetaobject.h>
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

namespace ka {
class KeepAlive;
}

namespace ka::detail {

class Changes;
class RefusalTeller;
class SocketOwner;
class SocketWitness;
class Waiting;
struct Tie;

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

/// What stands behind ka::KeepAlive: holds the pointer to the socket, hears its signals, and has the
/// class in front emit its own. It decides nothing; what it hears goes to the pure virtual functions,
/// which are implemented in Rust, and what is decided there comes back through publish().
class SocketGuard : public QObject
{
    Q_OBJECT

public:
    /// `face` is a ka::KeepAlive, and still under construction.
    explicit SocketGuard(QObject *face);
    ~SocketGuard() override;

    /// What is behind this guard.
    static SocketGuard *of(const KeepAlive *face);
    /// What is in front of it: its parent.
    KeepAlive *face() const;

    /// Guards the face's parent if it is a socket, or of a class that is known to own one.
    void adoptParent();
    QObject *socket() const;
    void setSocket(QObject *object);
    QVariantMap capabilities() const;
    /// Written at each beat.
    virtual QByteArray heartbeatPayload() const = 0;
    /// What led to the loss.
    virtual QString history() const = 0;
    /// Somebody may want a value that changes all the time. For any thread.
    void displaySoon(const QMetaMethod &signal);
    void setTeller(RefusalTeller *teller) { rare().teller = teller; }
    /// Whether this was refused and is still wrong.
    virtual bool isRefused(const QString &why) const = 0;

    /// Emits a signal for each bit of `bits`, which are Changes, applyFailed() if there is a `failure`, and
    /// connectionLost() unless `loss` is NoLoss; writes the beat that is due, or aborts the
    /// connection. Then `detail` is what the socket says of it as its error; empty, it says nothing.
    /// The last thing that a function of the guard does: a slot may have deleted it.
    void publish(std::uint32_t bits, ka::LossReason loss, const QString &detail,
                 const QString &failure);

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
    /// Whether the kernel tells nothing of the connection, although this system's kernel does.
    virtual bool isBlind() const = 0;

    // From Rust.

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
    bool tells(const QString &why) const;
    void log(const QString &why) const;
    std::chrono::milliseconds patience() const;
    bool isDisplayed() const;
    void display();

    /// What few guards have.
    struct Rare
    {
        RefusalTeller *teller = nullptr;
        Waiting *waiting = nullptr;
        std::unique_ptr<std::array<std::int64_t, 6>> inherited; // while it is handed over
    };
    Rare &rare();
    Waiting *waiting() const { return m_rare ? m_rare->waiting : nullptr; }
    RefusalTeller *teller() const { return m_rare ? m_rare->teller : nullptr; }

    std::shared_ptr<Tie> m_tie;
    SocketOwner *m_owner = nullptr;
    std::unique_ptr<Rare> m_rare;
    QBasicTimer m_display;
};

/// Has the face of this guard emit the signal of each property in `changes`, and the two of the early
/// warning. Returns false when a slot has deleted both.
bool emitChanges(SocketGuard *guard, Changes changes);

} // namespace ka::detail
