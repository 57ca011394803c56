//! The errors of a store.

use std::fmt;

/// Why a store did not do as asked; whether the operation took effect is then unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: Box<str>,
}

impl StoreError {
    /// An error of `kind`; `message` is for the operator and holds no secret.
    #[must_use]
    pub fn new(kind: StoreErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What was wrong, to match on.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

/// What was wrong with a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It cannot be reached, or failed.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// It holds as many events as it may.
    Full,
}
