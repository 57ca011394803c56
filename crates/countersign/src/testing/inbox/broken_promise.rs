//! A promise that a store breaks.

use std::fmt::{self, Debug};

use crate::dedup::StoreError;

/// A promise of [`InboxStore`](crate::inbox::InboxStore) that a store breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokenPromise {
    promise: &'static str,
    found: String,
}

impl BrokenPromise {
    pub(super) fn new(promise: &'static str, found: impl Into<String>) -> Self {
        Self { promise, found: found.into() }
    }

    /// Returns what the store should do, such as `an event is stored once`.
    #[must_use]
    pub const fn promise(&self) -> &'static str {
        self.promise
    }
}

impl fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.found)
    }
}

impl std::error::Error for BrokenPromise {}

impl From<StoreError> for BrokenPromise {
    fn from(error: StoreError) -> Self {
        Self::new("a store that works does not fail", error.to_string())
    }
}

/// Fails unless both are equal.
#[expect(clippy::needless_pass_by_value, reason = "callers have values, not places")]
pub(super) fn promise<T: Debug + PartialEq>(
    promise: &'static str,
    found: T,
    expected: T,
) -> Result<(), BrokenPromise> {
    if found == expected {
        return Ok(());
    }
    Err(BrokenPromise::new(promise, format!("expected {expected:?}, found {found:?}")))
}
