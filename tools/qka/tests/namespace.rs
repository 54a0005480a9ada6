// SPDX-License-Identifier: MIT OR Apache-2.0
//! What takes a network of its own: interfaces and system-wide values that nobody else sees. Each test
//! runs itself once more inside a new network namespace, which goes with its last process, however it
//! ends.
//!
//! They are ignored unless asked for (`cargo test -- --ignored`): not every machine makes namespaces.

#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::{env, fs};

use predicates::prelude::*;
use predicates::str::contains;

use common::{json, qka};

const INSIDE: &str = "QKA_TEST_IS_INSIDE";

/// Runs a test in a namespace that a script of sh(1) has set up first.
fn in_a_namespace(test: &str, set_up: &str, inside: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        return inside();
    }
    // Root may make one; others may if they are root in a user namespace.
    const OUTSIDE: &str = r#"
        [ "$(id -u)" = 0 ] || as_root=--map-root-user
        exec unshare ${as_root-} --net sh -euc "ip link set lo up
            $1
            exec \"\$0\" --exact \"\$1\" --ignored --nocapture" "$0" "$2""#;
    let program = env::current_exe().unwrap();
    let status = Command::new("sh")
        .args(["-euc", OUTSIDE])
        .arg(program)
        .args([set_up, test])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "in a network namespace: {status} (see above)");
}

/// A cable with an end of a link-local address.
const CABLE: &str = "
    ip link add qka0 type veth peer name qka1
    ip link set qka0 up
    ip link set qka1 up
    ip -6 address add fe80::1/64 dev qka0 nodad";

#[test]
#[ignore = "makes a network namespace"]
fn a_link_local_peer_is_watched_over_the_interface_that_is_named() {
    let test = "a_link_local_peer_is_watched_over_the_interface_that_is_named";
    in_a_namespace(test, CABLE, || {
        let index = fs::read_to_string("/proc/self/net/if_inet6").unwrap();
        let index = index.lines().find(|line| line.starts_with("fe800000000000000000000000000001"));
        let index = index.unwrap().split_ascii_whitespace().nth(1).unwrap();
        let index = u32::from_str_radix(index, 16).unwrap();

        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for (typed, shown) in [
            ("[fe80::1%qka0]", "[fe80::1%qka0]"),
            ("fe80::1%qka0", "[fe80::1%qka0]"),
            (&format!("[fe80::1%{index}]"), &format!("[fe80::1%{index}]")),
            (&format!("fe80::1%{index}"), &format!("[fe80::1%{index}]")),
        ] {
            let peer = listener.try_clone().unwrap();
            let peer = std::thread::spawn(move || drop(peer.accept().unwrap()));
            qka(&["watch", &format!("{typed}:{port}")]).assert().code(10).stdout(
                contains(format!("connected to {shown}:{port}")).and(contains("PeerClosed")),
            );
            peer.join().unwrap();
        }
    });
}

#[test]
#[ignore = "makes a network namespace"]
fn an_interface_that_is_wrong_or_missing_is_told_with_those_that_there_are() {
    let test = "an_interface_that_is_wrong_or_missing_is_told_with_those_that_there_are";
    in_a_namespace(test, CABLE, || {
        for (typed, words) in [
            (
                "[fe80::1%nosuch0]:7000",
                "this machine has no interface nosuch0. Those with IPv6 are: lo (1)",
            ),
            ("fe80::1%nosuch0:7000", "this machine has no interface nosuch0"),
            ("[fe80::1]:7000", "is link-local: please say on which interface"),
            ("[fe80::1%4711]:7000", "no IPv6 on an interface of number 4711"),
            ("[fe80::1%qka0]:7000", "[fe80::1%qka0]:7000 refuses the connection"),
        ] {
            let told = qka(&["watch", typed]).assert().code(3).stderr(contains(words));
            if !words.contains("refuses") && !typed.starts_with("fe80") {
                told.stderr(contains("qka0 ("));
            }
        }
    });
}

#[test]
#[ignore = "makes a network namespace"]
fn a_link_local_connection_is_listed_as_watch_takes_it() {
    let test = "a_link_local_connection_is_listed_as_watch_takes_it";
    in_a_namespace(test, CABLE, || {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let watch = |to: &str| {
            let mut child = Command::new(env!("CARGO_BIN_EXE_qka"))
                .args(["watch", to])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
            assert!(said.contains("Healthy"), "{said}");
            child
        };
        let mut first = watch(&format!("[fe80::1%qka0]:{port}"));
        let all = json(&["sockets", "--pid", &first.id().to_string()]);
        let peer = all[0]["peer"].as_str().expect("it is listed").to_string();
        assert!(peer.starts_with("[fe80::1%") && peer.ends_with(&format!("]:{port}")), "{peer}");
        let mut second = watch(&peer);
        for child in [&mut first, &mut second] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    });
}

#[test]
#[ignore = "makes a network namespace"]
fn few_retransmissions_are_warned_of_where_the_kernel_gives_up_too_early() {
    let test = "few_retransmissions_are_warned_of_where_the_kernel_gives_up_too_early";
    in_a_namespace(test, "echo 5 >/proc/sys/net/ipv4/tcp_retries2", || {
        let warnings = |within| json(&["plan", "--within", within])["warnings"].to_string();
        let early = warnings("30s");
        assert!(early.contains("gives up after 12.6 s, before the 30 s asked for"), "{early}");
        assert!(early.contains("net.ipv4.tcp_retries2 = 5; 7 is enough"), "{early}");
        assert_eq!(warnings("12s"), "[]");
        fs::write("/proc/sys/net/ipv4/tcp_retries2", "7").unwrap();
        assert_eq!(warnings("30s"), "[]", "what is said to be enough is");
        fs::write("/proc/sys/net/ipv4/tcp_retries2", "15").unwrap();
        let usual = warnings("7min");
        assert_eq!(usual, "[]", "as the system is shipped");
    });
}

#[test]
#[ignore = "makes a network namespace"]
fn values_of_this_system_that_count_where_nothing_is_typed_are_warned_of() {
    let test = "values_of_this_system_that_count_where_nothing_is_typed_are_warned_of";
    let set_up = "
        echo 100 >/proc/sys/net/ipv4/tcp_keepalive_time
        echo 5 >/proc/sys/net/ipv4/tcp_keepalive_probes";
    in_a_namespace(test, set_up, || {
        let warnings =
            |arguments: &[&str]| json(&[&["plan"], arguments].concat())["warnings"].to_string();
        let left = warnings(&["--interval", "5s"]);
        assert!(left.contains("net.ipv4.tcp_keepalive_time is 100 s (1 min 40 s)"), "{left}");
        assert!(left.contains("net.ipv4.tcp_keepalive_probes is 5 and not 9"), "{left}");
        assert!(!left.contains("intvl"), "{left}");
        let typed = warnings(&["--idle", "15s", "--interval", "5s", "--count", "3"]);
        assert_eq!(typed, "[]");
        assert_eq!(warnings(&["--within", "6s"]), "[]");
    });
}
