//! A key: a secret with a name and a validity window.

use std::sync::Arc;

use super::secret::Secret;
use crate::time::Timestamp;

/// A secret with a name and the time in which it is valid.
#[derive(Debug)]
pub struct Key {
    pub(crate) name: Arc<str>,
    pub(crate) secret: Secret,
    pub(crate) window: Window,
}

impl Key {
    /// A key that is always valid. The name is reported when it matches, so it must tell nothing.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, secret: Secret) -> Self {
        Self { name: name.into(), secret, window: Window::ALWAYS }
    }

    /// Valid from `start` on.
    #[must_use]
    pub const fn not_before(mut self, start: Timestamp) -> Self {
        self.window.start = start;
        self
    }

    /// Valid up to and with `end`.
    #[must_use]
    pub const fn not_after(mut self, end: Timestamp) -> Self {
        self.window.end = end;
        self
    }
}

/// When a key is valid; both ends belong to it.
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
