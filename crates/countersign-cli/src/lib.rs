//! The command `countersign`, as a library for its tests.
//!
//! Other programs use the crate `countersign`.

mod args;
mod commands;
pub mod error;
pub mod explain;
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

/// Runs the command with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    run(&std::env::args_os().collect::<Vec<_>>())
}

/// Runs the command with these arguments, the first of which is its name.
#[must_use]
pub fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match usage::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => return Output::new(usage::wants_json(arguments)).error(&error),
    };
    let mut output = Output::new(cli.json);
    match commands::run(cli.command, &mut output) {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => output.error(&error),
    }
}
