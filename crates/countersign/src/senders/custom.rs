//! A sender of your own.

use std::sync::Arc;

use super::Sender;
use crate::contract::Contract;
use crate::error::ConfigError;
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
}

impl Custom {
    /// Creates a sender that signs by `scheme`, with the [default contract](Contract::default).
    ///
    /// # Errors
    ///
    /// Fails like [`Verifier::new`].
    pub fn new(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        Ok(Self { verifier: Verifier::new(scheme, keys)?, contract: Contract::default() })
    }

    /// Creates a sender that does not authenticate: **anyone on the network can send events**.
    ///
    /// # Errors
    ///
    /// Fails like [`Verifier::danger_unauthenticated`].
    pub fn danger_unauthenticated(scheme: Scheme) -> Result<Self, ConfigError> {
        let verifier = Verifier::danger_unauthenticated(scheme)?;
        Ok(Self { verifier, contract: Contract::default() })
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
}
