//! `/proc/sys/net/ipv4/tcp_*`: the values behind every socket that says nothing.

use std::ffi::c_int;
use std::fs;
use std::io::{self, Write as _};

use super::USER_TIMEOUT;
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::Range;

/// A system-wide value of the network namespace that this process lives in.
struct Sysctl {
    path: &'static str,
    range: Range,
}

/// The file takes seconds and keeps them in the kernel's ticks, of which there are at most 1000 a
/// second. That is more than a socket accepts.
const LONGEST: i64 = c_int::MAX as i64 / 1000;

static TIME: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_time",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_time"),
        unit: Unit::Seconds,
        min: 1,
        max: LONGEST,
    },
};
static INTVL: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_intvl",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_intvl"),
        unit: Unit::Seconds,
        min: 1,
        max: LONGEST,
    },
};
static PROBES: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_keepalive_probes",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_keepalive_probes"),
        unit: Unit::Count,
        min: 1,
        max: 255,
    },
};

static RETRIES: Sysctl = Sysctl {
    path: "/proc/sys/net/ipv4/tcp_retries2",
    range: Range {
        option: OptionName(c"net.ipv4.tcp_retries2"),
        unit: Unit::Count,
        min: 0,
        max: 255,
    },
};

/// As the system is shipped where the file cannot be read.
pub(crate) fn retries() -> u32 {
    RETRIES.read().unwrap_or(15)
}

impl Sysctl {
    fn read(&self) -> Result<u32, Error> {
        let failed =
            |source| Error::System { option: self.range.option, attempt: Attempt::Read, source };
        let text = fs::read_to_string(self.path).map_err(failed)?;
        text.trim_ascii().parse().map_err(|_| failed(io::ErrorKind::InvalidData.into()))
    }

    /// Opened but not yet written: what is not permitted fails here, before anything has changed.
    fn open(&self, value: u32) -> Result<fs::File, Error> {
        fs::OpenOptions::new()
            .write(true)
            .open(self.path)
            .map_err(|source| self.failed(value, source))
    }

    fn failed(&self, value: u32, source: io::Error) -> Error {
        let attempt = Attempt::Set(i64::from(value), self.range.unit);
        Error::System { option: self.range.option, attempt, source }
    }
}

pub(crate) fn system_defaults() -> Result<Config, Error> {
    Ok(Config {
        enabled: true,
        idle: Some(TIME.range.duration(1) * TIME.read()?),
        interval: Some(INTVL.range.duration(1) * INTVL.read()?),
        count: Some(PROBES.read()?),
        user_timeout: None,
    })
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    if config.user_timeout.is_some() {
        let why = "there is no system-wide user timeout; set it on each socket";
        return Err(Error::Unsupported { option: USER_TIMEOUT.name, why });
    }
    let idle = config.idle.map(|idle| TIME.range.round_up(idle)).transpose()?;
    let interval = config.interval.map(|interval| INTVL.range.round_up(interval)).transpose()?;
    let count = config.count.map(|count| PROBES.range.check(count)).transpose()?;
    // Every file is open before the first is written.
    let mut files = [const { None }; 3];
    for (file, (sysctl, value)) in
        files.iter_mut().zip([(&TIME, idle), (&INTVL, interval), (&PROBES, count)])
    {
        if let Some(value) = value {
            *file = Some((sysctl.open(value)?, sysctl, value));
        }
    }
    for (file, sysctl, value) in files.iter_mut().flatten() {
        // One write call: the kernel takes a value whole or not at all.
        file.write_all(value.to_string().as_bytes())
            .map_err(|source| sysctl.failed(*value, source))?;
    }
    Ok(Config {
        enabled: true,
        idle: idle.map(|units| TIME.range.duration(units)),
        interval: interval.map(|units| INTVL.range.duration(units)),
        count,
        user_timeout: None,
    })
}
