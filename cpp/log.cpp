// SPDX-License-Identifier: MIT OR Apache-2.0
#include "log.h"

#include <ka/keepalive.h>

#include "changes.h"

#include <QtCore/qdebug.h>
#include <QtCore/qmetaobject.h>
#include <QtNetwork/qabstractsocket.h>
#include <QtNetwork/qhostaddress.h>

namespace ka::detail {

Q_LOGGING_CATEGORY(refusals, "qkeepalive", QtWarningMsg)
Q_LOGGING_CATEGORY(verdicts, "qkeepalive.verdict", QtWarningMsg)

namespace {

/// By its name, if it has one. (The class of a guard that QML made has a name of QML's.)
QString nameOf(const KeepAlive *guard)
{
    const QString name = guard->objectName();
    return name.isEmpty() ? QStringLiteral("ka::KeepAlive")
                          : QStringLiteral("ka::KeepAlive \"%1\"").arg(name);
}

/// The peer's address and port; empty where they are not known. What a QLocalSocket has within makes
/// them up of its path.
QString peerOf(const QAbstractSocket *socket)
{
    if (!socket || socket->peerPort() == 0
        || (socket->parent() && socket->parent()->inherits("QLocalSocket")))
        return {};
    const QHostAddress address = socket->peerAddress();
    // A server for both families shows a peer of the older as one of the newer.
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4);
    QString host = socket->peerName();
    if (isIpv4)
        host = QHostAddress(ipv4).toString();
    else if (!address.isNull())
        host = QLatin1Char('[') + address.toString() + QLatin1Char(']');
    return QStringLiteral("%1:%2").arg(host).arg(socket->peerPort());
}

/// Not Qt's macros: they name this file and line, which tell nobody anything, and clang calls them an
/// extension.
QMessageLogger logger(const QLoggingCategory &category)
{
    return {nullptr, 0, nullptr, category.categoryName()};
}

QDebug plain(QDebug debug)
{
    return debug.noquote().nospace();
}

} // namespace

void logRefusal(const KeepAlive *guard, const QString &why)
{
    if (refusals().isWarningEnabled())
        plain(logger(refusals()).warning()) << nameOf(guard) << ": " << why;
}

void logLoss(const KeepAlive *guard, const QAbstractSocket *socket, ka::LossReason reason,
             const QString &detail)
{
    if (!verdicts().isWarningEnabled())
        return;
    const QString peer = peerOf(socket);
    plain(logger(verdicts()).warning())
            << nameOf(guard) << ": " << (peer.isEmpty() ? QStringLiteral("the connection") : peer)
            << " lost: " << QMetaEnum::fromType<ka::LossReason>().valueToKey(int(reason)) << ": "
            << detail;
}

void logHistory(const KeepAlive *guard)
{
    if (verdicts().isDebugEnabled())
        plain(logger(verdicts()).debug()) << nameOf(guard) << ": " << guard->history();
}

void logChanges(const KeepAlive *guard, Changes changes)
{
    if (!verdicts().isInfoEnabled() && !verdicts().isDebugEnabled())
        return;
    if (changes.has(Change::Socket) && verdicts().isDebugEnabled()) {
        const QObject *socket = guard->socket();
        plain(logger(verdicts()).debug())
                << nameOf(guard) << ": guards "
                << (socket ? socket->metaObject()->className() : "nothing");
    }
    if (changes.has(Property::State) && verdicts().isDebugEnabled()) {
        plain(logger(verdicts()).debug())
                << nameOf(guard) << ": "
                << QMetaEnum::fromType<ka::State>().valueToKey(int(guard->state()));
    }
    if (changes.has(Change::Suspected) && verdicts().isInfoEnabled())
        plain(logger(verdicts()).info()) << nameOf(guard) << ": an answer of the peer is overdue";
    if (changes.has(Change::Recovered) && verdicts().isInfoEnabled())
        plain(logger(verdicts()).info()) << nameOf(guard) << ": the peer was heard again";
}

} // namespace ka::detail
