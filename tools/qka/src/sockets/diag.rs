// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's list of TCP connections: sock_diag(7).

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{
    AF_INET, AF_INET6, IPPROTO_TCP, TCP_CLOSE, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_ESTABLISHED,
    TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_LAST_ACK, TCP_SYN_RECV, TCP_SYN_SENT,
};
use netlink_packet_sock_diag::inet::nlas::{Nla, TcpInfo};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags, Timer,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr as NetlinkAddress};

use super::{Connection, Keepalive};
use crate::exit::{self, Failure};
use crate::words::milliseconds;

/// A connection, and the inode by which its owner is found.
pub struct Entry {
    pub inode: u32,
    pub connection: Connection,
}

/// All connections of both families that a program holds.
pub fn connections() -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for family in [AF_INET, AF_INET6] {
        for response in dump(family)? {
            entries.push(entry(&response));
        }
    }
    Ok(entries)
}

fn dump(family: u8) -> Result<Vec<InetResponse>, Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(exit::FAILED, format!("the kernel's list of sockets ({what}): {error}"))
    };
    let mut socket = Socket::new(NETLINK_SOCK_DIAG).map_err(|error| failed("netlink", &error))?;
    socket.bind_auto().map_err(|error| failed("bind", &error))?;
    socket.connect(&NetlinkAddress::new(0, 0)).map_err(|error| failed("connect", &error))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::INFO,
        // What nobody holds any more (TIME-WAIT) has no program and no keepalive.
        states: StateFlags::all() & !(StateFlags::LISTEN | StateFlags::TIME_WAIT),
        socket_id: if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() },
    };
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0).map_err(|error| failed("request", &error))?;

    let mut found = Vec::new();
    loop {
        let (datagram, _) = socket.recv_from_full().map_err(|error| failed("answer", &error))?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest)
                .map_err(|error| failed("answer", &error))?;
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                    found.push(*response);
                }
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::Error(error) => return Err(failed("refused", &error.to_io())),
                _ => {}
            }
            // Messages stand at multiples of four.
            let length = (message.header.length as usize).next_multiple_of(4).max(16);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
}

fn entry(response: &InetResponse) -> Entry {
    let header = &response.header;
    let info = response.nlas.iter().find_map(|nla| match nla {
        Nla::TcpInfo(info) => Some(info),
        _ => None,
    });
    let id = &header.socket_id;
    Entry {
        inode: header.inode,
        connection: Connection {
            pid: None,
            program: None,
            local: endpoint(id.source_address, id.source_port, id.interface_id),
            peer: endpoint(id.destination_address, id.destination_port, id.interface_id),
            state: state(header.state),
            keepalive: keepalive(header.timer.as_ref()),
            silence: info.map(silence),
            unanswered_probes: info.map_or(0, |info| u32::from(info.probes)),
            retransmissions: info.map_or(0, |info| u32::from(info.retransmits)),
            unsent_bytes: info.map_or(0, |info| info.notsent_bytes),
        },
    }
}

/// IPv4 through a socket of IPv6 is IPv4 to everybody who reads it. A link-local address is one only
/// together with its interface, to which the kernel has bound such a connection.
fn endpoint(address: IpAddr, port: u16, interface: u32) -> SocketAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            SocketAddrV6::new(v6, port, 0, interface).into()
        }
        address => SocketAddr::new(address, port),
    }
}

/// The peer was heard by its data or by an acknowledgement.
fn silence(info: &TcpInfo) -> Duration {
    Duration::from_millis(u64::from(info.last_data_recv.min(info.last_ack_recv)))
}

fn keepalive(timer: Option<&Timer>) -> Keepalive {
    match timer {
        Some(Timer::KeepAlive(next)) => Keepalive::On { next_ms: milliseconds(*next) },
        Some(Timer::Retransmit(next, _)) => {
            Keepalive::HiddenByRetransmission { next_ms: milliseconds(*next) }
        }
        Some(Timer::Probe(next)) => Keepalive::HiddenByWindowProbe { next_ms: milliseconds(*next) },
        Some(Timer::TimeWait) | None => Keepalive::Off,
    }
}

/// The names of RFC 9293, as ss(8) writes them.
fn state(number: u8) -> &'static str {
    match number {
        TCP_ESTABLISHED => "established",
        TCP_SYN_SENT => "syn-sent",
        TCP_SYN_RECV => "syn-received",
        TCP_FIN_WAIT1 => "fin-wait-1",
        TCP_FIN_WAIT2 => "fin-wait-2",
        TCP_CLOSE => "closed",
        TCP_CLOSE_WAIT => "close-wait",
        TCP_LAST_ACK => "last-ack",
        TCP_CLOSING => "closing",
        _ => "other",
    }
}
