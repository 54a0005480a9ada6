// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <QtCore/QObject>
#include <QtQml/qqmlregistration.h>

#include <memory>

class NetLab;

/// The demo's own network: this program on one host, a server on another, and a cable between them
/// that can really be cut. Both are network namespaces, which vanish with the program.
class Network : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(bool wanted READ isWanted CONSTANT)
    Q_PROPERTY(bool ready READ isReady NOTIFY readyChanged)
    Q_PROPERTY(bool cut READ isCut NOTIFY cutChanged)
    Q_PROPERTY(QString trouble READ trouble NOTIFY troubleChanged)
    Q_PROPERTY(QString host READ host NOTIFY readyChanged)
    Q_PROPERTY(int port READ port NOTIFY readyChanged)

public:
    /// What the program exits with where it is to be started again, as a demo.
    static constexpr int startAgain = 64;

    /// Moves the program into a network namespace of its own. Call it in main() before there is a
    /// second thread. What speaks against it is told by trouble().
    static void enter();

    explicit Network(QObject *parent = nullptr);
    ~Network() override;

    /// Whether this is the demo.
    bool isWanted() const;
    /// Whether the far host is there.
    bool isReady() const { return m_ready; }
    bool isCut() const { return m_cut; }
    /// Why there is no demo, in words.
    QString trouble() const { return m_trouble; }
    QString host() const;
    int port() const;

    Q_INVOKABLE void cutCable();
    Q_INVOKABLE void mendCable();
    /// Starts the program again as a demo: it cannot leave its network while it has threads.
    Q_INVOKABLE void startDemo();

signals:
    void readyChanged();
    void cutChanged();
    void troubleChanged();

private:
    void start();
    void setCut(bool cut);
    void setTrouble(const QString &trouble);

    std::unique_ptr<NetLab> m_lab;
    QString m_trouble;
    bool m_ready = false;
    bool m_cut = false;
};
