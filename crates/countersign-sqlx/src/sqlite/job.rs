//! The operations that the writer executes.

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use tokio::sync::oneshot;

/// An operation, and where its output is sent.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) reply: oneshot::Sender<Result<Output, StoreError>>,
}

impl Job {
    /// Returns whether the job is a claim whose caller was cancelled. Every other operation is executed
    /// even if its caller was cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.operation, Operation::Claim { .. }) && self.reply.is_closed()
    }

    /// Returns the job that releases a claim whose caller was cancelled; `None` if nothing was granted.
    pub(super) fn release_of(operation: &Operation, output: &Output) -> Option<Self> {
        match (operation, output) {
            (
                Operation::Claim { key, .. },
                Output::Claim(ClaimOutcome::Acquired { fencing_token, .. }),
            ) => {
                let (key, fencing_token) = (*key, *fencing_token);
                let operation = Operation::Update { key, fencing_token, update: Update::Release };
                Some(Self { operation, reply: oneshot::channel().0 })
            }
            _ => None,
        }
    }
}

/// The key up to which rows were swept; empty before the first row.
pub(super) type SweepPosition = Vec<u8>;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Claim {
        key: EventKey,
        fingerprint: u64,
        lease: Duration,
    },
    Update {
        key: EventKey,
        fencing_token: FencingToken,
        update: Update,
    },
    Forget {
        key: EventKey,
    },
    /// Deletes at most `limit` expired rows after the position.
    Sweep {
        from: SweepPosition,
        limit: u32,
    },
}

/// A change of a claim that needs its current fencing token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Update {
    Renew { lease: Duration },
    Commit { retention: Duration },
    Release,
}

#[derive(Debug)]
pub(super) enum Output {
    Claim(ClaimOutcome),
    /// The number of changed rows.
    Changed(u64),
    /// `next` is `None` after the last row.
    Swept {
        removed: u64,
        next: Option<SweepPosition>,
    },
}

impl Output {
    pub(super) fn claim_outcome(self) -> Result<ClaimOutcome, StoreError> {
        match self {
            Self::Claim(claim) => Ok(claim),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn changed(self) -> Result<u64, StoreError> {
        match self {
            Self::Changed(rows) => Ok(rows),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn swept(self) -> Result<(u64, Option<SweepPosition>), StoreError> {
        match self {
            Self::Swept { removed, next } => Ok((removed, next)),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn update_outcome(self) -> Result<UpdateOutcome, StoreError> {
        Ok(if self.changed()? > 0 { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken })
    }
}

fn wrong_output() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the SQLite writer returned the output of another operation: please report this bug",
    )
}
