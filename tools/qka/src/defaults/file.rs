// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file that brings the values back after a restart (Linux: sysctl.d(5)).

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use qkeepalive::Config;
use serde::Serialize;

use crate::exit::{self, Failure};
use crate::page::{FAINT, Page};

/// Read after the distribution's own files, and before an administrator's 99-….
const FILE: &str = "/etc/sysctl.d/90-qka-keepalive.conf";

/// The file and what it holds.
#[derive(Debug, Serialize)]
pub struct Kept {
    path: PathBuf,
    content: String,
}

/// What was there before.
#[derive(Debug)]
pub struct Undo {
    path: PathBuf,
    before: Option<Vec<u8>>,
}

impl Kept {
    /// The file for these values. Values that it holds already and that are not named stay in it.
    pub fn of(config: &Config) -> Result<Self, Failure> {
        if !cfg!(target_os = "linux") {
            return Err(Failure::new(
                exit::UNSUPPORTED,
                "--persist is possible on Linux only; without it the values are set until the next restart \
                 (Windows keeps them anyway)",
            ));
        }
        let before = match fs::read_to_string(FILE) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(refused(Path::new(FILE), "read", &error)),
        };
        Ok(Self { path: FILE.into(), content: content(config, &before) })
    }

    /// Writes it, whole or not at all.
    pub fn write(&self) -> Result<Undo, Failure> {
        let failed = |error: &io::Error| refused(&self.path, "written", error);
        let before = fs::read(&self.path).ok();
        write_whole(&self.path, self.content.as_bytes()).map_err(|error| failed(&error))?;
        Ok(Undo { path: self.path.clone(), before })
    }

    /// Shows it.
    pub fn show(&self, page: &mut Page<'_>, dry_run: bool) -> io::Result<()> {
        let verb = if dry_run { "would be" } else { "is" };
        page.paragraph(&format!("{} {verb}, for the next restart:", self.path.display()))?;
        page.gap()?;
        for line in self.content.lines() {
            page.line(&format!("{FAINT}  {line}{FAINT:#}"))?;
        }
        Ok(())
    }
}

impl Undo {
    /// Puts back what was there.
    pub fn put_back(self) {
        let _ = match self.before {
            Some(content) => write_whole(&self.path, &content),
            None => fs::remove_file(&self.path),
        };
    }
}

/// Beside it, and then in its place.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("conf.part");
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&part, path));
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done
}

fn refused(path: &Path, verb: &str, error: &io::Error) -> Failure {
    let words = format!("{} cannot be {verb}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied => Failure::new(exit::NOT_PERMITTED, words),
        io::ErrorKind::NotFound => Failure::new(exit::FAILED, words).and(
            "Please make its directory, if something reads it when this system starts (systemd, or \
             \"sysctl --system\"): mkdir -p /etc/sysctl.d",
        ),
        _ => Failure::new(exit::FAILED, words),
    }
}

/// The new content. What the kernel rounds up is rounded up here, too.
fn content(config: &Config, before: &str) -> String {
    let seconds = |time: std::time::Duration| {
        (time.as_secs() + u64::from(time.subsec_nanos() > 0)).to_string()
    };
    let keys = [
        ("net.ipv4.tcp_keepalive_time", config.idle.map(seconds)),
        ("net.ipv4.tcp_keepalive_intvl", config.interval.map(seconds)),
        ("net.ipv4.tcp_keepalive_probes", config.count.map(|count| count.to_string())),
    ];
    let mut text = String::from(
        "# System-wide TCP keepalive, written by \"qka defaults set --persist\".\n\
         # Remove this file to have the system's own values after the next restart.\n",
    );
    for (key, value) in keys {
        let kept = || {
            before.lines().rev().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                (name.trim() == key).then(|| value.trim().to_string())
            })
        };
        if let Some(value) = value.or_else(kept) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_not_named_stays_in_the_file() {
        let idle = |ms| Config { idle: Some(Duration::from_millis(ms)), ..Config::default() };
        let first = content(&Config { count: Some(1), ..idle(99_500) }, "");
        assert!(
            first.ends_with(
                "net.ipv4.tcp_keepalive_time = 100\nnet.ipv4.tcp_keepalive_probes = 1\n"
            )
        );
        let second = content(&idle(200_000), &first);
        assert!(
            second.ends_with(
                "net.ipv4.tcp_keepalive_time = 200\nnet.ipv4.tcp_keepalive_probes = 1\n"
            )
        );
    }

    #[test]
    fn a_file_is_put_back_or_removed() {
        let directory = std::env::temp_dir().join(format!("qka-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("90-test.conf");
        let kept = |content: &str| Kept { path: path.clone(), content: content.into() };
        let first = kept("one").write().unwrap();
        let second = kept("two").write().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        second.put_back();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        first.put_back();
        assert!(!path.exists());
        fs::remove_dir(&directory).unwrap();
    }
}
