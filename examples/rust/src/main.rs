//! A client in Rust alone: connects, prints what comes, says how the connection fares, and ends
//! with it.
//!
//!     rust_client HOST PORT [--within MS]
//!
//! A [`GuardedStream`] is a stream and its guard; [`wait`](GuardedStream::wait) returns what comes
//! and what happens to the connection.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use qkeepalive::guard::Settings;
use qkeepalive::loss::Loss;
use qkeepalive::{Config, Event, GuardedStream, LossReason};

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
            Ok(stream) => match watch(stream, within) {
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

/// Prints what comes until the connection is over.
fn watch(stream: TcpStream, within: Duration) -> Result<Loss, Box<dyn Error>> {
    let settings = Settings { detect_within: Some(within), ..Settings::default() };
    let mut link = GuardedStream::new(stream, settings)?;
    println!("{:?}", link.guard().state());
    let mut buffer = [0; 4096];
    loop {
        match link.wait(&mut buffer, None)? {
            Event::Received(length) => io::stdout().write_all(&buffer[..length])?,
            Event::Changed(state) => println!("{state:?}"),
            Event::Lost(loss) => return Ok(loss),
            Event::BeatDue | Event::Waited => {} // neither was asked for
        }
    }
}

/// The reason, and a sentence with the figures.
fn told(loss: &Loss) -> String {
    format!("{:?}: {loss}", loss.reason)
}
