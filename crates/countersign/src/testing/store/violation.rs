//! What a store did wrong.

use std::fmt;

use crate::dedup::StoreError;

/// What a store did that its contract forbids.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    kind: ViolationKind,
    how: String,
}

/// Which part of the contract is broken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// An event was taken for handled that nobody committed.
    Lost,
    /// A claim was granted while another's lease ran.
    TwoAtATime,
    /// A claim was granted, or the event given up, though it was handled and is to be remembered.
    DoneTwice,
    /// A fencing token is not higher than every one granted for the event before.
    FencingTokenNotHigher,
    /// An operation with a fencing token that is not the current one was applied.
    StaleApplied,
    /// An operation on one event showed on another.
    NotIsolated,
    /// An event stays out of reach though its lease is over.
    Stuck,
    /// Another answer than the states of an event allow.
    Transition,
    /// The store failed.
    Failed,
}

impl Violation {
    pub(super) fn new(kind: ViolationKind, how: impl Into<String>) -> Self {
        Self { kind, how: how.into() }
    }

    /// `kind` unless `holds`.
    pub(super) fn unless(
        holds: bool,
        kind: ViolationKind,
        how: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::new(kind, how())) }
    }

    /// Says where it was found.
    pub(super) fn in_case(mut self, case: &str) -> Self {
        self.how = format!("{case}: {}", self.how);
        self
    }

    /// Which part of the contract is broken, to match on.
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
        write!(f, "{:?}: {}", self.kind, self.how)
    }
}

impl std::error::Error for Violation {}
