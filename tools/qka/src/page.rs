// SPDX-License-Identifier: MIT OR Apache-2.0
//! How it looks: prose and tables that fit the terminal, colours where there is one, or JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::exit::Failure;

/// Colours that can be read on light and on dark.
pub const HEADING: Style = Style::new().bold();
pub const GOOD: Style = AnsiColor::Green.on_default();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const FAINT: Style = Style::new().dimmed();

/// Lines longer than this are hard to read, however wide the terminal.
const WIDEST: usize = 100;

/// What a command has to say.
pub trait Report: Serialize {
    /// The same for people.
    fn show(&self, page: &mut Page<'_>) -> io::Result<()>;
}

/// Prints a report.
pub fn print(report: &impl Report, json: bool) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let done = if json {
        serde_json::to_writer_pretty(&mut out, report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        report.show(&mut Page { out: &mut out, width: width() })
    };
    done.and_then(|()| out.flush()).map_err(Failure::output)
}

/// Prints what is already in its form.
pub fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::output)
}

/// The terminal's width, or a page's where there is none.
pub fn width() -> usize {
    terminal_size::terminal_size()
        .map_or(WIDEST, |(terminal_size::Width(columns), _)| usize::from(columns))
        .clamp(20, WIDEST)
}

/// Where people read.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
}

/// A cell of a table: words, and how they look.
pub struct Cell {
    words: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(words: T) -> Self {
        Self { words: words.into(), style: Style::new() }
    }
}

impl Cell {
    /// In this style.
    pub fn styled(words: impl Into<String>, style: Style) -> Self {
        Self { words: words.into(), style }
    }
}

impl Page<'_> {
    /// The columns that there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A heading, with an empty line before it unless it is the first.
    pub fn heading(&mut self, words: &str) -> io::Result<()> {
        self.paragraph_styled(HEADING, words)
    }

    /// A paragraph.
    pub fn paragraph(&mut self, words: &str) -> io::Result<()> {
        self.paragraph_styled(Style::new(), words)
    }

    /// A paragraph in a style.
    pub fn paragraph_styled(&mut self, style: Style, words: &str) -> io::Result<()> {
        for line in textwrap::wrap(words, self.width) {
            writeln!(self.out, "{style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// A line as it is, for what must not be broken.
    pub fn line(&mut self, words: &str) -> io::Result<()> {
        writeln!(self.out, "{words}")
    }

    /// One point of a list.
    pub fn point(&mut self, style: Style, words: &str) -> io::Result<()> {
        let options = textwrap::Options::new(self.width.saturating_sub(2));
        for (number, line) in textwrap::wrap(words, options).into_iter().enumerate() {
            let mark = if number == 0 { "•" } else { " " };
            writeln!(self.out, "{style}{mark} {line}{style:#}")?;
        }
        Ok(())
    }

    /// An empty line.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A table: in columns where they fit, else each row as a block of "heading: words".
    pub fn table<const N: usize>(
        &mut self,
        headings: [&str; N],
        rows: &[[Cell; N]],
    ) -> io::Result<()> {
        let mut widths = headings.map(|heading| heading.width());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.words.width());
            }
        }
        if widths.iter().sum::<usize>() + 2 * (N - 1) > self.width {
            return self.blocks(headings, rows);
        }
        let headings = headings.map(|heading| Cell::styled(heading, HEADING));
        for row in std::iter::once(&headings).chain(rows) {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let Cell { words, style } = cell;
                let last = column == N - 1;
                let padding = if last { 0 } else { width - words.width() + 2 };
                write!(self.out, "{style}{words}{style:#}{:padding$}", "")?;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn blocks<const N: usize>(
        &mut self,
        headings: [&str; N],
        rows: &[[Cell; N]],
    ) -> io::Result<()> {
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                self.gap()?;
            }
            for (heading, Cell { words, style }) in headings.iter().zip(row) {
                let indented = textwrap::Options::new(self.width).subsequent_indent("  ");
                let text = format!("{heading}: {words}");
                for (line_number, line) in textwrap::wrap(&text, indented).into_iter().enumerate() {
                    match line.split_once(": ").filter(|_| line_number == 0) {
                        Some((heading, words)) => writeln!(
                            self.out,
                            "{HEADING}{heading}:{HEADING:#} {style}{words}{style:#}"
                        )?,
                        None => writeln!(self.out, "{style}{line}{style:#}")?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: usize) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        let mut page = Page { out: &mut out, width };
        let row = |name: &str, words: &str| [Cell::from(name), Cell::styled(words, GOOD)];
        page.table(["Setting", "Value"], &[row("idle", "7200 s (2 h)"), row("count", "9")])
            .unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn a_table_stands_in_columns_where_they_fit() {
        assert_eq!(shown(40), "Setting  Value\nidle     7200 s (2 h)\ncount    9\n");
    }

    #[test]
    fn a_table_becomes_blocks_where_they_do_not() {
        let expected = "Setting: idle\nValue: 7200 s (2 h)\n\nSetting: count\nValue: 9\n";
        assert_eq!(shown(20), expected);
    }

    #[test]
    fn no_line_of_prose_is_wider_than_the_page() {
        let mut out = Vec::new();
        let mut page = Page { out: &mut out, width: 40 };
        page.point(FAINT, &"a dead peer is noticed after two hours ".repeat(5)).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
    }
}
