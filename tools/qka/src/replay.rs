// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka replay`: why a peer was given up. Runs what led to it through the same guard once more, step by
//! step.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use qkeepalive::LossReason;
use qkeepalive::guard::{Output, State};
use qkeepalive::replay::{Replay, Step, replay};
use serde::Serialize;

use crate::exit::{self, Failure};
use crate::page::{self, BAD, Cell, FAINT, GOOD, Page, Report, WARNING};
use crate::words::{milliseconds, reason, time};

/// No history is as long as this.
const LONGEST: u64 = 1 << 20;

/// All of it.
#[derive(Debug, Serialize)]
struct Told {
    detect_within_ms: Option<u64>,
    steps: Vec<Row>,
    /// What the history says of its end.
    recorded: Option<End>,
    /// What came of it this time.
    replayed: Option<End>,
    same: bool,
}

/// What happened, and what came of it.
#[derive(Debug, Serialize)]
struct Row {
    after_ms: u64,
    what: &'static str,
    silence_ms: Option<u64>,
    unanswered_probes: Option<u32>,
    retransmissions: Option<u32>,
    unacknowledged_segments: Option<u32>,
    state: String,
    did: Vec<String>,
}

#[derive(Debug, Serialize)]
struct End {
    after_ms: u64,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Replays the history in this file; `-` is standard input.
pub fn run(file: &Path, json: bool) -> Result<ExitCode, Failure> {
    let name = file.display();
    let failed = |error: String| Failure::new(exit::FAILED, format!("{name}: {error}"));
    let text = read(file).map_err(|error| failed(error.to_string()))?;
    let replay = replay(&text).map_err(|malformed| {
        failed(malformed.to_string())
            .and("A history is what KeepAlive::history(), Guard::history() or qka watch --history gives.")
    })?;
    let told = Told::of(&replay);
    page::print(&told, json)?;
    Ok(if told.same { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}

fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let length = match file.to_str() {
        Some("-") => io::stdin().lock().take(LONGEST).read_to_end(&mut bytes)?,
        _ => File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?,
    };
    if length as u64 == LONGEST {
        return Err(io::Error::other("it is longer than any history"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text"))
}

impl Told {
    fn of(replay: &Replay) -> Self {
        let end = |(after, why): (Duration, LossReason), detail| End {
            after_ms: milliseconds(after),
            reason: reason(why),
            detail,
        };
        Self {
            detect_within_ms: replay.begins.settings.detect_within.map(milliseconds),
            steps: replay.steps.iter().map(Row::of).collect(),
            recorded: replay.recorded.map(|recorded| end(recorded, None)),
            replayed: replay
                .lost
                .map(|(after, loss)| end((after, loss.reason), Some(loss.to_string()))),
            same: replay.is_the_same(),
        }
    }
}

impl Row {
    fn of(step: &Step) -> Self {
        let info = step.info.unwrap_or_default();
        Self {
            after_ms: milliseconds(step.at),
            what: step.what,
            silence_ms: info.silence().map(milliseconds),
            unanswered_probes: info.probes,
            retransmissions: info.retransmits,
            unacknowledged_segments: info.unacked,
            state: format!("{:?}", step.view.state),
            did: step.outputs.iter().map(words).collect(),
        }
    }

    /// What the kernel said, of which there is something to say.
    fn seen(&self) -> String {
        let count = |number: Option<u32>, what: &str| {
            number.filter(|number| *number > 0).map(|number| format!("{number} {what}"))
        };
        let one = self.unanswered_probes == Some(1);
        let silence =
            self.silence_ms.map(|ms| format!("silent {}", time(Duration::from_millis(ms))));
        let parts = [
            silence,
            count(self.unanswered_probes, if one { "probe" } else { "probes" }),
            count(self.retransmissions, "retransmitted"),
            count(self.unacknowledged_segments, "in flight"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What was to be done, in words.
fn words(output: &Output) -> String {
    match output {
        Output::Apply(_) | Output::ApplyWaiting(_) => "sets options".to_owned(),
        Output::SetCount(count) => format!("sets the count to {count}"),
        Output::Probe(_) => "sends a probe".to_owned(),
        Output::RetransmitWithin(limit) => format!("retransmits within {}", time(*limit)),
        Output::PutBack(_) => "puts all options back".to_owned(),
        Output::TakeError => "asks for the error".to_owned(),
        Output::Beat => "beats".to_owned(),
        Output::Abort(Some(loss)) => format!("gives up: {}", reason(loss.reason)),
        Output::Abort(None) => "cuts the close short".to_owned(),
        Output::Lost(loss) => format!("tells the loss: {}", reason(loss.reason)),
    }
}

/// Named as users see them.
fn styled(state: &str) -> Cell {
    let style = match state {
        _ if state == format!("{:?}", State::Suspect) => WARNING,
        _ if state == format!("{:?}", State::Lost) => BAD,
        _ if state == format!("{:?}", State::Healthy) => GOOD,
        _ => FAINT,
    };
    Cell::styled(state, style)
}

impl Report for Told {
    fn show(&self, page: &mut Page<'_>) -> io::Result<()> {
        let rows: Vec<[Cell; 5]> = self
            .steps
            .iter()
            .map(|row| {
                [
                    Cell::from(format!("{:.3} s", row.after_ms as f64 / 1e3)),
                    Cell::from(row.what),
                    Cell::from(row.seen()),
                    styled(&row.state),
                    Cell::from(row.did.join(", ")),
                ]
            })
            .collect();
        page.table(["After", "What", "Seen", "State", "Did"], &rows)?;
        page.gap()?;
        match (&self.replayed, &self.recorded) {
            (Some(replayed), _) => {
                let at = time(Duration::from_millis(replayed.after_ms));
                let detail = replayed.detail.as_deref().unwrap_or_default();
                page.paragraph_styled(
                    BAD,
                    &format!("Lost {at} after the first doubt: {}", replayed.reason),
                )?;
                page.paragraph(detail)?;
            }
            (None, None) => page.paragraph("No loss: the history ends before one.")?,
            (None, Some(_)) => {}
        }
        match &self.recorded {
            Some(recorded) if !self.same => {
                let at = time(Duration::from_millis(recorded.after_ms));
                let words = format!(
                    "The history tells of another end: {} after {at}. It was written by another \
                     version, or changed since.",
                    recorded.reason
                );
                page.paragraph_styled(WARNING, &words)
            }
            Some(_) => page.paragraph("The history tells of the same end."),
            None => Ok(()),
        }
    }
}
