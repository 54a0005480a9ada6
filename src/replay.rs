//! Lives a written history again, through the very same guard.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::guard::{Clock, Facts, Guard, Input, Output, View};
use crate::history::{ABORTS, LOST, STATE, TITLE};
use crate::loss::{Loss, LossReason};
use crate::record::{Field, Fields, field};
use crate::snapshot::Snapshot;

/// One thing that happened, and what came of it.
#[derive(Debug)]
pub struct Step {
    /// When, since the beginning of the history.
    pub at: Duration,
    /// What happened, as a word of the history.
    pub what: &'static str,
    /// What the kernel said at that time, if it was asked.
    pub info: Option<Snapshot>,
    /// What was to be done.
    pub outputs: Vec<Output>,
    /// The guard after that.
    pub view: View,
}

/// A history that was lived again.
#[derive(Debug)]
pub struct Replay {
    /// The guard at the beginning.
    pub begins: View,
    /// All that happened.
    pub steps: Vec<Step>,
    /// What the history says of its end, and when that was.
    pub recorded: Option<(Duration, LossReason)>,
    /// What came of it this time.
    pub lost: Option<(Duration, Loss)>,
}

/// Why a text is no history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// In which line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for Malformed {}

/// Lives this history again.
///
/// # Errors
///
/// Where the text is no history, or only a piece of one: what is wrong, and in which line.
pub fn replay(text: &str) -> Result<Replay, Malformed> {
    let mut number = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| live(text, &mut number)));
    // What nobody has written can hold numbers that no connection has.
    let outcome = outcome.unwrap_or_else(|_| Err("no connection can come to this".to_owned()));
    outcome.map_err(|why| Malformed { line: number + 1, why })
}

/// `number` is that of the line that is read, from 0 on.
fn live(text: &str, number: &mut usize) -> Result<Replay, String> {
    let mut lines = text.lines().enumerate().inspect(|(line, _)| *number = *line);
    if lines.next().is_none_or(|(_, title)| title != TITLE) {
        return Err(format!("a history begins with the line \"{TITLE}\""));
    }
    let (_, first) = lines.next().ok_or("nothing follows")?;
    // Far from the clock's own beginning: what is dated before the history exists, too.
    let base = Instant::now() + Duration::from_secs(10 * 365 * 86_400);
    let mut known = HashMap::new();
    let mut line = Line::new(first, &mut known, base)?;
    if line.word != STATE {
        return Err(format!("the word of the first line has to be \"{STATE}\""));
    }
    let mut guard = Guard::default();
    guard.fields(&mut line);
    line.finish()?;
    guard.check()?;
    known.clear();
    let mut replay = Replay { begins: guard.view(), steps: vec![], recorded: None, lost: None };
    for (_, text) in lines {
        replay.step(text, &mut guard, &mut known, base)?;
    }
    Ok(replay)
}

impl Replay {
    fn step(
        &mut self,
        text: &str,
        guard: &mut Guard,
        known: &mut HashMap<String, i64>,
        base: Instant,
    ) -> Result<(), String> {
        let word = text.split(' ').nth(1).ok_or("the line is cut short")?;
        if word == STATE {
            known.clear(); // what follows is written out again
            return Ok(());
        }
        if word == ABORTS || word == LOST {
            let mut alone = HashMap::new();
            let mut line = Line::new(text, &mut alone, base)?;
            let mut reason = None;
            field(&mut line, "reason", &mut reason);
            let reason = reason.ok_or("the reason of the loss is missing")?;
            self.recorded.get_or_insert((line.time, reason));
            return line.finish();
        }
        let mut input =
            Input::of_word(word).ok_or_else(|| format!("\"{word}\" is nothing that happens"))?;
        let what = input.word();
        let mut line = Line::new(text, known, base)?;
        let (at, mut facts) = (line.time, Facts::default());
        let mut clock = Clock { now: line.now, asleep: Duration::ZERO };
        input.record(&mut facts, &mut clock, &mut line);
        line.finish()?;
        if !guard.takes(&input) {
            return Err(format!("\"{word}\" is an answer, and nothing was asked"));
        }
        let info = match &input {
            Input::Disconnected(evidence) => evidence.snapshot,
            _ => facts.info,
        };
        let _ = guard.handle(input, facts, clock); // what was refused then is refused again
        let outputs: Vec<Output> = std::iter::from_fn(|| guard.poll()).collect();
        for output in &outputs {
            if let Output::Abort(Some(loss)) | Output::Lost(loss) = output {
                self.lost.get_or_insert((at, *loss));
            }
        }
        self.steps.push(Step { at, what, info, outputs, view: guard.view() });
        Ok(())
    }

    /// Whether it came to the end that the history tells.
    pub fn is_the_same(&self) -> bool {
        self.lost.map(|(at, loss)| (at, loss.reason)) == self.recorded
    }
}

/// One line that is read.
struct Line<'a> {
    /// Since the beginning.
    time: Duration,
    now: Instant,
    word: &'a str,
    /// All fields: those of before, and over them those of this line.
    known: &'a mut HashMap<String, i64>,
    /// Those of this line that were not asked for yet.
    unread: Vec<&'a str>,
    base: Instant,
}

impl<'a> Line<'a> {
    fn new(
        text: &'a str,
        known: &'a mut HashMap<String, i64>,
        base: Instant,
    ) -> Result<Self, String> {
        let mut words = text.split(' ');
        let time = words.next().unwrap_or_default();
        // Negative where the clock was put back.
        let time: i64 = time.parse().map_err(|_| format!("\"{time}\" is no time"))?;
        let now = Instant::of_number(Some(time), base);
        let word = words.next().ok_or("the line is cut short")?;
        let mut unread = vec![];
        for text in words {
            let (name, value) =
                text.split_once('=').ok_or_else(|| format!("\"{text}\" is cut short"))?;
            if value == "-" {
                known.remove(name);
            } else {
                let number =
                    value.parse().map_err(|_| format!("{name}: \"{value}\" is no number"))?;
                known.insert(name.to_owned(), number);
            }
            unread.push(name);
        }
        Ok(Self { time: now.saturating_duration_since(base), now, word, known, unread, base })
    }

    /// Nothing may be left that nobody knows.
    fn finish(self) -> Result<(), String> {
        self.unread.first().map_or(Ok(()), |name| Err(format!("\"{name}\" is no field of this")))
    }
}

impl Fields for Line<'_> {
    fn number(&mut self, name: &'static str, number: &mut Option<i64>) {
        *number = self.known.get(name).copied();
        self.unread.retain(|unread| *unread != name);
    }

    fn reads(&self) -> bool {
        true
    }

    fn base(&self) -> Instant {
        self.base
    }
}
