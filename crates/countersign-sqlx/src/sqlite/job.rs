//! What the writer is asked to do.

use std::time::Duration;

use countersign::{Claim, EventKey, Fence, Settled, StoreError, StoreErrorKind};
use tokio::sync::oneshot;

/// An operation, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

impl Job {
    /// One whose answer nobody waits for.
    pub(super) fn unasked(operation: Operation) -> Self {
        Self { operation, answer: oneshot::channel().0 }
    }
}

/// The bytes of the key that was looked at last, none before the first.
pub(super) type Place = Vec<u8>;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Claim {
        key: EventKey,
        fingerprint: u64,
        lease: Duration,
    },
    Settle {
        key: EventKey,
        fence: Fence,
        how: Settle,
        span: Duration,
    },
    Forget {
        key: EventKey,
    },
    /// Of at most `limit` rows that are over.
    Sweep {
        from: Place,
        limit: u32,
    },
}

/// `span` is the lease or the retention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settle {
    Renew,
    Commit,
    Release,
}

#[derive(Debug)]
pub(super) enum Answer {
    Claim(Claim),
    /// How many rows were changed.
    Changed(u64),
    /// `next` is where it goes on; `None` after the last row.
    Swept {
        removed: u64,
        next: Option<Place>,
    },
}

impl Answer {
    pub(super) fn claim(self) -> Result<Claim, StoreError> {
        match self {
            Self::Claim(claim) => Ok(claim),
            _ => Err(mixed_up()),
        }
    }

    pub(super) fn changed(self) -> Result<u64, StoreError> {
        match self {
            Self::Changed(rows) => Ok(rows),
            _ => Err(mixed_up()),
        }
    }

    pub(super) fn swept(self) -> Result<(u64, Option<Place>), StoreError> {
        match self {
            Self::Swept { removed, next } => Ok((removed, next)),
            _ => Err(mixed_up()),
        }
    }

    pub(super) fn settled(self) -> Result<Settled, StoreError> {
        Ok(if self.changed()? > 0 { Settled::Applied } else { Settled::Stale })
    }
}

fn mixed_up() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer gave another's answer")
}
