// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka watch`: guards one connection, shows how it fares, and ends with the reason of its loss.
//!
//! Nothing is sent but what the kernel sends by itself; what the peer sends is thrown away.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use qkeepalive::guard::{Settings, State};
use qkeepalive::loss::Loss;
use qkeepalive::{Event, GuardedStream};
use serde::Serialize;
use signal_hook::consts::SIGINT;

use crate::address::Target;
use crate::cli;
use crate::exit::{self, Failure};
use crate::page::{self, BAD, GOOD, WARNING};
use crate::words::{milliseconds, reason, time};

/// How often the line is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How long a connect may take, for all addresses of the host together.
const CONNECT: Duration = Duration::from_secs(20);

/// One line of JSON.
#[derive(Debug, Serialize)]
struct Line<'a> {
    after_ms: u64,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Watches until the connection is lost, or somebody presses Ctrl-C.
pub fn run(wanted: &cli::Watch, json: bool) -> Result<ExitCode, Failure> {
    // Before a connection is made for nothing.
    qkeepalive::Config::detect_within(wanted.within)?;
    let (stream, address) = connect(&wanted.to)?;
    let interrupted = interruption()?;
    let settings = Settings { detect_within: Some(wanted.within), ..Settings::default() };
    let mut link = GuardedStream::new(stream, settings)?;
    let show = Show::new(wanted.within, json);
    show.event("Healthy", GOOD, &format!("connected to {address}"))?;
    let mut warned = String::new();
    let mut buffer = [0; 65536];
    while !interrupted.load(Ordering::Relaxed) {
        let event = link
            .wait(&mut buffer, Some(FRAME))
            .map_err(|error| Failure::new(exit::FAILED, format!("{address}: {error}")))?;
        match event {
            Event::Changed(State::Suspect) => {
                show.event("Suspect", WARNING, "an answer is overdue")?;
            }
            Event::Changed(_) => show.event("Healthy", GOOD, "the peer was heard again")?,
            Event::Lost(loss) => {
                show.lost(&loss)?;
                if let Some(file) = &wanted.history {
                    fs::write(file, link.guard().history()).map_err(|error| {
                        Failure::new(exit::FAILED, format!("{}: {error}", file.display()))
                    })?;
                }
                return Ok(ExitCode::from(exit::of_loss(loss.reason)));
            }
            _ => {}
        }
        let error = link.guard().view().error;
        if error != warned {
            show.event("Warning", WARNING, &error)?;
            warned = error;
        }
        show.gauge(&link);
    }
    show.interrupted(&link)?;
    Ok(ExitCode::from(exit::INTERRUPTED))
}

/// Becomes true with the first Ctrl-C; a second one ends the program where it is.
fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_shutdown(
        SIGINT,
        exit::INTERRUPTED.into(),
        Arc::clone(&interrupted),
    )
    .and_then(|_| signal_hook::flag::register(SIGINT, Arc::clone(&interrupted)))
    .map_err(|error| Failure::new(exit::FAILED, format!("Ctrl-C cannot be heard: {error}")))?;
    Ok(interrupted)
}

/// The connection, and its address in words.
fn connect(to: &str) -> Result<(TcpStream, String), Failure> {
    let target = Target::parse(to)?;
    let until = Instant::now() + CONNECT;
    let mut last = format!("{to}: it has no address");
    for address in target.resolve()? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok((stream, target.show(&address))),
            Err(error) => last = target.not_connected(&address, &error),
        }
    }
    Err(Failure::new(exit::NOT_CONNECTED, last))
}

/// What people or programs see.
struct Show {
    since: Instant,
    json: bool,
    within: Duration,
    /// A line that is drawn again and again; none where nobody sees it.
    bar: Option<ProgressBar>,
}

impl Show {
    fn new(within: Duration, json: bool) -> Self {
        let bar = (!json && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(
                Some(milliseconds(within)),
                ProgressDrawTarget::stderr(),
            );
            let style = ProgressStyle::with_template("{prefix} [{wide_bar:.cyan}] {msg}");
            bar.set_style(
                style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"),
            );
            bar
        });
        Self { since: Instant::now(), json, within, bar }
    }

    fn event(&self, state: &str, style: Style, words: &str) -> Result<(), Failure> {
        self.tell(state, style, words, None)
    }

    fn interrupted(&self, link: &GuardedStream) -> Result<(), Failure> {
        self.end_gauge();
        let silence = link.snapshot().unwrap_or_default().silence().unwrap_or_default();
        let words = format!(
            "interrupted; the connection was {}, and its peer silent for {}",
            format!("{:?}", link.guard().state()).to_lowercase(),
            time(silence)
        );
        self.event("Ended", Style::new(), &words)
    }

    fn lost(&self, loss: &Loss) -> Result<(), Failure> {
        self.end_gauge();
        self.tell("Lost", BAD, &loss.to_string(), Some(reason(loss.reason)))
    }

    fn tell(
        &self,
        state: &str,
        style: Style,
        words: &str,
        reason: Option<String>,
    ) -> Result<(), Failure> {
        let after = self.since.elapsed();
        let mut out = anstream::stdout().lock();
        let write = |out: &mut dyn io::Write| {
            if self.json {
                let detail = Some(words.to_string());
                let line = Line { after_ms: milliseconds(after), state, reason, detail };
                serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
                writeln!(out)
            } else {
                let reason = reason.map_or(String::new(), |reason| format!("{reason}: "));
                writeln!(out, "{:>10}  {style}{state}{style:#}  {reason}{words}", time(after))
            }
        };
        let done = match &self.bar {
            Some(bar) => bar.suspend(|| write(&mut out)),
            None => write(&mut out),
        };
        done.and_then(|()| out.flush()).map_err(Failure::output)
    }

    fn end_gauge(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Silence against the deadline.
    fn gauge(&self, link: &GuardedStream) {
        let Some(bar) = &self.bar else { return };
        let info = link.snapshot().unwrap_or_default();
        let silence = info.silence().unwrap_or_default();
        bar.set_position(milliseconds(silence.min(self.within)));
        bar.set_prefix(format!("{:?}", link.guard().state()));
        let progress = format!("{} of {}", time(silence), time(self.within));
        if page::width() < 72 {
            bar.set_message(progress); // or nothing would be left of the line
            return;
        }
        let trip = info.round_trip_time.map_or(String::new(), |trip| {
            format!(", round trip {:.1} ms", trip.as_secs_f64() * 1e3)
        });
        let probes = info.probes.filter(|probes| *probes > 0);
        let probes = probes.map_or(String::new(), |number| format!(", {number} unanswered"));
        bar.set_message(format!("silent {progress}{trip}{probes}"));
    }
}
