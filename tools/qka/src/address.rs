// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where to connect to, as people type it: a name, an IPv4 or an IPv6 address, and a port.
//!
//! A link-local IPv6 address (`fe80::…`) exists on every interface of a machine, so it names one behind
//! a `%`: `[fe80::1%eth0]:7000`. The standard library reads a number there and no name; the system's own
//! resolver reads both.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};

use crate::exit::{self, Failure};

/// HOST:PORT, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Target<'a> {
    typed: &'a str,
    /// Without brackets.
    host: &'a str,
    port: u16,
}

impl<'a> Target<'a> {
    /// Takes it apart. An IPv6 address may do without brackets; the port is then behind the last colon.
    pub fn parse(typed: &'a str) -> Result<Self, Failure> {
        let (host, port) = match typed.strip_prefix('[') {
            Some(rest) => {
                let (inside, behind) = rest.split_once(']').ok_or_else(|| wanted(typed))?;
                if numeric(inside).is_none() {
                    let words = format!("{typed}: an IPv6 address is wanted between [ and ]");
                    return Err(Failure::new(exit::NOT_UNDERSTOOD, words));
                }
                (inside, behind.strip_prefix(':').ok_or_else(|| wanted(typed))?)
            }
            None => typed.rsplit_once(':').ok_or_else(|| wanted(typed))?,
        };
        let is_cut_in_two = host.contains(':') && numeric(host).is_none();
        if host.is_empty() || port.is_empty() || is_cut_in_two {
            return Err(wanted(typed));
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
            let words = format!("{typed}: {port} is no port; a number from 1 to 65535 is wanted");
            Failure::new(exit::NOT_UNDERSTOOD, words)
        })?;
        Ok(Self { typed, host, port })
    }

    /// All addresses that it has.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let scope = numeric(self.host).and_then(|(address, scope)| Some((address, scope?)));
        let number = scope.and_then(|(address, scope)| Some((address, scope.parse().ok()?)));
        if let Some((address, index)) = number {
            return Ok(vec![SocketAddrV6::new(address, self.port, 0, index).into()]);
        }
        let found = (self.host, self.port).to_socket_addrs();
        found.map(Iterator::collect).map_err(|error| match scope {
            Some((address, scope)) if address.is_unicast_link_local() => Failure::new(
                exit::NOT_CONNECTED,
                format!("{}: this machine has no interface {scope}. {}", self.typed, interfaces()),
            ),
            Some((address, scope)) => Failure::new(
                exit::NOT_UNDERSTOOD,
                format!(
                    "{}: {address} is not link-local (fe80::), and only such an address names an \
                     interface. Please leave out %{scope}",
                    self.typed
                ),
            ),
            None => Failure::new(
                exit::NOT_CONNECTED,
                format!(
                    "{}: the host is not known here ({error}); check name and port",
                    self.typed
                ),
            ),
        })
    }

    /// One of its addresses, with the interface's name if that was typed.
    pub fn show(&self, address: &SocketAddr) -> String {
        match (address, numeric(self.host)) {
            (SocketAddr::V6(v6), Some((_, Some(scope)))) => {
                format!("[{}%{scope}]:{}", v6.ip(), v6.port())
            }
            _ => address.to_string(),
        }
    }

    /// Why one of its addresses could not be connected, and what to do.
    pub fn not_connected(&self, address: &SocketAddr, error: &io::Error) -> String {
        let shown = self.show(address);
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return format!("{shown} refuses the connection: nobody listens on that port");
        }
        match address {
            SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => format!(
                "{shown} is link-local: please say on which interface, such as [{}%eth0]:{}. {}",
                v6.ip(),
                v6.port(),
                interfaces()
            ),
            SocketAddr::V6(v6) if v6.scope_id() != 0 && is_missing(v6.scope_id()) => format!(
                "{shown} cannot be connected: this machine has no IPv6 on an interface of number {}. {}",
                v6.scope_id(),
                interfaces()
            ),
            _ => format!("{shown} cannot be connected: {error}"),
        }
    }
}

/// An IPv6 address, and what is behind its `%`.
fn numeric(host: &str) -> Option<(Ipv6Addr, Option<&str>)> {
    let (address, scope) = match host.split_once('%') {
        Some((_, "")) => return None,
        Some((address, scope)) => (address, Some(scope)),
        None => (host, None),
    };
    Some((address.parse().ok()?, scope))
}

fn wanted(typed: &str) -> Failure {
    let host = typed.strip_suffix(':').unwrap_or(typed);
    let host = host.strip_prefix('[').unwrap_or(host).trim_end_matches(']');
    let example = match host {
        "" => "example.org".to_string(),
        host if numeric(host).is_some() => format!("[{host}]"),
        host if host.contains(':') => "[2001:db8::1]".to_string(),
        host => host.to_string(),
    };
    let words = format!("{typed}: a host and a port are wanted, such as {example}:80");
    Failure::new(exit::NOT_UNDERSTOOD, words)
}

/// Whether the system tells its interfaces, and this is none of them.
fn is_missing(index: u32) -> bool {
    let all = with_ipv6();
    !all.is_empty() && all.iter().all(|(number, _)| *number != index)
}

/// Which there are, or how to find out.
fn interfaces() -> String {
    let names: Vec<_> =
        with_ipv6().into_iter().map(|(number, name)| format!("{name} ({number})")).collect();
    if !names.is_empty() {
        return format!("Those with IPv6 are: {}", names.join(", "));
    }
    if cfg!(windows) {
        "It is a number on Windows; netsh interface ipv6 show interfaces lists them".into()
    } else if cfg!(target_os = "linux") {
        "None has IPv6 now; ip link lists all of them".into()
    } else {
        "ifconfig lists all of them".into()
    }
}

/// Numbers and names of the interfaces that have an IPv6 address; none where the system has no such list.
fn with_ipv6() -> Vec<(u32, String)> {
    // Of the network namespace that this process lives in.
    let text = match cfg!(target_os = "linux") {
        true => std::fs::read_to_string("/proc/self/net/if_inet6").unwrap_or_default(),
        false => String::new(),
    };
    listed(&text)
}

/// From lines of address, number, length of the prefix, scope, flags (hexadecimal), name.
fn listed(text: &str) -> Vec<(u32, String)> {
    let mut all: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let number = u32::from_str_radix(fields.nth(1)?, 16).ok()?;
            Some((number, fields.nth(3)?.to_string()))
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(typed: &str) -> (&str, u16) {
        let target = Target::parse(typed).unwrap_or_else(|failure| panic!("{failure:?}"));
        (target.host, target.port)
    }

    fn refusal(typed: &str) -> String {
        let failure = match Target::parse(typed) {
            Ok(target) => target.resolve().expect_err("it is refused"),
            Err(failure) => failure,
        };
        format!("{failure:?}")
    }

    #[test]
    fn a_host_may_be_a_name_an_address_or_one_with_an_interface() {
        for (typed, host, port) in [
            ("localhost:80", "localhost", 80),
            ("192.0.2.1:65535", "192.0.2.1", 65535),
            ("[2001:db8::1]:80", "2001:db8::1", 80),
            ("[fe80::1%eth0]:7000", "fe80::1%eth0", 7000),
            ("[fe80::1%2]:7000", "fe80::1%2", 7000),
            ("fe80::1%eth0:7000", "fe80::1%eth0", 7000),
            ("fe80::1%2:7000", "fe80::1%2", 7000),
            ("::1:80", "::1", 80),
            ("[fe80::1%br-lan.7]:7000", "fe80::1%br-lan.7", 7000),
            // Names of interfaces may hold a colon, and the brackets keep it.
            ("[fe80::1%eth0:1]:7000", "fe80::1%eth0:1", 7000),
        ] {
            assert_eq!(parts(typed), (host, port), "{typed}");
        }
    }

    #[test]
    fn what_is_not_whole_is_refused_with_an_example() {
        for (typed, example) in [
            ("localhost", "such as localhost:80"),
            ("localhost:", "such as localhost:80"),
            (":80", "such as"),
            ("", "such as example.org:80"),
            ("[::1]", "such as [::1]:80"),
            ("[::1]80", "such as"),
            ("[::1", "such as [::1]:80"),
            ("fe80::1%eth0", "such as [fe80::1%eth0]:80"),
            ("1:2:3:80", "such as [2001:db8::1]:80"),
            ("[localhost]:80", "an IPv6 address is wanted"),
            ("[fe80::1%]:80", "an IPv6 address is wanted"),
            ("localhost:99999", "1 to 65535"),
            ("localhost:0", "1 to 65535"),
            ("localhost:http", "1 to 65535"),
        ] {
            let said = refusal(typed);
            assert!(said.contains(example), "{typed}: {said}");
            assert!(said.contains(&format!("code: {}", exit::NOT_UNDERSTOOD)), "{typed}: {said}");
        }
    }

    #[test]
    fn the_number_of_an_interface_needs_no_resolver() {
        for typed in ["[fe80::1%7]:7000", "fe80::1%7:7000"] {
            let target = Target::parse(typed).unwrap();
            let all = target.resolve().unwrap();
            let address = SocketAddrV6::new("fe80::1".parse().unwrap(), 7000, 0, 7);
            assert_eq!(all, [address.into()]);
            assert_eq!(target.show(&all[0]), "[fe80::1%7]:7000");
        }
    }

    #[test]
    fn an_interface_that_does_not_exist_is_named() {
        for typed in ["[fe80::1%nosuch0]:7000", "fe80::1%nosuch0:7000"] {
            let said = refusal(typed);
            assert!(
                said.contains(&format!("{typed}: this machine has no interface nosuch0")),
                "{said}"
            );
            assert!(!said.contains("host is not known"), "{said}");
        }
        let said = refusal("[2001:db8::1%nosuch0]:7000");
        assert!(said.contains("leave out %nosuch0") && !said.contains("no interface"), "{said}");
    }

    #[test]
    fn a_failed_connect_says_what_to_do() {
        let target = Target::parse("[fe80::1%eth0]:7000").unwrap();
        let address = |scope| SocketAddrV6::new("fe80::1".parse().unwrap(), 7000, 0, scope).into();
        let words =
            |kind: io::ErrorKind, scope| target.not_connected(&address(scope), &kind.into());
        let refused = words(io::ErrorKind::ConnectionRefused, 3);
        assert!(refused.starts_with("[fe80::1%eth0]:7000 refuses the connection"), "{refused}");
        let bare = Target::parse("[fe80::1]:7000").unwrap();
        let bare = bare.not_connected(&address(0), &io::ErrorKind::InvalidInput.into());
        assert!(bare.contains("is link-local: please say on which interface"), "{bare}");
        let late = words(io::ErrorKind::TimedOut, 0);
        assert!(late.contains("[fe80::1%eth0]:7000"), "{late}");
        let global = "[2001:db8::1]:80".parse().unwrap();
        let global = target.not_connected(&global, &io::ErrorKind::TimedOut.into());
        assert!(global.ends_with("cannot be connected: timed out"), "{global}");
    }

    #[test]
    fn interfaces_are_listed_once_each_by_their_number() {
        let text = "fe8000000000000008d84afffe1978d7 03 40 20 80    qka0\n\
                    00000000000000000000000000000001 01 80 10 80       lo\n\
                    fe800000000000000000000000000001 03 40 20 82    qka0\n\
                    fe80000000000000585abeebee1d9800 1f 40 20 80     wg0\n\
                    nonsense\n";
        let all = [(1, "lo".into()), (3, "qka0".into()), (31, "wg0".into())];
        assert_eq!(listed(text), all);
        assert!(listed("").is_empty());
    }
}
