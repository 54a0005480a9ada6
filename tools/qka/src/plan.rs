// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka plan`: what happens when, with these values, on this system and on others.

mod faults;
mod picture;
mod systems;
mod warnings;

use std::io;
use std::time::Duration;

use qkeepalive::Config;
use serde::Serialize;

use crate::cli;
use crate::exit::{self, Failure};
use crate::page::{BAD, Cell, FAINT, GOOD, Page, Report, WARNING};
use crate::words::{milliseconds, time};
use faults::Fault;
use systems::Elsewhere;

/// The values as this system takes them: nothing is left open.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    pub idle: Duration,
    pub interval: Duration,
    pub count: u32,
    pub user_timeout: Option<Duration>,
    /// From the last sign of life to the kernel's verdict on an idle connection.
    pub total: Duration,
    /// From the first transmission to the kernel's verdict on unacknowledged data.
    pub in_flight: Duration,
}

/// What Linux is shipped with, and most others, too.
struct Shipped {
    idle: Duration,
    interval: Duration,
    count: u32,
}

const SHIPPED: Shipped =
    Shipped { idle: Duration::from_secs(7200), interval: Duration::from_secs(75), count: 9 };

/// The explanation.
#[derive(Debug, Serialize)]
pub struct Explained {
    idle_ms: u64,
    interval_ms: u64,
    count: u32,
    user_timeout_ms: Option<u64>,
    detection_ms: u64,
    faults: Vec<Fault>,
    warnings: Vec<String>,
    elsewhere: Vec<Elsewhere>,
    #[serde(skip)]
    values: Values,
}

/// Explains them.
pub fn explain(wanted: &cli::Plan) -> Result<Explained, Failure> {
    // Where they cannot be read those count that the system is shipped with.
    let system = qkeepalive::system_defaults().unwrap_or_default();
    let asked = asked(wanted, &system)?;
    let values = here(&asked)?;
    Ok(Explained {
        idle_ms: milliseconds(values.idle),
        interval_ms: milliseconds(values.interval),
        count: values.count,
        user_timeout_ms: values.user_timeout.map(milliseconds),
        detection_ms: milliseconds(values.total),
        faults: faults::all(&values),
        warnings: warnings::all(&values, &left_alone(wanted, &system)),
        elsewhere: systems::all(&asked, wanted.within),
        values,
    })
}

/// What was typed, with the system's own values where nothing was.
fn asked(wanted: &cli::Plan, system: &Config) -> Result<Config, Failure> {
    let explicit = match wanted.within {
        Some(within) => Config::detect_within(within)?,
        None => Config {
            idle: wanted.idle,
            interval: wanted.interval,
            count: wanted.count,
            ..Config::default()
        },
    };
    Ok(Config {
        enabled: true,
        idle: explicit.idle.or(system.idle),
        interval: explicit.interval.or(system.interval),
        count: explicit.count.or(system.count),
        user_timeout: wanted.user_timeout,
    })
}

/// What the system says where nothing was typed.
fn left_alone(wanted: &cli::Plan, system: &Config) -> Config {
    let by_the_knob = wanted.within.is_some();
    Config {
        idle: system.idle.filter(|_| !by_the_knob && wanted.idle.is_none()),
        interval: system.interval.filter(|_| !by_the_knob && wanted.interval.is_none()),
        count: system.count.filter(|_| !by_the_knob && wanted.count.is_none()),
        ..Config::default()
    }
}

/// What this system makes of them. Asked of the kernel itself, by a socket of our own: it refuses and
/// rounds as any other would be.
fn here(asked: &Config) -> Result<Values, Failure> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)
        .map_err(|error| Failure::new(exit::FAILED, format!("no socket could be made: {error}")))?;
    let given = qkeepalive::apply(&socket, asked)?;
    let shipped = Config::default().detection_time();
    let total = given.detection_time().or(shipped).unwrap_or_default();
    let user_timeout = given.user_timeout.filter(|timeout| !timeout.is_zero());
    Ok(Values {
        idle: given.idle.unwrap_or(SHIPPED.idle),
        interval: given.interval.unwrap_or(SHIPPED.interval),
        count: given.count.unwrap_or(SHIPPED.count),
        user_timeout,
        total,
        // The clock of a user timeout starts with the first retransmission.
        in_flight: user_timeout.map_or_else(qkeepalive::system_user_timeout, |timeout| {
            timeout + Duration::from_millis(400)
        }),
    })
}

impl Report for Explained {
    fn show(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Values { idle, interval, count, user_timeout, total, .. } = self.values;
        let timeout = user_timeout.map(|limit| format!(", user timeout {}", time(limit)));
        page.heading(&format!(
            "idle {}, interval {}, count {count}{}: a dead peer is known after {}",
            time(idle),
            time(interval),
            timeout.unwrap_or_default(),
            time(total)
        ))?;
        page.gap()?;
        picture::draw(&self.values, page)?;
        page.gap()?;
        let rows: Vec<_> = self
            .faults
            .iter()
            .map(|fault| {
                let guard = fault.guard.style();
                let kernel = fault.kernel.style();
                [
                    Cell::from(fault.what),
                    Cell::styled(fault.guard.to_string(), guard),
                    Cell::styled(fault.reason, FAINT),
                    Cell::styled(fault.kernel.to_string(), kernel),
                ]
            })
            .collect();
        page.table(["What happens", "With a guard", "Reason", "The kernel alone"], &rows)?;
        page.gap()?;
        for warning in &self.warnings {
            page.point(WARNING, warning)?;
        }
        if self.warnings.is_empty() {
            page.point(GOOD, "Nothing to warn of.")?;
        }
        page.gap()?;
        page.heading("The same values elsewhere")?;
        page.gap()?;
        let rows: Vec<_> = self
            .elsewhere
            .iter()
            .map(|system| {
                let known = match &system.detection {
                    Some(total) => Cell::styled(time(*total), GOOD),
                    None => Cell::styled("refused", BAD),
                };
                [Cell::from(system.name), known, Cell::from(system.note.as_str())]
            })
            .collect();
        page.table(["System", "Idle peer known after", "Note"], &rows)
    }
}
