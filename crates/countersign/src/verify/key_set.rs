//! A verifier's keys.

use std::fmt;
use std::sync::Arc;

use crate::crypto::encoding::hex;
use crate::crypto::mac::{HmacKey, TAG_BYTES, key_fingerprint};
use crate::error::ConfigError;
use crate::keys::{Keyring, Window};
use crate::scheme::Scheme;
use crate::time::Timestamp;
use crate::verify::key::VerificationKey;

/// Shorter keys are reported as weak: Standard Webhooks advises at least 24 bytes.
const ADVISED_KEY_BYTES: usize = 24;

/// The keys of a verifier, each under the number by which a delivery refers to it.
///
/// Clones share the keys.
#[derive(Clone, Default)]
pub(crate) struct KeySet(Arc<[NamedKey]>);

struct NamedKey {
    name: Arc<str>,
    is_weak: bool,
    window: Window,
    key: VerificationKey,
    fingerprint: [u8; TAG_BYTES],
}

impl KeySet {
    /// Prepares the keys of `keyring` for `scheme`.
    pub(crate) fn new(scheme: &Scheme, keyring: &Keyring) -> Result<Self, ConfigError> {
        let mut keys = Vec::with_capacity(keyring.keys().len());
        for key in keyring.keys() {
            let bytes = scheme.key_bytes(&key.secret)?;
            keys.push(NamedKey {
                name: Arc::clone(&key.name),
                is_weak: scheme.has_secret_key() && bytes.len() < ADVISED_KEY_BYTES,
                window: key.window,
                key: VerificationKey::new(scheme, &key.name, &bytes)?,
                fingerprint: key_fingerprint(&bytes),
            });
        }
        Ok(Self(keys.into()))
    }

    /// Returns the keys that are valid at `now`, with their numbers.
    pub(crate) fn valid(&self, now: Timestamp) -> impl Iterator<Item = (usize, &VerificationKey)> {
        let keys = self.0.iter().enumerate();
        keys.filter(move |(_, key)| key.window.contains(now)).map(|(index, key)| (index, &key.key))
    }

    /// Returns the keys that are valid at `now` and whose MAC runs while the body arrives.
    pub(crate) fn valid_hmacs(&self, now: Timestamp) -> impl Iterator<Item = (usize, &HmacKey)> {
        self.valid(now).filter_map(|(index, key)| Some((index, key.as_hmac()?)))
    }

    /// Returns whether there is no key, since the secret is still to come.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the last key whose MAC runs while the body arrives: of those that are valid at `now`, or of
    /// all if the time is not known.
    pub(crate) fn last_hmac(&self, now: Option<Timestamp>) -> Option<&HmacKey> {
        let is_valid = |key: &&NamedKey| now.is_none_or(|now| key.window.contains(now));
        self.0.iter().rev().filter(is_valid).find_map(|key| key.key.as_hmac())
    }

    /// Returns the names of the keys that are shorter than advised.
    pub(crate) fn weak(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|key| key.is_weak).map(|key| &*key.name)
    }

    /// Returns the name of the key with the number `key`; `none` for an unauthenticated scheme.
    pub(crate) fn name(&self, key: usize) -> &str {
        self.0.get(key).map_or("none", |key| &*key.name)
    }

    /// Returns the fingerprint of each key.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = &[u8; TAG_BYTES]> {
        self.0.iter().map(|key| &key.fingerprint)
    }

    /// Returns the HMAC of `text` under the key with the number `key`, in hexadecimal.
    pub(crate) fn hmac_hex(&self, key: usize, text: &[u8]) -> Option<String> {
        let key = self.0.get(key)?.key.as_hmac()?;
        Some(hex(&key.tag([text, b"", b""]).to_bytes()))
    }
}

/// Writes the keys' names alone.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}
