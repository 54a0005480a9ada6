//! The system-wide values: `KeepAliveTime` and `KeepAliveInterval` below
//! `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`, in milliseconds. Neither
//! is there unless somebody made it. See Microsoft's page "SO_KEEPALIVE socket option".
//!
//! The system reads them when it starts.

use std::io;
use std::mem;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, WIN32_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, KEY_SET_VALUE, REG_DWORD, RRF_RT_REG_DWORD,
    RegCloseKey, RegDeleteValueW, RegGetValueW, RegOpenKeyExW, RegSetValueExW,
};
use windows_sys::core::PCWSTR;
use windows_sys::w;

use super::option::{COUNT, USER_TIMEOUT};
use crate::config::Config;
use crate::error::{Attempt, Error, OptionName, Unit};
use crate::plan::Range;

/// One value of the registry.
struct Value {
    name: PCWSTR,
    range: Range,
    /// What the system takes where there is none.
    shipped: u32,
}

const fn milliseconds(option: OptionName, name: PCWSTR, shipped: u32) -> Value {
    let unit = Unit::Milliseconds;
    Value { name, range: Range { option, unit, min: 1, max: u32::MAX as i64 }, shipped }
}

const TIME: Value = milliseconds(OptionName(c"KeepAliveTime"), w!("KeepAliveTime"), 7_200_000);
const INTERVAL: Value =
    milliseconds(OptionName(c"KeepAliveInterval"), w!("KeepAliveInterval"), 1000);

/// Microsoft's page "SIO_KEEPALIVE_VALS control code": since Windows Vista, and not to be changed.
const PROBES: u32 = 10;

/// How often data is retransmitted (TcpMaxDataRetransmissions, as shipped).
pub(crate) fn retries() -> u32 {
    5
}

const PARAMETERS: PCWSTR = w!(r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters");

pub(crate) fn system_defaults() -> Result<Config, Error> {
    let key = Key::open(HKEY_LOCAL_MACHINE, PARAMETERS, KEY_QUERY_VALUE)
        .map_err(|code| failed(&TIME, Attempt::Read, code))?;
    defaults_in(&key)
}

fn defaults_in(key: &Key) -> Result<Config, Error> {
    let read = |value: &Value| {
        let found = key.get(value).map_err(|code| failed(value, Attempt::Read, code))?;
        Ok(Some(value.range.duration(found.unwrap_or(value.shipped))))
    };
    Ok(Config {
        enabled: true,
        idle: read(&TIME)?,
        interval: read(&INTERVAL)?,
        count: Some(PROBES),
        user_timeout: None,
    })
}

pub(crate) fn set_system_defaults(config: &Config) -> Result<Config, Error> {
    set_defaults_in(HKEY_LOCAL_MACHINE, PARAMETERS, config)
}

fn set_defaults_in(root: HKEY, path: PCWSTR, config: &Config) -> Result<Config, Error> {
    let lacks = |option, why| Err(Error::Unsupported { option, why });
    if config.user_timeout.is_some() {
        let why = "there is no system-wide user timeout; set it on each socket";
        return lacks(USER_TIMEOUT.name, why);
    }
    if config.count.is_some() {
        let why = "there is no system-wide count of probes; set it on each socket";
        return lacks(COUNT.name, why);
    }
    let time = config.idle.map(|idle| TIME.range.round_up(idle)).transpose()?;
    let interval = config.interval.map(|interval| INTERVAL.range.round_up(interval)).transpose()?;
    let wanted = [(&TIME, time), (&INTERVAL, interval)];
    set_all(root, path, wanted.into_iter().filter_map(|(value, to)| Some((value, to?))))?;
    Ok(Config {
        enabled: true,
        idle: time.map(|units| TIME.range.duration(units)),
        interval: interval.map(|units| INTERVAL.range.duration(units)),
        count: None,
        user_timeout: None,
    })
}

/// All or nothing: whoever may set one value may set both, and that is known when the key is open.
/// Should the second fail all the same, the first is put back.
fn set_all<'a>(
    root: HKEY,
    path: PCWSTR,
    wanted: impl Iterator<Item = (&'a Value, u32)>,
) -> Result<(), Error> {
    let mut key = None;
    let mut done: Vec<(&Value, Option<u32>)> = Vec::new();
    for (value, number) in wanted {
        let refused = |code| failed(value, Attempt::Set(i64::from(number), value.range.unit), code);
        let key = match &key {
            Some(key) => key,
            None => {
                let opened = Key::open(root, path, KEY_QUERY_VALUE | KEY_SET_VALUE);
                key.insert(opened.map_err(refused)?)
            }
        };
        let outcome = key.get(value).and_then(|old| key.set(value, Some(number)).map(|()| old));
        match outcome {
            Ok(old) => done.push((value, old)),
            Err(code) => {
                for (value, old) in done {
                    let _ = key.set(value, old);
                }
                return Err(refused(code));
            }
        }
    }
    Ok(())
}

#[cold]
fn failed(value: &Value, attempt: Attempt, code: WIN32_ERROR) -> Error {
    let source = io::Error::from_raw_os_error(i32::from_ne_bytes(code.to_ne_bytes()));
    Error::System { option: value.range.option, attempt, source }
}

/// An open key.
struct Key(HKEY);

impl Key {
    fn open(root: HKEY, path: PCWSTR, rights: u32) -> Result<Self, WIN32_ERROR> {
        let mut key = ptr::null_mut();
        // SAFETY: the root is a predefined key, which is always open, the path NUL-terminated, and
        // `key` a place for the handle that outlives the call.
        done(unsafe { RegOpenKeyExW(root, path, 0, rights, &raw mut key) })?;
        Ok(Self(key))
    }

    /// `None` where there is no such value.
    fn get(&self, value: &Value) -> Result<Option<u32>, WIN32_ERROR> {
        let mut number: u32 = 0;
        let mut length = LENGTH;
        // SAFETY: an open key, a NUL-terminated name, no subkey and no place for the type, both of
        // which may be null. `number` is a DWORD that outlives the call and `length` says exactly its
        // size; a value of another type or size is an error.
        let code = unsafe {
            RegGetValueW(
                self.0,
                ptr::null(),
                value.name,
                RRF_RT_REG_DWORD,
                ptr::null_mut(),
                (&raw mut number).cast(),
                &raw mut length,
            )
        };
        match code {
            ERROR_FILE_NOT_FOUND => Ok(None),
            code => done(code).map(|()| Some(number)),
        }
    }

    /// Sets the value, or takes it away.
    fn set(&self, value: &Value, number: Option<u32>) -> Result<(), WIN32_ERROR> {
        let Some(number) = number else {
            // SAFETY: an open key and a NUL-terminated name.
            return done(unsafe { RegDeleteValueW(self.0, value.name) });
        };
        // SAFETY: an open key, a NUL-terminated name, and a DWORD that outlives the call with its
        // size; it is only read.
        done(unsafe {
            RegSetValueExW(self.0, value.name, 0, REG_DWORD, (&raw const number).cast(), LENGTH)
        })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: it was opened by `open` and is closed here only.
        unsafe { RegCloseKey(self.0) };
    }
}

#[allow(clippy::cast_possible_truncation)] // four
const LENGTH: u32 = mem::size_of::<u32>() as u32;

fn done(code: WIN32_ERROR) -> Result<(), WIN32_ERROR> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(code) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;
    use windows_sys::Win32::System::Registry::{HKEY_CURRENT_USER, RegCreateKeyW, RegDeleteKeyW};

    /// A key of this user's that goes away with the test.
    struct Scratch {
        path: Vec<u16>,
        key: Key,
    }

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = format!("Software\\qkeepalive-test-{}-{name}\0", std::process::id());
            let path: Vec<u16> = path.encode_utf16().collect();
            let mut key = ptr::null_mut();
            // SAFETY: a predefined key, a NUL-terminated path, and a place for the handle.
            let code = unsafe { RegCreateKeyW(HKEY_CURRENT_USER, path.as_ptr(), &raw mut key) };
            assert_eq!(code, ERROR_SUCCESS);
            Self { path, key: Key(key) }
        }

        fn set(&self, config: &Config) -> Result<Config, Error> {
            set_defaults_in(HKEY_CURRENT_USER, self.path.as_ptr(), config)
        }

        fn times(&self) -> [Option<u32>; 2] {
            [&TIME, &INTERVAL].map(|value| self.key.get(value).unwrap())
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            // SAFETY: a predefined key and a NUL-terminated path.
            unsafe { RegDeleteKeyW(HKEY_CURRENT_USER, self.path.as_ptr()) };
        }
    }

    fn ms(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    #[test]
    fn the_values_of_this_system_can_be_read() {
        let defaults = system_defaults().unwrap();
        assert!(defaults.enabled && defaults.idle > ms(0) && defaults.interval > ms(0));
        assert_eq!((defaults.count, defaults.user_timeout), (Some(10), None));
    }

    #[test]
    fn values_that_nobody_made_are_those_that_windows_is_shipped_with() {
        let scratch = Scratch::new("shipped");
        let defaults = defaults_in(&scratch.key).unwrap();
        assert_eq!((defaults.idle, defaults.interval), (ms(7_200_000), ms(1000)));
    }

    #[test]
    fn what_is_set_is_read_and_the_rest_left_alone() {
        let scratch = Scratch::new("set");
        let wanted = Config { idle: ms(1500), ..Config::default() };
        assert_eq!(scratch.set(&wanted).unwrap(), wanted);
        assert_eq!(scratch.times(), [Some(1500), None]);
        let fine = Config { interval: Some(Duration::from_nanos(1)), ..Config::default() };
        assert_eq!(scratch.set(&fine).unwrap().interval, ms(1));
        assert_eq!(defaults_in(&scratch.key).unwrap().idle, ms(1500));
        assert_eq!(scratch.times(), [Some(1500), Some(1)]);
    }

    #[test]
    fn what_cannot_be_set_is_refused_before_anything_is() {
        let scratch = Scratch::new("refused");
        let good = Config { idle: ms(5), ..Config::default() };
        for (wanted, code) in [
            (Config { count: Some(3), ..good }, Error::UNSUPPORTED),
            (Config { user_timeout: ms(1), ..good }, Error::UNSUPPORTED),
            (Config { interval: ms(0), ..good }, Error::OUT_OF_RANGE),
            (Config { interval: ms(1 << 32), ..good }, Error::OUT_OF_RANGE),
        ] {
            assert_eq!(scratch.set(&wanted).unwrap_err().code(), Some(code));
        }
        assert_eq!(scratch.times(), [None, None]);
    }

    #[test]
    fn a_refusal_names_the_value_and_its_cause() {
        let error = failed(&TIME, Attempt::Set(5, Unit::Milliseconds), ERROR_ACCESS_DENIED);
        let words = error.to_string();
        assert!(words.starts_with("KeepAliveTime: cannot set it to 5 ms: "), "{words}");
        assert!(words.ends_with("; this process lacks the permission"), "{words}");
        let missing = Config { idle: ms(5), ..Config::default() };
        let nowhere = w!(r"Software\qkeepalive-that-nobody-made");
        let error = set_defaults_in(HKEY_CURRENT_USER, nowhere, &missing).unwrap_err();
        assert_eq!(error.option().as_str(), "KeepAliveTime");
    }

    #[test]
    fn what_was_set_before_a_refusal_is_put_back() {
        let scratch = Scratch::new("put-back");
        scratch.key.set(&TIME, Some(7)).unwrap();
        // Longer than a name may be, so it is refused after the first was set.
        let long: Vec<u16> = std::iter::repeat_n(u16::from(b'x'), 20_000).chain([0]).collect();
        let impossible = Value { name: long.as_ptr(), ..INTERVAL };
        let wanted = [(&TIME, 5), (&impossible, 5)];
        let refused = set_all(HKEY_CURRENT_USER, scratch.path.as_ptr(), wanted.into_iter());
        assert_eq!(refused.unwrap_err().option().as_str(), "KeepAliveInterval");
        assert_eq!(scratch.times(), [Some(7), None]);
    }
}
