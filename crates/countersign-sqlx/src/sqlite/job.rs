//! The operations that the writer executes.

use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::inbox::{
    ClaimedMessages, EnqueueOutcome, MessageClaim, MessageFilter, MessageRetention, MessageToken,
    NewMessage, SettleOutcome, Settled, Settlement,
};
use countersign::log::{LogBatch, LogRetention};
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
        let is_claim = matches!(
            self.operation,
            Operation::Claim { .. } | Operation::Inbox(InboxOperation::Claim(_))
        );
        is_claim && self.reply.is_closed()
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
            (Operation::Inbox(InboxOperation::Claim(_)), Output::Claimed(claimed))
                if !claimed.messages.is_empty() =>
            {
                let returned = Settled::Returned { after: Duration::ZERO };
                let messages = claimed.messages.iter();
                let settlements = messages.map(|message| Settlement::new(message.token, returned));
                let settle = InboxOperation::Settle(settlements.collect());
                Some(Self { operation: Operation::Inbox(settle), reply: oneshot::channel().0 })
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
    Inbox(InboxOperation),
    Log(LogOperation),
}

/// An operation of the inbox.
#[derive(Clone, Debug)]
pub(super) enum InboxOperation {
    Enqueue(Arc<NewMessage>),
    Claim(Arc<MessageClaim>),
    Renew { tokens: Arc<[MessageToken]>, lease: Duration },
    Settle(Arc<[Settlement]>),
    Prune { keep: MessageRetention, limit: u32 },
    SetPaused { endpoint: Box<str>, is_paused: bool },
    Replay { filter: Box<MessageFilter>, limit: u32 },
    Discard { filter: Box<MessageFilter>, limit: u32 },
}

/// An operation of the delivery log.
#[derive(Clone, Debug)]
pub(super) enum LogOperation {
    Append(Arc<LogBatch>),
    Prune { retention: LogRetention, limit: u32 },
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
    Enqueued(EnqueueOutcome),
    Claimed(ClaimedMessages),
    Renewed(Vec<UpdateOutcome>),
    Settled(Vec<SettleOutcome>),
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

    pub(super) fn enqueued(self) -> Result<EnqueueOutcome, StoreError> {
        match self {
            Self::Enqueued(outcome) => Ok(outcome),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn claimed(self) -> Result<ClaimedMessages, StoreError> {
        match self {
            Self::Claimed(messages) => Ok(messages),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn renewed(self) -> Result<Vec<UpdateOutcome>, StoreError> {
        match self {
            Self::Renewed(outcomes) => Ok(outcomes),
            _ => Err(wrong_output()),
        }
    }

    pub(super) fn settled(self) -> Result<Vec<SettleOutcome>, StoreError> {
        match self {
            Self::Settled(outcomes) => Ok(outcomes),
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
