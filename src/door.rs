//! What goes into a guard, and what comes out of it: plain data both, so that it can be recorded and
//! played again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::error::Error;
use crate::found::Found;
use crate::loss::{Evidence, Loss, ReportedError};
use crate::refusals::About;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::sys;

/// The time, as a guard wants to know it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now.
    pub now: Instant,
    /// How long this machine has slept since it was started (Linux: CLOCK_BOOTTIME without
    /// CLOCK_MONOTONIC).
    pub asleep: Duration,
}

impl Clock {
    /// The time at this moment.
    pub fn read() -> Self {
        Self { now: Instant::now(), asleep: sys::asleep() }
    }
}

/// What happens to a guarded connection.
#[derive(Debug)]
pub enum Input {
    /// Other settings are wanted. `wanted` is already a refusal where a value could not even be put
    /// into settings; `about` is what is changed.
    Settings {
        /// What is changed.
        about: About,
        /// The settings with that change.
        wanted: Result<Settings, Error>,
    },
    /// A socket was set.
    Attached,
    /// The socket was taken away, or died.
    Detached,
    /// The owner of the socket has taken another one in its place.
    Renewed,
    /// The guard goes while the connection lives.
    LetGo,
    /// The socket is connected. It has its values already where it has them from the socket that
    /// accepted it: then `inherited` is what that one had before.
    Connected {
        /// See above.
        inherited: Option<Found>,
    },
    /// It was time to look at the connection ([`Guard::next_look`](crate::guard::Guard::next_look)).
    Looked {
        /// How many bytes the network library holds that it has not given to the kernel yet.
        queued: u64,
        /// Whether the peer's program could be asked and heard now. Not so while the program's own
        /// protocol is not up yet (a TLS handshake), or while it reads nothing of what has come: no
        /// beat is due then, and no answer is owed.
        asks: bool,
    },
    /// The beat that was due was written, or the program was asked to write it.
    BeatWritten {
        /// As for [`Input::Looked`], after that.
        queued: u64,
    },
    /// The program has received data. To be told while
    /// [`Guard::wants_received`](crate::guard::Guard::wants_received) says so.
    Received,
    /// The network library reported an error on the connection. `alive` is the kernel's view: while
    /// the connection is alive the report is no loss but an expired wait or a misuse, except that
    /// the peer can end a TLS session before the connection.
    Reported {
        /// Of which class it was.
        error: ReportedError,
        /// Whether the kernel holds the connection to be established.
        alive: bool,
    },
    /// The socket begins to close. A close of a connection that is `alive`, with no error reported,
    /// is the program's own. It gets no longer than a loss would.
    Closing {
        /// Whether the kernel holds the connection to be there, at least in this direction.
        alive: bool,
    },
    /// The socket is no longer connected.
    Disconnected(Box<Evidence>),
    /// Something was refused outside of the guard, such as an object that is no socket.
    Refused {
        /// What it is about.
        about: About,
        /// Why.
        why: String,
    },
    /// A call outside of the guard was accepted.
    Accepted(About),
    /// What came of [`Output::Apply`].
    Applied {
        /// What the kernel has really given, or why it refused. Then the socket is as it was.
        given: Result<Config, Error>,
        /// What is on the socket now, as far as it can be read.
        read: Option<Config>,
    },
    /// What came of [`Output::TakeError`].
    Error(ReportedError),
}

/// What the kernel says at the moment of an [`Input`]; of each only what is [wanted](Wants).
#[derive(Debug, Default)]
pub struct Facts {
    /// What it knows of the connection; `None` where it cannot be asked.
    pub info: Option<Snapshot>,
    /// What is on the socket.
    pub options: Option<Result<Config, Error>>,
    /// Whether keepalive is on, where nobody counts probes.
    pub probing: Option<bool>,
    /// Whether the connection has several paths.
    pub multipath: Option<bool>,
    /// How often the system retransmits.
    pub retries: Option<u32>,
    /// The longest time between two retransmissions; `Some(None)` where there is no such option.
    pub retransmit_within: Option<Option<Duration>>,
}

/// Which [`Facts`] a guard wants to know with an [`Input`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wants {
    /// [`Facts::info`].
    pub info: bool,
    /// In it, how many bytes have really left this host.
    pub left: bool,
    /// [`Facts::options`], with the count that a guard before has noted of the socket.
    pub options: bool,
    /// [`Facts::probing`], where the kernel does not count probes.
    pub probing: bool,
    /// [`Facts::multipath`].
    pub multipath: bool,
    /// [`Facts::retries`].
    pub retries: bool,
    /// [`Facts::retransmit_within`].
    pub retransmit_within: bool,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Output {
    /// Set these options on the socket, and tell the guard what came of it: [`Input::Applied`].
    Apply(Config),
    /// Set these options, which waited for the peer to be heard. What is refused of them stays as it is.
    ApplyWaiting(Config),
    /// Set the kernel's count alone: after how many unanswered probes it gives up.
    SetCount(u32),
    /// Have the kernel send a probe now. The values are those in force.
    Probe(Config),
    /// Limit the time between two retransmissions.
    RetransmitWithin(Duration),
    /// Put all of this back on the socket.
    PutBack(Found),
    /// Take the error that the kernel holds, and tell it: [`Input::Error`].
    TakeError,
    /// Write a beat, and tell that: [`Input::BeatWritten`].
    Beat,
    /// Abort the connection. With a verdict that is why: the loss is told when it is disconnected.
    /// Without one the program's own close takes too long: that is no loss.
    Abort(Option<Loss>),
    /// The connection is lost: say so.
    Lost(Loss),
}

/// What waits to be [polled](crate::guard::Guard::poll).
#[derive(Debug, Default)]
pub(crate) struct Outputs(#[allow(clippy::box_collection)] Option<Box<VecDeque<Output>>>); // rare

impl Outputs {
    pub(crate) fn push(&mut self, output: Output) {
        self.0.get_or_insert_default().push_back(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        let next = self.0.as_mut()?.pop_front();
        if next.is_none() {
            self.0 = None;
        }
        next
    }
}
