//! The other end: its kernel, and the program there.

use std::collections::VecDeque;

use super::kernel::{End, SHIPPED, Socket};
use super::life::{PeerPlan, Rhythm};
use super::time::{MS, Us};

/// An answer to a beat, in bytes.
const ANSWER: u64 = 8;

#[derive(Debug)]
pub struct Peer {
    pub socket: Socket,
    /// Whether the machine is there at all.
    pub lives: bool,
    /// When it has started anew.
    back: Option<Us>,
    /// Until when its program does not read, and until when it does nothing.
    stopped: Us,
    hung: Us,
    /// Since when.
    silent: Us,
    lag: Us,
    /// Where in the stream beats end that it has not read yet, and when it answers those it has.
    beats: VecDeque<u64>,
    answers: VecDeque<Us>,
    queued: u64,
    speaks: Option<(Us, Rhythm)>,
    closing: bool,
}

impl Peer {
    pub fn new(now: Us, plan: &PeerPlan, round_trip: Us) -> Self {
        let socket = Socket::new(now, SHIPPED, round_trip, 256 << 10, plan.receive_buffer);
        Self {
            socket: socket.delaying(plan.delays_acknowledgement),
            lives: true,
            back: None,
            stopped: 0,
            hung: 0,
            silent: 0,
            lag: plan.lag,
            beats: VecDeque::new(),
            answers: VecDeque::new(),
            queued: 0,
            speaks: None,
            closing: false,
        }
    }

    /// Since when its program has been running and reading.
    pub fn program_lives_since(&self) -> Us {
        self.stopped.max(self.hung)
    }

    pub fn lag(&self) -> Us {
        self.lag
    }

    pub fn beat_sent(&mut self, ends: u64) {
        self.beats.push_back(ends);
    }

    pub fn speak(&mut self, now: Us, rhythm: Rhythm) {
        self.speaks = Some((now, rhythm));
    }

    pub fn stop_reading(&mut self, now: Us, lasts: Us) {
        self.fall_silent(now);
        self.stopped = self.stopped.max(now + lasts);
    }

    pub fn hang(&mut self, now: Us, lasts: Us) {
        self.fall_silent(now);
        self.hung = self.hung.max(now.saturating_add(lasts));
    }

    pub fn die(&mut self, now: Us) {
        self.fall_silent(now);
        self.lives = false;
    }

    pub fn reboot(&mut self, now: Us, back: Us) {
        self.die(now);
        self.back = Some(back);
    }

    /// A moment between two silences is none of speech.
    fn fall_silent(&mut self, now: Us) {
        if self.lives && self.program_lives_since().saturating_add(100 * MS) <= now {
            self.silent = now;
        }
    }

    /// When its program was last unable to answer.
    pub fn mute(&self) -> (Us, Us) {
        let gone = !self.lives || self.socket.ended.is_some();
        let until = if gone { Us::MAX } else { self.program_lives_since() };
        (self.silent, until)
    }

    pub fn close(&mut self) {
        self.closing = true;
    }

    /// When it has something to do.
    pub fn next(&self) -> Option<Us> {
        if !self.lives || self.socket.ended.is_some() {
            return None;
        }
        let unread = self.socket.unread > 0;
        let program = [
            unread.then_some(self.program_lives_since()),
            self.answers.front().map(|at| (*at).max(self.hung)),
            self.speaks.map(|(at, _)| at.max(self.hung)),
            (self.queued > 0 && self.socket.room() > 0).then_some(self.hung),
        ];
        let timer = self.socket.next_timer();
        program.into_iter().flatten().chain(timer).min()
    }

    /// Does what is due.
    pub fn turn(&mut self, now: Us) {
        self.socket.now = now;
        if self.back.is_some_and(|back| back <= now) {
            (self.back, self.lives) = (None, true);
            self.socket.ended = Some(End::Reset);
        }
        if !self.lives {
            self.socket.out.clear();
            return;
        }
        self.socket.fire();
        if self.hung > now || self.socket.ended.is_some() {
            return;
        }
        if self.stopped <= now && self.socket.unread > 0 {
            self.socket.read();
            while self.beats.front().is_some_and(|ends| *ends <= self.socket.received) {
                self.beats.pop_front();
                self.answers.push_back(now + self.lag);
            }
        }
        while self.answers.front().is_some_and(|at| *at <= now) {
            self.answers.pop_front();
            self.queued += ANSWER;
        }
        if let Some((_, rhythm)) = self.speaks.filter(|(at, _)| *at <= now) {
            self.queued += rhythm.size;
            let left = Rhythm { times: rhythm.times - 1, ..rhythm };
            self.speaks = (left.times > 0).then_some((now + rhythm.every, left));
        }
        let taken = self.queued.min(self.socket.room());
        self.queued -= taken;
        self.socket.write(taken);
        if self.closing && self.queued == 0 {
            self.closing = false;
            self.socket.close();
        }
    }
}
