//! The messages between the processes, one line of JSON each.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dedup::{StoreError, StoreErrorKind, UpdateOutcome};

/// Marks a reply among the other output of a process.
pub(super) const REPLY_MARKER: &str = "countersign-store-reply ";

#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) number: usize,
    pub(super) key: [u8; 32],
    pub(super) call: Call,
}

#[derive(Deserialize, Serialize)]
pub(super) enum Call {
    Claim { fingerprint: u64, lease: Duration },
    Renew { fencing_token: u64, lease: Duration },
    Commit { fencing_token: u64, retention: Duration },
    Release { fencing_token: u64 },
}

#[derive(Deserialize, Serialize)]
pub(super) struct Reply {
    pub(super) number: usize,
    pub(super) result: CallResult,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) enum CallResult {
    Acquired { fencing_token: u64, takeover: bool },
    InProgress { retry_after: Duration },
    Duplicate { same_body: bool },
    Applied,
    StaleToken,
    Failed { kind: FailureKind, message: String },
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) enum FailureKind {
    Unavailable,
    Timeout,
    Full,
}

impl CallResult {
    pub(super) fn unavailable(message: &str) -> Self {
        Self::Failed { kind: FailureKind::Unavailable, message: message.to_owned() }
    }

    pub(super) fn into_error(self) -> StoreError {
        let Self::Failed { kind, message } = self else {
            let message = format!("the process replied {self:?}, which does not fit the call");
            return StoreError::new(StoreErrorKind::Unavailable, message);
        };
        let kind = match kind {
            FailureKind::Unavailable => StoreErrorKind::Unavailable,
            FailureKind::Timeout => StoreErrorKind::Timeout,
            FailureKind::Full => StoreErrorKind::Full,
        };
        StoreError::new(kind, message)
    }
}

impl From<UpdateOutcome> for CallResult {
    fn from(outcome: UpdateOutcome) -> Self {
        match outcome {
            UpdateOutcome::Applied => Self::Applied,
            UpdateOutcome::StaleToken => Self::StaleToken,
        }
    }
}

impl From<StoreError> for CallResult {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            StoreErrorKind::Unavailable => FailureKind::Unavailable,
            StoreErrorKind::Timeout => FailureKind::Timeout,
            StoreErrorKind::Full => FailureKind::Full,
        };
        Self::Failed { kind, message: error.to_string() }
    }
}
