//! Lives a [`Life`]: from event to event, never through the time in between.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use qkeepalive::LossReason;
use qkeepalive::guard::State;

use super::guarded::{Guarded, Moment, Wanted, link};
use super::judge::{Judge, Truth};
use super::kernel::{End, SHIPPED, Segment, Socket};
use super::life::{Event, Life, Rhythm};
use super::path::{Path, Way};
use super::peer::Peer;
use super::random::Random;
use super::time::{MS, S, Us, seconds};

/// A beat, in bytes.
const BEAT: u64 = 8;
/// A timer of the event loop counts milliseconds, and never comes early.
const TIMER: Us = MS;
/// A life with more events than this is stuck.
const STUCK: u64 = 50_000_000;

/// What is true now. A macro, because the judge is asked while it is borrowed from.
macro_rules! truth {
    ($world:ident) => {{
        let program_since = $world.peer.program_lives_since();
        let peer = &$world.peer.socket;
        Truth {
            world: $world.now,
            now: $world.mine(),
            socket: &$world.socket,
            // Nothing is promised of a connection that this side is closing.
            promise: $world.guarded.promise().filter(|_| !$world.closing),
            rhythm: $world.guarded.rhythm().filter(|_| !$world.closing),
            round_trip: $world.path.round_trip(),
            well_for: $world.path.well_for($world.now),
            peer_lives: $world.peer.lives && peer.ended.is_none(),
            program_lives_for: if $world.peer.lives && peer.ended.is_none() {
                $world.now.saturating_sub(program_since)
            } else {
                0
            },
            lag: $world.peer.lag() + if peer.has_data() { peer.spacing() } else { 0 },
            blocked: $world.mine() < $world.blocked_until,
            mute: [$world.peer.mute(), $world.path.mute()]
                .map(|(from, to)| (from.saturating_sub($world.asleep), to - $world.asleep.min(to))),
        }
    }};
}

/// Lives it. `trace`: says what happens.
pub fn live(life: &Life, trace: bool) -> Lived {
    let mut world = World::new(life, trace);
    world.connect();
    while world.step() {}
    world.end();
    let World { steps, judge, losses, states, socket, state, .. } = world;
    Lived { steps, judge, losses, states, socket, state }
}

/// What is left of a life.
pub struct Lived {
    pub steps: u64,
    pub judge: Judge,
    /// What the guard has told, and how it stood, by the world's time.
    pub losses: Vec<(Us, LossReason)>,
    pub states: Vec<(Us, State)>,
    /// At the end.
    pub socket: Socket,
    pub state: State,
}

struct Packet {
    way: Way,
    connection: u64,
    segment: Segment,
}

/// By time, and packets of the same time as they were sent.
type Wire = BinaryHeap<Reverse<(Us, u64)>>;

struct World<'a> {
    life: &'a Life,
    trace: bool,
    steps: u64,
    /// The world's time. This machine's is less by what it was asleep.
    now: Us,
    asleep: Us,
    awake_at: Us,
    cursor: usize,
    path: Path,
    random: Random,
    wire: Wire,
    packets: Vec<Option<Packet>>,
    free_packets: Vec<usize>,
    sent: u64,
    peer: Peer,
    judge: Judge,
    losses: Vec<(Us, LossReason)>,
    states: Vec<(Us, State)>,

    socket: Socket,
    guarded: Guarded,
    connected: bool,
    connections: u64,
    reconnect_at: Option<Us>,
    /// The program wants the guard.
    wants_guard: bool,
    closing: bool,
    /// It was over by then, and the library had not met that: to tell it or not is both right.
    closed_dead: bool,
    close_at: Option<Us>,
    /// What the network library has not given to the kernel yet.
    queued: u64,
    writes: Option<(Us, Rhythm)>,
    look_at: Option<Us>,
    /// It has slept, and nobody has looked since.
    woken: bool,
    blocked_until: Us,
    /// Until when the library does not read, and so does not meet an end.
    full_until: Us,
    held: VecDeque<Event>,
    state: State,
}

impl<'a> World<'a> {
    fn new(life: &'a Life, trace: bool) -> Self {
        Self {
            life,
            trace,
            steps: 0,
            now: 0,
            asleep: 0,
            awake_at: 0,
            cursor: 0,
            path: Path::new(&life.path, life.seed),
            random: Random::new(!life.seed),
            wire: Wire::new(),
            packets: Vec::new(),
            free_packets: Vec::new(),
            sent: 0,
            peer: Peer::new(0, &life.peer, 0),
            judge: Judge::default(),
            losses: Vec::new(),
            states: Vec::new(),
            socket: Socket::new(0, SHIPPED, 0, 1, 1),
            guarded: Guarded::default(),
            connected: false,
            connections: 0,
            reconnect_at: None,
            wants_guard: true,
            closing: false,
            closed_dead: false,
            close_at: None,
            queued: 0,
            writes: None,
            look_at: None,
            woken: false,
            blocked_until: 0,
            full_until: 0,
            held: VecDeque::new(),
            state: State::Detached,
        }
    }

    fn say(&self, words: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>14}  {}", seconds(self.now), words());
        }
    }

    /// This machine's time.
    fn mine(&self) -> Us {
        self.now.max(self.awake_at) - self.asleep
    }

    fn moment(&self) -> Moment {
        Moment { now: self.mine(), asleep: self.asleep }
    }

    fn is_awake(&self) -> bool {
        self.now >= self.awake_at
    }

    fn is_running(&self) -> bool {
        self.is_awake() && self.mine() >= self.blocked_until
    }

    // --- Time ---

    fn next(&self) -> Us {
        let wire = self.wire.peek().map(|Reverse((at, _))| *at);
        let event = self.life.events.get(self.cursor).map(|(at, _)| *at);
        let mut next = [wire, event, self.peer.next()].into_iter().flatten().min();
        let mut sooner = |at: Option<Us>, not_before: Us| {
            if let Some(at) = at {
                let at = at.max(not_before);
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        };
        let mine = |at: Us| at + self.asleep;
        let free = mine(self.blocked_until).max(self.awake_at);
        if self.connected {
            sooner(self.socket.next_timer().map(mine), self.awake_at);
            sooner(self.look_at.map(mine), free);
            sooner(self.writes.map(|(at, _)| mine(at)), free);
            sooner(self.close_at.map(mine), free);
            sooner(self.has_news().then_some(0), free);
            sooner(Some(mine(self.full_until)).filter(|at| *at > self.now), free);
        }
        sooner(self.reconnect_at, free);
        sooner((!self.held.is_empty()).then_some(0), free);
        next.unwrap_or(Us::MAX)
    }

    fn step(&mut self) -> bool {
        let next = self.next();
        if next >= self.life.length {
            self.now = self.now.max(self.life.length.min(next));
            return false;
        }
        self.steps += 1;
        assert!(self.steps < STUCK, "stuck at {}: {:?}", seconds(self.now), self.life);
        self.now = self.now.max(next);
        let now = self.now;
        while let Some(Reverse((_, number))) =
            self.wire.peek().filter(|next| next.0.0 <= now).copied()
        {
            self.wire.pop();
            self.deliver(number);
        }
        let life = self.life;
        while let Some((_, event)) =
            life.events.get(self.cursor).filter(|(at, _)| *at <= now).copied()
        {
            self.cursor += 1;
            if event.is_ours() && !(self.is_running() && self.held.is_empty()) {
                self.held.push_back(event);
            } else {
                self.happen(event);
            }
        }
        self.peer.turn(self.now);
        self.carry_in();
        if self.is_awake() {
            self.run_kernel();
        }
        if self.is_running() {
            self.run_program();
        }
        true
    }

    fn end(&mut self) {
        if self.connected && self.is_awake() {
            self.enter();
            let truth = truth!(self);
            self.judge.check_silence(&truth);
        }
    }

    // --- The wire ---

    fn post(&mut self, way: Way, segment: Segment) {
        let at = self.path.carry(self.now, way);
        self.say(|| {
            let Segment { seq, len, ack, edge, reset, .. } = segment;
            let lost = if at.is_none() { ", lost" } else { "" };
            format!("  {way:?} {seq}+{len} ack {ack} edge {edge} reset {reset}{lost}")
        });
        let Some(at) = at else { return };
        let packet = Some(Packet { way, connection: self.connections, segment });
        let place = match self.free_packets.pop() {
            Some(place) => {
                self.packets[place] = packet;
                place
            }
            None => {
                self.packets.push(packet);
                self.packets.len() - 1
            }
        };
        self.sent += 1;
        self.wire.push(Reverse((at, (self.sent << 20) | place as u64)));
    }

    fn carry_in(&mut self) {
        if self.peer.socket.out.is_empty() {
            return;
        }
        let mut out = std::mem::take(&mut self.peer.socket.out);
        for segment in out.drain(..) {
            self.post(Way::In, segment);
        }
        self.peer.socket.out = out;
    }

    fn carry_out(&mut self) {
        if self.socket.out.is_empty() {
            return;
        }
        let mut out = std::mem::take(&mut self.socket.out);
        for segment in out.drain(..) {
            self.post(Way::Out, segment);
        }
        self.socket.out = out;
        self.judge.sent(self.mine(), &self.socket);
    }

    fn deliver(&mut self, number: u64) {
        let place = (number & 0xf_ffff) as usize;
        self.free_packets.push(place);
        let Some(packet) = self.packets[place].take() else { return };
        let Packet { way, connection, segment } = packet;
        if connection != self.connections || self.path.is_cut(self.now, way) {
            return;
        }
        if way == Way::Out {
            self.peer.turn(self.now);
            if self.peer.lives {
                self.peer.socket.receive(&segment);
                self.peer.turn(self.now);
                self.carry_in();
            }
        } else if !self.is_awake() {
            self.path.disturb(self.now);
        } else if self.connected {
            self.enter();
            let heard = self.socket.heard();
            if self.guarded.is_connected() && self.mine() > heard + S {
                let truth = truth!(self);
                self.judge.check_silence(&truth);
            } else if segment.len > 0 && self.guarded.rhythm().is_some() {
                let truth = truth!(self);
                self.judge.check_silence(&truth);
            }
            self.socket.receive(&segment);
            self.carry_out();
            self.notice_end();
        }
    }

    // --- This side's kernel ---

    fn enter(&mut self) {
        self.socket.now = self.mine();
        self.socket.link = self.path.link(self.now);
    }

    fn run_kernel(&mut self) {
        if self.connected && self.socket.next_timer().is_some_and(|at| at <= self.mine()) {
            self.enter();
            self.socket.fire();
            self.carry_out();
            self.notice_end();
        }
    }

    /// The kernel may just have ended the connection by itself.
    fn notice_end(&mut self) {
        let news = self.socket.ended_at == self.socket.now;
        let watched = self.guarded.is_connected() && !self.closing;
        if let Some(end) = self.socket.ended.filter(|_| news && watched) {
            self.say(|| format!("the kernel ends it: {end:?}{}", link(self.socket.link)));
            let truth = truth!(self);
            self.judge.kernel_ended(&truth, end);
        }
    }

    // --- This side's program, and its network library ---

    /// Whether the library has something to do with the socket.
    fn has_news(&self) -> bool {
        let socket = &self.socket;
        let to_read = socket.ended.is_some() || socket.unread > 0 || socket.is_half_closed();
        (to_read && self.reads())
            || (self.queued > 0 && socket.room() > 0 && socket.ended.is_none())
            || (self.closing && self.queued == 0)
    }

    fn reads(&self) -> bool {
        self.mine() >= self.full_until
    }

    fn run_program(&mut self) {
        if self.reconnect_at.is_some_and(|at| at <= self.now) {
            self.connect();
        }
        if self.life.host.timers_first {
            self.run_timers();
            self.run_sockets();
        } else {
            self.run_sockets();
            self.run_timers();
        }
        while self.is_running() {
            let Some(event) = self.held.pop_front() else { break };
            self.happen(event);
        }
    }

    fn run_sockets(&mut self) {
        if !self.connected || !self.has_news() {
            return;
        }
        self.enter();
        if self.reads() && self.socket.unread > 0 {
            self.socket.read();
        }
        self.flush();
        self.carry_out();
        if let Some(end) = self.socket.ended.filter(|_| self.reads()) {
            self.library_meets(Some(end));
        } else if self.socket.is_half_closed() && self.reads() {
            self.library_meets(None);
        } else if self.closing && self.queued == 0 {
            let told = self.judge.is_told();
            let wanted = self.guarded.disconnected(None, self.moment(), &self.socket);
            self.tell(wanted);
            self.over(told);
        }
    }

    fn run_timers(&mut self) {
        let mine = self.mine();
        if self.connected && self.look_at.is_some_and(|at| at <= mine) {
            self.look_at = None;
            if std::mem::take(&mut self.woken) {
                self.judge.woke(mine); // here the guard sees it
            }
            self.decide(|guarded, queued, moment, socket| {
                Some(guarded.look(queued, moment, socket))
            });
        }
        if let Some((_, rhythm)) = self.writes.filter(|(at, _)| self.connected && *at <= mine) {
            if !self.closing {
                self.write(rhythm.size);
            }
            let left = Rhythm { times: rhythm.times - 1, ..rhythm };
            self.writes = (left.times > 0).then_some((mine + rhythm.every, left));
        }
        if self.connected && self.close_at.is_some_and(|at| at <= mine) {
            self.close();
        }
    }

    fn write(&mut self, bytes: u64) {
        self.enter();
        self.queued += bytes;
        self.flush();
        self.carry_out();
    }

    fn flush(&mut self) {
        let taken = self.queued.min(self.socket.room());
        if self.socket.ended.is_none() && taken > 0 {
            self.queued -= taken;
            self.socket.write(taken);
        }
    }

    fn close(&mut self) {
        self.close_at = None;
        if !self.connected || self.closing {
            return;
        }
        let alive = self.socket.ended.is_none() && !self.socket.is_half_closed();
        self.say(|| "closes".into());
        self.closing = true;
        self.closed_dead = !alive;
        self.guarded.closing(alive, self.moment());
        self.schedule();
    }

    /// The library meets an end when it reads.
    fn library_meets(&mut self, end: Option<End>) {
        let told = self.judge.is_told();
        let guarded = self.guarded.is_connected() && self.guarded.is_enabled();
        // A close that this side began stays one.
        let lost = (guarded && !self.closing) || told;
        self.guarded.reported(end, self.moment());
        // It begins to close once.
        if !self.closing {
            self.guarded.closing(false, self.moment());
        }
        let wanted = self.guarded.disconnected(Some(end), self.moment(), &self.socket);
        self.say(|| format!("the library meets {end:?}: {:?}", wanted.loss));
        self.tell(wanted);
        self.over(lost);
    }

    fn tell(&mut self, wanted: Wanted) {
        if let Some(reason) = wanted.loss {
            self.say(|| format!("told: {reason:?}"));
            self.judge.told(self.now, reason);
            self.losses.push((self.now, reason));
            // Of some lives: it takes as long as all the rest.
            let replays = self.life.seed % 16 == 0;
            if let Err(why) = if replays { self.guarded.replays(reason) } else { Ok(()) } {
                self.judge.not_replayed(self.now, why);
            }
        }
    }

    fn over(&mut self, lost: bool) {
        let either = self.closing && self.closed_dead;
        self.judge.over(self.now, Some(lost).filter(|_| !either));
        self.connected = false;
        self.full_until = 0;
        self.closing = false;
        self.look_at = None;
        self.close_at = None;
        self.queued = 0;
        self.reconnect_at = Some(self.now + self.random.between(S, 5 * S));
    }

    /// Lets the guard decide, and does what it wants.
    fn decide(
        &mut self,
        decision: impl FnOnce(&mut Guarded, u64, Moment, &mut Socket) -> Option<Wanted>,
    ) -> bool {
        self.enter();
        let moment = self.moment();
        let wanted = decision(&mut self.guarded, self.queued, moment, &mut self.socket);
        self.carry_out();
        self.notice_end();
        let accepted = wanted.is_some();
        let wanted = wanted.unwrap_or_default();
        let verdict = wanted.abort || wanted.loss.is_some();
        if verdict && !self.closing {
            self.decided();
        }
        self.tell(wanted);
        if wanted.abort {
            self.abort();
        } else if wanted.loss.is_some() {
            // It is told, and not aborted: this program closes it a little later.
            self.close_at = Some(self.mine() + S);
        }
        let state = self.guarded.state();
        if state != self.state {
            self.say(|| format!("{state:?}"));
            self.states.push((self.now, state));
            self.state = state;
        }
        self.judge.looked(state == State::Suspect);
        if wanted.beat {
            self.beat();
        }
        self.schedule();
        accepted
    }

    /// The guard has decided. With an end that the kernel knows of there is nothing to judge.
    fn decided(&mut self) {
        self.say(|| "the guard decides".into());
        if self.socket.ended.is_none() && !self.socket.is_half_closed() {
            // As it was before the guard let go of it.
            let (promise, rhythm) = self.guarded.last_promises();
            let truth = Truth { promise, rhythm, ..truth!(self) };
            self.judge.decided(&truth);
        }
    }

    fn abort(&mut self) {
        let alive = self.socket.ended.is_none() && !self.socket.is_half_closed();
        self.guarded.closing(alive, self.moment());
        let wanted = self.guarded.disconnected(None, self.moment(), &self.socket);
        self.tell(wanted);
        // A close of this side's own that took too long is no loss.
        self.over(!self.closing);
    }

    fn beat(&mut self) {
        self.write(BEAT);
        let ends = self.socket.end + self.queued;
        let truth = truth!(self);
        self.judge.beat(&truth, ends);
        self.judge.sent(self.mine(), &self.socket);
        self.peer.beat_sent(ends);
        let moment = self.moment();
        let _ = self.guarded.beat_written(self.queued, moment, &mut self.socket);
        self.carry_out();
    }

    fn schedule(&mut self) {
        let late = self.life.host.looks_late;
        self.look_at = self
            .guarded
            .next_look()
            .filter(|_| self.connected)
            .map(|(at, lateness)| self.mine().max(at + lateness * late / 100) + TIMER);
    }

    fn connect(&mut self) {
        self.reconnect_at = None;
        if self.path.is_cut(self.now, Way::Out) || self.path.is_cut(self.now, Way::In) {
            self.reconnect_at = Some(self.now + S);
            return;
        }
        let life = self.life;
        self.connections += 1;
        self.connected = true;
        self.wire.clear();
        self.packets.clear();
        self.free_packets.clear();
        let round_trip = self.path.round_trip();
        self.peer = Peer::new(self.now, &life.peer, round_trip);
        let accepts = life.host.accepts;
        let options = if accepts && self.wants_guard {
            Guarded::listener(&life.settings, life.host.retries)
        } else {
            SHIPPED
        };
        let buffer = 128 << 10;
        self.socket = Socket::new(self.mine(), options, round_trip, life.host.send_buffer, buffer);
        self.socket.retries = life.host.retries;
        self.socket.no_delay = life.host.no_delay;
        self.socket.multipath = life.host.multipath;
        self.socket.lateness = life.host.timers_late;
        self.say(|| "connected".into());
        self.judge.connected(self.mine());
        if !self.wants_guard {
            return;
        }
        if accepts || self.connections == 1 {
            // Each accepted connection has a guard of its own.
            self.guarded = Guarded::default();
            let (moment, settings) = (self.moment(), life.settings);
            let _ = self.guarded.change(&settings, moment, &mut self.socket);
            self.guarded.attached();
        }
        self.guard(accepts);
    }

    fn guard(&mut self, inherits: bool) {
        // What a listener has handed on was put there for the guard.
        let found = if inherits { SHIPPED } else { self.socket.options };
        self.judge.guarded(found, self.mine());
        self.decide(|guarded, _, moment, socket| Some(guarded.connected(inherits, moment, socket)));
    }

    // --- What happens ---

    fn happen(&mut self, event: Event) {
        self.say(|| format!("{event:?}"));
        let mine = self.mine();
        match event {
            Event::Set(change) => {
                let before = *self.guarded.settings();
                let settings = change.of(&before);
                let deadline = self
                    .guarded
                    .promise()
                    .map_or(0, |promise| self.socket.heard() + promise.within);
                if self.connected && self.guarded.is_connected() {
                    self.enter();
                    let truth = truth!(self);
                    self.judge.check_silence(&truth);
                }
                let accepted = self
                    .decide(|guarded, _, moment, socket| guarded.change(&settings, moment, socket));
                if accepted && settings != before {
                    let beats = |settings: &qkeepalive::guard::Settings| {
                        (
                            settings.heartbeat_interval,
                            settings.heartbeat_timeout,
                            settings.values.enabled,
                        )
                    };
                    let beat = before.values.enabled && before.heartbeat_interval.is_some();
                    let rhythm = (beats(&before) != beats(&settings), !beat);
                    self.judge.changed(mine, deadline, rhythm);
                    if self.connected && self.guarded.is_connected() {
                        let wanted = self.guarded.wants_limit(&self.socket);
                        let truth = truth!(self);
                        self.judge.check_limit(&truth, wanted);
                    }
                }
            }
            Event::Write(rhythm) => self.writes = Some((mine, rhythm)),
            Event::Speak(rhythm) => self.peer.speak(self.now, rhythm),
            Event::StopsReading(lasts) => self.peer.stop_reading(self.now, lasts),
            Event::Hangs(lasts) => self.peer.hang(self.now, lasts),
            Event::Dies => self.peer.die(self.now),
            Event::Reboots(lasts) => self.peer.reboot(self.now, self.now + lasts),
            Event::Closes => self.peer.close(),
            Event::Resets => {
                if self.peer.lives && self.peer.socket.ended.is_none() {
                    self.peer.socket.now = self.now;
                    self.peer.socket.reset();
                    self.carry_in();
                }
            }
            Event::Blocked(lasts) => {
                self.blocked_until = mine + lasts;
                self.judge.unblocked(self.blocked_until);
            }
            Event::Full(lasts) => self.full_until = mine + lasts,
            Event::Sleep(lasts) => {
                self.asleep += lasts;
                self.awake_at = self.now + lasts;
                self.path.disturb(self.awake_at);
                self.judge.woke(mine);
                self.woken = true;
            }
            Event::Delay(delay) => self.path.set_delay(delay, self.now),
            Event::LetGo => {
                self.wants_guard = false;
                if self.connected {
                    self.enter();
                    if self.guarded.is_connected() {
                        let truth = truth!(self);
                        self.judge.check_silence(&truth);
                    }
                    // Also of one that was lost and not aborted.
                    self.guarded.let_go(&mut self.socket);
                    self.judge.let_go(self.now, &self.socket.options);
                }
                self.look_at = None;
                self.state = State::Detached;
            }
            Event::ComeBack => {
                if !self.wants_guard {
                    self.wants_guard = true;
                    self.guarded.attached();
                    if self.connected && !self.closing && self.socket.ended.is_none() {
                        self.guard(false);
                    }
                }
            }
            Event::Close => self.close(),
        }
    }
}
