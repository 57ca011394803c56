//! The read access to a sender's facts.

use std::time::Duration;

use super::SenderSpec;
use crate::contract::Contract;
use crate::error::ConfigError;
use crate::senders::Challenge;

impl SenderSpec {
    /// Returns the sender's name, which is part of every deduplication key.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the sender's name as its vendor writes it.
    #[must_use]
    pub const fn display_name(&self) -> &'static str {
        self.display_name
    }

    /// Returns the URL of the page that documents the signature, if there is a public one.
    #[must_use]
    pub const fn docs_url(&self) -> Option<&'static str> {
        if self.docs_url.is_empty() { None } else { Some(self.docs_url) }
    }

    /// Returns the sender whose header names are accepted as well.
    #[must_use]
    pub const fn alternate_headers(&self) -> Option<&'static Self> {
        self.alternate_headers
    }

    /// Returns whether [`SenderConfig::with_public_url`](super::SenderConfig::with_public_url) is required.
    #[must_use]
    pub const fn requires_public_url(&self) -> bool {
        self.requires_public_url
    }

    /// Returns the methods by which the sender can deliver, the usual one first.
    #[must_use]
    pub const fn methods(&self) -> &'static [&'static str] {
        self.methods
    }

    /// Returns whether [`SenderConfig::with_header`](super::SenderConfig::with_header) is required.
    #[must_use]
    pub const fn requires_header(&self) -> bool {
        self.required_header.is_some()
    }

    /// Returns whether [`SenderConfig::with_encoding`](super::SenderConfig::with_encoding) is required.
    #[must_use]
    pub const fn requires_encoding(&self) -> bool {
        self.required_encoding.is_some()
    }

    /// Describes what identifies an event, if that is not its signed id or the digest of the signed
    /// content.
    #[must_use]
    pub const fn dedup_key_description(&self) -> Option<&'static str> {
        match (self.dedup_key, self.items) {
            (Some(key), _) => Some(key.description),
            (None, Some(items)) => Some(items.description),
            (None, None) => None,
        }
    }

    /// Returns how long the sender waits for a response.
    #[must_use]
    pub const fn response_deadline(&self) -> Duration {
        self.response_deadline
    }

    /// Returns how long after its first delivery the sender may retry an event by itself; `None` if the
    /// sender does not document it.
    #[must_use]
    pub const fn automatic_retry_horizon(&self) -> Option<Duration> {
        self.automatic_retry_horizon
    }

    /// Returns the sender's handshake, if it has one.
    #[must_use]
    pub const fn handshake(&self) -> Option<Challenge> {
        self.challenge
    }

    /// Returns the delays before each retry, each counted from the failure before it.
    #[must_use]
    pub const fn retry_schedule(&self) -> &'static [Duration] {
        self.retry_schedule
    }

    /// Returns whether the sender documents its [retry schedule](Self::retry_schedule).
    #[must_use]
    pub const fn has_documented_retry_schedule(&self) -> bool {
        self.has_documented_retry_schedule
    }

    /// Returns whether the sender waits at least as long as a response's `Retry-After` says.
    #[must_use]
    pub const fn respects_retry_after(&self) -> bool {
        self.respects_retry_after
    }

    /// Returns whether the sender stops delivering to an endpoint that responds with 410 (Gone).
    #[must_use]
    pub const fn gone_disables(&self) -> bool {
        self.gone_disables
    }

    /// Returns the beginning of the sender's `User-Agent`, in lower case, if it is known and is not
    /// the sender's name.
    #[must_use]
    pub const fn user_agent(&self) -> Option<&'static str> {
        self.user_agent
    }

    /// Returns what the sender expects of its receiver.
    ///
    /// # Errors
    ///
    /// Returns [`OutOfRange`](crate::ConfigErrorKind::OutOfRange) if a duration or size is zero.
    pub fn contract(&self) -> Result<Contract, ConfigError> {
        let default_margin = (self.response_deadline / 5).min(Duration::from_secs(2));
        let margin = self.response_margin.unwrap_or(default_margin);
        let contract = Contract::builder()
            .success(self.success)
            .response_deadline(self.response_deadline.saturating_sub(margin))
            .retry_window(self.retry_window)
            .digest_retention(self.digest_dedup_window.unwrap_or(self.retry_window))
            .max_body_size(self.max_body_size);
        match self.automatic_retry_horizon {
            Some(horizon) => contract.automatic_retry_horizon(horizon).build(),
            None => contract.build(),
        }
    }
}
