//! A connection whose peer dies, on whatever system this is compiled for:
//!
//!     dead_peer ADDRESS:PORT IDLE INTERVAL COUNT        (times in ms)
//!
//! Connects, applies the values, says `connected`, and waits for the end without a word of its own.
//! Whoever runs it then takes the peer away, or lets it close. It ends with 0 if the system gave the
//! connection up within its time: what is in force on the socket, and at most 15 % later. With 3 if
//! the peer closed, and with 1 for everything else.

use std::error::Error;
use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, process, thread};

use qkeepalive::{Config, apply, query};

const CLOSED: u8 = 3;
/// Whatever goes wrong, it ends.
const AT_MOST: Duration = Duration::from_secs(60);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, idle, interval, count] = arguments.as_slice() else {
        return Err("usage: dead_peer ADDRESS:PORT IDLE INTERVAL COUNT".into());
    };
    let wanted = Config {
        idle: Some(Duration::from_millis(idle.parse()?)),
        interval: Some(Duration::from_millis(interval.parse()?)),
        count: Some(count.parse()?),
        ..Config::default()
    };
    thread::spawn(|| {
        thread::sleep(AT_MOST);
        eprintln!("dead_peer: still connected after {AT_MOST:?}");
        process::exit(1);
    });

    let mut connection = TcpStream::connect(address)?;
    // The kernel counts from the call, which takes its time too.
    let before = Instant::now();
    let given = apply(&connection, &wanted)?;
    let after = Instant::now();
    let in_force = query(&connection)?;
    println!("connected; given {given:?}, in force {in_force:?}");

    let end = connection.read(&mut [0]);
    let (shortest, longest) = (after.elapsed(), before.elapsed());
    let error = match end {
        Ok(0) => {
            println!("closed by the peer after {longest:?}");
            return Ok(ExitCode::from(CLOSED));
        }
        Ok(_) => return Err("the peer was not to say anything".into()),
        Err(error) => error,
    };
    println!("lost after {longest:?}: {error}");
    if error.kind() != ErrorKind::TimedOut {
        return Err("that is not the error of a peer that answers no probe".into());
    }
    // Some systems do not tell the times in force; then they are what was given.
    let idle = in_force.idle.or(given.idle).unwrap_or_default();
    let interval = in_force.interval.or(given.interval).unwrap_or_default();
    let expected = idle + interval * in_force.count.or(given.count).unwrap_or_default();
    let latest = expected * 115 / 100;
    if longest < expected || shortest > latest {
        return Err(format!("that is not within {expected:?}..{latest:?}").into());
    }
    println!("within {expected:?}..{latest:?}");
    Ok(ExitCode::SUCCESS)
}
