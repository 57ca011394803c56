//! Senders of [Standard Webhooks](https://www.standardwebhooks.com), of Svix, and of vendors that send
//! through Svix.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::spec::{days, minutes, secs};
use super::{ConfiguredSender, Handshake, Sender, SenderConfig, SenderSpec};
use crate::contract::Contract;
use crate::crypto::encoding::Encoding;
use crate::error::ConfigError;
use crate::event::Identity;
use crate::keys::Keyring;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};
use crate::verify::{Delivery, Verifier};

const SPECIFICATION: &str =
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md";

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// v1, signed with a shared secret. [`StandardWebhooks`] is a shorter way to configure it.
pub const STANDARD_WEBHOOKS: SenderSpec =
    SenderSpec::new("standard-webhooks", "Standard Webhooks v1", SPECIFICATION, v1)
        .with_response_deadline(secs(15))
        .with_automatic_retry_horizon(SPECIFIED_HORIZON)
        .with_retry_after()
        .with_gone_disables();

/// Standard Webhooks v1a, signed with Ed25519 (feature `ed25519`). The key is the sender's public key,
/// `whpk_…`.
pub const STANDARD_WEBHOOKS_V1A: SenderSpec =
    SenderSpec::new("standard-webhooks-v1a", "Standard Webhooks v1a", SPECIFICATION, |config| {
        let signature =
            SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1a");
        content(Scheme::ed25519(config.name(), signature), "webhook").base64_key("whpk_")
    })
    .with_response_deadline(secs(15))
    .with_automatic_retry_horizon(SPECIFIED_HORIZON)
    .with_retry_after()
    .with_gone_disables();

/// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual).
///
/// Like Svix's own libraries, it accepts requests with the header names of Standard Webhooks as well. A
/// request that mixes both sets of names is rejected.
pub const SVIX: SenderSpec = SenderSpec::new(
    "svix",
    "Svix",
    "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    svix,
)
.with_alternate_headers(&STANDARD_WEBHOOKS)
.with_response_deadline(secs(15))
.with_retry_schedule(SVIX_RETRIES)
.with_automatic_retry_horizon(SVIX_HORIZON);

/// [OpenAI](https://platform.openai.com/docs/guides/webhooks).
pub const OPENAI: SenderSpec =
    SenderSpec::new("openai", "OpenAI", "https://platform.openai.com/docs/guides/webhooks", v1)
        // No page of OpenAI's says how long it waits. Second-hand guides say 20 s, so 5 s is safe.
        .with_response_deadline(secs(5));

/// [Clerk](https://clerk.com/docs/guides/development/webhooks/overview), which sends through Svix.
pub const CLERK: SenderSpec = SenderSpec::new(
    "clerk",
    "Clerk",
    "https://clerk.com/docs/guides/development/webhooks/overview",
    svix,
)
.with_response_deadline(secs(15))
.with_retry_schedule(SVIX_RETRIES)
.with_automatic_retry_horizon(SVIX_HORIZON);

/// [Resend](https://resend.com/docs/webhooks/verify-webhooks-requests), which sends through Svix.
pub const RESEND: SenderSpec = SenderSpec::new(
    "resend",
    "Resend",
    "https://resend.com/docs/webhooks/verify-webhooks-requests",
    svix,
)
.with_response_deadline(secs(15))
// https://resend.com/docs/webhooks/retries-and-replays
.with_retry_schedule(SVIX_RETRIES)
.with_automatic_retry_horizon(SVIX_HORIZON);

/// The end of the schedule that the specification recommends, after 75 h 35 min, with its jitter.
const SPECIFIED_HORIZON: Duration = days(4);

/// The sum of Svix's retry schedule, 27 h 35 min 5 s, and of the waits for a response.
const SVIX_HORIZON: Duration = minutes(27 * 60 + 40);

/// The [retry schedule of Svix](https://docs.svix.com/retries).
const SVIX_RETRIES: &[Duration] =
    &[secs(5), secs(300), secs(1800), secs(7200), secs(18_000), secs(36_000), secs(36_000)];

/// HMAC-SHA256 over id, time and body, under the header names of the specification.
pub(super) fn v1(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(config.name(), signature), "webhook").base64_key("whsec_")
}

fn svix(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("svix-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(config.name(), signature), "svix").base64_key("whsec_")
}

fn content(scheme: SchemeBuilder, family: &str) -> SchemeBuilder {
    let conflicting = if family == "svix" { "webhook" } else { "svix" };
    scheme
        .id_header(format!("{family}-id"))
        .timestamp_header(format!("{family}-timestamp"), TimestampFormat::Seconds)
        .signs([Part::Id, ".".into(), Part::Timestamp, ".".into(), Part::Body])
        .event_type_field("/type")
        .conflicting_headers(
            ["id", "timestamp", "signature"].map(|end| format!("{conflicting}-{end}")),
        )
}

/// A sender that follows Standard Webhooks v1: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
///
/// Short for the catalogue's [`STANDARD_WEBHOOKS`] with keys. Id and time are signed: the id identifies
/// the event, and a request that is older than five minutes is rejected. The event's type is read from
/// `/type` in the body, as the specification says. See the
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md).
///
/// ```
/// use countersign::{Receiver, Secret, StandardWebhooks, Timestamp};
///
/// // The worked example of the specification's reference libraries.
/// let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let receiver = Receiver::new(StandardWebhooks::new(secret)?);
/// let headers = [
///     ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
///     ("webhook-timestamp", "1614265330"),
///     ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
/// ];
/// let body = &br#"{"test": 2432232314}"#[..];
/// let delivery = receiver.verify(&headers, body, Timestamp::from_secs(1614265330))?;
/// assert_eq!(delivery.signed_id().as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardWebhooks(ConfiguredSender);

impl StandardWebhooks {
    /// Creates the sender with keys in the form that it shows them: base64, usually after `whsec_`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSecret`](crate::ConfigErrorKind::InvalidSecret) if a secret is not base64, and
    /// [`EmptySecret`](crate::ConfigErrorKind::EmptySecret) if nothing follows `whsec_`.
    pub fn new(keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        STANDARD_WEBHOOKS.keys(keys).map(Self)
    }

    /// Creates the sender under its own name, which is part of every deduplication key.
    ///
    /// Two senders of Standard Webhooks that share a store need different names, since their ids may be
    /// equal.
    ///
    /// # Errors
    ///
    /// Fails like [`new`](Self::new).
    pub fn named(
        sender: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
    ) -> Result<Self, ConfigError> {
        STANDARD_WEBHOOKS.config().with_name(sender).keys(keys).map(Self)
    }

    /// Creates the sender under its own name and with another tolerance for the signed time.
    ///
    /// # Errors
    ///
    /// Fails like [`new`](Self::new).
    pub fn with_tolerance(
        sender: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
        tolerance: Tolerance,
    ) -> Result<Self, ConfigError> {
        STANDARD_WEBHOOKS.config().with_name(sender).with_tolerance(tolerance).keys(keys).map(Self)
    }

    /// Creates the sender under its own name, with ids that may hold dots, such as `org.evt.1`.
    ///
    /// The specification separates the signed values by dots. An id with dots is accepted if no part of
    /// it between two dots can be the time, so that the signed content still has exactly one reading;
    /// see [`SchemeBuilder::allow_separator_in_id`].
    ///
    /// # Errors
    ///
    /// Fails like [`new`](Self::new).
    pub fn with_dots_in_ids(
        sender: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
    ) -> Result<Self, ConfigError> {
        STANDARD_WEBHOOKS.config().with_name(sender).with_separator_in_id().keys(keys).map(Self)
    }

    /// Replaces the contract, for a sender that differs from the specification's advice.
    #[must_use]
    pub fn with_contract(self, contract: Contract) -> Self {
        Self(self.0.with_contract(contract))
    }
}

impl Sender for StandardWebhooks {
    fn verifier(&self) -> &Arc<Verifier> {
        self.0.verifier()
    }

    fn contract(&self) -> &Contract {
        self.0.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.0.identity(delivery)
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.0.handshake()
    }
}
