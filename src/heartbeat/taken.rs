//! How far the peer has come with what is sent to it: whether its program reads.

use crate::snapshot::Snapshot;

/// The most that a kernel sends in one piece: for less room than that it may wait.
const SEGMENT: u32 = 65_536;

/// How far the peer has come with what is sent to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Bytes that have left.
    pub(super) left: u64,
    /// Bytes that its kernel has acknowledged.
    pub(super) acknowledged: u64,
    /// And how many of them the last time that it was more.
    pub(super) lately: Option<u64>,
    /// Where its window ends: how much it is ready to take in all. `None` where that is not told.
    pub(super) edge: Option<u64>,
    /// Should nothing more be taken, the path is why: something is on its way, or would find room.
    pub(super) by_path: bool,
}

impl Taken {
    pub(super) fn of(info: &Snapshot) -> Option<Self> {
        let acknowledged = info.bytes_acknowledged.unwrap_or(0);
        let on_its_way = info.unacked.unwrap_or(0) > 0;
        let fits = info.unsent.unwrap_or(0).min(SEGMENT);
        Some(Self {
            left: info.bytes_sent?,
            acknowledged,
            lately: None,
            edge: info.window.map(|window| acknowledged.saturating_add(u64::from(window))),
            by_path: on_its_way || info.window.is_none_or(|window| window >= fits),
        })
    }

    /// The same, with what is known from the last time.
    pub(super) fn after(self, before: Option<&Self>) -> Self {
        let lately = before.and_then(|before| {
            let taken = self.acknowledged.saturating_sub(before.acknowledged);
            if taken > 0 { Some(taken) } else { before.lately }
        });
        Self { lately, ..self }
    }

    /// Whether the peer's program has read any of it. The end of the window moves with what it reads,
    /// and a little with what it does not: the peer's kernel rounds it up with each segment. What was
    /// taken just now it could not read before that was acknowledged.
    pub(super) fn is_read_since(&self, before: &Self) -> bool {
        let taken = self.acknowledged.saturating_sub(before.acknowledged);
        let readable = before.lately.map_or(taken, |lately| lately.min(taken));
        match (self.edge, before.edge) {
            (Some(now), Some(then)) => now > then && now - then >= readable / 8,
            _ => taken > 0 || self.left > before.left,
        }
    }
}

/// Whether the peer's kernel leaves an attempt to deliver something, or a probe, without an answer.
pub(super) fn is_unanswered(info: &Snapshot) -> bool {
    info.probes.unwrap_or(0) > 0 || info.retransmits.unwrap_or(0) > 0
}
