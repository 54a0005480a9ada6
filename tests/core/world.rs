//! A small world for the property tests: a path that fails now and then, a peer behind it, and a
//! kernel that sends its stimuli as Linux does and keeps the counters that `TCP_INFO` shows.

use std::time::{Duration, Instant};

use qkeepalive::Snapshot;
use qkeepalive::liveness::Terms;

/// Milliseconds since the world began.
pub type Ms = u64;

/// What happens, by itself or by the programs on both sides.
#[derive(Debug, Clone)]
pub struct History {
    /// The path carries nothing from the first to the second time of each.
    pub outages: Vec<(Ms, Ms)>,
    /// Single packets (by their number) that get lost.
    pub lost: Vec<u32>,
    /// This side writes some data.
    pub writes: Vec<Ms>,
    /// The peer's window is closed between these times: it acknowledges, and takes no data.
    pub closed_window: Option<(Ms, Ms)>,
    /// The peer says something by itself.
    pub speaks: Vec<Ms>,
}

/// What the kernel tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// All of it, as Linux does.
    Everything,
    /// When the peer was heard, and no probes: as FreeBSD does.
    When,
    /// Nothing of the peer: as Windows does.
    Nothing,
}

/// The kernel's side.
pub struct World {
    pub terms: Terms,
    pub tells: Tells,
    pub history: History,
    pub now: Ms,
    /// When the peer was last heard, and when it was before that.
    pub heard: Ms,
    /// Since when a stimulus is unanswered.
    pub owes_since: Option<Ms>,
    /// When data was last acknowledged, or there was none.
    pub took: Ms,
    pub round_trip: Ms,
    /// How late keepalive's timer fires, in percent.
    lateness: Ms,
    longest_timeout: Ms,
    start: Instant,
    packets: u32,
    answers: Vec<(Ms, bool)>,
    next_probe: Ms,
    next_retransmission: Option<Ms>,
    timeout: Ms,
    last_data_sent: Option<Ms>,
    data_out: bool,
    unsent: bool,
    info: Snapshot,
}

/// The counters begin here, to wrap around soon.
const ALMOST_WRAPPED: u32 = u32::MAX - 3;

impl World {
    pub fn new(terms: Terms, history: History, round_trip: Ms, lateness: Ms) -> Self {
        let mut info = Snapshot::default();
        info.total_retransmits = Some(ALMOST_WRAPPED);
        info.segments_sent = Some(ALMOST_WRAPPED);
        (info.probes, info.retransmits, info.backoff) = (Some(0), Some(0), Some(0));
        info.bytes_acknowledged = Some(1);
        let mut world = Self {
            terms,
            tells: Tells::Everything,
            history,
            now: 0,
            heard: 0,
            owes_since: None,
            took: 0,
            round_trip,
            lateness,
            longest_timeout: ms(terms.within / 6).max(1000).max(12 * round_trip),
            start: Instant::now() + Duration::from_secs(3600),
            packets: 0,
            answers: Vec::new(),
            next_probe: 0,
            next_retransmission: None,
            timeout: 200 + round_trip,
            last_data_sent: None,
            data_out: false,
            unsent: false,
            info,
        };
        world.next_probe = world.after_idle();
        world
    }

    pub fn instant(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    /// When something happens next.
    pub fn next(&self) -> Ms {
        let Self { history, now, .. } = self;
        let answers = self.answers.iter().map(|(at, _)| at);
        let programs = history.writes.iter().chain(&history.speaks);
        let timers = self.next_retransmission.iter().chain([&self.next_probe]);
        let next = answers.chain(programs).chain(timers).filter(|at| *at > now).min();
        *next.unwrap_or(&Ms::MAX)
    }

    /// Time passes until then, with nothing in between.
    pub fn go_to(&mut self, time: Ms) {
        self.now = time;
        if !self.data_out {
            self.took = self.now;
        }
        for (at, of_data) in std::mem::take(&mut self.answers) {
            if at > self.now {
                self.answers.push((at, of_data));
            } else if !self.is_cut() {
                self.hear(of_data);
            }
        }
        if self.history.speaks.contains(&self.now) && !self.is_cut() {
            self.hear(false);
        }
        if self.history.writes.contains(&self.now) {
            // Whether the window has opened meanwhile is heard from the peer, and not before.
            if self.unsent || self.window_is_closed() {
                self.unsent = true;
                self.next_retransmission.get_or_insert(self.now + self.timeout);
            } else {
                self.send_data();
                self.next_retransmission.get_or_insert(self.now + self.timeout);
            }
        }
        if self.next_retransmission == Some(self.now) {
            self.try_again();
        }
        if self.now >= self.next_probe {
            self.keepalive();
        }
    }

    /// What `TCP_INFO` shows.
    pub fn snapshot(&self) -> Snapshot {
        let since = |time: Ms| Some(Duration::from_millis(self.now - time));
        let mut info = self.info;
        info.since_ack_received = since(self.heard);
        info.since_data_received = since(0);
        info.since_data_sent = since(self.last_data_sent.unwrap_or(0));
        info.unacked = Some(u32::from(self.data_out));
        info.unsent = Some(u32::from(self.unsent));
        info.round_trip_time = Some(Duration::from_millis(self.round_trip));
        info.round_trip_variation = Some(Duration::from_millis(self.round_trip / 4));
        info.retransmission_timeout = Some(Duration::from_millis(self.timeout));
        if self.tells == Tells::Everything {
            return info;
        }
        let mut less = Snapshot::default();
        less.round_trip_time = info.round_trip_time;
        less.round_trip_variation = info.round_trip_variation;
        less.total_retransmits = info.total_retransmits;
        less.unsent = Some(u32::from(self.data_out || self.unsent));
        if self.tells == Tells::When {
            less.since_ack_received = info.since_ack_received;
        }
        less
    }

    /// A keepalive probe more than the plan has.
    pub fn probe_now(&mut self) {
        *self.info.probes.get_or_insert(0) += 1;
        self.send(false);
    }

    fn is_cut(&self) -> bool {
        self.history.outages.iter().any(|&(from, to)| (from..to).contains(&self.now))
    }

    fn window_is_closed(&self) -> bool {
        self.history.closed_window.is_some_and(|(from, to)| (from..to).contains(&self.now))
    }

    fn after_idle(&self) -> Ms {
        let idle = ms(self.terms.idle);
        self.heard + idle + idle * self.lateness / 100
    }

    fn send(&mut self, data: bool) {
        self.packets += 1;
        if !self.is_cut() && !self.history.lost.contains(&self.packets) {
            self.answers.push((self.now + self.round_trip.max(1), data));
        }
        self.owes_since.get_or_insert(self.now);
    }

    fn send_data(&mut self) {
        self.data_out = true;
        self.last_data_sent = Some(self.now);
        self.send(true);
    }

    fn hear(&mut self, data_acknowledged: bool) {
        self.heard = self.now;
        self.owes_since = None;
        self.info.probes = Some(0);
        if data_acknowledged && self.data_out {
            self.data_out = false;
            self.took = self.now;
            self.info.retransmits = Some(0);
            self.info.backoff = Some(0);
            self.timeout = 200 + self.round_trip;
            *self.info.bytes_acknowledged.get_or_insert(0) += 10;
            self.next_retransmission = None;
        }
        if self.unsent && !self.window_is_closed() {
            // What the window's probes have waited is none of the data's.
            self.unsent = false;
            self.info.backoff = Some(0);
            self.timeout = 200 + self.round_trip;
            self.send_data();
            self.next_retransmission = Some(self.now + self.timeout);
        }
        self.next_probe = self.after_idle();
    }

    /// A retransmission, or a probe of the closed window.
    fn try_again(&mut self) {
        if self.data_out {
            *self.info.retransmits.get_or_insert(0) += 1;
            let total = self.info.total_retransmits.get_or_insert(0);
            *total = total.wrapping_add(1);
            self.send_data();
        } else {
            *self.info.probes.get_or_insert(0) += 1;
            self.send(false);
        }
        *self.info.backoff.get_or_insert(0) += 1;
        self.timeout = (2 * self.timeout).min(self.longest_timeout);
        self.next_retransmission = Some(self.now + self.timeout);
    }

    fn keepalive(&mut self) {
        // Linux sends no probes while there is data to deliver.
        if self.tells == Tells::Everything && (self.data_out || self.unsent) {
            self.next_probe = self.now + ms(self.terms.idle);
        } else if self.now < self.after_idle() {
            self.next_probe = self.after_idle();
        } else {
            *self.info.probes.get_or_insert(0) += 1;
            self.send(false);
            self.next_probe = self.now + ms(self.terms.interval);
        }
    }
}

pub fn ms(time: Duration) -> Ms {
    u64::try_from(time.as_millis()).expect("the world is short")
}
