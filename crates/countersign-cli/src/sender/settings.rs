//! What a sender's set-up says.

use std::fmt;
use std::time::Duration;

use countersign::scheme::{Encoding, Tolerance};
use zeroize::Zeroizing;

use crate::args::{SenderArgs, VerificationArgs};
use crate::error::CliError;
use crate::secrets;

/// The methods that a sender may sign.
const METHODS: &[&str] = &["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// What its set-up says.
#[derive(Clone, Default)]
pub struct Settings {
    /// The public URL.
    pub url: Option<String>,
    /// The header that holds the credential, where the sender lets that be chosen.
    pub header: Option<String>,
    /// How the credential is written, where the sender does not document it.
    pub encoding: Option<Encoding>,
    /// What stands before the credential.
    pub prefix: Option<String>,
    /// How far the signed time may lie, in seconds, both ways.
    pub tolerance: Option<u64>,
    /// The method, where that is signed.
    pub method: Option<&'static str>,
    /// Where AINexLayer has the event's type: a header or a JSON pointer.
    pub type_at: Option<String>,
    /// Where it has the event's id.
    pub id_at: Option<String>,
    /// Where it has the time.
    pub time_at: Option<String>,
    /// What the sender shows in its handshake.
    pub verify_token: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn from_args(args: &SenderArgs) -> Self {
        Self {
            url: args.url.clone(),
            header: args.header.clone(),
            encoding: args.encoding.map(Into::into),
            prefix: args.prefix.clone(),
            tolerance: args.tolerance,
            method: None,
            type_at: args.type_at.clone(),
            id_at: args.id_at.clone(),
            time_at: args.time_at.clone(),
            verify_token: None,
        }
    }

    /// Those to judge a request by.
    pub(crate) fn of(args: &VerificationArgs) -> Result<Self, CliError> {
        let verify_token = args.verify_token_env.as_deref().map(secrets::from_env).transpose()?;
        Ok(Self { verify_token, ..Self::from_args(&args.sender) })
    }

    /// With the method of a captured request; `None` if none of HTTP's own is called so.
    pub(crate) fn with_method(mut self, method: &str) -> Option<Self> {
        self.method = Some(METHODS.iter().copied().find(|known| *known == method)?);
        Some(self)
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method.unwrap_or("POST")
    }

    pub(super) fn both_ways(&self) -> Option<Tolerance> {
        let span = Duration::from_secs(self.tolerance?);
        Some(Tolerance::new(span, span))
    }
}
