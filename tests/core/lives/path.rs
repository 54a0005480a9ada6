//! The way between the two hosts, and what goes wrong on it.

use super::kernel::Link;
use super::life::{Fault, Outage, PathPlan};
use super::random::Random;
use super::time::Us;

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Out,
    In,
}

#[derive(Debug)]
pub struct Path {
    plan: PathPlan,
    random: Random,
    /// Outages that have not ended; those that come first, first.
    outages: Vec<Outage>,
    arrived: [Us; 2],
    burst_left: u64,
    /// When it last failed to carry something, or could have.
    disturbed: Us,
    mute: (Us, Us),
}

impl Path {
    pub fn new(plan: &PathPlan, seed: u64) -> Self {
        let mut outages = plan.outages.clone();
        outages.sort_by_key(|outage| outage.from);
        outages.reverse();
        Self {
            plan: plan.clone(),
            random: Random::new(seed),
            outages,
            arrived: [0, 0],
            burst_left: 0,
            disturbed: 0,
            mute: (0, 0),
        }
    }

    /// The longest round trip, before a peer takes its own time.
    pub fn round_trip(&self) -> Us {
        2 * (self.plan.delay + self.plan.jitter)
    }

    pub fn set_delay(&mut self, delay: Us, now: Us) {
        self.plan.delay = delay;
        self.disturb(now);
    }

    /// Something else made sure that nothing got through.
    pub fn disturb(&mut self, now: Us) {
        self.disturbed = self.disturbed.max(now);
    }

    /// For how long everything got through.
    pub fn well_for(&mut self, now: Us) -> Us {
        if self.failing(now).next().is_some() {
            return 0;
        }
        now.saturating_sub(self.disturbed)
    }

    /// The last outage that has begun.
    pub fn mute(&self) -> (Us, Us) {
        self.mute
    }

    /// Outages at this time.
    fn failing(&mut self, now: Us) -> impl Iterator<Item = &Outage> {
        // Of those that are over only the end is of interest.
        let mut ended = self.disturbed;
        self.outages.retain(|outage| {
            if outage.from <= now && outage.from >= self.mute.0 {
                self.mute = (outage.from, outage.to);
            }
            if outage.to <= now {
                ended = ended.max(outage.to);
            }
            outage.to > now
        });
        self.disturbed = ended;
        self.outages.iter().filter(move |outage| outage.from <= now)
    }

    pub fn is_cut(&mut self, now: Us, way: Way) -> bool {
        !self.outages.is_empty()
            && self.failing(now).any(|outage| match outage.fault {
                Fault::Both => true,
                Fault::Outgoing => way == Way::Out,
                Fault::Incoming => way == Way::In,
                // What this side cannot send it can receive, now and then.
                Fault::Busy | Fault::NoRoute => false,
            })
    }

    /// How this host's own end of it stands.
    pub fn link(&mut self, now: Us) -> Link {
        if self.outages.is_empty() {
            return Link::Up;
        }
        let fault = self.failing(now).map(|outage| outage.fault).find(|fault| fault.is_local());
        match fault {
            Some(Fault::Busy) => Link::Busy,
            Some(_) => Link::NoRoute,
            None => Link::Up,
        }
    }

    /// When a packet that is sent now arrives, if it does.
    pub fn carry(&mut self, now: Us, way: Way) -> Option<Us> {
        if self.is_cut(now, way) {
            return None;
        }
        if self.burst_left > 0 {
            self.burst_left -= 1;
            self.disturb(now);
            return None;
        }
        if self.plan.lost > 0 && self.random.next() % 10_000 < self.plan.lost {
            self.burst_left = self.random.between(0, self.plan.burst);
            self.disturb(now);
            return None;
        }
        let jitter =
            if self.plan.jitter > 0 { self.random.between(0, self.plan.jitter) } else { 0 };
        let mut at = now + self.plan.delay + jitter;
        let last = &mut self.arrived[way as usize];
        if !self.plan.reorders {
            at = at.max(*last);
        }
        *last = (*last).max(at);
        Some(at)
    }
}
