//! What led to a loss, written down: the flight recorder of a guard.
//!
//! While nothing speaks against the peer, nothing is kept. From the first doubt on each
//! [`Input`](crate::door::Input) is written as a line of text, after a line with the state that the guard
//! was in. So the very same guard can live it again: [`replay`](crate::replay). There are two such pieces, and the older
//! one is dropped for the next: the last seconds to minutes of a connection in [`MOST`] bytes.
//!
//! ```text
//! qkeepalive history 1
//! 0 state enabled=1 detect_within=6000000 …
//! 187013 looked probes=2 since_ack=4203000 …
//! 2013077 aborts reason=2
//! ```
//!
//! A line begins with the time, in microseconds since the first one; so are all times. In a line of what
//! happened a field that is not there is as it was in the line before; `-` is none.

use std::fmt::Write as _;
use std::time::Instant;

use crate::loss::LossReason;
use crate::record::{Field, Fields, field};

/// How many bytes a history has at most, without its first line.
pub const MOST: usize = 8192;

/// The first line.
pub const TITLE: &str = "qkeepalive history 1";

/// A line with the state of the guard, from which all the others follow.
pub(crate) const STATE: &str = "state";
/// Lines of what came of what happened: the connection is aborted, or its loss is told.
pub(crate) const ABORTS: &str = "aborts";
pub(crate) const LOST: &str = "lost";

/// What is kept.
#[derive(Debug)]
pub(crate) struct History {
    base: Instant,
    before: String,
    now: String,
    /// The last of each field.
    known: Vec<(&'static str, Option<i64>)>,
}

impl History {
    pub(crate) fn new(now: Instant) -> Self {
        Self { base: now, before: String::new(), now: String::new(), known: Vec::new() }
    }

    /// Begins a piece, with the state that these fields write.
    pub(crate) fn begin(&mut self, now: Instant, fields: impl FnOnce(&mut dyn Fields)) {
        self.before = std::mem::take(&mut self.now);
        self.known.clear();
        self.line(now, STATE, false, fields);
    }

    /// What happened, as a word and its fields.
    pub(crate) fn note(&mut self, now: Instant, word: &str, fields: impl FnOnce(&mut dyn Fields)) {
        self.line(now, word, true, fields);
    }

    /// What came of it.
    pub(crate) fn came(&mut self, now: Instant, word: &str, reason: Option<LossReason>) {
        let mut reason = reason;
        self.line(now, word, false, |to| field(to, "reason", &mut reason));
    }

    /// Whether a piece is as long as it may be.
    pub(crate) fn is_full(&self) -> bool {
        self.now.len() > MOST / 2 - 512 // a line may still come
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        format!("{TITLE}\n{}{}", self.before, self.now)
    }

    fn line(
        &mut self,
        now: Instant,
        word: &str,
        differences: bool,
        fields: impl FnOnce(&mut dyn Fields),
    ) {
        let time = now.to_number(self.base).unwrap_or(0);
        let _ = write!(self.now, "{time} {word}"); // to a string: it cannot fail
        let known = if differences { Some(&mut self.known) } else { None };
        fields(&mut Line { text: &mut self.now, base: self.base, known, next: 0 });
        self.now.push('\n');
        if self.before.len() + self.now.len() > MOST {
            self.before = String::new(); // the lines of this piece were longer than most
        }
    }
}

/// One line that is written.
struct Line<'a> {
    text: &'a mut String,
    base: Instant,
    /// What is left out: the fields that are as they were.
    known: Option<&'a mut Vec<(&'static str, Option<i64>)>>,
    /// Where in it the next field is to be expected: they come in the same order as a rule.
    next: usize,
}

impl Line<'_> {
    /// Notes the field, and whether it is as it was.
    fn is_known(&mut self, name: &'static str, number: Option<i64>) -> bool {
        let Some(known) = &mut self.known else { return number.is_none() };
        // The same name is the same text as a rule.
        let is_next = known.get(self.next).is_some_and(|(it, _)| std::ptr::eq(*it, name));
        let found = || known.iter().position(|(it, _)| *it == name);
        let place = if is_next { Some(self.next) } else { found() };
        let place = place.unwrap_or_else(|| {
            known.push((name, None));
            known.len() - 1
        });
        self.next = place + 1;
        std::mem::replace(&mut known[place].1, number) == number
    }
}

impl Fields for Line<'_> {
    fn number(&mut self, name: &'static str, number: &mut Option<i64>) {
        if self.is_known(name, *number) {
            return;
        }
        for part in [" ", name, "="] {
            self.text.push_str(part);
        }
        let _ = match number {
            Some(number) => write!(self.text, "{number}"),
            None => self.text.write_char('-'),
        };
    }

    fn reads(&self) -> bool {
        false
    }

    fn base(&self) -> Instant {
        self.base
    }
}
