// SPDX-License-Identifier: MIT OR Apache-2.0
//! `qka`: explains a machine's TCP keepalive, and watches connections with it.
//!
//! Each command gathers what it has to say into one value, which [`page`] prints as text or as JSON.

mod address;
mod cli;
mod defaults;
mod exit;
mod page;
mod plan;
mod replay;
mod sockets;
mod watch;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command};
use exit::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    let json = cli.json;
    match &cli.command {
        Command::Defaults(arguments) => match &arguments.command {
            None => page::print(&defaults::read()?, json),
            Some(cli::DefaultsCommand::Set(wanted)) => page::print(&defaults::set(wanted)?, json),
        },
        Command::Plan(wanted) => page::print(&plan::explain(wanted)?, json),
        Command::Watch(wanted) => return watch::run(wanted, json),
        Command::Replay { file } => return replay::run(file, json),
        Command::Sockets { pid } => page::print(&sockets::list(*pid)?, json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "qka", &mut script);
            page::raw(&script)
        }
        Command::Man { command } => page::raw(&manual(command.as_deref())?),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// The page of one command, or of all.
fn manual(command: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut all = Cli::command();
    all.build();
    let page = match command.and_then(|name| all.find_subcommand(name)) {
        Some(one) => one.clone().name(format!("qka-{}", one.get_name())),
        None => all,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(Failure::output)?;
    Ok(text)
}
