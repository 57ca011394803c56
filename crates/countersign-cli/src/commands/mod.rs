//! The subcommands.

mod common;
mod dedup;
mod explain;
mod failed;
mod filter_values;
mod inbox;
mod jsonl;
mod log;
mod send;
mod senders;
mod sign;
mod store;
mod verdict;
mod verify;

use clap::CommandFactory;

use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::output::{ExitStatus, Output};

/// Runs a subcommand.
pub(crate) fn run(command: Command, output: &mut Output) -> Result<ExitStatus, CliError> {
    let status = match command {
        Command::Verify(args) if args.jsonl => jsonl::run(&args, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Sign(args) => sign::run(&args, output),
        Command::Send(args) => send::run(&args, output),
        Command::Senders(args) => senders::run(&args, output),
        Command::Dedup { what } => dedup::run(&what, output),
        Command::Inbox { what } => inbox::run(&what, output),
        Command::Log { what } => log::run(&what, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "countersign", &mut script);
            output.bytes(&script).map(|()| ExitStatus::Success)
        }
    }?;
    output.flush()?;
    Ok(status)
}
