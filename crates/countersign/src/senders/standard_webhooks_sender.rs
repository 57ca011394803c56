//! [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md) v1.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::Sender;
use crate::contract::Contract;
use crate::crypto::encoding::Encoding;
use crate::error::ConfigError;
use crate::keys::Keyring;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};
use crate::verify::Verifier;

/// A sender that follows Standard Webhooks v1: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
///
/// Id and time are signed, so an event is known by its id, and a request older than five minutes is
/// rejected. The event's type is read from `/type` in the body, where the specification puts it.
///
/// ```
/// use countersign::{Secret, StandardWebhooks, Timestamp, Receiver};
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
pub struct StandardWebhooks {
    verifier: Arc<Verifier>,
    contract: Contract,
}

impl StandardWebhooks {
    /// With keys as the sender shows them: base64, mostly after `whsec_`.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`](crate::ConfigErrorKind::InvalidSecret) if a secret is not base64, and
    /// [`EmptySecret`](crate::ConfigErrorKind::EmptySecret) if nothing stands after `whsec_`.
    pub fn new(keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        Self::named("standard-webhooks", keys)
    }

    /// The same under the sender's own name, which is part of every dedup key. Two senders of
    /// Standard Webhooks that share a store need different names: their ids may meet.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn named(
        sender: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
    ) -> Result<Self, ConfigError> {
        Self::with_tolerance(sender, keys, Tolerance::FIVE_MINUTES)
    }

    /// The same, with another tolerance for the signed time.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_tolerance(
        sender: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
        tolerance: Tolerance,
    ) -> Result<Self, ConfigError> {
        let scheme = scheme(sender.into()).tolerance(tolerance).build()?;
        Ok(Self { verifier: Verifier::new(scheme, keys)?, contract: contract()? })
    }

    /// What this sender expects of its receiver, where it differs.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

fn scheme(sender: Cow<'static, str>) -> SchemeBuilder {
    let dot = || Part::Literal(".".into());
    let signature =
        SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1");
    Scheme::hmac_sha256(sender, signature)
        .id_header("webhook-id")
        .timestamp_header("webhook-timestamp", TimestampFormat::Seconds)
        .signs([Part::Id, dot(), Part::Timestamp, dot(), Part::Body])
        .event_type_field("/type")
        .base64_key("whsec_")
        .conflicting_headers(["svix-id", "svix-timestamp", "svix-signature"])
}

/// The specification asks senders to wait 15 to 30 s and shows retries over 75 h 35 min; replays
/// by hand come later, so events are remembered for 7 days.
fn contract() -> Result<Contract, ConfigError> {
    Contract::builder().response_deadline(Duration::from_secs(13)).build()
}

impl Sender for StandardWebhooks {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }
}
