//! The error of the suite.

use std::fmt;

use crate::dedup::StoreError;

/// A breach of the store's contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    kind: ViolationKind,
    description: String,
}

/// The part of the contract that a [`Violation`] breaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// An event counted as handled although no claim committed it.
    Lost,
    /// A claim was granted while another claim's lease ran.
    ConcurrentClaims,
    /// A handled event was granted or released within its retention.
    HandledTwice,
    /// A fencing token was not higher than every earlier one of the event.
    FencingTokenNotHigher,
    /// An operation with a stale fencing token was applied.
    StaleTokenApplied,
    /// An operation on one event changed another event.
    NotIsolated,
    /// An event could not be claimed although its lease had expired.
    Stuck,
    /// An outcome that the event's state does not allow.
    UnexpectedOutcome,
    /// The store returned an error.
    Failed,
}

impl Violation {
    pub(super) fn new(kind: ViolationKind, description: impl Into<String>) -> Self {
        Self { kind, description: description.into() }
    }

    /// Fails with `kind` unless `holds`.
    pub(super) fn unless(
        holds: bool,
        kind: ViolationKind,
        description: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::new(kind, description())) }
    }

    /// Prefixes the description with the name of the case.
    pub(super) fn in_case(mut self, case: &str) -> Self {
        self.description = format!("{case}: {}", self.description);
        self
    }

    /// Returns the part of the contract that is broken, to match on.
    #[must_use]
    pub const fn kind(&self) -> ViolationKind {
        self.kind
    }
}

impl From<StoreError> for Violation {
    fn from(error: StoreError) -> Self {
        Self::new(ViolationKind::Failed, format!("{:?}: {error}", error.kind()))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.description)
    }
}

impl std::error::Error for Violation {}
