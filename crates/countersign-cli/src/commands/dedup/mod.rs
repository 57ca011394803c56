//! `dedup`: shows the state of a dedup store, or deletes one event.

mod connect;
mod key;
mod report;
mod task;

use self::key::event_key;
use self::report::print;
use self::task::Task;
use super::common::runtime;
use super::store::StoreLocation;
use crate::args::{DedupCommand, EventArgs};
use crate::error::CliError;
use crate::output::{ExitStatus, Output};

pub(super) fn run(command: &DedupCommand, output: &mut Output) -> Result<ExitStatus, CliError> {
    let (DedupCommand::Stats(store)
    | DedupCommand::Get(EventArgs { store, .. })
    | DedupCommand::Forget(EventArgs { store, .. })) = command;
    let task = match command {
        DedupCommand::Stats(_) => Task::Stats,
        DedupCommand::Get(event) => Task::Get(event_key(event)?),
        DedupCommand::Forget(event) => Task::Forget(event_key(event)?),
    };
    let store = StoreLocation::from_args(store)?;
    match runtime()?.block_on(connect::run(&store, &task)) {
        Ok(result) => print(&result, output),
        Err(error) => output.store_unavailable(&error.to_string()),
    }
}
