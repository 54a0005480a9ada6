// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the program ends: a sentence for people, a number for scripts.

use std::io;
use std::process::ExitCode;

use qkeepalive::LossReason;

/// Something could not be done.
#[derive(Debug)]
pub struct Failure {
    words: String,
    code: u8,
}

/// The numbers, as `qka --help` lists them.
pub const FAILED: u8 = 1;
/// What was typed; it is clap's own, too.
pub const NOT_UNDERSTOOD: u8 = 2;
pub const NOT_CONNECTED: u8 = 3;
pub const NOT_PERMITTED: u8 = 4;
pub const UNSUPPORTED: u8 = 5;
/// As shells have it for what Ctrl-C ends.
pub const INTERRUPTED: u8 = 130;

/// The number of a loss.
pub fn of_loss(reason: LossReason) -> u8 {
    match reason {
        LossReason::PeerClosed => 10,
        LossReason::PeerReset => 11,
        LossReason::ProbesUnanswered => 12,
        LossReason::DataUnacknowledged => 13,
        LossReason::HeartbeatMissed => 14,
        LossReason::NetworkUnreachable => 15,
        _ => 16,
    }
}

impl Failure {
    /// With these words and this number.
    pub fn new(code: u8, words: impl Into<String>) -> Self {
        Self { words: words.into(), code }
    }

    /// Standard output cannot be written to. If its reader has simply gone (`| head`), that is no failure.
    pub fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(0, "");
        }
        Self::new(FAILED, format!("the output cannot be written: {error}"))
    }

    /// The number.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// With what it means in front.
    pub fn with(self, meaning: &str) -> Self {
        Self { words: format!("{meaning}: {}", self.words), ..self }
    }

    /// With what to do behind.
    pub fn and(self, advice: &str) -> Self {
        Self { words: format!("{}\n{advice}", self.words), ..self }
    }

    /// Tells it, and ends with its number.
    pub fn report(&self) -> ExitCode {
        if !self.words.is_empty() {
            // Nobody may be left to read this either.
            let _ = io::Write::write_all(
                &mut io::stderr(),
                format!("qka: {}\n", self.words).as_bytes(),
            );
        }
        ExitCode::from(self.code)
    }
}

impl From<qkeepalive::Error> for Failure {
    fn from(error: qkeepalive::Error) -> Self {
        let code = match &error {
            qkeepalive::Error::Unsupported { .. } => UNSUPPORTED,
            qkeepalive::Error::System { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                NOT_PERMITTED
            }
            _ => FAILED,
        };
        Self::new(code, error.to_string())
    }
}
