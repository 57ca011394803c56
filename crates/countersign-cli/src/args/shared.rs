//! The arguments that several commands share: the request, the sender and the secrets.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign::scheme::Encoding;

/// A request, and the configuration to verify it by.
#[derive(Args, Debug)]
pub(crate) struct VerificationArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// The environment variable with the verify token of the sender's handshake (meta)
    #[arg(long, value_name = "NAME")]
    pub(crate) verify_token_env: Option<String>,
    /// The time of verification: Unix seconds, or like 2026-01-31T12:00:00Z; default: now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) now: Option<String>,
}

/// The sender and its settings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sender")]
pub(crate) struct SenderArgs {
    /// The sender's name; `countersign senders` lists the names
    #[arg(short, long, value_name = "NAME")]
    pub(crate) sender: Option<String>,
    /// A TOML file that describes a custom sender
    #[arg(long, value_name = "FILE", conflicts_with = "sender")]
    pub(crate) scheme: Option<PathBuf>,
    /// The public URL exactly as in the sender's settings, if the sender signs it
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The header of the credential, if the sender lets it be chosen
    #[arg(long, value_name = "NAME")]
    pub(crate) header: Option<String>,
    /// The encoding of the signature (ainexlayer)
    #[arg(long, value_enum)]
    pub(crate) encoding: Option<EncodingName>,
    /// The text before the credential in its header (omniai, ainexlayer)
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prefix: Option<String>,
    /// The tolerance of the signed time in seconds, instead of the sender's
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) tolerance: Option<u64>,
    /// The location of the event's type: a header, or a JSON pointer like `/event` (ainexlayer)
    #[arg(long, value_name = "LOCATION")]
    pub(crate) type_at: Option<String>,
    /// The location of the event's id (ainexlayer)
    #[arg(long, value_name = "LOCATION")]
    pub(crate) id_at: Option<String>,
    /// The location of the time (ainexlayer); a time in a header is signed as `{time}.{body}`
    #[arg(long, value_name = "LOCATION")]
    pub(crate) time_at: Option<String>,
}

/// The locations of the secrets, or of the public keys for a sender that signs with a private key.
#[derive(Args, Debug)]
#[command(next_help_heading = "Secrets")]
pub(crate) struct SecretArgs {
    /// The environment variable of a secret, after an optional name for the key; repeatable
    #[arg(long, value_name = "[KEY=]NAME")]
    pub(crate) secret_env: Vec<String>,
    /// The file of a secret, after an optional name for the key; repeatable
    #[arg(long, value_name = "[KEY=]PATH")]
    pub(crate) secret_file: Vec<String>,
    /// Read a secret from standard input
    #[arg(long)]
    pub(crate) secret_stdin: bool,
}

/// The captured request.
#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// The file with the captured request; `-`, the default, is standard input
    #[arg(value_name = "CAPTURE")]
    pub(crate) capture: Option<PathBuf>,
    /// The format of the capture
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    pub(crate) format: Format,
    /// The number of the request in a HAR file, counted from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) entry: Option<usize>,
    /// A header of the request, as `name: value`; repeatable
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
    /// A file with the request's raw body; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "capture")]
    pub(crate) body_file: Option<PathBuf>,
    /// The request's method
    #[arg(long, conflicts_with = "capture")]
    pub(crate) method: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Detect the format
    Auto,
    /// A raw HTTP/1 request
    Http,
    /// A HAR file
    Har,
    /// A `curl` command
    Curl,
    /// A JSON object with `headers` and `body`
    Json,
}

/// The name of an [`Encoding`] on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum EncodingName {
    Hex,
    Base64,
    Base64url,
    Base64urlUnpadded,
}

impl From<EncodingName> for Encoding {
    fn from(written: EncodingName) -> Self {
        match written {
            EncodingName::Hex => Self::Hex,
            EncodingName::Base64 => Self::Base64,
            EncodingName::Base64url => Self::Base64Url,
            EncodingName::Base64urlUnpadded => Self::Base64UrlUnpadded,
        }
    }
}
