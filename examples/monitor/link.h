// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>
#include <QtQml/qqmlregistration.h>

/// The connection that is monitored. It knows nothing of the guard: QML gives its socket to one.
class Link : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QObject *socket READ socket CONSTANT)
    Q_PROPERTY(Phase phase READ phase NOTIFY phaseChanged)
    Q_PROPERTY(QString peer READ peer NOTIFY peerChanged)
    Q_PROPERTY(QString problem READ problem NOTIFY problemChanged)
    Q_PROPERTY(bool talking READ isTalking WRITE setTalking NOTIFY talkingChanged)

public:
    enum Phase { Apart, Connecting, Connected };
    Q_ENUM(Phase)

    explicit Link(QObject *parent = nullptr);

    QObject *socket() { return &m_socket; }
    Phase phase() const { return m_phase; }
    /// Host and port of the last open(), as a person writes them.
    QString peer() const;
    /// Why the last open() did not connect, in words; empty if it did.
    QString problem() const { return m_problem; }
    /// Whether a line is sent each second, for a server that bears it.
    bool isTalking() const { return m_talking; }
    void setTalking(bool talking);

    /// Connects. The port is what somebody typed.
    Q_INVOKABLE void open(const QString &host, const QString &port);
    /// Connects to where it was connected last.
    Q_INVOKABLE void reopen() { open(m_host, m_port); }
    Q_INVOKABLE void close();

signals:
    void phaseChanged();
    void peerChanged();
    void problemChanged();
    void talkingChanged();
    void opening();
    void opened();
    /// This side has closed.
    void closed();
    /// The connection did not come about; problem() says why.
    void failed();

private:
    void follow(QAbstractSocket::SocketState state);
    void fail(const QString &problem);
    void setProblem(const QString &problem);

    QTcpSocket m_socket;
    QTimer m_talk;
    QString m_host;
    QString m_port;
    QString m_problem;
    Phase m_phase = Apart;
    bool m_tries = false; ///< to connect; Qt says that it has failed after it says where it stands
    bool m_talking = false;
};
