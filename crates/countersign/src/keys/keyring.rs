//! Keyrings: the keys that a sender may sign with.

use super::key::Key;
use super::secret::Secret;
use crate::error::{ConfigError, ConfigErrorKind};

/// The most keys of a keyring. Each valid key costs one MAC pass over the body of a forged request.
const MAX_KEYS: usize = 8;

/// The keys that a sender may sign with: one, or several during a rotation.
///
/// A [`Secret`] converts into a keyring of one key named `default`.
///
/// Further keys cost an authentic request next to nothing while its sender signs with one of them: the key
/// that verified the latest requests is tried first, and no other if it matches. While a sender's machines
/// sign with two keys in turns, every second request costs two MACs. A forged request costs one MAC for each
/// valid key, so set [`not_after`](Key::not_after) on old keys.
///
/// ```
/// use countersign::{Key, Keyring, Secret, Timestamp};
///
/// let keyring = Keyring::new([
///     Key::new("2026-a", Secret::new("the old secret of the sender")?)
///         .not_after(Timestamp::from_secs(1_790_000_000)),
///     Key::new("2026-b", Secret::new("the new secret of the sender")?),
/// ])?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<Key>,
}

impl Keyring {
    /// Creates a keyring of one to eight keys with different names.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidKeyring`] if there are no keys or more than eight, if two keys
    /// have the same name, or if a key's `not_after` is before its `not_before`.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, ConfigError> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let invalid =
            |message: String| Err(ConfigError::new(ConfigErrorKind::InvalidKeyring, message));
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return invalid(format!(
                "the keyring has {} keys: configure 1 to {MAX_KEYS}",
                keys.len()
            ));
        }
        for (index, key) in keys.iter().enumerate() {
            if keys.iter().skip(index + 1).any(|other| other.name == key.name) {
                return invalid(format!(
                    "two keys are named `{}`: give each key its own name",
                    key.name
                ));
            }
            if key.window.end < key.window.start {
                return invalid(format!(
                    "key `{}` has `not_after` before `not_before`: swap the two times",
                    key.name
                ));
            }
        }
        Ok(Self { keys })
    }

    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }
}

impl From<Secret> for Keyring {
    fn from(secret: Secret) -> Self {
        Self { keys: vec![Key::new("default", secret)] }
    }
}
