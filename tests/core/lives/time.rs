//! Time in a simulated life: microseconds since it began.

pub type Us = u64;

pub const MS: Us = 1000;
pub const S: Us = 1000 * MS;
pub const HOUR: Us = 3600 * S;

/// As people read it.
pub fn seconds(us: Us) -> String {
    format!("{}.{:03} s", us / S, us % S / MS)
}
