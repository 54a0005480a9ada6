// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka sockets`: this machine's TCP connections with their keepalive, in words.

#[cfg(target_os = "linux")]
mod diag;
#[cfg(target_os = "linux")]
mod owners;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use crate::exit::Failure;
use crate::page::{BAD, Cell, FAINT, GOOD, Page, Report, WARNING};
use crate::words::{milliseconds, time};

/// All that were found.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Found(Vec<Connection>);

/// One of them.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// Null where this user may not know.
    pub pid: Option<u32>,
    pub program: Option<String>,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub state: &'static str,
    pub keepalive: Keepalive,
    #[serde(serialize_with = "optional_ms", rename = "silence_ms")]
    pub silence: Option<Duration>,
    pub unanswered_probes: u32,
    pub retransmissions: u32,
    pub unsent_bytes: u32,
}

/// What the kernel's timer says of keepalive: a socket has one timer to show, and that of data on its
/// way hides that of keepalive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "other systems do not tell it"))]
pub enum Keepalive {
    On {
        next_ms: u64,
    },
    Off,
    /// Data is on its way, sent again in this time.
    HiddenByRetransmission {
        next_ms: u64,
    },
    /// The peer's window is closed.
    HiddenByWindowProbe {
        next_ms: u64,
    },
}

fn optional_ms<S: serde::Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(milliseconds).serialize(serializer)
}

/// Lists them.
#[cfg(target_os = "linux")]
pub fn list(pid: Option<u32>) -> Result<Found, Failure> {
    let mut owners = owners::Owners::read(pid)?;
    let mut found = Vec::new();
    for entry in diag::connections()? {
        let owner = owners.of(entry.inode);
        if pid.is_some() && owner.is_none() {
            continue;
        }
        let (pid, program) = owner.map_or((None, None), |(pid, name)| (Some(pid), Some(name)));
        found.push(Connection { pid, program, ..entry.connection });
    }
    found.sort_by_key(|connection| (connection.program.clone(), connection.pid, connection.peer));
    Ok(Found(found))
}

/// Other systems do not tell it in a documented way.
#[cfg(not(target_os = "linux"))]
pub fn list(_: Option<u32>) -> Result<Found, Failure> {
    Err(Failure::new(
        crate::exit::UNSUPPORTED,
        "the keepalive of other programs' connections is told by Linux only (sock_diag)",
    ))
}

impl Keepalive {
    fn words(self) -> String {
        let wait = |ms| time(Duration::from_millis(ms));
        match self {
            Keepalive::On { next_ms } => format!("on, next look in {}", wait(next_ms)),
            Keepalive::Off => "off".into(),
            Keepalive::HiddenByRetransmission { next_ms } => {
                format!("sends data again in {}", wait(next_ms))
            }
            Keepalive::HiddenByWindowProbe { next_ms } => {
                format!("asks for a window in {}", wait(next_ms))
            }
        }
    }
}

impl Connection {
    /// In words for somebody in a hurry.
    fn verdict(&self) -> Cell {
        if self.retransmissions > 0 {
            let words = format!("data unanswered, sent again {} times", self.retransmissions);
            return Cell::styled(words, BAD);
        }
        if self.unanswered_probes > 0 {
            return Cell::styled(format!("{} probes unanswered", self.unanswered_probes), BAD);
        }
        match (self.state, self.keepalive) {
            ("close-wait", _) => Cell::styled("the peer has closed, the program has not", WARNING),
            ("established", Keepalive::Off) => {
                Cell::styled("a dead peer is never noticed while idle", WARNING)
            }
            ("established", _) => Cell::styled("healthy", GOOD),
            _ => Cell::styled("closing or connecting", FAINT),
        }
    }
}

impl Report for Found {
    fn show(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.0.is_empty() {
            return page.paragraph("There are no TCP connections.");
        }
        let rows: Vec<_> = self
            .0
            .iter()
            .map(|connection| {
                let owner = match (&connection.program, connection.pid) {
                    (Some(name), Some(pid)) => format!("{name} ({pid})"),
                    _ => "not told".into(),
                };
                [
                    Cell::from(owner),
                    Cell::from(connection.peer.to_string()),
                    Cell::from(connection.state),
                    Cell::from(connection.keepalive.words()),
                    Cell::from(connection.silence.map_or("–".into(), time)),
                    connection.verdict(),
                ]
            })
            .collect();
        page.table(["Program", "Peer", "State", "Keepalive", "Silent for", "In words"], &rows)?;
        if self.0.iter().any(|connection| connection.pid.is_none()) {
            page.gap()?;
            page.paragraph_styled(
                FAINT,
                "Programs of other users are not told to this one; sudo shows them.",
            )?;
        }
        Ok(())
    }
}
