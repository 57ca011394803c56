//! Errors of a store.

use std::fmt;

/// An operation of a store that failed; it may or may not have taken effect.
///
/// ```
/// use countersign::dedup::{StoreError, StoreErrorKind};
///
/// let error = StoreError::new(StoreErrorKind::Timeout, "no response within 2 s");
/// assert_eq!(error.kind().as_str(), "timeout");
/// assert_eq!(error.to_string(), "no response within 2 s");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: Box<str>,
}

impl StoreError {
    /// Creates an error of `kind`.
    ///
    /// The message is for the operator's log, so it must not contain a secret.
    #[must_use]
    pub fn new(kind: StoreErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Returns the kind of the error, to match on.
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

/// The kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached or has failed.
    Unavailable,
    /// The store did not return a result in time.
    Timeout,
    /// The store holds as many events as it can.
    Full,
}

impl StoreErrorKind {
    /// Returns the kind in snake case, as in the labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Full => "full",
        }
    }
}
