//! What a sender's set-up says.

use std::time::Duration;

use countersign::{Encoding, Tolerance};
use zeroize::Zeroizing;

use crate::args::SenderArgs;

/// The methods that a sender may sign.
const METHODS: &[&str] = &["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// What its set-up says.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) url: Option<String>,
    pub(crate) header: Option<String>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) prefix: Option<String>,
    /// In seconds, both ways.
    pub(crate) tolerance: Option<u64>,
    pub(crate) method: Option<&'static str>,
    pub(crate) type_at: Option<String>,
    pub(crate) id_at: Option<String>,
    pub(crate) time_at: Option<String>,
    /// What the sender shows in its handshake.
    pub(crate) verify_token: Option<Zeroizing<Vec<u8>>>,
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

    /// With the method of a captured request; `None` if none of HTTP's own is called so.
    pub(crate) fn with_method(mut self, method: &str) -> Option<Self> {
        self.method = Some(METHODS.iter().copied().find(|known| *known == method)?);
        Some(self)
    }

    /// Whether they change the sender's scheme beyond its URL and header.
    pub(crate) const fn are_special(&self) -> bool {
        self.encoding.is_some() || self.prefix.is_some() || self.tolerance.is_some()
    }

    pub(crate) fn method(&self) -> &'static str {
        self.method.unwrap_or("POST")
    }

    pub(super) fn both_ways(&self) -> Option<Tolerance> {
        let span = Duration::from_secs(self.tolerance?);
        Some(Tolerance::new(span, span))
    }
}
