//! The outcomes of a verified delivery, and the status that the sender gets for each.

use std::time::Duration;

use crate::dedup::{StoreError, StoreErrorKind};
use crate::error::RETRY_AFTER;

/// The outcome of a verified delivery.
///
/// An adapter puts it into the extensions of the response, where outer layers can read it, and counts it
/// in [metrics](https://github.com/countersign/countersign/blob/main/docs/observability.md).
///
/// ```
/// use std::time::Duration;
///
/// use countersign::Outcome;
///
/// let outcome = Outcome::InProgress { retry_after: Duration::from_millis(1500) };
/// assert_eq!(outcome.status(), Some(503));
/// assert_eq!(outcome.retry_after(), Some(2));
///
/// // The handler's own response is sent.
/// assert_eq!(Outcome::Handled.status(), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler succeeded, and the event is marked as handled.
    Handled,
    /// The handler succeeded. Marking the event as handled failed and is being retried.
    CommitPending,
    /// The handler succeeded after its lease had expired and another claim had taken the event over, so
    /// it may have run twice.
    LeaseLost,
    /// The handler returned an error or a status other than 2xx. The claim is released.
    Failed,
    /// The handler panicked. The claim is released.
    Panicked,
    /// The handler was cancelled: at `handler_timeout`, because its lease was lost, or because the
    /// service stops. The claim is released.
    Cancelled,
    /// The handler continues past the sender's response deadline. A retry gets its outcome.
    DeadlineExceeded,
    /// The event is stored in the inbox, from which a worker will handle it. The handler did not run.
    Stored,
    /// The event was handled, or stored in the inbox, before. The handler did not run.
    Duplicate {
        /// Whether the delivery that was handled had the same body.
        same_body: bool,
    },
    /// Another delivery of the event is being handled. The handler did not run.
    InProgress {
        /// The remaining time of the other delivery's lease.
        retry_after: Duration,
    },
    /// The store failed to claim the event. The handler did not run.
    StoreUnavailable,
    /// The store is at its capacity. The handler did not run.
    StoreFull,
    /// The service is shutting down. The handler did not run.
    ShuttingDown,
    /// The request was the sender's handshake, which the response answers. The handler did not run.
    HandshakeAnswered,
}

impl Outcome {
    /// Returns the status to send, or `None` where the handler's or the handshake's response is sent.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Handled
            | Self::CommitPending
            | Self::LeaseLost
            | Self::Failed
            | Self::HandshakeAnswered => None,
            Self::Stored | Self::Duplicate { .. } => Some(200),
            Self::Panicked => Some(500),
            Self::Cancelled
            | Self::DeadlineExceeded
            | Self::InProgress { .. }
            | Self::StoreUnavailable
            | Self::StoreFull
            | Self::ShuttingDown => Some(503),
        }
    }

    /// Returns the whole seconds to send as `Retry-After`, if the status is 503.
    #[must_use]
    pub fn retry_after(self) -> Option<u64> {
        let duration = match self {
            Self::InProgress { retry_after } => retry_after,
            _ if self.status() == Some(503) => Duration::from_secs(RETRY_AFTER),
            _ => return None,
        };
        let rounded_up = u64::from(duration.subsec_nanos() > 0);
        Some(duration.as_secs().saturating_add(rounded_up).max(1))
    }

    /// Returns a fixed name in snake case, for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::CommitPending => "commit_pending",
            Self::LeaseLost => "lease_lost",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Stored => "stored",
            Self::Duplicate { .. } => "duplicate",
            Self::InProgress { .. } => "in_progress",
            Self::StoreUnavailable => "store_unavailable",
            Self::StoreFull => "store_full",
            Self::ShuttingDown => "shutting_down",
            Self::HandshakeAnswered => "handshake_answered",
        }
    }
}

impl From<&StoreError> for Outcome {
    fn from(error: &StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Full => Self::StoreFull,
            StoreErrorKind::Unavailable | StoreErrorKind::Timeout => Self::StoreUnavailable,
        }
    }
}
