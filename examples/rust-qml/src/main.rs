//! A client with a window, in Rust and QML.
//!
//!     rust_qml_client HOST PORT [--within MS] [--once]
//!
//! The socket is an object of Rust's ([`connection`]), the window and the guard are QML's
//! (`qml/main.qml`). With `--once` the program ends with its connection, not with its window.

mod application;
// Its bridge declares a signal only to hear it.
#[allow(dead_code)]
mod connection;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

const MISUSED: u8 = 1; // qml/main.qml has the other codes

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match options(&arguments) {
        Ok(options) => {
            // From here on QML has `import QKeepAlive`, with no plugin to be found or installed.
            qkeepalive::register_qml_types();
            ExitCode::from(application::run(&options))
        }
        Err(why) => {
            println!("{why}");
            ExitCode::from(MISUSED)
        }
    }
}

/// What the command line says.
struct Options {
    host: String,
    port: u16,
    within: i32,
    once: bool,
}

fn options(arguments: &[String]) -> Result<Options, String> {
    let once = arguments.last().is_some_and(|last| last == "--once");
    let (host, port, within) = match &arguments[..arguments.len() - usize::from(once)] {
        [host, port] => (host, port, "6000"),
        [host, port, option, within] if option == "--within" => (host, port, within.as_str()),
        _ => return Err("Usage: rust_qml_client HOST PORT [--within MS] [--once]".into()),
    };
    let number = port.parse().ok().filter(|&number| number != 0);
    let number = number.ok_or_else(|| format!("'{port}' is not a port: that is 1 to 65535"))?;
    let ms: u32 = within.parse().map_err(|_| format!("'{within}' is not a number of ms"))?;
    // KeepAlive in qml/main.qml would refuse it, too; but then there is a window already.
    qkeepalive::Config::detect_within(Duration::from_millis(ms.into()))
        .map_err(|refused| refused.to_string())?;
    let within = i32::try_from(ms).map_err(|_| format!("{ms} ms are too long"))?;
    Ok(Options { host: host.clone(), port: number, within, once })
}
