//! A sender of your own.

use std::sync::Arc;

use super::Sender;
use super::handshake::Handshake;
use crate::contract::Contract;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::Keyring;
use crate::scheme::Scheme;
use crate::verify::Verifier;

/// A sender of your own: a [`Scheme`], its keys and a [`Contract`].
///
/// To reuse its facts for several accounts, or to add it to the catalogue, define a
/// [`SenderSpec`](super::SenderSpec) instead; see
/// [Adding a sender](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md).
///
/// ```
/// use countersign::scheme::{Encoding, Scheme, SignatureLocation};
/// use countersign::{Custom, Receiver, Secret};
///
/// let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme-signature", Encoding::Hex))
///     .id_field("/event_id")
///     .event_type_field("/kind")
///     .build()?;
/// let receiver = Receiver::new(Custom::new(scheme, Secret::new("a secret shared with acme")?)?);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Custom {
    verifier: Arc<Verifier>,
    contract: Contract,
    handshake: Option<Handshake>,
}

impl Custom {
    /// Creates a sender that signs by `scheme`, with the [default contract](Contract::default).
    ///
    /// # Errors
    ///
    /// Fails like [`Verifier::new`].
    pub fn new(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        Ok(Self::with(Verifier::new(scheme, keys)?))
    }

    /// Creates a sender that does not authenticate: **anyone on the network can send events**.
    ///
    /// # Errors
    ///
    /// Fails like [`Verifier::danger_unauthenticated`].
    pub fn danger_unauthenticated(scheme: Scheme) -> Result<Self, ConfigError> {
        Ok(Self::with(Verifier::danger_unauthenticated(scheme)?))
    }

    /// Creates a sender without keys, for the time before its handshake has brought the secret; see
    /// [`SenderConfig::handshake_only`](super::SenderConfig::handshake_only).
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the handshake brings no secret, or has no callback for it.
    pub fn handshake_only(scheme: Scheme, handshake: Handshake) -> Result<Self, ConfigError> {
        if !handshake.brings_secret() {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "without keys, the sender's handshake must bring the secret: call `on_secret`, for a sender whose handshake does so",
            ));
        }
        Ok(Self::with(Verifier::without_keys(scheme)).with_handshake(handshake))
    }

    fn with(verifier: Arc<Verifier>) -> Self {
        Self { verifier, contract: Contract::default(), handshake: None }
    }

    /// Sets how the sender checks that the endpoint is ready.
    ///
    /// ```
    /// use countersign::scheme::Scheme;
    /// use countersign::senders::{Challenge, Custom, Handshake};
    /// use countersign::Secret;
    ///
    /// // Strava signs nothing, and checks the endpoint with a token.
    /// let token = Secret::new("the verify token of the subscription")?;
    /// let strava = Custom::danger_unauthenticated(Scheme::danger_unauthenticated("strava").build()?)?
    ///     .with_handshake(Handshake::new(Challenge::WebSubVerifyJson).with_token(&token));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_handshake(mut self, handshake: impl Into<Handshake>) -> Self {
        let handshake = handshake.into();
        if handshake.signs_challenges() {
            self.verifier = Arc::new(self.verifier.with_signed_challenges());
        }
        self.handshake = Some(handshake);
        self
    }

    /// Sets what the sender expects of its receiver.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

impl Sender for Custom {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }
}
