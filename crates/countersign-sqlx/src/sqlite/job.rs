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

#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Claim { key: EventKey, fingerprint: u64, lease: Duration },
    Settle { key: EventKey, fence: Fence, how: Settle, span: Duration },
    Forget { key: EventKey },
    Purge { limit: u32 },
}

/// `span` is the lease or the retention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settle {
    Renew,
    Commit,
    Release,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Claim(Claim),
    /// How many rows were changed.
    Changed(u64),
}

impl Answer {
    pub(super) fn claim(self) -> Result<Claim, StoreError> {
        match self {
            Self::Claim(claim) => Ok(claim),
            Self::Changed(_) => Err(mixed_up()),
        }
    }

    pub(super) fn changed(self) -> Result<u64, StoreError> {
        match self {
            Self::Changed(rows) => Ok(rows),
            Self::Claim(_) => Err(mixed_up()),
        }
    }

    pub(super) fn settled(self) -> Result<Settled, StoreError> {
        Ok(if self.changed()? > 0 { Settled::Applied } else { Settled::Stale })
    }
}

fn mixed_up() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer gave another's answer")
}
