// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which program holds which socket: the links below `/proc/PID/fd`.

use std::collections::HashMap;

use procfs::process::{FDTarget, Process};

use crate::exit::{self, Failure};

/// Sockets by the number of their inode.
pub struct Owners(HashMap<u64, (u32, String)>);

impl Owners {
    /// Those of one process, or of all that this user may look into.
    pub fn read(pid: Option<u32>) -> Result<Self, Failure> {
        let mut owners = HashMap::new();
        match pid {
            Some(pid) => {
                let gone = || Failure::new(exit::FAILED, format!("there is no process {pid}"));
                let id = i32::try_from(pid).map_err(|_| gone())?;
                let process = Process::new(id).map_err(|error| match error {
                    procfs::ProcError::NotFound(_) => gone(),
                    other => Failure::new(exit::FAILED, format!("/proc/{pid}: {other}")),
                })?;
                add(&process, &mut owners).map_err(|error| {
                    Failure::new(
                        exit::NOT_PERMITTED,
                        format!(
                            "the descriptors of process {pid} cannot be seen: {error}. sudo may"
                        ),
                    )
                })?;
            }
            None => {
                let processes = procfs::process::all_processes().map_err(|error| {
                    Failure::new(
                        exit::FAILED,
                        format!("/proc cannot be read: {error}. Is it mounted?"),
                    )
                })?;
                for process in processes.flatten() {
                    // One that has ended meanwhile, or is another user's.
                    let _ = add(&process, &mut owners);
                }
            }
        }
        Ok(Self(owners))
    }

    /// The process and its name.
    pub fn of(&mut self, inode: u32) -> Option<(u32, String)> {
        self.0.get(&u64::from(inode)).cloned()
    }
}

fn add(process: &Process, owners: &mut HashMap<u64, (u32, String)>) -> procfs::ProcResult<()> {
    let pid = u32::try_from(process.pid()).unwrap_or_default();
    let name = process.stat()?.comm;
    for descriptor in process.fd()?.flatten() {
        if let FDTarget::Socket(inode) = descriptor.target {
            owners.entry(inode).or_insert_with(|| (pid, name.clone()));
        }
    }
    Ok(())
}
