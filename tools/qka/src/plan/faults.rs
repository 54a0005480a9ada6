// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each way to lose a peer, and when it is known: with a guard of this library, and by the kernel alone.

use std::fmt;
use std::time::Duration;

use anstyle::Style;
use serde::{Serialize, Serializer};

use super::Values;
use crate::page::{BAD, GOOD, WARNING};
use crate::words::{milliseconds, time};

/// One of them.
#[derive(Debug, Serialize)]
pub struct Fault {
    pub what: &'static str,
    pub guard: Known,
    /// What the guard says.
    pub reason: &'static str,
    pub kernel: Known,
}

/// When it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// As soon as the news arrives.
    AtOnce,
    /// This long after the last sign of life.
    After(Duration),
    /// It is not.
    Never,
}

impl Known {
    /// Good is at once, bad is never, and more than a minute is a warning.
    pub fn style(self) -> Style {
        match self {
            Known::Never => BAD,
            Known::After(wait) if wait > Duration::from_secs(60) => WARNING,
            Known::AtOnce | Known::After(_) => GOOD,
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Known::AtOnce => f.write_str("at once"),
            Known::After(wait) => f.write_str(&time(*wait)),
            Known::Never => f.write_str("never"),
        }
    }
}

/// Milliseconds; 0 for at once, null for never.
impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Known::AtOnce => serializer.serialize_some(&0),
            Known::After(wait) => serializer.serialize_some(&milliseconds(*wait)),
            Known::Never => serializer.serialize_none(),
        }
    }
}

/// All of them.
pub fn all(values: &Values) -> Vec<Fault> {
    let guard = Known::After(values.total);
    let retransmitting = Known::After(values.in_flight);
    // Nothing but a user timeout ends a window that stays closed.
    let closed_window = match values.user_timeout {
        Some(timeout) => Known::After(timeout),
        None => Known::Never,
    };
    vec![
        Fault {
            what: "peer vanishes, idle",
            guard,
            reason: "ProbesUnanswered",
            kernel: Known::After(values.total),
        },
        Fault {
            what: "peer vanishes, data on its way",
            // The kernel may be first, by a short user timeout.
            guard: Known::After(values.total.min(values.in_flight)),
            reason: "DataUnacknowledged",
            kernel: retransmitting,
        },
        Fault {
            what: "no way to the peer (ICMP, ARP)",
            guard,
            reason: "NetworkUnreachable",
            kernel: Known::After(values.total.max(values.in_flight)),
        },
        Fault {
            what: "peer's host restarts, idle",
            guard: Known::After(values.idle),
            reason: "PeerReset",
            kernel: Known::After(values.idle),
        },
        Fault {
            what: "peer closes",
            guard: Known::AtOnce,
            reason: "PeerClosed",
            kernel: Known::AtOnce,
        },
        Fault {
            what: "peer resets",
            guard: Known::AtOnce,
            reason: "PeerReset",
            kernel: Known::AtOnce,
        },
        Fault {
            what: "peer lives and does not read",
            guard: closed_window,
            reason: if values.user_timeout.is_some() { "DataUnacknowledged" } else { "no loss" },
            kernel: closed_window,
        },
        Fault {
            what: "peer's program hangs",
            guard: Known::Never,
            reason: "a heart-beat finds it",
            kernel: Known::Never,
        },
    ]
}
