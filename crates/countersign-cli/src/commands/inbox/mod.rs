//! `inbox`: shows an inbox, and replays, discards or removes its messages.

mod filter;
mod print;
mod selection;

use std::time::Duration;

use countersign::inbox::{InspectInbox, MessageFilter, MessageId, MessageRetention};
use countersign_sqlx::SqliteStore;

use self::filter::filter;
use super::common::runtime;
use super::failed::{self, Failed};
use super::filter_values::span;
use super::store::{StoreLocation, open_postgres};
use crate::args::{InboxCommand, InboxStoreArgs, ListArgs, PruneArgs, ShowArgs};
use crate::error::CliError;
use crate::output::{ExitStatus, GOOD, Output};

/// How many messages one call removes.
const PRUNED: u32 = 1000;

pub(super) fn run(command: &InboxCommand, output: &mut Output) -> Result<ExitStatus, CliError> {
    let location = StoreLocation::from_args(&store_args(command).into())?;
    let result = runtime()?.block_on(async {
        match &location {
            StoreLocation::Sqlite(path) => {
                execute(command, &SqliteStore::open_existing(path).await?, output).await
            }
            StoreLocation::Postgres { url, table } => {
                execute(command, &open_postgres(url, table.as_deref()).await?, output).await
            }
            StoreLocation::Redis { .. } => Err(failed::redis("an inbox").into()),
        }
    });
    failed::status(result, output)
}

const fn store_args(command: &InboxCommand) -> &InboxStoreArgs {
    let (InboxCommand::Stats(store)
    | InboxCommand::List(ListArgs { store, .. })
    | InboxCommand::Show(ShowArgs { store, .. })
    | InboxCommand::Replay(crate::args::SelectionArgs { store, .. })
    | InboxCommand::Discard(crate::args::SelectionArgs { store, .. })
    | InboxCommand::Pause(crate::args::EndpointArgs { store, .. })
    | InboxCommand::Resume(crate::args::EndpointArgs { store, .. })
    | InboxCommand::Prune(PruneArgs { store, .. })) = command;
    store
}

async fn execute(
    command: &InboxCommand,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    match command {
        InboxCommand::Stats(_) => print::stats(&store.backlog().await?, output)?,
        InboxCommand::List(args) => {
            let (filter, before) = (filter(&args.filter)?, args.before.map(MessageId::new));
            let messages = store.messages(&filter, before, args.limit).await?;
            print::list(&messages, args.limit, output)?;
        }
        InboxCommand::Show(args) => return show(args, store, output).await,
        InboxCommand::Replay(args) => {
            return selection::change(selection::Change::Replay, args, store, output).await;
        }
        InboxCommand::Discard(args) => {
            return selection::change(selection::Change::Discard, args, store, output).await;
        }
        InboxCommand::Pause(args) => {
            store.set_paused(&args.endpoint, true).await?;
            let meaning = "its events are stored, and none is handled";
            let is_known = is_known(&args.endpoint, store).await?;
            print::endpoint(&args.endpoint, "paused", meaning, is_known, output)?;
        }
        InboxCommand::Resume(args) => {
            store.set_paused(&args.endpoint, false).await?;
            let meaning = "its messages are handled again";
            let is_known = is_known(&args.endpoint, store).await?;
            print::endpoint(&args.endpoint, "resumed", meaning, is_known, output)?;
        }
        InboxCommand::Prune(args) => prune(args, store, output).await?,
    }
    Ok(ExitStatus::Success)
}

/// Returns whether the inbox has a message of an endpoint.
async fn is_known(endpoint: &str, store: &impl InspectInbox) -> Result<bool, Failed> {
    let mut filter = MessageFilter::default();
    filter.endpoint = Some(endpoint.into());
    Ok(store.count_messages(&filter, 1).await? > 0)
}

async fn show(
    args: &ShowArgs,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    let id = MessageId::new(args.id);
    let Some(record) = store.message(id).await? else {
        print::absent(id, output)?;
        return Ok(ExitStatus::Rejected);
    };
    let attempts = store.attempts(id).await?;
    let body = if args.body { store.message_body(id).await? } else { None };
    print::message(&record, &attempts, body.as_deref(), output)?;
    Ok(ExitStatus::Success)
}

async fn prune(
    args: &PruneArgs,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<(), Failed> {
    let mut keep = MessageRetention::default();
    keep.done = duration("--done", &args.done)?;
    keep.dead = duration("--dead", &args.dead)?;
    keep.discarded = duration("--discarded", &args.discarded)?;
    let mut removed = 0;
    loop {
        let pruned = store.prune_messages(keep, PRUNED).await?;
        removed += pruned;
        if pruned < u64::from(PRUNED) {
            break;
        }
    }
    if output.is_json() {
        output.json(&serde_json::json!({ "removed": removed }))?;
    } else {
        output.styled(GOOD, "removed", &format!("{removed} messages"))?;
    }
    Ok(())
}

fn duration(flag: &str, text: &str) -> Result<Duration, CliError> {
    span(text).ok_or_else(|| {
        CliError::at(
            format!("`{flag}`"),
            "is not a duration: write a number with s, m, h or d, such as `7d`",
        )
    })
}
