// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program, run as people do.

use assert_cmd::Command as Run;

pub fn qka(arguments: &[&str]) -> Run {
    let mut command = Run::new(env!("CARGO_BIN_EXE_qka"));
    command.args(arguments).timeout(std::time::Duration::from_secs(30));
    command
}

pub fn json(arguments: &[&str]) -> serde_json::Value {
    let output = qka(arguments).arg("--json").assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).expect("it is JSON")
}
