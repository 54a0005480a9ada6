//! A TCP socket as Linux keeps it, down to what a guard can see or set: its timers, its counters,
//! and the rules by which it gives up. Both ends of a connection are such sockets.
//!
//! It has no clock of its own: whoever calls sets [`now`](Socket::now) before.

use super::time::{MS, S, Us};

/// What fits into one packet.
pub const SEGMENT: u64 = 1448;
/// What the driver of a network card is handed at once.
const LARGEST: u64 = 65536;
/// `TCP_RTO_MIN` and `TCP_RTO_MAX`.
const SHORTEST_TIMEOUT: Us = 200 * MS;
pub const LONGEST_TIMEOUT: Us = 120 * S;
/// `TCP_RESOURCE_PROBE_INTERVAL`: what this host itself did not send is tried again after this.
const TRY_AGAIN: Us = 500 * MS;
/// One tick of the kernel's clock.
pub const TICK: Us = 4 * MS;
/// The congestion window at the beginning and at most.
const FIRST_FLIGHT: u64 = 10 * SEGMENT;
const LARGEST_FLIGHT: u64 = 4 << 20;

/// What can be set on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub keepalive: bool,
    pub idle: Us,
    pub interval: Us,
    pub count: u32,
    /// Zero: the system's own rule.
    pub user_timeout: Us,
    pub longest_timeout: Us,
}

/// As the system is shipped.
pub const SHIPPED: Options = Options {
    keepalive: false,
    idle: 7200 * S,
    interval: 75 * S,
    count: 9,
    user_timeout: 0,
    longest_timeout: LONGEST_TIMEOUT,
};

/// Whether packets leave this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Up,
    /// The queue of the network card drops them, and the kernel is told so.
    Busy,
    /// There is no route.
    NoRoute,
}

/// Why there is no connection any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Keepalive,
    Retransmission,
    WindowProbe,
    UserTimeout,
    Reset,
}

#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub seq: u64,
    pub len: u64,
    pub ack: u64,
    /// Up to where the sender takes data.
    pub edge: u64,
    /// Where its stream ends, if it has ended.
    pub fin: Option<u64>,
    pub reset: bool,
    /// The sender's clock, and the other's as it was in what this acknowledges.
    pub stamp: Us,
    pub echo: Us,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Retransmission,
    WindowProbe,
}

#[derive(Debug)]
pub struct Socket {
    pub now: Us,
    pub link: Link,
    pub options: Options,
    /// `net.ipv4.tcp_retries2`.
    pub retries: u32,
    /// Without Nagle's algorithm.
    pub no_delay: bool,
    /// It says to be one of several paths of a connection.
    pub multipath: bool,
    /// How late the timer of the first probe and all others are, in percent.
    pub lateness: (Us, Us),
    /// What goes out, to be taken away by whoever called.
    pub out: Vec<Segment>,
    pub ended: Option<End>,
    pub ended_at: Us,
    /// No route was found, and nothing was acknowledged since.
    pub soft_error: bool,

    /// Acknowledged, next to be sent again, sent at least once, and given to be sent.
    pub una: u64,
    again: u64,
    pub nxt: u64,
    pub end: u64,
    fin: Option<u64>,
    send_buffer: u64,
    edge: u64,
    flight: u64,
    duplicates: u32,
    recover: u64,
    pub round_trip: Us,
    pub variation: Us,
    pub timeout: Us,
    timer: Option<(Us, Waiting)>,
    pub backoff: u32,
    pub retransmits: u32,
    pub total_retransmits: u32,
    pub probes: u32,
    retransmitting_since: Option<Us>,
    probing_since: Option<Us>,

    pub received: u64,
    early: Vec<(u64, u64)>,
    their_fin: Option<u64>,
    pub unread: u64,
    receive_buffer: u64,
    told_edge: u64,
    told_ack: u64,
    recent: Us,
    delay: Us,
    acknowledge_at: Option<Us>,

    keepalive_at: Option<Us>,
    keepalive_started: Us,
    pub ack_received_at: Us,
    pub data_received_at: Us,
    pub data_sent_at: Us,
    /// Bytes handed to the network for the first time. What does not leave this host is handed to it
    /// again, and counted again.
    pub handed: u64,

    // What the kernel does not keep, for those who judge.
    /// When the peer last took something, or there was nothing to take.
    pub progress_at: Us,
    /// When its program was last seen to read.
    pub read_at: Us,
    /// When something last could not leave this host, and when something first left it.
    pub stranded_at: Option<Us>,
    pub left_at: Us,
    /// When there was room again for what the peer has to say.
    pub opened_at: Us,
    /// Since when there is no room, and for how long there was none the last time.
    full_since: Option<Us>,
    pub shut_for: Us,
    /// When the timer was started that runs now.
    timer_started: Us,
    /// The longest wait for an attempt since the peer was last heard.
    waited: Us,
    /// The same, before it was last heard.
    waited_before: Us,
}

impl Socket {
    pub fn new(now: Us, options: Options, round_trip: Us, send_buffer: u64, buffer: u64) -> Self {
        let mut socket = Self {
            now,
            link: Link::Up,
            options: SHIPPED,
            retries: 15,
            no_delay: false,
            multipath: false,
            lateness: (0, 0),
            out: Vec::new(),
            ended: None,
            ended_at: 0,
            soft_error: false,
            una: 0,
            again: 0,
            nxt: 0,
            end: 0,
            fin: None,
            send_buffer,
            edge: SEGMENT * 10,
            flight: FIRST_FLIGHT,
            duplicates: 0,
            recover: 0,
            round_trip,
            variation: round_trip / 2,
            timeout: round_trip + SHORTEST_TIMEOUT.max(round_trip * 2),
            timer: None,
            backoff: 0,
            retransmits: 0,
            total_retransmits: 0,
            probes: 0,
            retransmitting_since: None,
            probing_since: None,
            received: 0,
            early: Vec::new(),
            their_fin: None,
            unread: 0,
            receive_buffer: buffer,
            told_edge: SEGMENT * 10,
            told_ack: 0,
            recent: 0,
            delay: 40 * MS,
            acknowledge_at: None,
            keepalive_at: None,
            keepalive_started: now,
            ack_received_at: now,
            data_received_at: now,
            data_sent_at: now,
            handed: 0,
            progress_at: now,
            read_at: now,
            stranded_at: None,
            left_at: now,
            opened_at: 0,
            full_since: None,
            shut_for: 0,
            timer_started: now,
            waited: 0,
            waited_before: 0,
        };
        let on = options.keepalive;
        socket.options = Options { keepalive: false, ..options };
        socket.set_keepalive(on);
        socket
    }

    pub fn delaying(mut self, delay: Us) -> Self {
        self.delay = delay;
        self
    }

    // --- Options ---

    pub fn set_keepalive(&mut self, on: bool) {
        if on && !self.options.keepalive {
            self.keepalive_in(self.options.idle);
        } else if !on {
            self.keepalive_at = None;
        }
        self.options.keepalive = on;
    }

    /// The timer is set anew whether or not the value differs.
    pub fn set_idle(&mut self, idle: Us) {
        self.options.idle = idle;
        if self.options.keepalive && self.ended.is_none() {
            self.keepalive_in(idle.saturating_sub(self.silence()));
        }
    }

    // --- What can be read ---

    pub fn heard(&self) -> Us {
        self.ack_received_at.max(self.data_received_at)
    }

    pub fn silence(&self) -> Us {
        self.now.saturating_sub(self.heard())
    }

    /// Whether the peer has ended its stream, and all of it is here.
    pub fn is_half_closed(&self) -> bool {
        self.their_fin.is_some_and(|fin| self.received > fin)
    }

    /// What the peer is ready to take after what it has acknowledged.
    pub fn peers_window(&self) -> u64 {
        self.edge.saturating_sub(self.una)
    }

    pub fn is_in_flight(&self) -> bool {
        self.nxt > self.una
    }

    pub fn unsent(&self) -> u64 {
        self.end - self.nxt
    }

    pub fn has_data(&self) -> bool {
        self.end > self.una
    }

    /// How much more it takes from the program.
    pub fn room(&self) -> u64 {
        self.send_buffer.saturating_sub(self.end - self.una)
    }

    /// The time from the last attempt to deliver data to the next one.
    pub fn spacing(&self) -> Us {
        self.timer.map_or(0, |(at, _)| at.saturating_sub(self.timer_started))
    }

    /// The same, or what it was before an earlier attempt since the peer was last heard.
    pub fn longest_spacing(&self) -> Us {
        self.spacing().max(self.waited)
    }

    /// The longest wait for an attempt since data last came.
    pub fn spacing_before(&self) -> Us {
        self.waited_before
    }

    /// For how long the timer of the keepalive probes runs.
    pub fn keepalive_spacing(&self) -> Us {
        self.keepalive_at.map_or(0, |at| at.saturating_sub(self.keepalive_started))
    }

    pub fn next_timer(&self) -> Option<Us> {
        let timer = self.timer.map(|(at, _)| at);
        [timer, self.keepalive_at, self.acknowledge_at].into_iter().flatten().min()
    }

    // --- The program's calls ---

    pub fn write(&mut self, bytes: u64) {
        if self.ended.is_some() || self.fin.is_some() || bytes == 0 {
            return;
        }
        if !self.has_data() {
            self.progress_at = self.now;
        }
        self.end += bytes;
        self.send();
    }

    pub fn close(&mut self) {
        if self.ended.is_none() && self.fin.is_none() {
            self.write(1);
            self.fin = Some(self.end - 1);
            self.send();
            // It may have left with the last byte already.
            if self.nxt == self.end {
                self.emit(self.nxt, 0);
            }
        }
    }

    pub fn reset(&mut self) {
        let mut segment = self.segment(self.nxt, 0);
        segment.reset = true;
        self.out.push(segment);
        self.finish(End::Reset);
    }

    /// The program reads all there is.
    pub fn read(&mut self) {
        let offered = self.offered();
        if offered == 0 {
            self.opened_at = self.now;
        }
        if let Some(since) = self.full_since.take() {
            self.shut_for = self.now - since;
        }
        self.unread = 0;
        if self.window() >= (2 * offered).max(SEGMENT) && self.ended.is_none() {
            self.acknowledge();
        }
    }

    /// How much more the peer may send, as far as it was told.
    pub fn offered(&self) -> u64 {
        self.told_edge.saturating_sub(self.received)
    }

    // --- Sending ---

    fn window(&self) -> u64 {
        let held = self.unread + self.early.iter().map(|(from, to)| to - from).sum::<u64>();
        let free = self.receive_buffer.saturating_sub(held);
        if free < SEGMENT { 0 } else { free }
    }

    fn segment(&self, seq: u64, len: u64) -> Segment {
        Segment {
            seq,
            len,
            ack: self.received,
            // What was promised once is never taken back.
            edge: self.told_edge.max(self.received + self.window()),
            fin: self.fin,
            reset: false,
            stamp: self.now,
            echo: self.recent,
        }
    }

    /// Whether it has left this host. All that the kernel keeps of it is kept before that is known.
    fn emit(&mut self, seq: u64, len: u64) -> bool {
        let segment = self.segment(seq, len);
        self.told_edge = segment.edge;
        self.told_ack = segment.ack;
        self.acknowledge_at = None;
        if len > 0 {
            self.data_sent_at = self.now;
        }
        if self.link != Link::Up {
            self.stranded_at = Some(self.now);
            return false;
        }
        self.out.push(segment);
        true
    }

    fn acknowledge(&mut self) {
        self.emit(self.nxt, 0);
    }

    /// Sends what may be sent now.
    fn send(&mut self) {
        let was_in_flight = self.is_in_flight();
        while self.again < self.nxt && self.again - self.una < self.flight {
            if !self.send_again(LARGEST) {
                return;
            }
        }
        while self.again == self.nxt && self.nxt < self.end {
            let room = self.edge.min(self.una + self.flight).saturating_sub(self.nxt);
            let waiting = self.end - self.nxt;
            let mut len = waiting.min(room).min(LARGEST);
            if self.is_in_flight() && (len < waiting || !self.no_delay) {
                len -= len % SEGMENT; // Nagle, and no silly windows
            }
            if len == 0 {
                break;
            }
            self.handed += len;
            if !self.emit(self.nxt, len) {
                break;
            }
            self.nxt += len;
            self.again = self.nxt;
            self.left_at = self.now;
        }
        if self.is_in_flight() {
            if !was_in_flight {
                self.start(self.timeout, Waiting::Retransmission);
            }
        } else if self.has_data() && self.timer.is_none() {
            self.start(self.timeout.max(SHORTEST_TIMEOUT), Waiting::WindowProbe);
        }
    }

    /// Sends the next of what was sent before.
    fn send_again(&mut self, most: u64) -> bool {
        self.retransmitting_since.get_or_insert(self.now);
        let len = (self.nxt - self.again).min(most);
        // Without a route it is not even tried.
        if self.link == Link::NoRoute {
            self.soft_error = true;
            self.stranded_at = Some(self.now);
            return false;
        }
        self.total_retransmits = self.total_retransmits.wrapping_add(1);
        let left = self.emit(self.again, len);
        if left {
            self.again += len;
        }
        left
    }

    fn start(&mut self, wait: Us, what: Waiting) {
        if self.timer.is_some() {
            // It ends here: something was written, and leaves before the time.
            self.waited = self.waited.max(self.now - self.timer_started);
        }
        self.timer_started = self.now;
        self.timer = Some((self.now + late(wait, self.lateness.1), what));
    }

    // --- Timers ---

    /// Does what is due.
    pub fn fire(&mut self) {
        while self.ended.is_none() {
            if self.acknowledge_at.is_some_and(|at| at <= self.now) {
                self.acknowledge_at = None;
                self.acknowledge();
            } else if let Some((_, what)) = self.timer.filter(|(at, _)| *at <= self.now) {
                self.timer = None;
                self.waited = self.waited.max(self.now - self.timer_started);
                match what {
                    Waiting::Retransmission => self.retransmit(),
                    Waiting::WindowProbe => self.probe_window(),
                }
            } else if self.keepalive_at.is_some_and(|at| at <= self.now) {
                self.keepalive_at = None;
                self.keep_alive();
            } else {
                break;
            }
        }
    }

    fn retransmit(&mut self) {
        if !self.is_in_flight() {
            return;
        }
        let user = self.options.user_timeout;
        if let Some(since) = self.retransmitting_since.filter(|_| self.retransmits > 0) {
            let patience = if user > 0 { user } else { self.gives_up_after() };
            if self.now - since >= patience {
                let end = if user > 0 { End::UserTimeout } else { End::Retransmission };
                return self.finish(end);
            }
        }
        self.retransmits += 1;
        self.again = self.una;
        self.flight = SEGMENT;
        self.recover = self.nxt;
        let left = self.send_again(SEGMENT);
        if !left && self.link == Link::Busy {
            return self.start(TRY_AGAIN, Waiting::Retransmission);
        }
        self.backoff += 1;
        self.timeout = (2 * self.timeout).min(self.options.longest_timeout);
        let wait = self.clamped(self.timeout, self.retransmitting_since);
        self.start(wait, Waiting::Retransmission);
    }

    /// No longer than what is left until the user timeout.
    fn clamped(&self, wait: Us, since: Option<Us>) -> Us {
        match (self.options.user_timeout, since) {
            (0, _) | (_, None) => wait,
            (user, Some(since)) => wait.min(user.saturating_sub(self.now - since).max(TICK)),
        }
    }

    /// By the system's number of retransmissions.
    pub fn gives_up_after(&self) -> Us {
        let mut timeout = SHORTEST_TIMEOUT;
        let mut total = 0;
        for _ in 0..=self.retries {
            total += timeout;
            timeout = (2 * timeout).min(self.options.longest_timeout);
        }
        total
    }

    fn probe_window(&mut self) {
        if self.is_in_flight() || !self.has_data() {
            self.probes = 0;
            self.probing_since = None;
            return;
        }
        let user = self.options.user_timeout;
        let since = *self.probing_since.get_or_insert(self.now);
        if user > 0 && self.now - since >= user {
            return self.finish(End::UserTimeout);
        }
        if self.probes >= self.retries {
            return self.finish(End::WindowProbe);
        }
        let open = self.edge > self.nxt;
        let left = if open { self.send_first() } else { self.emit(self.una.wrapping_sub(1), 0) };
        if left && open {
            (self.probes, self.backoff, self.probing_since) = (0, 0, None);
            return;
        }
        self.probes += 1;
        if !left && self.link == Link::Busy {
            return self.start(TRY_AGAIN, Waiting::WindowProbe);
        }
        self.backoff = (self.backoff + 1).min(self.retries);
        let wait = self.clamped(self.probe_wait(), self.probing_since);
        self.start(wait, Waiting::WindowProbe);
    }

    /// Data that could not leave when it was written.
    fn send_first(&mut self) -> bool {
        self.send();
        self.is_in_flight()
    }

    fn probe_wait(&self) -> Us {
        let base = self.timeout.max(SHORTEST_TIMEOUT);
        (base << self.backoff.min(10)).min(self.options.longest_timeout)
    }

    /// Of a connection that is over no timer runs, whatever is set on its socket.
    fn keepalive_in(&mut self, wait: Us) {
        if self.ended.is_some() {
            return;
        }
        self.keepalive_started = self.now;
        self.keepalive_at = Some(self.now + late(wait, self.lateness.0));
    }

    fn keep_alive(&mut self) {
        if !self.options.keepalive {
            return;
        }
        let Options { idle, interval, count, user_timeout, .. } = self.options;
        let silence = self.silence();
        if self.has_data() {
            return self.keepalive_in(idle);
        }
        if silence < idle {
            return self.keepalive_in(idle - silence);
        }
        if user_timeout > 0 {
            if silence >= user_timeout && self.probes > 0 {
                return self.finish(End::UserTimeout);
            }
        } else if self.probes >= count {
            return self.finish(End::Keepalive);
        }
        if !self.emit(self.una.wrapping_sub(1), 0) && self.link == Link::Busy {
            self.keepalive_at = Some(self.now + TRY_AGAIN);
            return;
        }
        self.probes += 1;
        self.keepalive_started = self.now;
        self.keepalive_at = Some(self.now + late(interval, self.lateness.1));
    }

    fn finish(&mut self, end: End) {
        if end != End::Reset {
            let mut segment = self.segment(self.nxt, 0);
            segment.reset = true;
            if self.link == Link::Up {
                self.out.push(segment);
            }
        }
        self.ended = Some(end);
        self.ended_at = self.now;
        self.backoff = 0;
        (self.timer, self.keepalive_at, self.acknowledge_at) = (None, None, None);
    }

    // --- Receiving ---

    pub fn receive(&mut self, segment: &Segment) {
        if segment.reset {
            if self.ended.is_none() {
                self.finish(End::Reset);
            }
            return;
        }
        if self.ended.is_some() {
            // Nobody is there.
            let mut answer = self.segment(self.nxt, 0);
            answer.reset = true;
            self.out.push(answer);
            return;
        }
        let Segment { seq, len, .. } = *segment;
        // A probe, or what was overtaken: answered, and not looked into.
        if seq.wrapping_add(len) < self.told_ack || seq == u64::MAX || seq > self.told_edge {
            return self.acknowledge();
        }
        if seq <= self.told_ack && segment.stamp > self.recent {
            self.recent = segment.stamp;
        }
        self.take_acknowledgement(segment);
        if len > 0 {
            self.take_data(segment);
        }
        if let Some(fin) = segment.fin {
            self.their_fin = Some(fin);
        }
    }

    fn take_acknowledgement(&mut self, segment: &Segment) {
        let ack = segment.ack;
        if ack < self.una || ack > self.nxt {
            return;
        }
        self.probes = 0;
        self.soft_error = false;
        self.ack_received_at = self.now;
        self.waited_before = self.waited_before.max(std::mem::take(&mut self.waited));
        let was_in_flight = self.is_in_flight();
        let opened = segment.edge > self.edge;
        self.edge = self.edge.max(segment.edge);
        if opened {
            self.read_at = self.now;
        }
        if ack > self.una {
            let taken = ack - self.una;
            self.una = ack;
            self.again = self.again.max(ack);
            self.progress_at = self.now;
            (self.retransmits, self.backoff, self.duplicates) = (0, 0, 0);
            self.retransmitting_since = None;
            self.measure(self.now.saturating_sub(segment.echo));
            self.flight = (self.flight + taken).min(LARGEST_FLIGHT);
            self.timer = None;
            if self.is_in_flight() {
                self.start(self.timeout, Waiting::Retransmission);
            }
        } else if was_in_flight && segment.len == 0 && !opened {
            self.duplicates += 1;
            if self.duplicates == 3 && self.una >= self.recover {
                self.recover = self.nxt;
                let again = std::mem::replace(&mut self.again, self.una);
                self.send_again(SEGMENT);
                self.again = again;
            }
        }
        if !self.is_in_flight() && self.has_data() {
            self.timer = None;
            if self.edge <= self.nxt {
                self.start(self.probe_wait(), Waiting::WindowProbe);
            } else {
                self.backoff = 0;
                self.probing_since = None;
            }
        }
        self.send();
        if !self.has_data() {
            self.progress_at = self.now;
        }
    }

    /// RFC 6298, with Linux's smallest variation.
    fn measure(&mut self, sample: Us) {
        let error = sample.abs_diff(self.round_trip);
        self.round_trip = (7 * self.round_trip + sample) / 8;
        self.variation = (3 * self.variation + error) / 4;
        let timeout = self.round_trip + SHORTEST_TIMEOUT.max(4 * self.variation);
        self.timeout = timeout.min(self.options.longest_timeout);
    }

    fn take_data(&mut self, segment: &Segment) {
        let to = (segment.seq + segment.len).min(self.told_edge.max(self.received + self.window()));
        if to <= self.received {
            return self.acknowledge(); // known, or there is no room for it
        }
        if segment.seq > self.received {
            self.early.push((segment.seq, to));
            self.early.sort_unstable();
            self.early.dedup();
            return self.acknowledge();
        }
        let before = self.received;
        self.received = to;
        while let Some(at) = self.early.iter().position(|(from, _)| *from <= self.received) {
            let (_, to) = self.early.swap_remove(at);
            self.received = self.received.max(to);
        }
        self.unread += self.received - before;
        self.data_received_at = self.now;
        self.waited_before = 0;
        if self.offered() == 0 {
            self.full_since.get_or_insert(self.now);
        }
        let much = self.received - self.told_ack >= 2 * SEGMENT;
        if much || !self.early.is_empty() || self.window() == 0 || segment.fin.is_some() {
            self.acknowledge();
        } else if self.acknowledge_at.is_none() {
            self.acknowledge_at = Some(self.now + self.delay);
        }
    }
}

/// A timer never comes early.
fn late(wait: Us, percent: u64) -> Us {
    wait + wait * percent / 100
}
