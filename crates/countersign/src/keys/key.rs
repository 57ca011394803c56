//! A key: a secret with a name and a validity window.

use std::sync::Arc;

use super::secret::Secret;
use crate::time::Timestamp;

/// A secret with a name and a validity window.
///
/// The name of the key that verified a request appears in logs and metrics, so that an operator sees
/// when a rotation is complete.
///
/// ```
/// use countersign::{Key, Secret, Timestamp};
///
/// let key = Key::new("2026-a", Secret::new("the old secret of the sender")?)
///     .not_after(Timestamp::from_secs(1_790_000_000));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Key {
    pub(crate) name: Arc<str>,
    pub(crate) secret: Secret,
    pub(crate) window: Window,
}

impl Key {
    /// Creates a key that is always valid.
    ///
    /// The name is reported when the key matches, so it must not reveal anything secret.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, secret: Secret) -> Self {
        Self { name: name.into(), secret, window: Window::ALWAYS }
    }

    /// Makes the key valid from `start`, inclusive.
    #[must_use]
    pub const fn not_before(mut self, start: Timestamp) -> Self {
        self.window.start = start;
        self
    }

    /// Makes the key valid until `end`, inclusive.
    #[must_use]
    pub const fn not_after(mut self, end: Timestamp) -> Self {
        self.window.end = end;
        self
    }
}

/// The validity window of a key; both ends are inclusive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Window {
    const ALWAYS: Self =
        Self { start: Timestamp::from_millis(0), end: Timestamp::from_millis(u64::MAX) };

    pub(crate) fn contains(self, now: Timestamp) -> bool {
        self.start <= now && now <= self.end
    }
}
