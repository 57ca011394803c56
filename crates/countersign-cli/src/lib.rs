//! The command `countersign`, as a library so that its tests can reach its parts.
//!
//! It is not meant for other programs: use the crate `countersign`.

mod args;
mod commands;
pub mod explain;
pub mod failure;
mod output;
pub mod request;
mod secrets;
pub mod sender;
mod signing;
mod usage;
mod verification;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::output::Output;

/// Runs the command by the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    run(&std::env::args_os().collect::<Vec<_>>())
}

/// Runs the command by these arguments, of which the first is its own name.
#[must_use]
pub fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match usage::parse(arguments) {
        Ok(cli) => cli,
        Err(failure) => return Output::new(usage::wants_json(arguments)).fail(&failure),
    };
    let mut output = Output::new(cli.json);
    match commands::run(cli.command, &mut output) {
        Ok(end) => ExitCode::from(end as u8),
        Err(failure) => output.fail(&failure),
    }
}
