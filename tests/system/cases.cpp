// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cases.h"

namespace {

using ka::LossReason;
using Reasons = QList<LossReason>;

constexpr bool IPv4 = false;
constexpr bool IPv6 = true;
constexpr bool TCP = false;
constexpr bool TLS = true;

} // namespace

// Not there: a peer that closes, or is killed, in good order although it has not read everything
// (queue-full). Its kernel sends a RST then, which is killed-unread and rst.
//
// clang-format off
const QList<Case> &cases()
{
    const Reasons probes{LossReason::ProbesUnanswered};
    // With IPv6 the kernel keeps the error of a missing route for the connection, also for probes,
    // and its own verdict is due at about the same time as the library's.
    const Reasons probesOrUnreachable{LossReason::ProbesUnanswered, LossReason::NetworkUnreachable};
    const Reasons data{LossReason::DataUnacknowledged};
    // The kernel has been told by ICMP, by ARP or by its own routes, and keeps that to itself
    // until it gives up: whether it is known at the deadline depends on its timers.
    const Reasons dataOrUnreachable{LossReason::DataUnacknowledged, LossReason::NetworkUnreachable};
    const Reasons closed{LossReason::PeerClosed};
    const Reasons reset{LossReason::PeerReset};
    // What this side sends after the peer's FIN is answered by a RST: a race between the two.
    const Reasons closedOrReset{LossReason::PeerClosed, LossReason::PeerReset};

    static const QList<Case> all{
        {"drop-both.idle.ipv4.tcp",                      Fault::DropBoth, Traffic::Idle, IPv4, TCP, probes, Window::Exact},
        {"drop-both.in-flight.ipv6.tls",                 Fault::DropBoth, Traffic::InFlight, IPv6, TLS, data, Window::Exact},
        {"drop-both.queue-full.ipv4.tls",                Fault::DropBoth, Traffic::QueueFull, IPv4, TLS, data, Window::Deadline},
        {"drop-both.buffer-full.ipv6.tcp",               Fault::DropBoth, Traffic::BufferFull, IPv6, TCP, probes, Window::Deadline},

        {"drop-to-far.idle.ipv6.tls",                    Fault::DropToFar, Traffic::Idle, IPv6, TLS, probes, Window::Exact},
        {"drop-to-far.in-flight.ipv4.tls",               Fault::DropToFar, Traffic::InFlight, IPv4, TLS, data, Window::Exact},
        {"drop-to-far.queue-full.ipv6.tcp",              Fault::DropToFar, Traffic::QueueFull, IPv6, TCP, data, Window::Deadline},
        {"drop-to-far.buffer-full.ipv4.tcp",             Fault::DropToFar, Traffic::BufferFull, IPv4, TCP, probes, Window::Deadline},

        {"drop-to-near.idle.ipv4.tls",                   Fault::DropToNear, Traffic::Idle, IPv4, TLS, probes, Window::Exact},
        {"drop-to-near.in-flight.ipv6.tcp",              Fault::DropToNear, Traffic::InFlight, IPv6, TCP, data, Window::Exact},
        {"drop-to-near.queue-full.ipv4.tcp",             Fault::DropToNear, Traffic::QueueFull, IPv4, TCP, data, Window::Deadline},
        {"drop-to-near.buffer-full.ipv6.tls",            Fault::DropToNear, Traffic::BufferFull, IPv6, TLS, probes, Window::Deadline},

        {"no-arp.idle.ipv6.tcp",                         Fault::NoArp, Traffic::Idle, IPv6, TCP, probes, Window::Deadline},
        {"no-arp.in-flight.ipv4.tcp",                    Fault::NoArp, Traffic::InFlight, IPv4, TCP, dataOrUnreachable, Window::Deadline},
        {"no-arp.queue-full.ipv6.tls",                   Fault::NoArp, Traffic::QueueFull, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"no-arp.buffer-full.ipv4.tls",                  Fault::NoArp, Traffic::BufferFull, IPv4, TLS, probes, Window::Deadline},

        {"near-link-down.idle.ipv4.tcp",                 Fault::NearLinkDown, Traffic::Idle, IPv4, TCP, probes, Window::Deadline},
        {"near-link-down.in-flight.ipv6.tls",            Fault::NearLinkDown, Traffic::InFlight, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"near-link-down.queue-full.ipv4.tls",           Fault::NearLinkDown, Traffic::QueueFull, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"near-link-down.buffer-full.ipv6.tcp",          Fault::NearLinkDown, Traffic::BufferFull, IPv6, TCP, probesOrUnreachable, Window::Deadline},

        {"far-link-down.idle.ipv6.tls",                  Fault::FarLinkDown, Traffic::Idle, IPv6, TLS, probesOrUnreachable, Window::Deadline},
        {"far-link-down.in-flight.ipv4.tls",             Fault::FarLinkDown, Traffic::InFlight, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"far-link-down.queue-full.ipv6.tcp",            Fault::FarLinkDown, Traffic::QueueFull, IPv6, TCP, dataOrUnreachable, Window::Deadline},
        {"far-link-down.buffer-full.ipv4.tcp",           Fault::FarLinkDown, Traffic::BufferFull, IPv4, TCP, probes, Window::Deadline},

        {"near-address-removed.idle.ipv4.tls",           Fault::NearAddressRemoved, Traffic::Idle, IPv4, TLS, probes, Window::Deadline},
        {"near-address-removed.in-flight.ipv6.tcp",      Fault::NearAddressRemoved, Traffic::InFlight, IPv6, TCP, dataOrUnreachable, Window::Deadline},
        {"near-address-removed.queue-full.ipv4.tcp",     Fault::NearAddressRemoved, Traffic::QueueFull, IPv4, TCP, dataOrUnreachable, Window::Deadline},
        {"near-address-removed.buffer-full.ipv6.tls",    Fault::NearAddressRemoved, Traffic::BufferFull, IPv6, TLS, probesOrUnreachable, Window::Deadline},

        {"far-address-removed.idle.ipv6.tcp",            Fault::FarAddressRemoved, Traffic::Idle, IPv6, TCP, probes, Window::Deadline},
        {"far-address-removed.in-flight.ipv4.tcp",       Fault::FarAddressRemoved, Traffic::InFlight, IPv4, TCP, dataOrUnreachable, Window::Deadline},
        {"far-address-removed.queue-full.ipv6.tls",      Fault::FarAddressRemoved, Traffic::QueueFull, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"far-address-removed.buffer-full.ipv4.tls",     Fault::FarAddressRemoved, Traffic::BufferFull, IPv4, TLS, probes, Window::Deadline},

        {"route-removed.idle.ipv4.tcp",                  Fault::RouteRemoved, Traffic::Idle, IPv4, TCP, probes, Window::Deadline},
        {"route-removed.in-flight.ipv6.tls",             Fault::RouteRemoved, Traffic::InFlight, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"route-removed.queue-full.ipv4.tls",            Fault::RouteRemoved, Traffic::QueueFull, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"route-removed.buffer-full.ipv6.tcp",           Fault::RouteRemoved, Traffic::BufferFull, IPv6, TCP, probesOrUnreachable, Window::Deadline},

        {"route-blackhole.idle.ipv6.tls",                Fault::RouteBlackhole, Traffic::Idle, IPv6, TLS, probesOrUnreachable, Window::Deadline},
        {"route-blackhole.in-flight.ipv4.tls",           Fault::RouteBlackhole, Traffic::InFlight, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"route-blackhole.queue-full.ipv6.tcp",          Fault::RouteBlackhole, Traffic::QueueFull, IPv6, TCP, dataOrUnreachable, Window::Deadline},
        {"route-blackhole.buffer-full.ipv4.tcp",         Fault::RouteBlackhole, Traffic::BufferFull, IPv4, TCP, probes, Window::Deadline},

        {"route-unreachable.idle.ipv4.tls",              Fault::RouteUnreachable, Traffic::Idle, IPv4, TLS, probes, Window::Deadline},
        {"route-unreachable.in-flight.ipv6.tcp",         Fault::RouteUnreachable, Traffic::InFlight, IPv6, TCP, dataOrUnreachable, Window::Deadline},
        {"route-unreachable.queue-full.ipv4.tcp",        Fault::RouteUnreachable, Traffic::QueueFull, IPv4, TCP, dataOrUnreachable, Window::Deadline},
        {"route-unreachable.buffer-full.ipv6.tls",       Fault::RouteUnreachable, Traffic::BufferFull, IPv6, TLS, probesOrUnreachable, Window::Deadline},

        {"icmp-host.idle.ipv6.tcp",                      Fault::IcmpHost, Traffic::Idle, IPv6, TCP, probes, Window::Deadline},
        {"icmp-host.in-flight.ipv4.tcp",                 Fault::IcmpHost, Traffic::InFlight, IPv4, TCP, dataOrUnreachable, Window::Deadline},
        {"icmp-host.queue-full.ipv6.tls",                Fault::IcmpHost, Traffic::QueueFull, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"icmp-host.buffer-full.ipv4.tls",               Fault::IcmpHost, Traffic::BufferFull, IPv4, TLS, probes, Window::Deadline},

        {"icmp-net.idle.ipv4.tcp",                       Fault::IcmpNet, Traffic::Idle, IPv4, TCP, probes, Window::Deadline},
        {"icmp-net.in-flight.ipv6.tls",                  Fault::IcmpNet, Traffic::InFlight, IPv6, TLS, dataOrUnreachable, Window::Deadline},
        {"icmp-net.queue-full.ipv4.tls",                 Fault::IcmpNet, Traffic::QueueFull, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"icmp-net.buffer-full.ipv6.tcp",                Fault::IcmpNet, Traffic::BufferFull, IPv6, TCP, probes, Window::Deadline},

        {"icmp-port.idle.ipv6.tls",                      Fault::IcmpPort, Traffic::Idle, IPv6, TLS, probes, Window::Deadline},
        {"icmp-port.in-flight.ipv4.tls",                 Fault::IcmpPort, Traffic::InFlight, IPv4, TLS, dataOrUnreachable, Window::Deadline},
        {"icmp-port.queue-full.ipv6.tcp",                Fault::IcmpPort, Traffic::QueueFull, IPv6, TCP, dataOrUnreachable, Window::Deadline},
        {"icmp-port.buffer-full.ipv4.tcp",               Fault::IcmpPort, Traffic::BufferFull, IPv4, TCP, probes, Window::Deadline},

        {"middle-drop.idle.ipv4.tls",                    Fault::MiddleDrop, Traffic::Idle, IPv4, TLS, probes, Window::Exact},
        {"middle-drop.in-flight.ipv6.tcp",               Fault::MiddleDrop, Traffic::InFlight, IPv6, TCP, data, Window::Exact},
        {"middle-drop.queue-full.ipv4.tcp",              Fault::MiddleDrop, Traffic::QueueFull, IPv4, TCP, data, Window::Deadline},
        {"middle-drop.buffer-full.ipv6.tls",             Fault::MiddleDrop, Traffic::BufferFull, IPv6, TLS, probes, Window::Deadline},

        {"middle-rst.idle.ipv6.tcp",                     Fault::MiddleRst, Traffic::Idle, IPv6, TCP, reset, Window::ByProbe},
        {"middle-rst.in-flight.ipv4.tcp",                Fault::MiddleRst, Traffic::InFlight, IPv4, TCP, reset, Window::Prompt},
        {"middle-rst.queue-full.ipv6.tls",               Fault::MiddleRst, Traffic::QueueFull, IPv6, TLS, reset, Window::SinceFault},
        {"middle-rst.buffer-full.ipv4.tls",              Fault::MiddleRst, Traffic::BufferFull, IPv4, TLS, reset, Window::ByProbe},

        {"conntrack-dropped.idle.ipv4.tcp",              Fault::ConntrackDropped, Traffic::Idle, IPv4, TCP, probes, Window::Exact},
        {"conntrack-dropped.in-flight.ipv6.tls",         Fault::ConntrackDropped, Traffic::InFlight, IPv6, TLS, data, Window::Exact},
        {"conntrack-dropped.queue-full.ipv4.tls",        Fault::ConntrackDropped, Traffic::QueueFull, IPv4, TLS, data, Window::Deadline},
        {"conntrack-dropped.buffer-full.ipv6.tcp",       Fault::ConntrackDropped, Traffic::BufferFull, IPv6, TCP, probes, Window::Deadline},

        {"conntrack-forwarded.idle.ipv6.tls",            Fault::ConntrackForwarded, Traffic::Idle, IPv6, TLS, reset, Window::ByProbe},
        {"conntrack-forwarded.in-flight.ipv4.tls",       Fault::ConntrackForwarded, Traffic::InFlight, IPv4, TLS, reset, Window::Prompt},
        {"conntrack-forwarded.queue-full.ipv6.tcp",      Fault::ConntrackForwarded, Traffic::QueueFull, IPv6, TCP, reset, Window::SinceFault},
        {"conntrack-forwarded.buffer-full.ipv4.tcp",     Fault::ConntrackForwarded, Traffic::BufferFull, IPv4, TCP, reset, Window::ByProbe},

        {"fin.idle.ipv4.tls",                            Fault::Fin, Traffic::Idle, IPv4, TLS, closed, Window::Prompt},
        {"fin.in-flight.ipv6.tcp",                       Fault::Fin, Traffic::InFlight, IPv6, TCP, closedOrReset, Window::Prompt},
        {"fin.buffer-full.ipv6.tls",                     Fault::Fin, Traffic::BufferFull, IPv6, TLS, closed, Window::ByProbe},

        {"half-close.idle.ipv6.tcp",                     Fault::HalfClose, Traffic::Idle, IPv6, TCP, closed, Window::Prompt},
        {"half-close.in-flight.ipv4.tcp",                Fault::HalfClose, Traffic::InFlight, IPv4, TCP, closed, Window::Prompt},
        {"half-close.queue-full.ipv6.tls",               Fault::HalfClose, Traffic::QueueFull, IPv6, TLS, closed, Window::Prompt},
        {"half-close.buffer-full.ipv4.tls",              Fault::HalfClose, Traffic::BufferFull, IPv4, TLS, closed, Window::ByProbe},

        {"rst.idle.ipv4.tcp",                            Fault::Rst, Traffic::Idle, IPv4, TCP, reset, Window::Prompt},
        {"rst.in-flight.ipv6.tls",                       Fault::Rst, Traffic::InFlight, IPv6, TLS, reset, Window::Prompt},
        {"rst.queue-full.ipv4.tls",                      Fault::Rst, Traffic::QueueFull, IPv4, TLS, reset, Window::Prompt},
        {"rst.buffer-full.ipv6.tcp",                     Fault::Rst, Traffic::BufferFull, IPv6, TCP, reset, Window::ByProbe},

        {"killed.idle.ipv6.tls",                         Fault::Killed, Traffic::Idle, IPv6, TLS, closed, Window::Prompt},
        {"killed.in-flight.ipv4.tls",                    Fault::Killed, Traffic::InFlight, IPv4, TLS, closedOrReset, Window::Prompt},
        {"killed.buffer-full.ipv4.tcp",                  Fault::Killed, Traffic::BufferFull, IPv4, TCP, closed, Window::ByProbe},

        {"killed-unread.idle.ipv4.tls",                  Fault::KilledUnread, Traffic::Idle, IPv4, TLS, reset, Window::Prompt},
        {"killed-unread.in-flight.ipv6.tcp",             Fault::KilledUnread, Traffic::InFlight, IPv6, TCP, reset, Window::Prompt},
        {"killed-unread.queue-full.ipv4.tcp",            Fault::KilledUnread, Traffic::QueueFull, IPv4, TCP, reset, Window::Prompt},
        {"killed-unread.buffer-full.ipv6.tls",           Fault::KilledUnread, Traffic::BufferFull, IPv6, TLS, reset, Window::ByProbe},

        {"reboot.idle.ipv6.tcp",                         Fault::Reboot, Traffic::Idle, IPv6, TCP, reset, Window::ByProbe},
        {"reboot.in-flight.ipv4.tcp",                    Fault::Reboot, Traffic::InFlight, IPv4, TCP, reset, Window::Prompt},
        {"reboot.queue-full.ipv6.tls",                   Fault::Reboot, Traffic::QueueFull, IPv6, TLS, reset, Window::SinceFault},
        {"reboot.buffer-full.ipv4.tls",                  Fault::Reboot, Traffic::BufferFull, IPv4, TLS, reset, Window::ByProbe},

        {"drop-both.streaming.ipv6.tcp",                 Fault::DropBoth, Traffic::Streaming, IPv6, TCP, probes, Window::Exact},
        {"drop-both.both-ways.ipv4.tls",                 Fault::DropBoth, Traffic::BothWays, IPv4, TLS, data, Window::Exact},
        {"drop-to-near.streaming.ipv4.tls",              Fault::DropToNear, Traffic::Streaming, IPv4, TLS, probes, Window::Exact},
        {"drop-to-near.both-ways.ipv6.tcp",              Fault::DropToNear, Traffic::BothWays, IPv6, TCP, data, Window::Exact},
        {"drop-to-far.streaming.ipv4.tcp",               Fault::DropToFar, Traffic::Streaming, IPv4, TCP, probes, Window::Deadline},
        {"drop-to-far.both-ways.ipv6.tls",               Fault::DropToFar, Traffic::BothWays, IPv6, TLS, data, Window::SinceFault},
        {"middle-drop.both-ways.ipv4.tcp",               Fault::MiddleDrop, Traffic::BothWays, IPv4, TCP, data, Window::Exact},
        {"conntrack-dropped.streaming.ipv6.tls",         Fault::ConntrackDropped, Traffic::Streaming, IPv6, TLS, probes, Window::Exact},
    };
    return all;
}
// clang-format on
