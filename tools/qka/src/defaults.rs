// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka defaults`: the system-wide values, to read, to set, and to keep.

mod file;

use std::io;
use std::path::Path;
use std::time::Duration;

use qkeepalive::Config;
use serde::Serialize;

use crate::cli::Set;
use crate::exit::{self, Failure};
use crate::page::{Cell, FAINT, GOOD, Page, Report};
use crate::words::{milliseconds, time, time_and_seconds};

/// The values in force.
#[derive(Debug, Serialize)]
pub struct Shown {
    idle_ms: Option<u64>,
    interval_ms: Option<u64>,
    count: Option<u32>,
    /// From the last sign of life to the verdict on an idle connection.
    detection_ms: Option<u64>,
    /// The same with data on its way: keepalive has no part in it.
    in_flight_ms: u64,
    #[serde(skip)]
    values: Config,
}

/// Reads them.
pub fn read() -> Result<Shown, Failure> {
    let values = qkeepalive::system_defaults().map_err(|error| {
        let failure = Failure::from(error).with("the system-wide values cannot be read");
        if cfg!(target_os = "linux") && !Path::new("/proc/sys").exists() {
            failure.and("They are files in /proc. Please mount /proc: mount -t proc proc /proc")
        } else {
            failure
        }
    })?;
    Ok(Shown::of(values))
}

impl Shown {
    fn of(values: Config) -> Self {
        Self {
            idle_ms: values.idle.map(milliseconds),
            interval_ms: values.interval.map(milliseconds),
            count: values.count,
            detection_ms: values.detection_time().map(milliseconds),
            in_flight_ms: milliseconds(qkeepalive::system_user_timeout()),
            values,
        }
    }
}

impl Report for Shown {
    fn show(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.heading("System-wide TCP keepalive")?;
        page.gap()?;
        let mut rows = Vec::new();
        for (name, value, meaning) in [
            ("idle", self.values.idle.map(time_and_seconds), "silence before the first probe"),
            ("interval", self.values.interval.map(time_and_seconds), "time between two probes"),
            ("count", self.values.count.map(|n| n.to_string()), "unanswered probes until dead"),
        ] {
            let value = value.unwrap_or_else(|| "not told".into());
            rows.push([Cell::from(name), Cell::styled(value, GOOD), Cell::styled(meaning, FAINT)]);
        }
        page.table(["Setting", "Value", "Meaning"], &rows)?;
        page.gap()?;
        if let Some(total) = self.values.detection_time() {
            page.paragraph(&format!(
                "A dead peer is noticed after {}, on an idle connection that has keepalive on and no values of \
                 its own.",
                time(total)
            ))?;
        }
        page.paragraph(&format!(
            "While data is on its way keepalive does nothing: the system gives up after {}.",
            time(Duration::from_millis(self.in_flight_ms))
        ))?;
        page.paragraph(
            "Keepalive is off on a new socket: these values count where a program switches it on.",
        )
    }
}

/// What was changed, or would be.
#[derive(Debug, Serialize)]
pub struct Changed {
    dry_run: bool,
    before: Shown,
    after: Shown,
    /// The file that keeps them over a restart.
    file: Option<file::Kept>,
}

/// Sets them.
pub fn set(wanted: &Set) -> Result<Changed, Failure> {
    let before = read()?;
    let config = Config {
        idle: wanted.idle,
        interval: wanted.interval,
        count: wanted.count,
        ..Config::default()
    };
    let file = wanted.persist.then(|| file::Kept::of(&config)).transpose()?;
    if wanted.dry_run {
        within_range(wanted)?;
        let or = |new: Option<Duration>, old: Option<Duration>| new.or(old);
        let after = Config {
            idle: or(config.idle, before.values.idle),
            interval: or(config.interval, before.values.interval),
            count: config.count.or(before.values.count),
            ..before.values
        };
        return Ok(Changed { dry_run: true, before, after: Shown::of(after), file });
    }
    // The file first: it is what can still fail, and its old content can be put back.
    let undo = file.as_ref().map(file::Kept::write).transpose();
    let undo = undo.map_err(|failure| failure.or_try(&by_hand(wanted)))?;
    if let Err(error) = qkeepalive::set_system_defaults(&config) {
        undo.into_iter().for_each(file::Undo::put_back);
        let is_read_only = matches!(&error, qkeepalive::Error::System { source, .. }
            if source.kind() == io::ErrorKind::ReadOnlyFilesystem);
        let failure = Failure::from(error).with("the system-wide values were not changed");
        return Err(if is_read_only {
            failure.and(
                "In a container it takes a set-up of its own: docker run --sysctl \
                 net.ipv4.tcp_keepalive_time=100, for example.",
            )
        } else {
            failure.or_try(&by_hand(wanted))
        });
    }
    Ok(Changed { dry_run: false, before, after: read()?, file })
}

/// What the library would refuse. It has no call that checks and does not set.
fn within_range(wanted: &Set) -> Result<(), Failure> {
    const LONGEST: Duration = Duration::from_secs(2_147_483);
    let refuse = |words: String| Err(Failure::new(exit::FAILED, words));
    for (name, value) in [("idle", wanted.idle), ("interval", wanted.interval)] {
        if let Some(value) = value.filter(|value| value.is_zero() || *value > LONGEST) {
            return refuse(format!(
                "{name}: {} is not within 1..{} s",
                time(value),
                LONGEST.as_secs()
            ));
        }
    }
    match wanted.count.filter(|count| !(1..=255).contains(count)) {
        Some(count) => refuse(format!("count: {count} is not within 1..255")),
        None => Ok(()),
    }
}

/// The same as a command for somebody who may.
fn by_hand(wanted: &Set) -> String {
    let mut command = String::from("sudo qka defaults set");
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.push_str(&format!(" --{name} {value}"));
        }
    };
    let typed = |time: Duration| humantime::format_duration(time).to_string().replace(' ', "");
    add("idle", wanted.idle.map(typed));
    add("interval", wanted.interval.map(typed));
    add("count", wanted.count.map(|count| count.to_string()));
    if wanted.persist {
        command.push_str(" --persist");
    }
    command
}

impl Report for Changed {
    fn show(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.heading(if self.dry_run {
            "This would be changed (--dry-run: nothing was)"
        } else {
            "Changed"
        })?;
        page.gap()?;
        let (old, new) = (&self.before.values, &self.after.values);
        let told = |time: Option<Duration>| time.map_or("not told".into(), time_and_seconds);
        let number = |count: Option<u32>| count.map_or("not told".into(), |n| n.to_string());
        let rows = [
            ("idle", told(old.idle), told(new.idle)),
            ("interval", told(old.interval), told(new.interval)),
            ("count", number(old.count), number(new.count)),
            ("a dead peer is noticed", told(old.detection_time()), told(new.detection_time())),
        ]
        .map(|(name, before, after)| {
            let style = if before == after { FAINT } else { GOOD };
            [Cell::from(name), Cell::from(before), Cell::styled(after, style)]
        });
        page.table(["Setting", "Before", "After"], &rows)?;
        page.gap()?;
        match &self.file {
            Some(file) => file.show(page, self.dry_run),
            None => page.paragraph(
                "Until the next restart, then the old values are back; --persist keeps them.",
            ),
        }
    }
}

/// Not permitted, and what to do about it.
impl Failure {
    fn or_try(self, command: &str) -> Self {
        if self.code() != exit::NOT_PERMITTED {
            return self;
        }
        self.and(&format!("It takes the right to administer the network. Please run: {command}"))
    }
}
