// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "netlab.h"

/// What can go wrong on the way to a peer, and with the peer itself.
enum class Fault {
    // The network stays silent.
    DropBoth,
    DropToFar,
    DropToNear,
    NoArp, ///< nobody answers for the address of the next hop (ARP, neighbour discovery)
    NearLinkDown,
    FarLinkDown,
    NearAddressRemoved,
    FarAddressRemoved,
    // This host knows of no way any more.
    RouteRemoved,
    RouteBlackhole,
    RouteUnreachable,
    // A router interferes.
    IcmpHost,
    IcmpNet,
    IcmpPort,
    MiddleDrop,
    MiddleRst,
    ConntrackDropped, ///< a firewall has forgotten the connection and drops what it does not know
    ConntrackForwarded, ///< an address translator has, and passes on untranslated what is unknown
    // The peer ends.
    Fin,
    HalfClose,
    Rst,
    Killed,
    KilledUnread, ///< the program must have been stopped and sent something before
    Reboot,
};

/// The way that a fault wants between the hosts.
NetLab::Way wayFor(Fault fault);

/// What a fault needs before there is a connection.
void prepare(Fault fault, NetLab &lab);

/// Makes it.
void make(Fault fault, NetLab &lab);

/// Drops packets at random, in both directions.
void loseAtRandom(NetLab &lab, double probability);

/// The connection tracking of the router forgets all connections, which it has known because of
/// prepare().
void forgetConnections(NetLab &lab);
