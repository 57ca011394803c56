//! The arguments of `inbox`.

use clap::{Args, Subcommand};

use super::dedup::StoreArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Count the messages of each endpoint
    Stats(InboxStoreArgs),
    /// List messages, the latest first
    List(ListArgs),
    /// Show one message, its attempts and its request
    Show(ShowArgs),
    /// Handle messages again that are done, dead or discarded
    Replay(SelectionArgs),
    /// Give messages up that are ready or dead
    Discard(SelectionArgs),
    /// Stop handling the messages of an endpoint; events are stored all the same
    Pause(EndpointArgs),
    /// Handle the messages of a paused endpoint again
    Resume(EndpointArgs),
    /// Remove messages that have been done, dead or discarded for long
    Prune(PruneArgs),
}

/// The store of an inbox or of a delivery log.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store")]
pub(crate) struct InboxStoreArgs {
    /// A SQLite file, or a `postgres://` URL without a password
    #[arg(long, value_name = "LOCATION")]
    pub(crate) store: Option<String>,
    /// The environment variable with the store, for a URL with a password
    #[arg(long, value_name = "NAME", default_value = "COUNTERSIGN_STORE")]
    pub(crate) store_env: String,
    /// The table of events in PostgreSQL, if renamed
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
}

impl From<&InboxStoreArgs> for StoreArgs {
    fn from(args: &InboxStoreArgs) -> Self {
        let InboxStoreArgs { store, store_env, table } = args.clone();
        Self { store, store_env, table, key_prefix: None, cluster: false, sentinel: None }
    }
}

/// Which messages are meant: those that match all.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filter")]
pub(crate) struct FilterArgs {
    /// The name of the endpoint
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// The tenant's name
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// The event's type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// The sender's id of the event
    #[arg(long, value_name = "ID")]
    pub(crate) event_id: Option<String>,
    /// The event's key, which logs have in the field `event`
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The state: `ready`, `running`, `done`, `dead` or `discarded`
    #[arg(long, value_name = "STATE", value_parser = ["ready", "running", "done", "dead", "discarded"])]
    pub(crate) state: Option<String>,
    /// Received at this time or later: a time like 2026-01-31T12:00:00Z, or a duration ago like `2h`
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Received before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// The most messages that are listed
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    /// Only messages before the one with this id: the last of the page before
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<u64>,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The message's id
    pub(crate) id: u64,
    /// Print the body, too
    #[arg(long)]
    pub(crate) body: bool,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SelectionArgs {
    /// The message's id; or else a filter, which means dead messages unless `--state` is given
    #[arg(conflicts_with_all = ["endpoint", "tenant", "event_type", "event_id", "key", "state", "since", "until"])]
    pub(crate) id: Option<u64>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Do not ask before many messages are changed
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Change at most as many messages a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct EndpointArgs {
    /// The endpoint's name
    pub(crate) endpoint: String,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct PruneArgs {
    /// How long done messages are kept, such as `7d`
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    pub(crate) done: String,
    /// How long dead messages are kept
    #[arg(long, value_name = "DURATION", default_value = "90d")]
    pub(crate) dead: String,
    /// How long discarded messages are kept
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    pub(crate) discarded: String,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}
