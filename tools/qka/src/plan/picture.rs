// SPDX-License-Identifier: MIT OR Apache-2.0
//! The plan as a line: silence, the probes, the verdict.

use std::io;
use std::time::Duration;

use super::Values;
use crate::page::{BAD, FAINT, GOOD, Page, WARNING};
use crate::words::time;

/// More probes than this are drawn as one stretch.
const MOST_MARKS: u32 = 12;

/// Draws it.
pub fn draw(values: &Values, page: &mut Page<'_>) -> io::Result<()> {
    let columns = page.width().clamp(20, 72) - 1;
    let probes = probes(values);
    let mut marks = vec![' '; columns];
    let place = |at: Duration| {
        let share = at.as_secs_f64() / values.total.as_secs_f64().max(0.001);
        ((share * (columns - 1) as f64).round() as usize).min(columns - 1)
    };
    let idle = place(values.idle);
    for (column, mark) in marks.iter_mut().enumerate() {
        *mark = if column < idle { '━' } else { '─' };
    }
    if probes <= MOST_MARKS {
        for probe in 0..probes {
            marks[place(values.idle + values.interval * probe)] = '┃';
        }
    }
    marks[idle] = '┃';
    let text: String = marks.iter().collect();
    let cut = text.char_indices().nth(idle).map_or(text.len(), |(at, _)| at);
    let (quiet, probing) = text.split_at(cut);
    page.line(&format!("{GOOD}{quiet}{GOOD:#}{WARNING}{probing}{WARNING:#}{BAD}✖{BAD:#}"))?;
    let many = if probes == 1 { "1 probe".into() } else { format!("{probes} probes") };
    page.paragraph_styled(
        FAINT,
        &format!(
            "{} of silence, then {many}, {} apart; a guard warns {} after the first, the verdict comes at {} (the \
             kernel's own up to an eighth later)",
            time(values.idle),
            time(values.interval),
            time(Duration::from_millis(300)),
            time(values.total)
        ),
    )
}

/// A user timeout takes the place of the count.
fn probes(values: &Values) -> u32 {
    let span = values.total.saturating_sub(values.idle).as_millis();
    u32::try_from(span / values.interval.as_millis().max(1)).unwrap_or(u32::MAX).max(1)
}
