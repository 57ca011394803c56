//! The settings of a sender.

use std::fmt;
use std::time::Duration;

use countersign::scheme::{Encoding, Tolerance};
use zeroize::Zeroizing;

use crate::args::{SenderArgs, VerificationArgs};
use crate::error::CliError;
use crate::secrets;

/// The methods that a sender may sign.
const METHODS: &[&str] = &["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The settings of a sender other than its keys, as flags give them.
#[derive(Clone, Default)]
pub struct Settings {
    /// The public URL.
    pub url: Option<String>,
    /// The header that holds the credential, for a sender that lets you choose it or does not document
    /// it.
    pub header: Option<String>,
    /// How the signature is encoded, for a sender that does not document it.
    pub encoding: Option<Encoding>,
    /// The text before the credential in its header.
    pub prefix: Option<String>,
    /// How far the signed time may be from now, in seconds, in both directions.
    pub tolerance: Option<u64>,
    /// The signed method.
    pub method: Option<&'static str>,
    /// The location of the event's type, as a header or a JSON pointer.
    pub type_at: Option<String>,
    /// The location of the event's id.
    pub id_at: Option<String>,
    /// The location of the time.
    pub time_at: Option<String>,
    /// The token that the sender presents in its handshake.
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

    /// Returns the settings for verifying a request, which include the handshake's token.
    pub(crate) fn of(args: &VerificationArgs) -> Result<Self, CliError> {
        let verify_token = args.verify_token_env.as_deref().map(secrets::from_env).transpose()?;
        Ok(Self { verify_token, ..Self::from_args(&args.sender) })
    }

    /// Sets the method of a captured request; `None` if no sender signs such a method.
    pub(crate) fn with_method(mut self, method: &str) -> Option<Self> {
        self.method = Some(known_method(method)?);
        Some(self)
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method.unwrap_or("POST")
    }

    pub(super) fn both_ways(&self) -> Option<Tolerance> {
        let tolerance = Duration::from_secs(self.tolerance?);
        Some(Tolerance::new(tolerance, tolerance))
    }
}

/// Returns a method that a sender may sign or deliver by.
pub(super) fn known_method(method: &str) -> Option<&'static str> {
    METHODS.iter().copied().find(|known| *known == method)
}
