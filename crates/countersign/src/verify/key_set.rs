//! A verifier's keys.

use std::fmt;
use std::sync::Arc;

use crate::crypto::encoding::hex;
use crate::crypto::mac::{HmacKey, TAG_BYTES, key_fingerprint};
use crate::error::ConfigError;
use crate::keys::{Keyring, Window};
use crate::scheme::Scheme;
use crate::time::Timestamp;
use crate::verify::first_key::FirstKey;
use crate::verify::key::VerificationKey;

/// Shorter keys are reported as weak: Standard Webhooks advises at least 24 bytes.
const ADVISED_KEY_BYTES: usize = 24;

/// The keys of a verifier, each under the number by which a delivery refers to it.
///
/// Clones share the keys, and the memory of which one to try first.
#[derive(Clone, Default)]
pub(crate) struct KeySet {
    keys: Arc<[NamedKey]>,
    first: Arc<FirstKey>,
}

struct NamedKey {
    name: Arc<str>,
    /// The number of the first key that verifies the same signatures: mostly this key's own.
    group: usize,
    is_weak: bool,
    window: Window,
    key: VerificationKey,
    fingerprint: [u8; TAG_BYTES],
}

impl KeySet {
    /// Prepares the keys of `keyring` for `scheme`.
    pub(crate) fn new(scheme: &Scheme, keyring: &Keyring) -> Result<Self, ConfigError> {
        let mut keys: Vec<NamedKey> = Vec::with_capacity(keyring.keys().len());
        for named in keyring.keys() {
            let bytes = scheme.key_bytes(&named.secret)?;
            let key = VerificationKey::new(scheme, &named.name, &bytes)?;
            let fingerprint = key_fingerprint(&bytes);
            let is_same = |other: &NamedKey| {
                other.fingerprint == fingerprint || other.key.is_same_public_key(&key)
            };
            keys.push(NamedKey {
                name: Arc::clone(&named.name),
                group: keys.iter().position(is_same).unwrap_or(keys.len()),
                is_weak: scheme.has_secret_key() && bytes.len() < ADVISED_KEY_BYTES,
                window: named.window,
                key,
                fingerprint,
            });
        }
        Ok(Self { keys: keys.into(), first: Arc::default() })
    }

    /// Returns the keys that are valid at `now`, with their numbers.
    pub(crate) fn valid(&self, now: Timestamp) -> impl Iterator<Item = (usize, &VerificationKey)> {
        let keys = self.keys.iter().enumerate();
        keys.filter(move |(_, key)| key.window.contains(now)).map(|(index, key)| (index, &key.key))
    }

    /// Returns the key to try first, with its number: the one that verified the latest requests if it is
    /// valid at `now`, or else the first valid one.
    #[inline]
    pub(crate) fn first(&self, now: Timestamp) -> Option<(usize, &VerificationKey)> {
        // Most senders have one key, and need no memory.
        let number = if self.keys.len() > 1 { self.first.number() } else { 0 };
        match self.keys.get(number).filter(|key| key.window.contains(now)) {
            Some(key) => Some((number, &key.key)),
            None => self.valid(now).next(),
        }
    }

    /// Returns the last key, of those that are valid at `now`, for which `verify` returns a value, with that
    /// value, and remembers the key as the one to try first.
    ///
    /// The result does not depend on what is remembered: it names the key in metrics, and two deliveries
    /// of one event must have the same name. `first` is the number of the key to try first. If it verifies
    /// a request that has one signature (`has_one_signature`), no other key does, and no other is tried.
    ///
    /// The time taken shows which key verified a request, to a sender that has a key and to a client that
    /// sends a captured request again. The number of a key is not a secret. A forged request is tried with every
    /// valid key, each once, so its time does not depend on the keys.
    #[inline]
    pub(crate) fn find_match<M>(
        &self,
        first: usize,
        now: Timestamp,
        has_one_signature: impl FnOnce() -> bool,
        mut verify: impl FnMut(usize, &VerificationKey) -> Option<M>,
    ) -> Option<(usize, M)> {
        let key = self.keys.get(first).filter(|key| key.window.contains(now))?;
        let mut matched = verify(first, &key.key).map(|value| (first, value));
        if self.keys.len() == 1 {
            return matched;
        }
        // A list of signatures may hold one by each of several keys: a later key takes precedence.
        if matched.is_none() || !has_one_signature() {
            for (number, key) in self.keys.iter().enumerate().rev() {
                if number == first && matched.is_some() {
                    break;
                }
                if number == first || !key.window.contains(now) {
                    continue;
                }
                if let Some(value) = verify(number, &key.key) {
                    matched = Some((number, value));
                    break;
                }
            }
        }
        let (number, value) = matched?;
        self.first.record(number);
        Some((self.last_of_group(number, now), value))
    }

    /// Returns the number of the last valid key that verifies the same signatures as the key `number`.
    fn last_of_group(&self, number: usize, now: Timestamp) -> usize {
        let group = self.keys.get(number).map(|key| key.group);
        let is_same = |key: &NamedKey| Some(key.group) == group && key.window.contains(now);
        self.keys.iter().rposition(is_same).unwrap_or(number)
    }

    /// Returns whether there is no key, since the secret is still to come.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the last key whose MAC runs while the body arrives: of those that are valid at `now`, or of
    /// all if the time is not known.
    pub(crate) fn last_hmac(&self, now: Option<Timestamp>) -> Option<&HmacKey> {
        let is_valid = |key: &&NamedKey| now.is_none_or(|now| key.window.contains(now));
        self.keys.iter().rev().filter(is_valid).find_map(|key| key.key.as_hmac())
    }

    /// Returns the names of the keys that are shorter than advised.
    pub(crate) fn weak(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|key| key.is_weak).map(|key| &*key.name)
    }

    /// Returns the name of the key with the number `key`; `none` for an unauthenticated scheme.
    pub(crate) fn name(&self, key: usize) -> &str {
        self.keys.get(key).map_or("none", |key| &*key.name)
    }

    /// Returns the fingerprint of each key.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = &[u8; TAG_BYTES]> {
        self.keys.iter().map(|key| &key.fingerprint)
    }

    /// Returns the HMAC of `text` under the key with the number `key`, in hexadecimal.
    pub(crate) fn hmac_hex(&self, key: usize, text: &[u8]) -> Option<String> {
        let key = self.keys.get(key)?.key.as_hmac()?;
        Some(hex(&key.tag([text, b"", b""]).to_bytes()))
    }
}

/// Writes the keys' names alone.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::encoding::Encoding;
    use crate::keys::{Key, Secret};
    use crate::scheme::SignatureLocation;

    const NOW: Timestamp = Timestamp::from_secs(10);

    /// Returns keys of which the one called 2 has expired.
    fn keys(count: u64) -> KeySet {
        let signature = SignatureLocation::header("x-signature", Encoding::Hex);
        let scheme = Scheme::hmac_sha256("keys", signature).build().unwrap();
        let keys = (0..count).map(|number| {
            let secret = Secret::new(format!("secret {number}")).unwrap();
            let end = if number == 2 { 9 } else { 11 };
            Key::new(number.to_string(), secret).not_after(Timestamp::from_secs(end))
        });
        KeySet::new(&scheme, &Keyring::new(keys).unwrap()).unwrap()
    }

    /// Returns the keys that are tried for a request that `signers` signed, and the one that is found.
    #[track_caller]
    fn tried(keys: &KeySet, signers: &[usize]) -> (Vec<usize>, Option<usize>) {
        let mut tried = Vec::new();
        let (first, _) = keys.first(NOW).unwrap();
        let found = keys.find_match(
            first,
            NOW,
            || signers.len() == 1,
            |number, _| {
                tried.push(number);
                signers.contains(&number).then_some(())
            },
        );
        (tried, found.map(|(number, ())| number))
    }

    #[test]
    fn a_forged_request_is_tried_once_with_each_valid_key() {
        let keys = keys(5);
        assert_eq!(tried(&keys, &[]), (vec![0, 4, 3, 1], None));
        assert_eq!(tried(&keys, &[2]), (vec![0, 4, 3, 1], None));
        keys.first.record(3);
        keys.first.record(3);
        assert_eq!(tried(&keys, &[]), (vec![3, 4, 1, 0], None));
    }

    #[test]
    fn a_key_that_verifies_in_succession_is_tried_alone() {
        let keys = keys(8);
        assert_eq!(tried(&keys, &[6]), (vec![0, 7, 6], Some(6)));
        assert_eq!(tried(&keys, &[6]), (vec![0, 7, 6], Some(6)));
        assert_eq!(tried(&keys, &[6]), (vec![6], Some(6)));
        assert_eq!(tried(&keys, &[0]).1, Some(0));
        assert_eq!(tried(&keys, &[6]), (vec![6], Some(6)));
    }

    #[test]
    fn of_two_keys_in_turns_every_second_request_is_tried_with_one() {
        let keys = keys(2);
        let counts = [1, 0, 1, 0, 1, 0].map(|signer| tried(&keys, &[signer]).0.len());
        assert_eq!(counts, [2, 1, 2, 1, 2, 1]);
    }

    #[test]
    fn a_sender_that_signs_with_two_keys_is_tried_with_the_later_one_alone() {
        let keys = keys(2);
        let counts = [2, 2, 1, 1].map(|count| (count, Some(1)));
        for expected in counts {
            let (tried, found) = tried(&keys, &[0, 1]);
            assert_eq!((tried.len(), found), expected);
        }
    }

    #[test]
    fn a_remembered_key_that_has_expired_is_not_tried() {
        let keys = keys(4);
        keys.first.record(2);
        keys.first.record(2);
        assert_eq!(tried(&keys, &[3]), (vec![0, 3], Some(3)));
        assert_eq!(keys.find_match(2, NOW, || true, |_, _| Some(())), None);
    }
}
