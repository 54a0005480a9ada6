// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "options.h"
#include "plan.h"
#include "record.h"
#include "stage.h"

#include <ka/keepalive.h>

#include <QtCore/QPointer>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

#include <memory>

/// Lives a plan: a program with one guarded connection, made again when it is lost.
class Life : public QObject
{
    Q_OBJECT

public:
    explicit Life(const Plan &plan);
    ~Life() override;

    /// Lives it. Returns what the laboratory could not do, or nothing.
    QString run();
    const Record &record() const { return m_record; }

private slots:
    // What the guard tells; connected by name.
    void suspect() { note(Stamp::Suspect); }
    void recovered() { note(Stamp::Recovered); }

private:
    // The connection.
    void listen();
    void open();
    void makeSocket();
    void watch(QTcpSocket *socket);
    void adopt();
    void disconnected();

    // The guard.
    void makeGuard();
    void watch(ka::KeepAlive *guard);
    void apply(ka::KeepAlive &guard) const;
    void letGo(bool forGood);
    void comeBack();
    void find();

    // What happens.
    void begin();
    void happen(const Plan::Event &event);
    void happenToPeer(const Plan::Event &event);
    void happenToPath(const Plan::Event &event);
    void heal();
    void set(const Plan::Event &event);
    void drag(int from, int to);
    void write();
    void block(int milliseconds);
    void close();

    // The record.
    void look();
    void note(Stamp::Kind kind, const QString &text = {});
    void noteSettings(Stamp::Kind kind);

    Plan m_plan;
    Clock m_clock;
    Stage m_stage{m_clock};
    Record m_record;
    qint64 m_lastLook = 0;
    qint64 m_lastCall = 0;
    QTimer m_looks;
    QTimer m_opens;
    QTimer m_writer;
    int m_bytes = 0;
    int m_times = 0;
    QTcpServer m_server;
    QPointer<QTcpSocket> m_socket;
    QPointer<ka::KeepAlive> m_guard;
    bool m_connected = false;
    bool m_closing = false;
    bool m_wantsGuard = true;
    bool m_began = false;
    Settings m_wanted;
    SocketOptions m_found;
    SocketOptions m_foundOnAccepted;
    /// What the last guard of this connection has left.
    SocketOptions m_left;
};
