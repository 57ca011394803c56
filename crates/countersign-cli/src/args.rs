//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use countersign::scheme::Encoding;

const EXAMPLE: &str = "\
Capture, explain, fix, verify:
  countersign verify  captured.http --sender stripe --secret-env STRIPE_SECRET
  countersign explain captured.http --sender stripe --secret-env STRIPE_SECRET
  (mend what it names)
  countersign verify  captured.http --sender stripe --secret-env STRIPE_SECRET

A capture is a raw HTTP request, a HAR file, a `curl` line or a JSON object, in a file or on standard input.

Exit codes: 0 all is well, 1 the request is rejected or the event not held, 2 something given cannot be read,
3 never delivered or the store not reached.";

/// Sign, verify, send and explain webhooks.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXAMPLE)]
pub(crate) struct Cli {
    /// Print one JSON object for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify a captured request, or with `--jsonl` one request a line
    Verify(VerifyArgs),
    /// Say what is wrong with a captured request, and what to do
    Explain(ExplainArgs),
    /// Sign a request and print it
    Sign(SignArgs),
    /// Sign requests and deliver them over HTTP, with the sender's own retries
    Send(SendArgs),
    /// List the senders that are known by name, or tell all about one
    Senders(SendersArgs),
    /// Look into a dedup store, or forget an event in it
    Dedup {
        #[command(subcommand)]
        what: DedupCommand,
    },
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Judge one JSON request a line; see `docs/cli.md` for its fields
    #[arg(long, conflicts_with_all = ["headers", "body", "body_file", "method", "entry", "format"])]
    pub(crate) jsonl: bool,
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) judge: JudgeArgs,
    /// The environment variable of a secret that it may have been mixed up with; may be given again
    #[arg(long, value_name = "[KEY=]NAME", help_heading = "Secrets")]
    pub(crate) other_env: Vec<String>,
    /// The file of a secret that it may have been mixed up with; may be given again
    #[arg(long, value_name = "[KEY=]PATH", help_heading = "Secrets")]
    pub(crate) other_file: Vec<String>,
}

/// A request, and what it is judged by.
#[derive(Args, Debug)]
pub(crate) struct JudgeArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The environment variable that holds the token which the sender's handshake shows (meta)
    #[arg(long, value_name = "NAME")]
    pub(crate) verify_token_env: Option<String>,
    /// The time to judge it at: Unix seconds, or like 2026-01-31T12:00:00Z; the present unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) now: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    /// A header to send along, as `name: value`
    #[arg(short = 'H', long = "request-header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body
    #[arg(long, conflicts_with = "body_file", required_unless_present = "body_file")]
    pub(crate) body: Option<String>,
    /// A file with the body, byte for byte; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The event's id, where the sender has it in a header; a new one unless given
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// The time to sign: Unix seconds, or like 2026-01-31T12:00:00Z; the present unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) now: Option<String>,
    /// Where the request is to go; `--url` unless given
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Print a `curl` line
    #[arg(long)]
    pub(crate) curl: bool,
    /// Print the secret itself where the sender puts it into a header
    #[arg(long)]
    pub(crate) danger_print_secret: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SendArgs {
    /// Where to deliver to
    #[arg(value_name = "URL")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// A header to send along, as `name: value`
    #[arg(short = 'H', long = "request-header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The body; `{{id}}`, `{{number}}` and `{{now}}` stand for the event's id, number and time
    #[arg(long, conflicts_with = "body_file")]
    pub(crate) body: Option<String>,
    /// A file with the body; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    /// How many different events to deliver
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) times: u64,
    /// How many requests may be under way at once
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535), allow_negative_numbers = true)]
    pub(crate) concurrency: u32,
    /// The share of events that are delivered twice, from 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(crate) duplicate_share: f64,
    /// How many times as fast as the sender to wait before a retry
    #[arg(long, default_value_t = 60.0, value_name = "FACTOR", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) speed: f64,
    /// Wait this many milliseconds before every retry instead
    #[arg(long, value_name = "MS", conflicts_with = "speed", allow_negative_numbers = true)]
    pub(crate) retry_delay: Option<u64>,
    /// How many retries an event gets, instead of the sender's number
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) retries: Option<u32>,
    /// How many seconds to wait for an answer, instead of the sender's number
    #[arg(long, value_name = "SECONDS", value_parser = positive, allow_negative_numbers = true)]
    pub(crate) deadline: Option<f64>,
}

#[derive(Args, Debug)]
pub(crate) struct SendersArgs {
    /// Tell all about this one
    pub(crate) name: Option<String>,
    /// Tell all about the sender that this file describes
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) scheme: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DedupCommand {
    /// Count the events that the store holds
    Stats(StoreArgs),
    /// Tell what the store holds of one event
    Get(EventArgs),
    /// Forget one event, handled or not, so that its next delivery is handled
    Forget(EventArgs),
}

/// Where the store is.
#[derive(Args, Debug)]
#[command(next_help_heading = "Store")]
pub(crate) struct StoreArgs {
    /// A SQLite file, or a `postgres://`, `redis://`, `rediss://` or `unix://` URL without a password
    #[arg(long, value_name = "PLACE")]
    pub(crate) store: Option<String>,
    /// The environment variable that holds the same; the place for a URL with a password
    #[arg(long, value_name = "NAME", default_value = "COUNTERSIGN_STORE")]
    pub(crate) store_env: String,
    /// The table in PostgreSQL, if it has another name
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// What keys begin with in Redis, if that was changed
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_prefix: Option<String>,
    /// It is one node of a Redis cluster
    #[arg(long)]
    pub(crate) cluster: bool,
    /// It is a Redis sentinel, which knows the master by this name
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    pub(crate) sentinel: Option<String>,
}

/// Which event of a store.
#[derive(Args, Debug)]
pub(crate) struct EventArgs {
    /// The event's key, as logs have it in the field `event`: 64 hexadecimal digits
    #[arg(value_name = "KEY", required_unless_present = "sender", conflicts_with_all = ["sender", "endpoint", "tenant", "id", "body_file"])]
    pub(crate) key: Option<String>,
    /// The sender's name, where the event is known by its id or its body
    #[arg(short, long, value_name = "NAME")]
    pub(crate) sender: Option<String>,
    /// The endpoint's name; the sender's unless given
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// The tenant's own name, where the endpoint has many
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// The event's id
    #[arg(long, conflicts_with = "body_file", required_unless_present_any = ["key", "body_file"])]
    pub(crate) id: Option<String>,
    /// A file with the body, for a sender that gives no id; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Who sent it, and what its set-up says.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sender")]
pub(crate) struct SenderArgs {
    /// The sender's name; `countersign senders` lists them
    #[arg(short, long, value_name = "NAME")]
    pub(crate) sender: Option<String>,
    /// A TOML file that describes a sender of your own
    #[arg(long, value_name = "FILE", conflicts_with = "sender")]
    pub(crate) scheme: Option<PathBuf>,
    /// The public URL as the sender was given it, where that is signed
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The header that holds the credential, where the sender lets that be chosen
    #[arg(long, value_name = "NAME")]
    pub(crate) header: Option<String>,
    /// How the signature is written (ainexlayer)
    #[arg(long, value_enum)]
    pub(crate) encoding: Option<Written>,
    /// What stands before the credential in its header (omniai, ainexlayer)
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prefix: Option<String>,
    /// How many seconds the signed time may lie from now, instead of the sender's usual number
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) tolerance: Option<u64>,
    /// Where the event's type stands: a header, or a JSON pointer like `/event` (ainexlayer)
    #[arg(long, value_name = "PLACE")]
    pub(crate) type_at: Option<String>,
    /// Where the event's id stands (ainexlayer)
    #[arg(long, value_name = "PLACE")]
    pub(crate) id_at: Option<String>,
    /// Where the time stands (ainexlayer); in a header it is signed as `{time}.{body}`
    #[arg(long, value_name = "PLACE")]
    pub(crate) time_at: Option<String>,
}

/// Where the secrets are; for a sender that signs with a private key, the public keys.
#[derive(Args, Debug)]
#[command(next_help_heading = "Secrets")]
pub(crate) struct SecretArgs {
    /// The environment variable that holds a secret; may be given again, and begin with `KEY=`
    #[arg(long, value_name = "[KEY=]NAME")]
    pub(crate) secret_env: Vec<String>,
    /// The file that holds a secret; may be given again, and begin with `KEY=`
    #[arg(long, value_name = "[KEY=]PATH")]
    pub(crate) secret_file: Vec<String>,
    /// Read a secret from standard input
    #[arg(long)]
    pub(crate) secret_stdin: bool,
}

/// Where the request comes from.
#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// A file with the captured request; standard input if it is `-`, or nothing is given
    #[arg(value_name = "CAPTURE")]
    pub(crate) capture: Option<PathBuf>,
    /// What the capture is
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub(crate) format: Format,
    /// Which request of a HAR file, counted from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) entry: Option<usize>,
    /// A header of the request, as `name: value`
    #[arg(
        short = 'H',
        long = "request-header",
        value_name = "NAME: VALUE",
        conflicts_with = "capture"
    )]
    pub(crate) headers: Vec<String>,
    /// The request's body
    #[arg(long, conflicts_with_all = ["capture", "body_file"])]
    pub(crate) body: Option<String>,
    /// A file with the request's body, byte for byte; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "capture")]
    pub(crate) body_file: Option<PathBuf>,
    /// The request's method
    #[arg(long, conflicts_with = "capture")]
    pub(crate) method: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Whatever it looks like
    Auto,
    /// A raw HTTP/1 request
    Http,
    /// A HAR file
    Har,
    /// A `curl` line
    Curl,
    /// A JSON object with `headers` and `body`
    Json,
}

/// [`Encoding`] on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Written {
    Hex,
    Base64,
    Base64url,
    Base64urlUnpadded,
}

impl From<Written> for Encoding {
    fn from(written: Written) -> Self {
        match written {
            Written::Hex => Self::Hex,
            Written::Base64 => Self::Base64,
            Written::Base64url => Self::Base64Url,
            Written::Base64urlUnpadded => Self::Base64UrlUnpadded,
        }
    }
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
