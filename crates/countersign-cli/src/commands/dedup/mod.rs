//! `dedup`: shows the state of a dedup store, or deletes one event.

mod key;
mod report;
mod store;
mod task;

use self::key::event_key;
use self::report::print;
use self::store::StoreLocation;
use self::task::Task;
use super::common::runtime;
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
    match runtime()?.block_on(store.run(&task)) {
        Ok(result) => print(&result, output),
        Err(error) => output.store_unavailable(&error.to_string()),
    }
}
