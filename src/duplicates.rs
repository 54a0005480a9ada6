//! The duplicate descriptors of all witnesses of this process, in one place: where descriptors
//! become scarce, all of them are let go of at once, whichever thread uses them.
//!
//! A number that is closed is soon another's. So nobody is given one to keep: a [`Held`] is used
//! within [`with`](Held::with), under the lock that a release takes, too.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sys::{self, Borrowed, Owned};

static ALL: Mutex<Duplicates> = Mutex::new(Duplicates::NONE);

/// A duplicate, until it is dropped or all are released.
#[derive(Debug)]
pub(crate) struct Held {
    place: u32,
    epoch: NonZeroU32,
}

impl Held {
    pub(crate) fn new(duplicate: Owned) -> Self {
        all().add(duplicate)
    }

    /// Uses the duplicate, if it is not released.
    pub(crate) fn with<T>(&self, work: impl FnOnce(Borrowed<'_>) -> T) -> Option<T> {
        all().get(self.place, self.epoch).map(|owned| work(sys::lend(owned)))
    }

    /// Whether it is not released.
    #[cfg(feature = "bridge")]
    pub(crate) fn is_there(&self) -> bool {
        all().get(self.place, self.epoch).is_some()
    }

    /// What stands for it in C++, below every number that means something there.
    #[cfg(feature = "bridge")]
    pub(crate) fn handle(&self) -> i64 {
        i64::MIN | (i64::from(self.epoch.get()) << 32) | i64::from(self.place)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The descriptor is closed with the lock held: the place is free only then.
        all().remove(self.place, self.epoch);
    }
}

/// Uses the duplicate that this [`handle`](Held::handle) stands for, if it is not released.
#[cfg(feature = "qt")]
pub(crate) fn with_handle<T>(handle: i64, work: impl FnOnce(Borrowed<'_>) -> T) -> Option<T> {
    // Both fit: they are the two halves.
    let place = (handle & i64::from(u32::MAX)) as u32;
    let epoch = NonZeroU32::new(((handle >> 32) & 0x7fff_ffff) as u32)?;
    all().get(place, epoch).map(|owned| work(sys::lend(owned)))
}

/// Lets go of all of them.
#[cfg(feature = "bridge")]
pub(crate) fn release_all() {
    all().release();
}

/// The number that the next descriptor of this process gets, or the highest if it gets none any more.
/// `None` where there is no duplicate, and where descriptors are not numbered.
#[cfg(all(unix, feature = "bridge"))]
pub(crate) fn next_number() -> Option<i64> {
    use std::os::fd::AsRawFd as _;

    let all = all();
    let any = all.places.iter().find_map(|place| match place {
        Place::Taken(owned) => Some(owned),
        Place::Free { .. } => None,
    })?;
    Some(sys::duplicate(sys::lend(any)).map_or(i64::MAX, |next| next.as_raw_fd().into()))
}

#[cfg(all(not(unix), feature = "bridge"))]
pub(crate) fn next_number() -> Option<i64> {
    None
}

/// With this one a handle is still below all other numbers.
#[cfg(any(all(test, unix), feature = "bridge"))]
const LAST_EPOCH: u32 = 0x7fff_fffe;

fn all() -> MutexGuard<'static, Duplicates> {
    // Nothing under this lock can be left half changed.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Duplicates {
    places: Vec<Place>,
    free: Option<u32>,
    /// How often all were released, to know the places of before.
    epoch: NonZeroU32,
}

#[derive(Debug)]
enum Place {
    Taken(Owned),
    Free { next: Option<u32> },
}

impl Duplicates {
    const NONE: Self = Self { places: Vec::new(), free: None, epoch: NonZeroU32::MIN };

    fn add(&mut self, duplicate: Owned) -> Held {
        let taken = Place::Taken(duplicate);
        let place = match self.free {
            Some(place) => {
                if let Place::Free { next } =
                    std::mem::replace(&mut self.places[place as usize], taken)
                {
                    self.free = next;
                }
                place
            }
            None => {
                self.places.push(taken);
                // As many as there are descriptors, which are numbered by an int.
                u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
            }
        };
        Held { place, epoch: self.epoch }
    }

    fn get(&self, place: u32, epoch: NonZeroU32) -> Option<&Owned> {
        match self.places.get(place as usize).filter(|_| epoch == self.epoch)? {
            Place::Taken(owned) => Some(owned),
            Place::Free { .. } => None,
        }
    }

    fn remove(&mut self, place: u32, epoch: NonZeroU32) {
        if self.get(place, epoch).is_some() {
            self.places[place as usize] = Place::Free { next: self.free };
            self.free = Some(place);
        }
    }

    #[cfg(any(all(test, unix), feature = "bridge"))]
    fn release(&mut self) {
        if self.places.is_empty() {
            return;
        }
        let after = if self.epoch.get() < LAST_EPOCH { self.epoch.get() + 1 } else { 1 };
        let epoch = NonZeroU32::new(after).unwrap_or(NonZeroU32::MIN);
        *self = Self { epoch, ..Self::NONE };
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// A duplicate of a stream that its peer sees the end of when it is closed.
    fn duplicate() -> (Owned, UnixStream) {
        let (ours, peer) = UnixStream::pair().unwrap();
        peer.set_nonblocking(true).unwrap();
        (ours.into(), peer)
    }

    fn is_closed(mut peer: &UnixStream) -> bool {
        matches!(peer.read(&mut [0]), Ok(0))
    }

    #[test]
    fn a_place_is_used_again_and_the_held_one_before_does_not_come_back() {
        let mut all = Duplicates::NONE;
        let ((first, peer), (second, _other)) = (duplicate(), duplicate());
        let number = second.as_raw_fd();
        let held = all.add(first);
        let (place, epoch) = (held.place, held.epoch);
        std::mem::forget(held); // it is not one of the process's
        all.remove(place, epoch);
        assert!(is_closed(&peer));
        assert!(all.get(place, epoch).is_none());
        all.remove(place, epoch);
        let next = all.add(second);
        assert_eq!(next.place, place);
        assert_eq!(all.get(place, epoch).map(|it| it.as_raw_fd()), Some(number));
        std::mem::forget(next);
    }

    #[test]
    fn a_release_closes_all_and_nobody_reaches_what_takes_their_places() {
        let mut all = Duplicates::NONE;
        let pairs: Vec<_> = (0..5).map(|_| duplicate()).collect();
        let (owned, peers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let held: Vec<_> = owned.into_iter().map(|it| all.add(it)).collect();
        all.remove(held[3].place, held[3].epoch);
        all.release();
        assert!(peers.iter().all(is_closed));
        let (another, peer) = duplicate();
        let new = all.add(another);
        for old in &held {
            assert!(all.get(old.place, old.epoch).is_none());
            all.remove(old.place, old.epoch);
        }
        assert!(all.get(new.place, new.epoch).is_some());
        assert!(!is_closed(&peer));
        held.into_iter().chain([new]).for_each(std::mem::forget);
    }

    #[test]
    #[cfg(feature = "qt")]
    fn a_handle_stands_for_its_duplicate_and_for_no_other() {
        let (owned, peer) = duplicate();
        let number = owned.as_raw_fd();
        let held = Held::new(owned);
        let handle = held.handle();
        assert!(handle < -2);
        assert_eq!(with_handle(handle, |fd| fd.as_raw_fd()), Some(number));
        drop(held);
        assert!(is_closed(&peer));
        assert_eq!(with_handle(handle, |fd| fd.as_raw_fd()), None);
        let last = Held { place: u32::MAX, epoch: NonZeroU32::new(LAST_EPOCH).unwrap() };
        assert!(last.handle() < -2);
        for number in [-3, i64::MIN, i64::MIN + 1] {
            assert_eq!(with_handle(number, |fd| fd.as_raw_fd()), None);
        }
    }
}
