//! Keys for tests.

use std::fmt;

use crate::crypto::asymmetric::{ed25519_public, p256_pair};
use crate::crypto::encoding::{Encoding, hex};
use crate::crypto::mac::{TAG_BYTES, sha256};
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::scheme::{Algorithm, KeyForm, Scheme};

/// A pair of keys for tests: one for the receiver's configuration, one to sign with.
///
/// Both are the same secret if the sender shares one, and a key pair if the sender signs with a private
/// key (features `ed25519` and `p256`). The keys are derived from a number, so they are **public**.
///
/// ```
/// use countersign::testing::TestKeys;
/// use countersign::{Receiver, senders};
///
/// let config = senders::DISCORD.config();
/// let keys = TestKeys::new(&config.scheme()?, 1)?;
/// let receiver = Receiver::new(config.keys(keys.receiver())?);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct TestKeys {
    receiver: Secret,
    sender: Secret,
}

impl TestKeys {
    /// Derives keys in the form that `scheme` needs. Each number gives different keys.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`](crate::ConfigErrorKind::MissingSetting) if the scheme
    /// signs with a private key and its feature is off.
    pub fn new(scheme: &Scheme, number: u64) -> Result<Self, ConfigError> {
        Self::labelled(b"countersign test keys", scheme, number)
    }

    /// Derives keys that [`new`](Self::new) never returns.
    pub(super) fn foreign(scheme: &Scheme, number: u64) -> Result<Self, ConfigError> {
        Self::labelled(b"countersign foreign keys", scheme, number)
    }

    fn labelled(label: &[u8], scheme: &Scheme, number: u64) -> Result<Self, ConfigError> {
        let bytes = sha256(&[label, &number.to_le_bytes()].concat());
        let (receiver, sender) = match scheme.algorithm {
            Algorithm::Ed25519 => (ed25519_public(&bytes)?, bytes.to_vec()),
            Algorithm::EcdsaP256 => p256_pair(&bytes)?,
            _ => return Self::shared(scheme, &bytes),
        };
        let secret = |bytes| Secret::new(encoded(scheme.key_form, bytes));
        Ok(Self { receiver: secret(&receiver)?, sender: secret(&sender)? })
    }

    fn shared(scheme: &Scheme, bytes: &[u8; TAG_BYTES]) -> Result<Self, ConfigError> {
        let secret = match scheme.key_form {
            KeyForm::AsGiven => Secret::new(hex(bytes))?,
            form => Secret::new(encoded(form, bytes))?,
        };
        Ok(Self { receiver: secret.copy(), sender: secret })
    }

    /// Returns the receiver's key: the shared secret, or the sender's public key.
    #[must_use]
    pub fn receiver(&self) -> Secret {
        self.receiver.copy()
    }

    /// Returns the sender's key: the shared secret, or the private key.
    #[must_use]
    pub fn sender(&self) -> Secret {
        self.sender.copy()
    }
}

fn encoded(form: KeyForm, bytes: &[u8]) -> Vec<u8> {
    match form {
        KeyForm::AsGiven => bytes.to_vec(),
        KeyForm::Hex => hex(bytes).into_bytes(),
        KeyForm::Base64 { prefix } => {
            [prefix, &Encoding::Base64.encode(bytes)].concat().into_bytes()
        }
    }
}

impl fmt::Debug for TestKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKeys").finish_non_exhaustive()
    }
}
