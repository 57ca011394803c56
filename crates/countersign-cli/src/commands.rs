//! The subcommands.

mod dedup;
mod explain;
mod jsonl;
mod send;
mod senders;
mod sign;
mod verify;

use clap::CommandFactory;
use countersign::Timestamp;
use countersign::scheme::TimestampFormat;
use countersign::time::{Clock, SystemClock};

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::{End, Output};

/// Runs one.
pub(crate) fn run(command: Command, output: &mut Output) -> Result<End, Failure> {
    let end = match command {
        Command::Verify(args) if args.jsonl => jsonl::run(&args, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Sign(args) => sign::run(&args, output),
        Command::Send(args) => send::run(&args, output),
        Command::Senders(args) => senders::run(&args, output),
        Command::Dedup { what } => dedup::run(&what, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
            output.bytes(&script).map(|()| End::Done)
        }
    }?;
    output.flush()?;
    Ok(end)
}

/// What the commands that connect run on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::at("the runtime", error.kind()))
}

/// The time that a flag gives, or else the present.
fn time(flag: Option<&str>) -> Result<Timestamp, Failure> {
    let Some(text) = flag else { return Ok(SystemClock.now()) };
    let units = [TimestampFormat::Seconds, TimestampFormat::Rfc3339];
    units.iter().find_map(|unit| Timestamp::parse(text.as_bytes(), *unit)).ok_or_else(|| {
        Failure::at("`--now`", "is no time: give Unix seconds, or one like 2026-01-31T12:00:00Z")
    })
}
