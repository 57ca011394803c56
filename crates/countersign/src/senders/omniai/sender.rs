//! OmniAI with its keys.

use std::borrow::Cow;
use std::sync::Arc;

use super::OMNIAI;
use super::spec::EVENT;
use crate::contract::Contract;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::event::Identity;
use crate::keys::Keyring;
use crate::scheme::Scheme;
use crate::senders::{ConfiguredSender, Sender};
use crate::verify::{Delivery, Verifier};

/// The sender OmniAI with its keys; see the [module](super) for what the vendor documents.
///
/// Its facts beside those of others are in the
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md).
///
/// ```
/// use countersign::{Receiver, Secret, omniai::OmniAi};
///
/// let secret = Secret::new("the secret set in OmniAI's webhook settings")?;
/// let receiver = Receiver::new(OmniAi::new("x-webhook-secret", secret)?);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OmniAi(ConfiguredSender);

impl OmniAi {
    /// Creates the sender from the name of the header that holds the secret, and the secret.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::MissingSetting`] if the name is empty, and
    /// [`ConfigErrorKind::InvalidHeaderName`] if it is not a header name.
    pub fn new(
        secret_header: impl Into<Cow<'static, str>>,
        keys: impl Into<Keyring>,
    ) -> Result<Self, ConfigError> {
        let header = secret_header.into();
        if header.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "`secret_header` is empty: OmniAI does not document it; send yourself a test delivery and look which header holds the secret",
            ));
        }
        OMNIAI.config().with_header(header).keys(keys).map(Self)
    }

    /// Creates the sender with a scheme of your own: for a prefix before the secret, or if OmniAI
    /// begins to sign.
    ///
    /// ```
    /// use countersign::scheme::{Scheme, SignatureLocation};
    /// use countersign::{Secret, omniai::OmniAi};
    ///
    /// let bearer = SignatureLocation::token("authorization").prefix("Bearer ");
    /// let scheme = Scheme::static_token("omniai", bearer).event_type_field("/event").build()?;
    /// let sender = OmniAi::with_scheme(scheme, Secret::new("the secret set in OmniAI")?)?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails like [`Verifier::new`].
    pub fn with_scheme(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Self, ConfigError> {
        ConfiguredSender::new(&OMNIAI, Verifier::new(scheme, keys)?).map(Self)
    }

    /// Creates the sender without a secret, which the vendor's newer guide does not mention: **anyone
    /// on the network can send events**. Give the route a path that cannot be guessed, and restrict
    /// access to it by network rules.
    ///
    /// # Errors
    ///
    /// None in practice: the configuration is fixed.
    pub fn danger_unauthenticated() -> Result<Self, ConfigError> {
        let scheme =
            Scheme::danger_unauthenticated(OMNIAI.name()).event_type_field(EVENT).build()?;
        ConfiguredSender::new(&OMNIAI, Verifier::danger_unauthenticated(scheme)?).map(Self)
    }

    /// Replaces the contract, for an account whose settings differ from the sender's defaults.
    #[must_use]
    pub fn with_contract(self, contract: Contract) -> Self {
        Self(self.0.with_contract(contract))
    }
}

impl Sender for OmniAi {
    fn verifier(&self) -> &Arc<Verifier> {
        self.0.verifier()
    }

    fn contract(&self) -> &Contract {
        self.0.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.0.identity(delivery)
    }
}
