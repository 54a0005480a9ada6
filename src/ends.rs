//! Whose descriptor a number is, by the two ends of its connection.
//!
//! A network library may give a number that is none of the kernel's (behind a SOCKS5 proxy Qt counts
//! 1, 2, 3 …), or one that is closed by now and another's. What both sides agree upon is where the
//! connection begins and ends.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{SockAddr, SockRef};

use crate::snapshot::ConnectionState;
use crate::sys::{self, Borrowed};

/// One end of a connection: an IPv6 address, of IPv4 the mapped one, and a port. The scope is left
/// out: the kernel and a program may name it differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) address: [u8; 16],
    pub(crate) port: u16,
}

impl End {
    fn of(address: SocketAddr) -> Self {
        let port = address.port();
        let address = match address.ip() {
            IpAddr::V4(four) => four.to_ipv6_mapped(),
            IpAddr::V6(six) => six,
        };
        Self { address: address.octets(), port }
    }

    fn is(self, address: &SockAddr) -> bool {
        self.port != 0 && address.as_socket().is_some_and(|address| Self::of(address) == self)
    }
}

/// Whether the kernel holds this to be a connection between these two, or to have been one: after a
/// reset of which the network library has not heard yet the kernel names no peer any more.
pub(crate) fn is_between(socket: Borrowed<'_>, local: End, peer: End) -> bool {
    let (here, there) = ends(socket);
    here.is_ok_and(|it| local.is(&it)) && there.map_or_else(|_| is_over(socket), |it| peer.is(&it))
}

/// Not one that listens at the same port.
fn is_over(socket: Borrowed<'_>) -> bool {
    sys::snapshot(socket).is_ok_and(|info| info.state == Some(ConnectionState::Closed))
}

/// Whether it may still be, or have been, that connection: one that is over has no peer any more.
pub(crate) fn may_be_between(socket: Borrowed<'_>, local: End, peer: End) -> bool {
    let (here, there) = ends(socket);
    here.is_ok_and(|it| local.is(&it)) && there.map_or(true, |it| peer.is(&it))
}

fn ends(socket: Borrowed<'_>) -> (io::Result<SockAddr>, io::Result<SockAddr>) {
    let socket = SockRef::from(&socket);
    (socket.local_addr(), socket.peer_addr())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
    use std::time::Duration;

    use super::*;
    use crate::sys::lend;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn a_connection_is_known_by_both_ends() {
        let (client, server) = pair();
        let here = End::of(client.local_addr().unwrap());
        let there = End::of(server.local_addr().unwrap());
        assert!(is_between(lend(&client), here, there));
        assert!(is_between(lend(&server), there, here));
        assert!(!is_between(lend(&server), here, there));
        for wrong in [
            End { port: here.port ^ 1, ..here },
            End { port: 0, ..here },
            End { address: Ipv6Addr::LOCALHOST.octets(), ..here },
        ] {
            assert!(!is_between(lend(&client), wrong, there));
            assert!(!is_between(lend(&client), here, wrong));
            assert!(!may_be_between(lend(&client), wrong, there));
        }
    }

    #[test]
    fn a_connection_that_is_over_may_still_be_it() {
        let (client, server) = pair();
        let here = End::of(client.local_addr().unwrap());
        let there = End::of(server.local_addr().unwrap());
        SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
        drop(server);
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let end = io::Read::read(&mut &client, &mut [0]).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::ConnectionReset);
        assert!(may_be_between(lend(&client), here, there));
        let elsewhere = End { port: here.port ^ 1, ..here };
        assert!(!is_between(lend(&client), elsewhere, there));
        // Windows goes on naming the peer of a connection that was reset; here it is known by its state.
        if cfg!(any(target_os = "linux", windows)) {
            assert!(is_between(lend(&client), here, there));
        }
    }

    #[test]
    fn what_is_not_connected_is_nobodys() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = End::of(listener.local_addr().unwrap());
        assert!(!is_between(lend(&listener), here, here));
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let nowhere = End { address: [0; 16], port: 0 };
        assert!(!is_between(lend(&datagrams), nowhere, nowhere));
        assert!(!may_be_between(lend(&datagrams), nowhere, nowhere));
    }

    #[test]
    fn the_scope_of_an_address_does_not_matter() {
        let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let end = |scope| End::of(SocketAddrV6::new(link_local, 80, 0, scope).into());
        assert_eq!(end(0), end(3));
        assert_eq!(End::of(([127, 0, 0, 1], 80).into()).address[10..], [255, 255, 127, 0, 0, 1]);
    }
}
