//! What the writer is asked to do.

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use tokio::sync::oneshot;

/// An operation, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

impl Job {
    /// A claim that nobody waits for any more is not to be made. All else is meant all the same.
    pub(super) fn is_given_up(&self) -> bool {
        matches!(self.operation, Operation::Claim { .. }) && self.answer.is_closed()
    }

    /// What gives up a claim that was granted to somebody who has gone.
    pub(super) fn giving_up(asked: &Operation, answer: &Answer) -> Option<Self> {
        match (asked, answer) {
            (
                Operation::Claim { key, .. },
                Answer::Claim(ClaimOutcome::Acquired { fencing_token, .. }),
            ) => {
                let (how, span) = (Settle::Release, Duration::ZERO);
                let operation =
                    Operation::Settle { key: *key, fencing_token: *fencing_token, how, span };
                Some(Self { operation, answer: oneshot::channel().0 })
            }
            _ => None,
        }
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
        fencing_token: FencingToken,
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
    Claim(ClaimOutcome),
    /// How many rows were changed.
    Changed(u64),
    /// `next` is where it goes on; `None` after the last row.
    Swept {
        removed: u64,
        next: Option<Place>,
    },
}

impl Answer {
    pub(super) fn claim(self) -> Result<ClaimOutcome, StoreError> {
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

    pub(super) fn settled(self) -> Result<UpdateOutcome, StoreError> {
        Ok(if self.changed()? > 0 { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken })
    }
}

fn mixed_up() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer gave another's answer")
}
