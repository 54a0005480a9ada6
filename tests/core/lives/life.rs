//! One life of a guarded connection, as plain data: what the program, the peer and the path are
//! like, and what happens when.

use std::fmt;
use std::time::Duration;

use qkeepalive::Config;
use qkeepalive::guard::Settings;

use super::random::Random;
use super::time::{HOUR, MS, S, Us, seconds};

#[derive(Debug, Clone)]
pub struct Life {
    /// Of what is decided while it is lived.
    pub seed: u64,
    pub length: Us,
    pub host: Host,
    pub path: PathPlan,
    pub peer: PeerPlan,
    pub settings: Settings,
    pub events: Vec<(Us, Event)>,
}

/// This side's machine and program.
#[derive(Debug, Clone)]
pub struct Host {
    /// How late the kernel's timer of the first probe and its others are, in percent.
    pub timers_late: (u64, u64),
    /// How late the looks are, in percent of what they may be.
    pub looks_late: u64,
    /// After it was blocked the event loop comes to its timers before its sockets.
    pub timers_first: bool,
    pub no_delay: bool,
    pub send_buffer: u64,
    pub retries: u32,
    /// The connections were accepted, from a listener that was given the settings.
    pub accepts: bool,
    pub multipath: bool,
}

#[derive(Debug, Clone)]
pub struct PathPlan {
    /// One way.
    pub delay: Us,
    pub jitter: Us,
    pub reorders: bool,
    /// Packets of ten thousand.
    pub lost: u64,
    /// How many at most are lost together with one.
    pub burst: u64,
    pub outages: Vec<Outage>,
}

#[derive(Debug, Clone, Copy)]
pub struct Outage {
    pub from: Us,
    pub to: Us,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Both,
    Outgoing,
    Incoming,
    /// This host's own card takes no packets.
    Busy,
    /// This host has no route.
    NoRoute,
}

impl Fault {
    pub fn is_local(self) -> bool {
        matches!(self, Fault::Busy | Fault::NoRoute)
    }
}

#[derive(Debug, Clone)]
pub struct PeerPlan {
    pub receive_buffer: u64,
    pub delays_acknowledgement: Us,
    /// How long its program takes to answer a beat.
    pub lag: Us,
}

#[derive(Debug, Clone, Copy)]
pub enum Event {
    Set(Change),
    /// This side's program writes so much, so often.
    Write(Rhythm),
    /// The peer's does.
    Speak(Rhythm),
    StopsReading(Us),
    /// The peer's program neither reads nor answers nor speaks.
    Hangs(Us),
    Dies,
    /// Gone for so long, and then it knows nothing of the connection.
    Reboots(Us),
    Closes,
    Resets,
    /// This side's event loop does something else.
    Blocked(Us),
    /// Its network library does not read: the program has let the buffer run full.
    Full(Us),
    Sleep(Us),
    Delay(Us),
    LetGo,
    ComeBack,
    /// This side closes.
    Close,
}

impl Event {
    /// Whether this side's program has to run for it.
    pub fn is_ours(&self) -> bool {
        use Event::{Blocked, Close, ComeBack, Full, LetGo, Set, Sleep, Write};
        let lasts = matches!(self, Blocked(_) | Full(_) | Sleep(_));
        lasts || matches!(self, Set(_) | Write(_) | LetGo | ComeBack | Close)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    pub every: Us,
    pub size: u64,
    pub times: u64,
}

/// One setter called. Times are milliseconds.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    DetectWithin(Option<u64>),
    Enabled(bool),
    Idle(Option<u64>),
    Interval(Option<u64>),
    Count(Option<u32>),
    UserTimeout(Option<u64>),
    HeartbeatInterval(Option<u64>),
    HeartbeatTimeout(Option<u64>),
    AbortOnLoss(bool),
}

impl Change {
    pub fn of(self, settings: &Settings) -> Settings {
        let ms = |ms: Option<u64>| ms.map(Duration::from_millis);
        let mut settings = *settings;
        match self {
            Change::DetectWithin(time) => settings.detect_within = ms(time),
            Change::Enabled(on) => settings.values.enabled = on,
            Change::Idle(time) => settings.values.idle = ms(time),
            Change::Interval(time) => settings.values.interval = ms(time),
            Change::Count(count) => settings.values.count = count,
            Change::UserTimeout(time) => settings.values.user_timeout = ms(time),
            Change::HeartbeatInterval(time) => settings.heartbeat_interval = ms(time),
            Change::HeartbeatTimeout(time) => settings.heartbeat_timeout = ms(time),
            Change::AbortOnLoss(on) => settings.abort_on_loss = on,
        }
        settings
    }
}

impl fmt::Display for Life {
    /// A line for each thing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, length, host, path, peer, settings, events } = self;
        let PathPlan { delay, jitter, reorders, lost, burst, .. } = path;
        writeln!(f, "{} of seed {seed:#x}", seconds(*length))?;
        writeln!(f, "{host:?}\n{peer:?}")?;
        writeln!(
            f,
            "path: {delay} us, jitter {jitter} us, reorders {reorders}, lost {lost}/{burst}"
        )?;
        writeln!(f, "{:?}, detect within {:?}", settings.values, settings.detect_within)?;
        let (interval, timeout) = (settings.heartbeat_interval, settings.heartbeat_timeout);
        writeln!(f, "beats {interval:?} / {timeout:?}, aborts {}", settings.abort_on_loss)?;
        let events = events.iter().map(|(at, event)| (*at, format!("{event:?}")));
        let outages = path.outages.iter().map(|Outage { from, to, fault }| {
            (*from, format!("outage {fault:?} until {}", seconds(*to)))
        });
        let mut all: Vec<_> = outages.chain(events).collect();
        all.sort_by_key(|(at, _)| *at);
        all.iter().try_for_each(|(at, what)| writeln!(f, "{:>14}  {what}", seconds(*at)))
    }
}

impl Life {
    /// The life of that seed.
    pub fn generate(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let r = &mut random;
        let length = r.magnitude(30 * S, 4 * HOUR);
        let settings = settings(r);
        let delay =
            if r.percent(70) { r.magnitude(30, 50 * MS) } else { r.magnitude(MS, 750 * MS) };
        let lossy = r.percent(25);
        let slowest = if r.percent(80) { 50 * MS } else { 3 * S };
        let lag = r.magnitude(50, slowest);
        let mut life = Self {
            seed: r.next(),
            length,
            host: Host {
                timers_late: (r.between(0, 12), r.between(0, 4)),
                looks_late: r.pick(&[0, 0, 10, 50, 100]),
                timers_first: r.percent(50),
                no_delay: r.percent(40),
                send_buffer: r.magnitude(16 << 10, 1 << 20),
                retries: if r.percent(92) { 15 } else { r.between(3, 15) as u32 },
                accepts: r.percent(30),
                multipath: false,
            },
            path: PathPlan {
                delay,
                jitter: if r.percent(50) { 0 } else { r.between(0, delay / 2) },
                reorders: r.percent(20),
                lost: if lossy { r.magnitude(1, 600) } else { 0 },
                burst: if r.percent(50) { 0 } else { r.between(1, 6) },
                outages: Vec::new(),
            },
            peer: PeerPlan {
                receive_buffer: r.magnitude(16 << 10, 256 << 10),
                delays_acknowledgement: r.between(40, 200) * MS,
                lag,
            },
            settings,
            events: Vec::new(),
        };
        life.background(r);
        // Long lives are quiet ones for the most part.
        let scenes = r.magnitude(1, 30.min(2 + length / (30 * S)));
        for _ in 0..scenes {
            let at = r.between(0, length);
            life.scene(at, r);
        }
        life.events.sort_by_key(|(at, _)| *at);
        life
    }

    /// What the two programs say to each other as a rule.
    fn background(&mut self, r: &mut Random) {
        let rhythm = |r: &mut Random| {
            let every = r.magnitude(4 * S, 60 * S);
            Rhythm { every, size: r.magnitude(1, 4096), times: u64::MAX }
        };
        if r.percent(40) {
            let rhythm = rhythm(r);
            self.events.push((r.between(0, 10 * S), Event::Write(rhythm)));
        }
        if r.percent(30) {
            let rhythm = rhythm(r);
            self.events.push((r.between(0, 10 * S), Event::Speak(rhythm)));
        }
    }

    /// A few things that happen close together.
    fn scene(&mut self, at: Us, r: &mut Random) {
        let within = self.settings.detect_within.map_or(10 * S, |time| time.as_micros() as u64);
        let within = within.min(120 * S);
        let things = r.magnitude(1, 5);
        for _ in 0..things {
            let at = at + r.between(0, 2 * within);
            self.thing(at, within, r);
        }
    }

    fn thing(&mut self, at: Us, within: Us, r: &mut Random) {
        // Most things last for about as long as the promise.
        let some_time = |r: &mut Random| r.between(within / 20, within * 5 / 4);
        let event = match r.between(0, 99) {
            0..=21 => return self.outage(at, some_time(r), r),
            22..=33 => return self.settings_change(at, r),
            34..=49 => Event::Write(rhythm(r)),
            50..=56 => Event::Speak(rhythm(r)),
            57..=63 => {
                // Not reading is seen only where there is something to read.
                let lasts = r.magnitude(S, 60 * S.max(within));
                self.events.push((at, Event::StopsReading(lasts)));
                Event::Write(Rhythm { every: 20 * MS, size: 65536, times: r.between(1, 40) })
            }
            64..=68 => Event::Hangs(if r.percent(50) { some_time(r) } else { Us::MAX }),
            69..=73 => Event::Dies,
            74 => Event::Reboots(some_time(r)),
            75..=77 => Event::Closes,
            78..=79 => Event::Resets,
            80..=85 => Event::Blocked(r.magnitude(5 * MS, 2 * within)),
            86 => Event::Full(r.magnitude(S, 10 * within)),
            87..=90 => Event::Sleep(r.magnitude(S, HOUR)),
            91..=93 => Event::Delay(r.magnitude(30, 750 * MS)),
            94..=97 => {
                self.events.push((at + some_time(r), Event::ComeBack));
                Event::LetGo
            }
            _ => Event::Close,
        };
        self.events.push((at, event));
    }

    fn outage(&mut self, at: Us, lasts: Us, r: &mut Random) {
        let fault = match r.between(0, 9) {
            0..=4 => Fault::Both,
            5..=6 => Fault::Outgoing,
            7 => Fault::Incoming,
            8 => Fault::Busy,
            _ => Fault::NoRoute,
        };
        self.path.outages.push(Outage { from: at, to: at + lasts, fault });
        if r.percent(40) {
            let at = at + r.between(0, lasts);
            self.events.push((at, Event::Write(rhythm(r))));
        }
    }

    fn settings_change(&mut self, at: Us, r: &mut Random) {
        let change = match r.between(0, 19) {
            0..=5 => Change::DetectWithin(Some(detect_within(r))),
            6 => Change::DetectWithin(None),
            7..=8 => return self.slider(at, r),
            9..=10 => {
                let again = at + r.magnitude(MS, 20 * S);
                self.events.push((again, Event::Set(Change::Enabled(true))));
                Change::Enabled(false)
            }
            11 => Change::Idle(r.percent(80).then(|| 1000 * r.between(1, 60))),
            12 => Change::Interval(r.percent(80).then(|| 1000 * r.between(1, 20))),
            13 => Change::Count(r.percent(80).then(|| r.between(1, 9) as u32)),
            14 => Change::UserTimeout(r.percent(60).then(|| r.between(1, 60) * 1000)),
            15..=16 => Change::HeartbeatInterval(r.percent(70).then(|| r.magnitude(500, 20_000))),
            17..=18 => Change::HeartbeatTimeout(r.percent(70).then(|| r.magnitude(1000, 60_000))),
            _ => Change::AbortOnLoss(r.percent(70)),
        };
        self.events.push((at, Event::Set(change)));
    }

    /// Somebody drags a slider: many values within half a second.
    fn slider(&mut self, at: Us, r: &mut Random) {
        let (from, to) = (detect_within(r), detect_within(r));
        let steps = r.between(5, 40);
        for step in 0..=steps {
            let value = (from * (steps - step) + to * step) / steps;
            let at = at + step * 500 * MS / steps;
            self.events.push((at, Event::Set(Change::DetectWithin(Some(value)))));
        }
    }
}

fn detect_within(r: &mut Random) -> u64 {
    r.magnitude(2000, 120_000)
}

fn rhythm(r: &mut Random) -> Rhythm {
    let every = r.magnitude(MS, 10 * S);
    Rhythm { every, size: r.magnitude(1, 65536), times: r.magnitude(1, 60) }
}

fn settings(r: &mut Random) -> Settings {
    let mut settings = Settings::default();
    let ms = Duration::from_millis;
    if r.percent(75) {
        settings.detect_within = Some(ms(detect_within(r)));
    } else {
        settings.values = Config {
            idle: r.percent(80).then(|| ms(1000 * r.between(1, 60))),
            interval: r.percent(80).then(|| ms(1000 * r.between(1, 20))),
            count: r.percent(80).then(|| r.between(1, 9) as u32),
            ..Config::default()
        };
    }
    if r.percent(25) {
        let interval = r.magnitude(1000, 30_000);
        settings.heartbeat_interval = Some(ms(interval));
        settings.heartbeat_timeout =
            r.percent(50).then(|| ms(r.between(interval + 1, 4 * interval)));
    }
    if r.percent(4) {
        settings.values.user_timeout = Some(ms(1000 * r.between(1, 60)));
    }
    settings.abort_on_loss = r.percent(85);
    settings
}
