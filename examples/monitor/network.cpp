// SPDX-License-Identifier: MIT OR Apache-2.0
#include "network.h"

#include <netlab.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QFileInfo>
#include <QtCore/QTimer>

namespace {

bool entered = false;
QString refusal;

/// A way that takes as long as one through a town, if this user may make it; a cable between two
/// namespaces has no round trip to speak of.
NetLab::Plan plan()
{
    NetLab::Plan plan;
    if (QFileInfo(QStringLiteral("/dev/net/tun")).isWritable()) {
        plan.way = NetLab::Way::Long;
        plan.delay = 12;
        plan.jitter = 16;
    }
    return plan;
}

} // namespace

void Network::enter()
{
    entered = true;
    refusal = NetLab::enter();
}

Network::Network(QObject *parent)
    : QObject(parent)
    , m_trouble(refusal)
{
    // After the window has been shown: it takes a moment.
    if (entered && refusal.isEmpty())
        QTimer::singleShot(50, this, &Network::start);
}

Network::~Network() = default;

bool Network::isWanted() const
{
    return entered;
}

QString Network::host() const
{
    return m_lab ? m_lab->serverAddress() : QString();
}

int Network::port() const
{
    return m_lab ? m_lab->serverPort() : 0;
}

void Network::start()
{
    m_lab = std::make_unique<NetLab>();
    QString trouble = m_lab->start(plan());
    if (trouble.isEmpty()) {
        m_lab->echo();
        trouble = m_lab->trouble();
    }
    setTrouble(trouble);
    if (!trouble.isEmpty())
        return;
    m_ready = true;
    emit readyChanged();
}

void Network::cutCable()
{
    m_lab->cut();
    setCut(true);
}

void Network::mendCable()
{
    m_lab->heal();
    setCut(false);
}

void Network::startDemo()
{
    QCoreApplication::exit(startAgain);
}

void Network::setCut(bool cut)
{
    setTrouble(m_lab->trouble());
    if (cut == m_cut)
        return;
    m_cut = cut;
    emit cutChanged();
}

void Network::setTrouble(const QString &trouble)
{
    if (trouble == m_trouble)
        return;
    m_trouble = trouble;
    emit troubleChanged();
}
