//! The arguments of `log`.

use clap::{Args, Subcommand};

use super::inbox::InboxStoreArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// List deliveries, the latest first
    List(LogListArgs),
    /// Show one delivery, or the request of a rejected one
    Show(LogShowArgs),
    /// Count the deliveries of each endpoint by outcome
    Stats(LogStatsArgs),
    /// Print all deliveries that match as lines of JSON, the latest first
    Export(LogExportArgs),
}

/// Which deliveries are meant: those that match all.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filter")]
pub(crate) struct LogFilterArgs {
    /// The name of the endpoint
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// The tenant's name
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// The outcome, such as `handled`, `failed`, `stored`, `duplicate` or `rejected`
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// The kind of the rejection, such as `signature_mismatch`
    #[arg(long, value_name = "KIND")]
    pub(crate) rejection: Option<String>,
    /// The event's type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// The sender's id of the event
    #[arg(long, value_name = "ID")]
    pub(crate) event_id: Option<String>,
    /// The event's key, which logs have in the field `event`
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Received at this time or later: a time like 2026-01-31T12:00:00Z, or a duration ago like `2h`
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Received before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct LogListArgs {
    #[command(flatten)]
    pub(crate) filter: LogFilterArgs,
    /// The most deliveries that are listed
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    /// Only deliveries before the one with this id: the last of the page before
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<u64>,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct LogExportArgs {
    #[command(flatten)]
    pub(crate) filter: LogFilterArgs,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct LogShowArgs {
    /// The delivery's id in the log
    pub(crate) id: u64,
    /// Print the request of a rejected delivery, if it was kept, as `countersign explain` reads it
    #[arg(long)]
    pub(crate) request: bool,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct LogStatsArgs {
    /// The name of the endpoint; all unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// Since this time: a time like 2026-01-31T12:00:00Z, or a duration ago like `2h`
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub(crate) since: String,
    #[command(flatten)]
    pub(crate) store: InboxStoreArgs,
}
