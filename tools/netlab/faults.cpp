// SPDX-License-Identifier: MIT OR Apache-2.0
#include "faults.h"

namespace {

/// The router says no to what goes to the far host, and lets nothing of it through.
void reject(NetLab &lab, const char *ipv4, const char *ipv6)
{
    const QString rule = lab.tables() + QStringLiteral(" -A FORWARD ");
    lab.middle().run(rule + QStringLiteral("-i near -p tcp -j REJECT --reject-with ")
                     + QLatin1String(lab.isIpv6() ? ipv6 : ipv4));
    lab.middle().run(rule + QStringLiteral("-j DROP"));
}

void drop(Host &host, NetLab &lab)
{
    host.run(lab.tables() + QStringLiteral(" -I INPUT -j DROP"));
}

void removeAddress(Host &host, const QString &address)
{
    host.ip({QStringLiteral("addr del %1/%2 dev cable")
                     .arg(address, address.contains(QLatin1Char(':')) ? QStringLiteral("64")
                                                                      : QStringLiteral("24"))});
}

void route(NetLab &lab, const char *kind)
{
    const bool ipv6 = lab.isIpv6();
    lab.near().ip({QStringLiteral("route add %1 %2/%3")
                           .arg(QLatin1String(kind), lab.serverAddress(),
                                ipv6 ? QStringLiteral("128") : QStringLiteral("32"))});
}

void silenceNeighbours(NetLab &lab)
{
    if (lab.isIpv6()) {
        // Neighbour discovery is ICMP, and goes on whatever the interface's flags say.
        for (const char *chain : {"INPUT", "OUTPUT"}) {
            for (const char *type : {"neighbour-solicitation", "neighbour-advertisement"}) {
                lab.far().run(QStringLiteral("ip6tables -I %1 -p icmpv6 --icmpv6-type %2 -j DROP")
                                      .arg(QLatin1String(chain), QLatin1String(type)));
            }
        }
    } else {
        lab.far().ip({QStringLiteral("link set cable arp off")});
    }
    lab.near().ip({QStringLiteral("neigh flush dev cable")});
}

} // namespace

NetLab::Way wayFor(Fault fault)
{
    switch (fault) {
    case Fault::RouteRemoved:
    case Fault::IcmpHost:
    case Fault::IcmpNet:
    case Fault::IcmpPort:
    case Fault::MiddleDrop:
    case Fault::MiddleRst:
    case Fault::ConntrackDropped:
    case Fault::ConntrackForwarded:
        return NetLab::Way::Router;
    default:
        return NetLab::Way::Cable;
    }
}

void prepare(Fault fault, NetLab &lab)
{
    if (fault != Fault::ConntrackDropped && fault != Fault::ConntrackForwarded)
        return;
    Host &middle = lab.middle();
    if (fault == Fault::ConntrackForwarded)
        middle.run(lab.tables() + QStringLiteral(" -t nat -A POSTROUTING -o far -j MASQUERADE"));
    // The first rule that asks for the state of a connection switches the tracking on.
    middle.run(lab.tables()
               + QStringLiteral(" -A FORWARD -m conntrack --ctstate INVALID -j %1")
                         .arg(fault == Fault::ConntrackDropped ? QStringLiteral("DROP")
                                                               : QStringLiteral("ACCEPT")));
    // A packet from the middle of an unknown connection does not make it known again.
    middle.set(QStringLiteral("netfilter/nf_conntrack_tcp_loose"), QStringLiteral("0"));
}

void make(Fault fault, NetLab &lab)
{
    switch (fault) {
    case Fault::DropBoth:
        return lab.cut();
    case Fault::DropToFar:
        return drop(lab.far(), lab);
    case Fault::DropToNear:
        return drop(lab.near(), lab);
    case Fault::NoArp:
        return silenceNeighbours(lab);
    case Fault::NearLinkDown:
        return lab.near().ip({QStringLiteral("link set cable down")});
    case Fault::FarLinkDown:
        return lab.far().ip({QStringLiteral("link set cable down")});
    case Fault::NearAddressRemoved:
        return removeAddress(lab.near(), lab.clientAddress());
    case Fault::FarAddressRemoved:
        return removeAddress(lab.far(), lab.serverAddress());
    case Fault::RouteRemoved:
        return lab.near().ip({QStringLiteral("route del %1").arg(lab.serverNetwork())});
    case Fault::RouteBlackhole:
        return route(lab, "blackhole");
    case Fault::RouteUnreachable:
        return route(lab, "unreachable");
    case Fault::IcmpHost:
        return reject(lab, "icmp-host-unreachable", "icmp6-addr-unreachable");
    case Fault::IcmpNet:
        return reject(lab, "icmp-net-unreachable", "icmp6-no-route");
    case Fault::IcmpPort:
        return reject(lab, "icmp-port-unreachable", "icmp6-port-unreachable");
    case Fault::MiddleRst:
        return reject(lab, "tcp-reset", "tcp-reset");
    case Fault::MiddleDrop:
        return lab.middle().run(lab.tables() + QStringLiteral(" -I FORWARD -j DROP"));
    case Fault::ConntrackDropped:
    case Fault::ConntrackForwarded:
        return forgetConnections(lab);
    case Fault::Fin:
        return lab.finish();
    case Fault::HalfClose:
        return lab.halfClose();
    case Fault::Rst:
        return lab.reset();
    case Fault::Killed:
    case Fault::KilledUnread:
        return lab.killProgram();
    case Fault::Reboot:
        // The far kernel forgets, its RST gets lost, and then it is back.
        lab.cut();
        lab.reset();
        return lab.heal();
    }
}

void loseAtRandom(NetLab &lab, double probability)
{
    for (Host *host : {&lab.near(), &lab.far()}) {
        host->run(lab.tables()
                  + QStringLiteral(" -A INPUT -m statistic --mode random --probability %1 -j DROP")
                            .arg(probability));
    }
}

void forgetConnections(NetLab &lab)
{
    lab.runOwn(lab.middle(), QStringLiteral("--netlab-forget"));
}
