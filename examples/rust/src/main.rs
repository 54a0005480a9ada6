//! A client in Rust alone: connects, prints what comes, says how the connection fares, and ends
//! with it.
//!
//!     rust_client HOST PORT [--within MS]
//!
//! A [`Guard`] does no I/O of its own. It says when it wants to look at the connection next, and
//! this program waits for data no longer than until then.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use qkeepalive::guard::{Clock, Guard, Orders, Settings, State};
use qkeepalive::kernel::{Kernel as _, Socket};
use qkeepalive::liveness::NextLook;
use qkeepalive::loss::{Evidence, Loss, ReportedError};
use qkeepalive::witness::Witness;
use qkeepalive::{Config, LossReason};

const CLOSED: u8 = 0; // by the peer, in good order
const MISUSED: u8 = 1;
const NOT_CONNECTED: u8 = 2;
const LOST: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (words, code) = match options(&arguments) {
        Err(why) => (why, MISUSED),
        Ok((host, port, within)) => match TcpStream::connect((host, port)) {
            Err(why) => (format!("cannot connect: {why}"), NOT_CONNECTED),
            Ok(stream) => match watch(&stream, within) {
                Err(why) => (why.to_string(), LOST),
                Ok(loss) if loss.reason == LossReason::PeerClosed => (told(&loss), CLOSED),
                Ok(loss) => (told(&loss), LOST),
            },
        },
    };
    println!("{words}");
    ExitCode::from(code)
}

/// Host, port, and within which time a loss is to be known.
fn options(arguments: &[String]) -> Result<(&str, u16, Duration), String> {
    let (host, port, within) = match arguments {
        [host, port] => (host, port, "6000"),
        [host, port, option, within] if option == "--within" => (host, port, within.as_str()),
        _ => return Err("Usage: rust_client HOST PORT [--within MS]".into()),
    };
    let number = port.parse().ok().filter(|&number| number != 0);
    let number = number.ok_or_else(|| format!("'{port}' is not a port: that is 1 to 65535"))?;
    let within = within.parse().map_err(|_| format!("'{within}' is not a number of ms"))?;
    let within = Duration::from_millis(within);
    // Out of range, it is refused in words before anything is connected.
    Config::detect_within(within).map_err(|refused| refused.to_string())?;
    Ok((host, number, within))
}

/// Reads until the connection is over.
fn watch(stream: &TcpStream, within: Duration) -> Result<Loss, Box<dyn Error>> {
    let mut kernel = Socket::new(stream);
    // A second descriptor, for what a guard wants of a connection that the first cannot do.
    let mut witness = Witness::new(stream)?;
    let mut guard = Guard::default();
    let settings = Settings { detect_within: Some(within), ..Settings::default() };
    guard.change(Ok(settings), Clock::read(), &mut kernel)?;
    guard.attached();
    let mut orders = guard.connected(false, Clock::read(), &mut kernel)?;
    let mut shown = State::Waiting;
    let reported = loop {
        if guard.state() != shown {
            shown = guard.state();
            println!("{shown:?}");
        }
        if let Some(limit) = orders.retransmit_within {
            let _ = witness.limit_retransmissions(limit); // not every system can
        }
        if orders.abort {
            // What is queued for a peer that is lost must not reach it some time later.
            witness.discard_unsent()?;
            break ReportedError::None;
        }
        if let Some(end) = receive(stream, guard.next_look())? {
            guard.reported(end, false);
            break end;
        }
        let due = guard.next_look().is_some_and(|look| look.at <= Instant::now());
        orders = Orders::default();
        if due {
            orders = guard.look(false, Clock::read(), &mut kernel);
        }
    };
    let evidence = Evidence {
        reported,
        heard: false,
        error_pending: witness.error_pending()?,
        snapshot: kernel.snapshot(),
        config: None,
    };
    guard.disconnected(evidence).ok_or_else(|| "the connection is over, and not lost".into())
}

/// Prints what comes until it is time for the next look. Returns how the connection ended, if it did.
fn receive(stream: &TcpStream, until: Option<NextLook>) -> io::Result<Option<ReportedError>> {
    let wait = until.map(|look| look.at.saturating_duration_since(Instant::now()));
    // Zero would not be taken.
    stream.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
    let mut buffer = [0; 4096];
    match { stream }.read(&mut buffer) {
        Ok(0) => Ok(Some(ReportedError::ClosedByPeer)),
        Ok(length) => io::stdout().write_all(&buffer[..length]).map(|()| None),
        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None) // that time is over
        }
        Err(why) => Ok(Some(ReportedError::of(&why))),
    }
}

/// The reason, and a sentence with the figures.
fn told(loss: &Loss) -> String {
    format!("{:?}: {loss}", loss.reason)
}
