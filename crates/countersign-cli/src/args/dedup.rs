//! The arguments of `dedup`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SecretArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum DedupCommand {
    /// Count the events in the store
    Stats(StoreArgs),
    /// Show the state of one event
    Get(EventArgs),
    /// Delete one event, handled or not, so that its next delivery is handled
    Forget(EventArgs),
}

/// The dedup store.
#[derive(Args, Debug)]
#[command(next_help_heading = "Store")]
pub(crate) struct StoreArgs {
    /// A SQLite file, or a `postgres://`, `redis://`, `rediss://` or `unix://` URL without a password
    #[arg(long, value_name = "LOCATION")]
    pub(crate) store: Option<String>,
    /// The environment variable with the store, for a URL with a password
    #[arg(long, value_name = "NAME", default_value = "COUNTERSIGN_STORE")]
    pub(crate) store_env: String,
    /// The table in PostgreSQL, if renamed
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// The prefix of keys in Redis, if changed
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_prefix: Option<String>,
    /// The store is a node of a Redis cluster
    #[arg(long)]
    pub(crate) cluster: bool,
    /// The store is a Redis sentinel, for the master of this name
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    pub(crate) sentinel: Option<String>,
}

/// An event in a store.
#[derive(Args, Debug)]
pub(crate) struct EventArgs {
    /// The event's key, which logs have in the field `event`: 64 hexadecimal digits
    #[arg(value_name = "KEY", required_unless_present = "sender", conflicts_with_all = ["sender", "endpoint", "tenant", "id", "body_file", "event_type", "url"])]
    pub(crate) key: Option<String>,
    /// The sender's name, to identify the event by its id or its body
    #[arg(short, long, value_name = "NAME")]
    pub(crate) sender: Option<String>,
    /// The endpoint's name; without one, the event's key depends on the secret that verified the event
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// The tenant's name, if the endpoint has tenants
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// The event's id
    #[arg(long, conflicts_with = "body_file", required_unless_present_any = ["key", "body_file"])]
    pub(crate) id: Option<String>,
    /// A file with the body, for a sender without an id; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// The event's type as in the sender's header, if the sender names its events in a header that it does
    /// not sign (github, shopify); empty for a delivery without a valid type
    #[arg(long, value_name = "NAME")]
    pub(crate) event_type: Option<String>,
    /// The public URL of an endpoint without a name, if one is configured
    #[arg(long, value_name = "URL", conflicts_with_all = ["endpoint", "tenant"])]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
