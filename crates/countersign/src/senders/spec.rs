//! A sender as data.

use std::time::Duration;

use super::config::SenderConfig;
use super::configured::ConfiguredSender;
use super::handshake::Challenge;
use crate::contract::{Contract, Success};
use crate::error::ConfigError;
use crate::event::Identity;
use crate::keys::Keyring;
use crate::scheme::SchemeBuilder;
use crate::verify::Delivery;

/// A sender as data: how it signs, and what it expects of its receiver.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::senders::SenderSpec;
/// use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
///
/// pub const ACME: SenderSpec = SenderSpec::new("acme", "Acme", "https://example.com/webhooks", |config| {
///     Scheme::hmac_sha256(config.name(), SignatureLocation::header("acme-signature", Encoding::Hex).pairs("v1"))
///         .timestamp_pair("t", TimestampFormat::Seconds)
///         .signs([Part::Timestamp, ".".into(), Part::Body])
///         .id_field("/id")
/// })
/// .with_response_deadline(Duration::from_secs(10))
/// .with_retry_window(Duration::from_secs(3 * 24 * 60 * 60));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SenderSpec {
    pub(super) name: &'static str,
    pub(super) display_name: &'static str,
    pub(super) docs_url: &'static str,
    pub(super) scheme: fn(&SenderConfig) -> SchemeBuilder,
    pub(super) other_scheme: Option<fn(&SenderConfig) -> SchemeBuilder>,
    pub(super) requires_public_url: bool,
    pub(super) success: Success,
    pub(super) response_deadline: Duration,
    pub(super) retry_window: Duration,
    pub(super) digest_dedup_window: Option<Duration>,
    pub(super) max_body_size: usize,
    pub(super) challenge: Option<Challenge>,
    pub(super) identity: Option<(&'static str, fn(&Delivery) -> Option<Identity>)>,
}

impl SenderSpec {
    /// A sender with a name for dedup keys and logs, a title, the page that documents its signature,
    /// and its scheme. It waits 10 s for any 2xx, repeats for 7 days and sends bodies to 1 MiB, unless
    /// more is said.
    pub const fn new(
        name: &'static str,
        display_name: &'static str,
        docs_url: &'static str,
        scheme: fn(&SenderConfig) -> SchemeBuilder,
    ) -> Self {
        Self {
            name,
            display_name,
            docs_url,
            scheme,
            other_scheme: None,
            requires_public_url: false,
            success: Success::Any2xx,
            response_deadline: secs(10),
            retry_window: days(7),
            digest_dedup_window: None,
            max_body_size: 1024 * 1024,
            challenge: None,
            identity: None,
        }
    }

    /// It signs as well under other names of headers, and in nothing else differently. A request is
    /// taken by one family of names, never by both.
    pub(crate) const fn or_named_by(mut self, scheme: fn(&SenderConfig) -> SchemeBuilder) -> Self {
        self.other_scheme = Some(scheme);
        self
    }

    /// It signs the public URL, so that must be set up.
    pub const fn with_required_public_url(mut self) -> Self {
        self.requires_public_url = true;
        self
    }

    /// Which statuses it counts as success.
    pub const fn with_success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// How long the sender waits for a response. The receiver responds within four fifths of that, or
    /// two seconds earlier, whichever is later.
    pub const fn with_response_deadline(mut self, deadline: Duration) -> Self {
        self.response_deadline = deadline;
        self
    }

    /// How long after its first delivery the sender may retry or redeliver an event, by itself or by
    /// hand.
    pub const fn with_retry_window(mut self, window: Duration) -> Self {
        self.retry_window = window;
        self
    }

    /// How long an event without an id is deduplicated by its body's digest, where two genuine events
    /// may have the same body. The whole retry window unless set.
    pub const fn with_digest_dedup_window(mut self, window: Duration) -> Self {
        self.digest_dedup_window = Some(window);
        self
    }

    /// The size of its largest bodies, in bytes.
    pub const fn with_max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// How it asks whether an endpoint is ready.
    pub const fn with_handshake(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// What makes two deliveries the same event, in words and in code, where that is not the signed id
    /// or the digest of what is signed. `None` for a delivery falls back to that.
    pub const fn with_identity(
        mut self,
        words: &'static str,
        identity: fn(&Delivery) -> Option<Identity>,
    ) -> Self {
        self.identity = Some((words, identity));
        self
    }

    /// Its name, which is part of every dedup key.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What people call it.
    #[must_use]
    pub const fn display_name(&self) -> &'static str {
        self.display_name
    }

    /// Where it documents its signature.
    #[must_use]
    pub const fn docs_url(&self) -> &'static str {
        self.docs_url
    }

    /// Whether [`SenderConfig::public_url`] must be given.
    #[must_use]
    pub const fn requires_public_url(&self) -> bool {
        self.requires_public_url
    }

    /// What an event is known by, where that is not its signed id or the digest of what is signed.
    #[must_use]
    pub const fn dedup_key_description(&self) -> Option<&'static str> {
        match self.identity {
            Some((words, _)) => Some(words),
            None => None,
        }
    }

    /// How long it waits for the answer.
    #[must_use]
    pub const fn response_deadline(&self) -> Duration {
        self.response_deadline
    }

    /// Its handshake, if it has one.
    #[must_use]
    pub const fn handshake(&self) -> Option<Challenge> {
        self.challenge
    }

    /// Begins a set-up, for a sender that needs more than keys.
    pub fn config(self) -> SenderConfig {
        SenderConfig {
            sender: self,
            name: self.name.into(),
            url: None,
            header: None,
            method: "POST",
            tolerance: None,
            verify_token: None,
        }
    }

    /// The sender with its keys, ready for a [`Receiver`](crate::Receiver).
    ///
    /// # Errors
    ///
    /// As [`SenderConfig::keys`].
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<ConfiguredSender, ConfigError> {
        self.config().keys(keys)
    }

    /// What it expects of its receiver.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if a span or size is zero.
    pub fn contract(&self) -> Result<Contract, ConfigError> {
        let margin = (self.response_deadline / 5).min(Duration::from_secs(2));
        Contract::builder()
            .success(self.success)
            .response_deadline(self.response_deadline.saturating_sub(margin))
            .retry_window(self.retry_window)
            .digest_retention(self.digest_dedup_window.unwrap_or(self.retry_window))
            .max_body_size(self.max_body_size)
            .build()
    }
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}
