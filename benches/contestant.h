// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <ka/keepalive.h>

#include <QtNetwork/QTcpSocket>

#include <optional>

namespace bench {

/// One connection over a network that is about to fail, and the moment at which the program on it
/// is told so.
class Contestant : public QObject
{
public:
    enum Kind {
        QtAlone, ///< KeepAliveOption, and what the system makes of it
        Kernel, ///< the kernel's keepalive, with the values that ka::KeepAlive would set
        Library, ///< ka::KeepAlive
    };
    static constexpr Kind kinds[] = {QtAlone, Kernel, Library};
    static QString name(Kind kind);

    Contestant(Kind kind, int detectWithin);

    void connectTo(const QString &address, quint16 port) { m_socket.connectToHost(address, port); }
    bool isConnected() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    void write() { m_socket.write(QByteArray(500, 'x')); }
    /// Writes every so often from now on, as long as it is connected.
    void writeEvery(int milliseconds);

    Kind kind() const { return m_kind; }

    /// Asks the kernel when the peer was last heard; to be called once the network is silent.
    void noteLastSign();
    /// The same where the peer's last sign is the fault itself.
    void setLastSign(double moment) { m_lastSign = moment; }

    /// Whether the program has been told, whatever it was.
    bool told() const { return m_told.has_value(); }
    /// Milliseconds from the peer's last sign of life until the program was told.
    std::optional<double> verdictTime() const;
    ka::LossReason reason() const { return m_reason; }

private:
    void note();

    const Kind m_kind;
    QTcpSocket m_socket;
    ka::KeepAlive *m_guard = nullptr;
    std::optional<double> m_lastSign;
    std::optional<double> m_told;
    ka::LossReason m_reason = ka::LossReason::NoLoss;
};

} // namespace bench
