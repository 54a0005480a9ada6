//! What a system with POSIX sockets can do where it has nothing better: an identity made of
//! addresses, a state made of them, and a plain no to what only Linux has.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::unix::{Borrowed, Owned, SocketOption, check_tcp, socket};
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName};
use crate::snapshot::{ConnectionState, Snapshot};

const ADDRESSES: OptionName = OptionName(c"getpeername");

static LISTENS: SocketOption = socket(OptionName(c"SO_ACCEPTCONN"), libc::SO_ACCEPTCONN);

/// No two connections have both ends in common at the same time. A connection that is gone has no
/// other end any more: then it cannot be told.
pub(crate) fn identity(socket: Borrowed<'_>) -> Result<Option<u64>, Error> {
    let socket = SockRef::from(&socket);
    match (socket.local_addr(), socket.peer_addr()) {
        (Ok(here), Ok(there)) => {
            let mut hasher = DefaultHasher::new();
            (here, there).hash(&mut hasher);
            Ok(Some(hasher.finish()))
        }
        (Err(source), _) | (_, Err(source)) => match source.raw_os_error() {
            Some(libc::EBADF | libc::ENOTSOCK) => {
                Err(Error::System { option: ADDRESSES, attempt: Attempt::Read, source })
            }
            _ => Ok(None),
        },
    }
}

/// The state as far as the two addresses show it, for a system that tells nothing of a connection.
///
/// A peer that has closed its half is not told from one that has not, nor a connection that is still
/// being made from one that has ended: neither has a peer.
pub(crate) fn state_by_addresses(socket: Borrowed<'_>) -> Result<Snapshot, Error> {
    if let Err(error) = check_tcp(socket) {
        return gone(error);
    }
    let state = match SockRef::from(&socket).peer_addr() {
        Ok(_) => ConnectionState::Established,
        Err(_) if LISTENS.read(socket).is_ok_and(|listens| listens != 0) => ConnectionState::Listen,
        Err(_) => ConnectionState::Closed,
    };
    Ok(Snapshot { state: Some(state), ..Snapshot::default() })
}

/// What the refusal of a question about TCP means. The BSDs take a connection's record from its
/// socket when it ends, and their TCP, nobody else, says ECONNRESET then.
pub(super) fn gone(error: Error) -> Result<Snapshot, Error> {
    match error {
        Error::System { source, .. } if source.raw_os_error() == Some(libc::ECONNRESET) => {
            Ok(Snapshot { state: Some(ConnectionState::Closed), ..Snapshot::default() })
        }
        error => Err(error),
    }
}

/// A TCP socket to ask the system with what it knows and can do; it is never connected.
pub(super) fn scratch() -> io::Result<Owned> {
    Socket::new(Domain::IPV4, Type::STREAM, None)
        .or_else(|_| Socket::new(Domain::IPV6, Type::STREAM, None))
        .map(Owned::from)
}

pub(crate) fn unacknowledged(_: Borrowed<'_>) -> Result<u32, Error> {
    let why = "without the bytes that are acknowledged and unsent nothing follows from it";
    Err(Error::Unsupported { option: OptionName(c"SIOCOUTQ"), why })
}

pub(crate) fn probe_now(_: Borrowed<'_>, _: &Config) -> Result<(), Error> {
    let why = "this system sends keepalive probes by its own clock only";
    Err(Error::Unsupported { option: OptionName(c"TCP_KEEPIDLE"), why })
}

/// Where probes are sent by the system's own clock only, nothing has used up its count.
pub(crate) fn set_count(_: Borrowed<'_>, _: u32) -> Result<(), Error> {
    let why = "this system sends keepalive probes by its own clock only";
    Err(Error::Unsupported { option: OptionName(c"TCP_KEEPCNT"), why })
}

const RETRANSMISSION: Error = Error::Unsupported {
    option: OptionName(c"TCP_RTO_MAX_MS"),
    why: "this system has no limit for the time between two retransmissions",
};

pub(crate) fn retransmission_limit(_: Borrowed<'_>) -> Result<Duration, Error> {
    Err(RETRANSMISSION)
}

pub(crate) fn limit_retransmissions(_: Borrowed<'_>, _: Duration) -> Result<(), Error> {
    Err(RETRANSMISSION)
}

pub(crate) fn is_multipath(_: Borrowed<'_>) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::unix::lend;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    fn pair() -> (TcpListener, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        (listener, client, server)
    }

    fn identity_of(socket: &TcpStream) -> Option<u64> {
        identity(lend(socket)).unwrap()
    }

    #[test]
    fn a_duplicate_has_the_identity_of_its_original_and_nobody_else_has() {
        let (_listener, client, server) = pair();
        let (_other_listener, other, _other_server) = pair();
        let one = identity_of(&client);
        assert!(one.is_some());
        assert_eq!(identity_of(&client.try_clone().unwrap()), one);
        assert_ne!(identity_of(&server), one);
        assert_ne!(identity_of(&other), one);
    }

    #[test]
    fn without_both_ends_there_is_no_identity() {
        let (listener, client, server) = pair();
        assert_eq!(identity(lend(&listener)).unwrap(), None);
        SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
        drop(server);
        let mut byte = [0];
        std::io::Read::read(&mut &client, &mut byte).expect_err("reset");
        assert_eq!(identity_of(&client), None);
    }

    #[test]
    fn the_addresses_show_a_state() {
        let (listener, client, server) = pair();
        let state = |socket| state_by_addresses(socket).unwrap().state;
        assert_eq!(state(lend(&listener)), Some(ConnectionState::Listen));
        assert_eq!(state(lend(&client)), Some(ConnectionState::Established));
        SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
        drop(server);
        let mut byte = [0];
        std::io::Read::read(&mut &client, &mut byte).expect_err("reset");
        assert_eq!(state(lend(&client)), Some(ConnectionState::Closed));
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let refused = state_by_addresses(lend(&udp)).unwrap_err();
        assert_eq!(refused.code(), Some(Error::NOT_TCP));
    }

    #[test]
    fn what_a_bsd_says_of_an_ended_connection_is_understood() {
        let said = |number| {
            gone(Error::System {
                option: ADDRESSES,
                attempt: Attempt::Read,
                source: io::Error::from_raw_os_error(number),
            })
        };
        let state = said(libc::ECONNRESET).unwrap();
        assert_eq!(state.state, Some(ConnectionState::Closed));
        assert_eq!(said(libc::EBADF).unwrap_err().system_code(), Some(libc::EBADF));
    }

    #[test]
    fn a_scratch_socket_is_tcp() {
        check_tcp(lend(&scratch().unwrap())).unwrap();
    }
}
