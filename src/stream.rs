//! A connected [`TcpStream`] under guard, for a Rust program that waits for data in a thread of its
//! own: the [`Guard`] with the I/O that it does not do itself.

use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::{Orders, drive};
use crate::error::Error;
use crate::guard::{About, Clock, Guard, Input, Settings, State};
use crate::kernel::{Kernel as _, Socket};
use crate::loss::{Evidence, Loss, LossReason, ReportedError};
use crate::snapshot::{ConnectionState, Snapshot};
use crate::sys;

/// A connection and its guard.
///
/// ```no_run
/// use std::{net::TcpStream, time::Duration};
/// use qkeepalive::{Event, GuardedStream, guard::Settings};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let within = Some(Duration::from_secs(6));
/// let settings = Settings { detect_within: within, ..Settings::default() };
/// let mut link = GuardedStream::new(TcpStream::connect("example.org:7")?, settings)?;
/// let mut buffer = [0; 4096];
/// loop {
///     match link.wait(&mut buffer, None)? {
///         Event::Received(length) => println!("{length} bytes"),
///         Event::Lost(loss) => break println!("{:?}: {loss}", loss.reason),
///         _ => {}
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct GuardedStream {
    /// `None` after an abort.
    stream: Option<TcpStream>,
    guard: Guard,
    /// What the last look called for and is not yet done.
    orders: Orders,
    /// The program was asked for a beat.
    asked: bool,
    shown: State,
    /// The loss was told, whether or not the stream is still there.
    told: bool,
}

/// What [`GuardedStream::wait`] has waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // of the large one there is one in a connection's life
pub enum Event {
    /// So many bytes came in; they are in the buffer.
    Received(usize),
    /// An answer of the peer is overdue ([`State::Suspect`]), or came after all
    /// ([`State::Healthy`]).
    Changed(State),
    /// It is time to write a beat of the heart-beat.
    BeatDue,
    /// The connection is lost. It is told once; nothing comes after it.
    Lost(Loss),
    /// Nothing has happened for as long as was asked.
    Waited,
}

impl GuardedStream {
    /// Puts a connected stream under guard, and tells the kernel what is asked for. The stream blocks from
    /// now on, and its read timeout is used and not given back.
    ///
    /// # Errors
    ///
    /// What the settings or the kernel refused; the stream is closed then. Duplicate it
    /// ([`TcpStream::try_clone`]) to go on without a guard.
    pub fn new(stream: TcpStream, settings: Settings) -> Result<Self, Error> {
        let mut guard = Guard::default();
        let mut kernel = Socket::new(&stream);
        // What it cannot be told it will say when it is read from.
        let _ = stream.set_nonblocking(false);
        let mut tell = |input| drive(&mut guard, input, Clock::read(), &mut kernel);
        tell(Input::Settings { about: About::Settings, wanted: Ok(settings) })?;
        tell(Input::Attached)?;
        let orders = tell(Input::Connected { inherited: None })?;
        let shown = guard.state();
        Ok(Self { stream: Some(stream), guard, orders, asked: false, shown, told: false })
    }

    /// The connection, to write to; `None` when it was lost and aborted.
    pub fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref()
    }

    /// The guard: its state, its view.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// What the kernel knows of the connection, if there is one.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.stream.as_ref().and_then(|stream| Socket::new(stream).snapshot())
    }

    /// Waits for data or for news of the connection, no longer than `limit`, if one is given. A
    /// `limit` of zero takes what is there now (and a grain of the system's clock).
    ///
    /// Looks are made in time however much data comes in; what they call for is told by the next
    /// call.
    ///
    /// With an empty buffer it waits for news alone: data stays in the socket, for whoever reads it
    /// elsewhere. A close that comes behind unread data is then found by the looks, within the
    /// promised time; and where the kernel does not tell when data came (docs/systems.md), a
    /// heart-beat hears only what is read here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotConnected`] after a loss, and where the guard is switched off and the
    /// connection over; else what the system refuses.
    pub fn wait(&mut self, buffer: &mut [u8], limit: Option<Duration>) -> io::Result<Event> {
        if self.told {
            return Err(over());
        }
        // The program has written the beat between two calls.
        let asked = std::mem::take(&mut self.asked);
        if let Some(stream) = self.stream.as_ref().filter(|_| asked) {
            tell(&mut self.guard, Input::BeatWritten { queued: 0 }, stream);
        }
        let until = limit.map(|limit| Instant::now() + limit);
        let mut tried = false;
        loop {
            if let Some(event) = self.news()? {
                return Ok(event);
            }
            if tried && until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Event::Waited);
            }
            tried = true;
            let look = self.guard.next_look().map(|look| look.at);
            let wake = look.into_iter().chain(until).min();
            let Some(stream) = &self.stream else { return Err(over()) };
            // Read first, so that a look knows of all that has come.
            let received = receive(stream, buffer, wake)?;
            match received {
                Received::Data(_) => drop(tell(&mut self.guard, Input::Received, stream)),
                Received::End(reported) => return self.ended(reported),
                Received::Nothing => {}
            }
            if look.is_some_and(|look| look <= Instant::now()) {
                self.orders =
                    tell(&mut self.guard, Input::Looked { queued: 0, asks: true }, stream);
            }
            if let Received::Data(length) = received {
                return Ok(Event::Received(length));
            }
        }
    }

    /// Does what the last look called for, and says what there is to say.
    fn news(&mut self) -> io::Result<Option<Event>> {
        let Some(stream) = &self.stream else { return Err(over()) };
        let orders = std::mem::take(&mut self.orders);
        if let Some(loss) = orders.loss {
            self.told = true;
            return Ok(Some(Event::Lost(loss)));
        }
        if orders.abort {
            // What is queued for a peer that is lost must not reach it some time later.
            let _ = sys::discard_unsent(sys::lend(stream));
            return self.ended(ReportedError::None).map(Some);
        }
        if orders.beat {
            self.asked = true;
            return Ok(Some(Event::BeatDue));
        }
        let state = self.guard.state();
        let changed = std::mem::replace(&mut self.shown, state) != state;
        Ok(changed.then_some(Event::Changed(state)))
    }

    fn ended(&mut self, reported: ReportedError) -> io::Result<Event> {
        let stream = self.stream.take().ok_or_else(over)?;
        if reported != ReportedError::None {
            tell(&mut self.guard, Input::Reported { error: reported, alive: false }, &stream);
        }
        let evidence = Evidence {
            reported,
            heard: false,
            error_pending: sys::error_pending(sys::lend(&stream)).unwrap_or(false),
            snapshot: Socket::new(&stream).snapshot(),
            config: None,
        };
        let orders = tell(&mut self.guard, Input::Disconnected(Box::new(evidence)), &stream);
        orders.loss.map(Event::Lost).ok_or_else(over)
    }
}

impl Event {
    /// Why the connection was lost, if this is its loss.
    pub fn loss_reason(&self) -> Option<LossReason> {
        match self {
            Event::Lost(loss) => Some(loss.reason),
            _ => None,
        }
    }
}

/// Of what happens to a connection that is guarded nothing is refused.
fn tell(guard: &mut Guard, input: Input, stream: &TcpStream) -> Orders {
    drive(guard, input, Clock::read(), &mut Socket::new(stream)).unwrap_or_default()
}

fn over() -> io::Error {
    io::Error::new(ErrorKind::NotConnected, "the connection is over")
}

#[derive(Clone, Copy)]
enum Received {
    Data(usize),
    End(ReportedError),
    Nothing,
}

/// Reads once, and waits for it until then. Into an empty buffer it reads nothing, and waits for an
/// end.
fn receive(stream: &TcpStream, buffer: &mut [u8], until: Option<Instant>) -> io::Result<Received> {
    let left = || until.map(|until| until.saturating_duration_since(Instant::now()));
    // Zero would not be taken.
    stream.set_read_timeout(left().map(|wait| wait.max(Duration::from_millis(1))))?;
    // Nothing read into an empty buffer would look like an end.
    let read = if buffer.is_empty() { stream.peek(&mut [0]) } else { { stream }.read(buffer) };
    match read {
        Ok(0) => Ok(Received::End(ReportedError::ClosedByPeer)),
        Ok(_) if buffer.is_empty() => {
            // The next call would see the same data at once.
            thread::sleep(left().unwrap_or(UNREAD));
            Ok(Received::Nothing)
        }
        Ok(length) => Ok(Received::Data(length)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(Received::Nothing),
            // Windows' word for a read timeout is that for a connection that timed out.
            ErrorKind::TimedOut if is_alive(stream) => Ok(Received::Nothing),
            _ => Ok(Received::End(ReportedError::of(&error))),
        },
    }
}

/// How long data that nobody reads is left alone, where no look and no limit says.
const UNREAD: Duration = Duration::from_millis(250);

fn is_alive(stream: &TcpStream) -> bool {
    let info = Socket::new(stream).snapshot().unwrap_or_default();
    info.state.is_none_or(|state| state != ConnectionState::Closed)
}
