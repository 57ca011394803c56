//! The arguments of the command.

mod dedup;
mod inbox;
mod log;
mod shared;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::dedup::{DedupCommand, EventArgs, StoreArgs};
pub(crate) use self::inbox::{
    EndpointArgs, FilterArgs, InboxCommand, InboxStoreArgs, ListArgs, PruneArgs, SelectionArgs,
    ShowArgs,
};
pub(crate) use self::log::{
    LogCommand, LogExportArgs, LogFilterArgs, LogListArgs, LogShowArgs, LogStatsArgs,
};
pub(crate) use self::shared::{
    EncodingName, Format, RequestArgs, SecretArgs, SenderArgs, VerificationArgs,
};

const EXAMPLE: &str = "\
Capture, explain, fix, verify:
  countersign verify  captured.http --sender stripe --secret-env STRIPE_SECRET
  countersign explain captured.http --sender stripe --secret-env STRIPE_SECRET
  (fix the cause)
  countersign verify  captured.http --sender stripe --secret-env STRIPE_SECRET

A capture is a raw HTTP request, a HAR file, a `curl` command or a JSON object, in a file or on standard input.

Exit codes: 0 success, 1 the request is rejected or the event is not in the store, 2 invalid input,
3 not delivered or the store is unavailable.";

/// Sign, verify, send and explain webhooks.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXAMPLE)]
pub(crate) struct Cli {
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify a captured request, or with `--jsonl` one request per line
    Verify(VerifyArgs),
    /// Find out why a captured request is rejected, and what to do
    Explain(ExplainArgs),
    /// Sign a request and print it
    Sign(SignArgs),
    /// Sign requests and deliver them over HTTP, with the sender's retries
    Send(SendArgs),
    /// List the known senders, or show the details of one
    Senders(SendersArgs),
    /// Inspect a dedup store, or forget an event in it
    Dedup {
        #[command(subcommand)]
        what: DedupCommand,
    },
    /// Inspect an inbox, replay or discard its messages, or pause an endpoint
    Inbox {
        #[command(subcommand)]
        what: InboxCommand,
    },
    /// Inspect a delivery log: what came, what became of it, and why it was rejected
    Log {
        #[command(subcommand)]
        what: LogCommand,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Verify one JSON request per line; see `docs/cli.md` for its fields
    #[arg(long, conflicts_with_all = ["headers", "body", "body_file", "method", "entry", "format"])]
    pub(crate) jsonl: bool,
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) verification: VerificationArgs,
    /// The environment variable of another secret that may have been used by mistake; repeatable
    #[arg(long, value_name = "[KEY=]NAME", help_heading = "Secrets")]
    pub(crate) other_env: Vec<String>,
    /// The file of another secret that may have been used by mistake; repeatable
    #[arg(long, value_name = "[KEY=]PATH", help_heading = "Secrets")]
    pub(crate) other_file: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    /// An additional header, as `name: value`; repeatable
    #[arg(short = 'H', long = "request-header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body
    #[arg(long, conflicts_with = "body_file", required_unless_present_any = ["body_file", "method"])]
    pub(crate) body: Option<String>,
    /// A file with the raw body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// The method, if the sender can deliver by others than POST: the query of `--to` is then the event
    #[arg(long)]
    pub(crate) method: Option<String>,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The event's id, if the sender has it in a header; default: a new one
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The time to sign: Unix seconds, or like 2026-01-31T12:00:00Z; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) now: Option<String>,
    /// The target of the request; default: `--url`
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Print a `curl` command
    #[arg(long)]
    pub(crate) curl: bool,
    /// Print the secret itself if the sender sends it in a header
    #[arg(long)]
    pub(crate) danger_print_secret: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SendArgs {
    /// The URL to deliver to
    #[arg(value_name = "URL")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// An additional header, as `name: value`; repeatable
    #[arg(short = 'H', long = "request-header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body; `{{id}}`, `{{number}}` and `{{now}}` are replaced by the event's id, number and time
    #[arg(long, conflicts_with = "body_file")]
    pub(crate) body: Option<String>,
    /// A file with the body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// The number of events to deliver
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) times: u64,
    /// The largest number of concurrent requests
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535), allow_negative_numbers = true)]
    pub(crate) concurrency: u32,
    /// The fraction of events that are delivered twice, from 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) duplicate_share: f64,
    /// The factor by which the waits before retries are shortened
    #[arg(long, default_value_t = 60.0, value_name = "FACTOR", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) speed: f64,
    /// The wait before every retry in milliseconds, instead of the sender's schedule
    #[arg(long, value_name = "MS", conflicts_with = "speed", allow_negative_numbers = true)]
    pub(crate) retry_delay: Option<u64>,
    /// The number of retries per event, instead of the sender's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) retries: Option<u32>,
    /// The response deadline in seconds, instead of the sender's
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) deadline: Option<f64>,
}

#[derive(Args, Debug)]
pub(crate) struct SendersArgs {
    /// Show the details of this sender
    pub(crate) name: Option<String>,
    /// Show the details of the sender that this file describes
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) scheme: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "give a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&number) {
        Ok(number)
    } else {
        Err("give a number from 0 to 1".to_owned())
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "give a number above 0".to_owned())?;
    let is_fit = number > 0.0 && number <= 1e9;
    if is_fit { Ok(number) } else { Err("give a number above 0, up to a billion".to_owned()) }
}
