//! Writing several options, all or nothing, on a system whose ranges nobody here has measured.
//!
//! On Linux every value that lies within the known ranges is accepted, and no call is spent on the
//! possibility of a refusal. Elsewhere a system may refuse what its manual promises, so what was
//! written before the refusal is put back.

use crate::error::Error;

#[cfg(unix)]
use super::unix::{Borrowed, ENABLED, SocketOption, check_tcp};
#[cfg(windows)]
use super::windows::{Borrowed, ENABLED, SocketOption, check_tcp};

/// Writes those values that are given and differ, and `enabled` last. When one is refused, those
/// before it are put back, and the error names the one.
pub(super) fn apply(
    socket: Borrowed<'_>,
    values: &[(&SocketOption, Option<u32>)],
    enabled: bool,
) -> Result<(), Error> {
    apply_then(socket, values, enabled, || Ok(()))
}

/// The same, with a step at the very end that changes nothing if it fails.
pub(super) fn apply_then(
    socket: Borrowed<'_>,
    values: &[(&SocketOption, Option<u32>)],
    enabled: bool,
    last: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    check_tcp(socket)?;
    let switch = [(&ENABLED, Some(u32::from(enabled)))];
    let wanted = values.iter().chain(&switch);
    let mut changes = Vec::new();
    // Each is read before the first is written: an option that is missing changes nothing.
    for (option, value) in wanted.filter_map(|(option, value)| Some((*option, (*value)?))) {
        let old = option.old(socket)?;
        // A system may say any number for "on".
        let same = if std::ptr::eq(option, &ENABLED) {
            old.map(|old| old != 0) == Some(value != 0)
        } else {
            old == Some(value) && option.reads_exactly()
        };
        if !same {
            changes.push((option, value, old));
        }
    }
    for (done, (option, value, _)) in changes.iter().enumerate() {
        option.write(socket, *value).inspect_err(|_| put_back(socket, &changes[..done]))?;
    }
    last().inspect_err(|_| put_back(socket, &changes))
}

/// Each of the old values was accepted once; should one be refused now, nothing better is known.
fn put_back(socket: Borrowed<'_>, done: &[(&SocketOption, u32, Option<u32>)]) {
    for (option, _, old) in done.iter().rev() {
        let _ = old.map(|old| option.write(socket, old));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::error::{OptionName, Unit};
    use crate::sys::unix::{lend, tcp};
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixDatagram;

    const IDLE: SocketOption = tcp(OptionName(c"TCP_KEEPIDLE"), libc::TCP_KEEPIDLE, Unit::Seconds);
    const INTERVAL: SocketOption =
        tcp(OptionName(c"TCP_KEEPINTVL"), libc::TCP_KEEPINTVL, Unit::Seconds);

    fn values(socket: Borrowed<'_>) -> [i32; 3] {
        [&IDLE, &INTERVAL, &ENABLED].map(|option| option.read(socket).expect("readable"))
    }

    #[test]
    fn what_is_given_is_written_and_the_rest_left_alone() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = lend(&socket);
        let [_, interval, _] = values(socket);
        apply(socket, &[(&IDLE, Some(5)), (&INTERVAL, None)], true).unwrap();
        assert_eq!(values(socket), [5, interval, 1]);
        apply(socket, &[], false).unwrap();
        assert_eq!(values(socket), [5, interval, 0]);
    }

    #[test]
    fn what_was_written_before_a_refusal_is_put_back() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = lend(&socket);
        let before = values(socket);
        let refused = apply(socket, &[(&IDLE, Some(5)), (&INTERVAL, Some(40_000))], true);
        assert_eq!(refused.unwrap_err().option().as_str(), "TCP_KEEPINTVL");
        assert_eq!(values(socket), before);
    }

    #[test]
    fn what_is_not_tcp_is_left_as_it_is() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let unix = UnixDatagram::unbound().unwrap();
        for socket in [lend(&udp), lend(&unix)] {
            let refused = apply(socket, &[], true).unwrap_err();
            assert_eq!(refused.code(), Some(Error::NOT_TCP), "{refused}");
            assert_eq!(ENABLED.read(socket).unwrap(), 0);
        }
    }
}
