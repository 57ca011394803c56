//! A sender of the catalogue with its keys.

use std::fmt;
use std::sync::Arc;

use super::handshake::Handshake;
use super::sender::Sender;
use super::spec::SenderSpec;
use crate::contract::Contract;
use crate::error::ConfigError;
use crate::event::Identity;
use crate::verify::{Delivery, Verifier};

/// A sender of the catalogue with its keys.
///
/// Create one with [`SenderSpec::keys`] or [`SenderConfig::keys`](super::SenderConfig::keys). The
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md) lists the
/// catalogue.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::{Contract, Receiver, Secret, senders};
///
/// let stripe = senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?;
/// // Responds earlier than Stripe requires.
/// let contract = Contract::builder().response_deadline(Duration::from_secs(3)).build()?;
/// let receiver = Receiver::new(stripe.with_contract(contract));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ConfiguredSender {
    verifier: Arc<Verifier>,
    contract: Contract,
    identity: Option<fn(&Delivery) -> Option<Identity>>,
    handshake: Option<Handshake>,
}

impl ConfiguredSender {
    /// Takes everything but the verifier from `sender`; the handshake is set separately.
    pub(super) fn new(sender: &SenderSpec, verifier: Arc<Verifier>) -> Result<Self, ConfigError> {
        Ok(Self {
            verifier,
            contract: sender.contract()?,
            identity: sender.dedup_key.map(|key| key.identity),
            handshake: None,
        })
    }

    pub(super) fn with_handshake(mut self, handshake: Option<Handshake>) -> Self {
        if handshake.as_ref().is_some_and(Handshake::signs_challenges) {
            self.verifier = Arc::new(self.verifier.with_signed_challenges());
        }
        self.handshake = handshake;
        self
    }

    /// Returns whether the handshake brings the secret of later deliveries to a configured callback.
    pub(super) fn brings_secret(&self) -> bool {
        self.handshake.as_ref().is_some_and(Handshake::brings_secret)
    }

    /// Replaces the contract, for an account whose settings differ from the sender's defaults.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

impl Sender for ConfiguredSender {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        let identity = self.identity.and_then(|identity| identity(delivery));
        identity.unwrap_or_else(|| Identity::from(delivery))
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }
}

impl fmt::Debug for ConfiguredSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredSender")
            .field("verifier", &self.verifier)
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}
