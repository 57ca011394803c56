//! Senders with the keys of one tenant, or with a dummy key for unknown tenants.

use std::sync::Arc;

use crate::contract::Contract;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::event::Identity;
use crate::keys::{Keyring, Secret};
use crate::senders::{Handshake, Sender};
use crate::verify::{Delivery, Verifier};

/// Creates a sender with the keys of a tenant.
pub(super) type MakeSender = dyn Fn(Keyring) -> Result<Arc<dyn Sender>, ConfigError> + Send + Sync;

/// A sender whose verifier names the tenant of its keys.
pub(super) struct TenantSender {
    sender: Arc<dyn Sender>,
    verifier: Arc<Verifier>,
}

impl TenantSender {
    pub(super) fn new(sender: Arc<dyn Sender>, change: impl FnOnce(&Verifier) -> Verifier) -> Self {
        let verifier = Arc::new(change(sender.verifier()));
        Self { sender, verifier }
    }
}

impl Sender for TenantSender {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        self.sender.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.sender.identity(delivery)
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.sender.handshake()
    }
}

/// Returns a sender whose key no signature verifies under: it rejects every request, after the usual
/// work.
pub(super) fn dummy_sender(sender: &MakeSender) -> Result<Arc<dyn Sender>, ConfigError> {
    /// One key for each form that a sender takes: text that is valid hexadecimal and base64; the public
    /// key of RFC 8032 section 7.1, test 1, in two forms; a P-256 public key.
    const KEYS: [&str; 4] = [
        "5f5e1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f",
        "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==",
    ];
    let mut result = Err(ConfigError::new(ConfigErrorKind::MissingSetting, "no key fits"));
    for key in KEYS {
        result = sender(Secret::new(key)?.into());
        match &result {
            Err(error) if error.kind() == ConfigErrorKind::InvalidSecret => {}
            _ => break,
        }
    }
    result.map(|sender| Arc::new(TenantSender::new(sender, Verifier::as_dummy)) as Arc<dyn Sender>)
}
