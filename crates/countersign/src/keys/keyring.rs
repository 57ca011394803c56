//! A keyring: the keys that a sender may sign with now.

use super::key::Key;
use super::secret::Secret;
use crate::error::{ConfigError, ConfigErrorKind};

/// The most keys a ring may hold: each costs one MAC pass over every body.
const MAX_KEYS: usize = 8;

/// The keys a sender may use now: several while one replaces another.
///
/// A plain [`Secret`] turns into a ring of one key named `default`.
///
/// ```
/// use countersign::{Key, Keyring, Secret, Timestamp};
///
/// let ring = Keyring::new([
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
    /// A ring of one to eight keys with different names.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidKeyring`] if there is no key, there are more than eight, two share
    /// a name, or a key's `not_after` lies before its `not_before`.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, ConfigError> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let invalid =
            |message: String| Err(ConfigError::new(ConfigErrorKind::InvalidKeyring, message));
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return invalid(format!("key ring has {} keys: give it one to {MAX_KEYS}", keys.len()));
        }
        for (at, key) in keys.iter().enumerate() {
            if keys.iter().skip(at + 1).any(|other| other.name == key.name) {
                return invalid(format!(
                    "two keys are named `{}`: name each differently",
                    key.name
                ));
            }
            if key.window.end < key.window.start {
                return invalid(format!(
                    "key `{}` ends before it begins: swap its times",
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
