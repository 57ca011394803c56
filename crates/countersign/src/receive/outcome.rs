//! What became of a verified delivery, and what the sender is told of it.

use std::time::Duration;

use crate::dedup::{StoreError, StoreErrorKind};

/// After what time a sender may as well ask again, where nothing better is known.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What became of a verified delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler succeeded, and the event is marked as handled.
    Handled,
    /// The handler succeeded; marking the event failed and is being tried again.
    CommitPending,
    /// The handler succeeded after its lease ran out and another took over: it may have run twice.
    LeaseLost,
    /// The handler answered with no success; the claim is released.
    Failed,
    /// The handler panicked; the claim is released.
    Panicked,
    /// The handler was stopped: it ran past its limit, or lost its lease to another.
    Cancelled,
    /// The handler runs on past the sender's deadline; a retry will find what came of it.
    DeadlineExceeded,
    /// The event was handled before; the handler did not run.
    Duplicate {
        /// Whether the delivery handled before had the same body.
        same_body: bool,
    },
    /// Another delivery of the event is being handled; the handler did not run.
    InProgress {
        /// How long that one's lease still runs.
        retry_after: Duration,
    },
    /// The store failed; the handler did not run.
    StoreUnavailable,
    /// The store holds as many events as it may; the handler did not run.
    StoreFull,
    /// The service is shutting down; the handler did not run.
    ShuttingDown,
    /// It was the sender's handshake and is answered; the handler did not run.
    HandshakeAnswered,
}

impl Outcome {
    /// The status to answer with; `None` where it is the handler's own, or a handshake's.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Handled
            | Self::CommitPending
            | Self::LeaseLost
            | Self::Failed
            | Self::HandshakeAnswered => None,
            Self::Duplicate { .. } => Some(200),
            Self::Panicked => Some(500),
            Self::Cancelled
            | Self::DeadlineExceeded
            | Self::InProgress { .. }
            | Self::StoreUnavailable
            | Self::StoreFull
            | Self::ShuttingDown => Some(503),
        }
    }

    /// The whole seconds to send as `Retry-After`, where the answer is 503.
    #[must_use]
    pub fn retry_after(self) -> Option<u64> {
        let span = match self {
            Self::InProgress { retry_after } => retry_after,
            _ if self.status() == Some(503) => ASK_AGAIN,
            _ => return None,
        };
        Some(span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1))
    }

    /// A short fixed name, for metrics and logs.
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
