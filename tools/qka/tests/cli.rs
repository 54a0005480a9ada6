// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program as people and scripts run it. What takes a network that fails is in tests/system.

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use predicates::prelude::*;
use predicates::str::contains;

use common::{json, qka};

// --- defaults ------------------------------------------------------------------------------------

#[test]
fn defaults_are_told_in_words_and_as_json() {
    let values = json(&["defaults"]);
    let ms = values["detection_ms"].as_u64().expect("a number");
    let parts = |name: &str| values[name].as_u64().expect("a number");
    assert_eq!(ms, parts("idle_ms") + parts("interval_ms") * parts("count"));
    qka(&["defaults"]).assert().success().stdout(contains("A dead peer is noticed after"));
}

#[test]
fn a_dry_run_shows_what_would_be_and_changes_nothing() {
    let before = json(&["defaults"]);
    let shown = json(&[
        "defaults",
        "set",
        "--idle",
        "100",
        "--interval",
        "10s",
        "--count",
        "1",
        "--dry-run",
    ]);
    assert_eq!(shown["after"]["detection_ms"], 110_000);
    assert_eq!(shown["before"], before);
    assert_eq!(json(&["defaults"]), before);
}

#[cfg(target_os = "linux")]
#[test]
fn what_would_survive_a_restart_is_previewed() {
    qka(&["defaults", "set", "--idle", "99500ms", "--persist", "--dry-run"])
        .assert()
        .success()
        .stdout(contains("/etc/sysctl.d/90-qka-keepalive.conf would be"))
        .stdout(contains("net.ipv4.tcp_keepalive_time = 100"));
}

#[test]
fn a_value_out_of_range_is_refused_with_the_range() {
    for (option, value, range) in [
        ("--idle", "0", "1..2147483 s"),
        ("--interval", "3000000", "1..2147483 s"),
        ("--count", "256", "1..255"),
    ] {
        for dry in [&["--dry-run"][..], &[]] {
            qka(&["defaults", "set", option, value])
                .args(dry)
                .assert()
                .code(1)
                .stderr(contains("is not within").and(contains(range)));
        }
    }
}

#[test]
fn what_is_no_time_is_refused_with_an_example() {
    qka(&["defaults", "set", "--idle", "soon"])
        .assert()
        .code(2)
        .stderr(contains("a time is wanted, such as 6s"));
    qka(&["defaults", "set"]).assert().code(2);
}

// --- plan ----------------------------------------------------------------------------------------

#[test]
fn six_seconds_are_explained_for_this_system_and_for_others() {
    qka(&["plan", "--within", "6s"])
        .assert()
        .success()
        .stdout(contains("idle 3 s, interval 1 s, count 3: a dead peer is known after 6 s"))
        .stdout(contains("ProbesUnanswered"))
        .stdout(contains("Windows"));
    let plan = json(&["plan", "--within", "6s"]);
    assert_eq!(plan["detection_ms"], 6000);
    assert!(plan["warnings"].as_array().expect("a list").is_empty());
}

#[test]
fn a_user_timeout_takes_the_place_of_the_count_and_is_warned_of() {
    let plan =
        json(&["plan", "--idle", "15", "--interval", "5", "--count", "6", "--user-timeout", "30s"]);
    assert_eq!(plan["detection_ms"], 30_000);
    let warnings = plan["warnings"].to_string();
    assert!(warnings.contains("reads nothing for that long"), "{warnings}");
}

#[test]
fn what_no_socket_takes_is_refused() {
    qka(&["plan", "--within", "1s"]).assert().code(1).stderr(contains("2..65534 s"));
    qka(&["plan", "--count", "128"]).assert().code(1).stderr(contains("1..127"));
    qka(&["plan"]).assert().code(2);
    qka(&["plan", "--within", "6s", "--idle", "3"]).assert().code(2);
}

// --- watch ---------------------------------------------------------------------------------------

#[test]
fn a_peer_that_closes_ends_the_watch_with_its_code() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = std::thread::spawn(move || drop(listener.accept().unwrap()));
    qka(&["watch", &format!("127.0.0.1:{port}")])
        .assert()
        .code(10)
        .stdout(contains("Healthy").and(contains("PeerClosed: ")));
    peer.join().unwrap();
}

#[test]
fn a_peer_that_resets_is_told_as_json_line_by_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut child = Command::new(env!("CARGO_BIN_EXE_qka"))
        .args(["watch", &format!("localhost:{port}"), "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> serde_json::Value {
        serde_json::from_str(&lines.next().expect("a line").unwrap()).expect("it is JSON")
    };
    assert_eq!(next()["state"], "Healthy");
    socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(stream);
    assert_eq!(next()["reason"], "PeerReset");
    assert_eq!(child.wait().unwrap().code(), Some(11));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_watch_with_a_sentence() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_qka"))
        .args(["watch", &to])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().expect("a line").unwrap().contains("Healthy"));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    let said = lines.next().expect("a line").unwrap();
    assert!(said.contains("interrupted; the connection was healthy"), "{said}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_cannot_be_connected_says_why() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    qka(&["watch", &closed.to_string()]).assert().code(3).stderr(contains("nobody listens"));
    qka(&["watch", "no.such.host.invalid:80"]).assert().code(3).stderr(contains("not known"));
    for to in ["localhost", "localhost:"] {
        qka(&["watch", to]).assert().code(2).stderr(contains("a host and a port are wanted"));
    }
    qka(&["watch", "localhost:99999"]).assert().code(2).stderr(contains("1 to 65535"));
    qka(&["watch", "localhost:80", "--within", "1s"]).assert().code(1).stderr(contains("2..65534"));
}

// --- replay --------------------------------------------------------------------------------------

/// Recorded on a network whose cable was pulled.
const HISTORY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/core/guard/a_real_loss.txt");

#[test]
fn a_real_loss_is_shown_step_by_step_with_its_reason() {
    qka(&["replay", HISTORY])
        .assert()
        .success()
        .stdout(contains("1.668 s  looked        silent 5 s, 3 probes    Suspect"))
        .stdout(contains("sends a probe"))
        .stdout(contains("Lost 2.6 s after the first doubt: ProbesUnanswered"))
        .stdout(contains("the peer did not answer 4 keepalive probes"))
        .stdout(contains("The history tells of the same end."));
    let told = json(&["replay", HISTORY]);
    assert_eq!(told["same"], true);
    assert_eq!(told["detect_within_ms"], 6000);
    assert_eq!(told["replayed"]["reason"], "ProbesUnanswered");
    assert_eq!(told["replayed"]["after_ms"], 2632);
    assert_eq!(told["steps"][2]["unanswered_probes"], 2);
}

#[test]
fn a_history_is_read_from_standard_input_too() {
    let text = std::fs::read(HISTORY).unwrap();
    qka(&["replay", "-"]).write_stdin(text).assert().success().stdout(contains("same end"));
}

#[test]
fn a_history_that_tells_of_another_end_than_it_leads_to_fails() {
    let text = std::fs::read_to_string(HISTORY).unwrap();
    let changed = text.replace("aborts reason=2", "aborts reason=4");
    qka(&["replay", "-"])
        .write_stdin(changed)
        .assert()
        .code(1)
        .stdout(contains("The history tells of another end: HeartbeatMissed after 2.6 s."));
}

#[test]
fn what_is_no_history_is_refused_with_the_place_and_what_a_history_is() {
    qka(&["replay", "/nowhere"]).assert().code(1).stderr(contains("qka: /nowhere: "));
    for (text, place) in [
        (&b"\xff\xfe"[..], "-: it is no text"),
        (b"#!/bin/sh\n", "-: line 1: a history begins with the line"),
        (
            b"qkeepalive history 1\n0 state enabled=yes\n",
            "-: line 2: enabled: \"yes\" is no number",
        ),
        (&[b'a'; 1 << 20], "-: it is longer than any history"),
    ] {
        qka(&["replay", "-"]).write_stdin(text).assert().code(1).stderr(contains(place));
    }
    let advice =
        "A history is what KeepAlive::history(), Guard::history() or qka watch --history gives.";
    qka(&["replay", "-"]).write_stdin("").assert().code(1).stderr(contains(advice));
}

// --- sockets -------------------------------------------------------------------------------------

#[cfg(target_os = "linux")]
#[test]
fn a_connection_is_listed_with_its_keepalive() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _server = listener.accept().unwrap();
    let config = qkeepalive::Config {
        idle: Some(std::time::Duration::from_secs(100)),
        ..qkeepalive::Config::default()
    };
    let pid = std::process::id().to_string();
    let of = |connection: &std::net::TcpStream| {
        let local = connection.local_addr().unwrap().to_string();
        let all = json(&["sockets", "--pid", &pid]);
        let one = all.as_array().unwrap().iter().find(|one| one["local"] == local.as_str());
        one.expect("it is listed").clone()
    };
    assert_eq!(of(&client)["keepalive"]["is"], "off");
    qkeepalive::apply(&client, &config).unwrap();
    let shown = of(&client);
    assert_eq!(shown["keepalive"]["is"], "on");
    let next = shown["keepalive"]["next_ms"].as_u64().unwrap();
    assert!((90_000..=113_000).contains(&next), "{next}");
    assert_eq!(shown["pid"].to_string(), pid);
    assert_eq!(shown["state"], "established");
    qka(&["sockets", "--pid", &pid])
        .assert()
        .success()
        .stdout(contains("on, next look in 1 min").and(contains("never noticed while idle")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_not_there_is_told() {
    qka(&["sockets", "--pid", "4194305"]).assert().code(1).stderr(contains("no process 4194305"));
    qka(&["sockets", "--pid", "0"]).assert().code(2);
}

// --- The output ----------------------------------------------------------------------------------

#[test]
fn a_reader_that_goes_is_no_failure() {
    for arguments in [&["plan", "--within", "6s"][..], &["man"], &["completions", "bash"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qka"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let status = child.wait().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(status.success() && said.is_empty(), "{arguments:?}: {status}, {said}");
    }
}

#[test]
fn completions_and_the_manual_page_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        qka(&["completions", shell]).assert().success().stdout(contains("defaults"));
    }
    qka(&["man"]).assert().success().stdout(contains(".TH qka"));
    qka(&["man", "plan"]).assert().success().stdout(contains(".TH qka-plan"));
    qka(&["man", "nothing"]).assert().code(2);
    qka(&["completions", "tcsh"]).assert().code(2);
}

#[test]
fn help_lists_the_exit_codes() {
    qka(&["--help"]).assert().success().stdout(contains("12  ProbesUnanswered"));
}
