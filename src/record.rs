//! The state of a guard, and what goes into it, as fields with names and numbers. One list of the fields of
//! a type serves for writing it down and for reading it again.

use std::time::{Duration, Instant};

/// What fields are written to, or read from.
pub trait Fields {
    /// Writes this field, or reads it. `None` is none.
    fn number(&mut self, name: &'static str, number: &mut Option<i64>);
    /// Whether it reads.
    fn reads(&self) -> bool;
    /// What times are counted from.
    fn base(&self) -> Instant;
}

/// What is a number to a record. Times are in microseconds.
pub trait Field {
    /// As a number.
    fn to_number(&self, base: Instant) -> Option<i64>;
    /// From that number.
    fn of_number(number: Option<i64>, base: Instant) -> Self;
}

/// Writes one field, or reads it.
#[inline(never)] // one for each type, and not one for each field
pub fn field<T: Field>(fields: &mut dyn Fields, name: &'static str, it: &mut T) {
    let base = fields.base();
    let mut number = it.to_number(base);
    fields.number(name, &mut number);
    if fields.reads() {
        *it = T::of_number(number, base);
    }
}

/// Writes what is not always there, or reads it. `blank` is one to read into.
pub fn optional<T>(
    fields: &mut dyn Fields,
    name: &'static str,
    it: &mut Option<T>,
    blank: impl FnOnce(Instant) -> T,
    each: impl FnOnce(&mut T, &mut dyn Fields),
) {
    let mut there = it.is_some();
    field(fields, name, &mut there);
    if fields.reads() {
        *it = there.then(|| blank(fields.base()));
    }
    if let Some(it) = it {
        each(it, fields);
    }
}

/// Has each variant of an enum stand for its place in this list.
macro_rules! variants {
    ($type:ty: $first:expr $(, $other:expr)* $(,)?) => {
        impl crate::record::Field for $type {
            fn to_number(&self, _: std::time::Instant) -> Option<i64> {
                let place = [$first $(, $other)*].iter().position(|it| it == self);
                place.and_then(|place| i64::try_from(place).ok())
            }

            fn of_number(number: Option<i64>, _: std::time::Instant) -> Self {
                let place = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                [$first $(, $other)*].get(place).copied().unwrap_or($first)
            }
        }
    };
}
pub(crate) use variants;

impl Field for bool {
    fn to_number(&self, _: Instant) -> Option<i64> {
        Some(i64::from(*self))
    }

    fn of_number(number: Option<i64>, _: Instant) -> Self {
        number.is_some_and(|number| number != 0)
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn to_number(&self, _: Instant) -> Option<i64> {
                Some(i64::from(*self))
            }

            fn of_number(number: Option<i64>, _: Instant) -> Self {
                number.and_then(|number| Self::try_from(number).ok()).unwrap_or_default()
            }
        }
    )*};
}
numbers!(u8, u32);

impl Field for u64 {
    fn to_number(&self, _: Instant) -> Option<i64> {
        i64::try_from(*self).ok()
    }

    fn of_number(number: Option<i64>, _: Instant) -> Self {
        number.and_then(|number| Self::try_from(number).ok()).unwrap_or_default()
    }
}

impl Field for Duration {
    fn to_number(&self, _: Instant) -> Option<i64> {
        i64::try_from(self.as_micros()).ok()
    }

    fn of_number(number: Option<i64>, _: Instant) -> Self {
        Self::from_micros(u64::try_from(number.unwrap_or(0)).unwrap_or(0))
    }
}

impl Field for Instant {
    fn to_number(&self, base: Instant) -> Option<i64> {
        let after = i64::try_from(self.saturating_duration_since(base).as_micros()).ok()?;
        let before = i64::try_from(base.saturating_duration_since(*self).as_micros()).ok()?;
        Some(after - before)
    }

    fn of_number(number: Option<i64>, base: Instant) -> Self {
        let number = number.unwrap_or(0);
        let distance = Duration::from_micros(number.unsigned_abs());
        let time = if number < 0 { base.checked_sub(distance) } else { base.checked_add(distance) };
        time.unwrap_or(base)
    }
}

impl<T: Field> Field for Option<T> {
    fn to_number(&self, base: Instant) -> Option<i64> {
        self.as_ref().and_then(|it| it.to_number(base))
    }

    fn of_number(number: Option<i64>, base: Instant) -> Self {
        number.map(|number| T::of_number(Some(number), base))
    }
}
