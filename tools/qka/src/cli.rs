// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::words::parse_time;

const AFTER_HELP: &str = "\
Times: 6s, 500ms, 2h 11m; a bare number is seconds.

Exit codes:
   0  done
   1  failed
   2  not understood
   3  not connected
   4  not permitted
   5  not possible on this system
  Of watch, when the connection is lost:
  10  PeerClosed
  11  PeerReset
  12  ProbesUnanswered
  13  DataUnacknowledged
  15  NetworkUnreachable
  16  UnknownLoss
  And when it is ended by Ctrl-C:
 130  interrupted";

/// Explains this machine's TCP keepalive, and watches connections with it
#[derive(Debug, Parser)]
#[command(name = "qka", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// Print JSON, for programs: times in whole milliseconds
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the system-wide values, or set them
    Defaults(Defaults),

    /// Explain what happens when, with these values, on this system and on others
    Plan(Plan),

    /// Guard a connection, and end with a code for the reason when it is lost
    Watch(Watch),

    /// List this machine's TCP connections with their keepalive (Linux)
    Sockets {
        /// Only those of this process
        #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
        pid: Option<u32>,
    },

    /// Show, step by step, why a peer was given up
    Replay {
        /// What KeepAlive::history(), Guard::history() or qka watch --history gave; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },

    /// Print a shell's completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },

    /// Print a manual page
    Man {
        /// Of this command; without it, of qka itself
        #[arg(value_parser = ["defaults", "plan", "watch", "sockets", "replay", "completions"])]
        command: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Defaults {
    #[command(subcommand)]
    pub command: Option<DefaultsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum DefaultsCommand {
    /// Set the system-wide values now; what is not named stays as it is
    Set(Set),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("value").args(["idle", "interval", "count"]).multiple(true).required(true))]
pub struct Set {
    /// Silence before the first probe
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub idle: Option<Duration>,

    /// Time between two probes
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub interval: Option<Duration>,

    /// Probes that go unanswered until the peer is dead
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<u32>,

    /// Also write them to a file, so that they are in force after the next start (Linux: sysctl.d)
    #[arg(long)]
    pub persist: bool,

    /// Change nothing; show what would be written, and where
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("wanted").args(["within", "idle", "interval", "count", "user_timeout"])
    .multiple(true).required(true))]
pub struct Plan {
    /// Know of a dead peer within this time (in place of the next three)
    #[arg(long, value_name = "TIME", value_parser = parse_time,
          conflicts_with_all = ["idle", "interval", "count"])]
    pub within: Option<Duration>,

    /// Silence before the first probe (what is left out is as on this system)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub idle: Option<Duration>,

    /// Time between two probes
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub interval: Option<Duration>,

    /// Probes that go unanswered until the peer is dead
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<u32>,

    /// How long data may stay unacknowledged (TCP_USER_TIMEOUT); 0 is the system's own rule
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub user_timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub struct Watch {
    /// Where to connect to, such as example.org:80, [2001:db8::1]:80 or [fe80::1%eth0]:80
    #[arg(value_name = "HOST:PORT")]
    pub to: String,

    /// Know of a dead peer within this time
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "6s")]
    pub within: Duration,

    /// When the connection is lost, write what led to it into this file, for qka replay
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
