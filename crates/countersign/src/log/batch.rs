//! What is written at a time.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::entry::{LogEntry, is_success};
use crate::time::Timestamp;

/// What a [`LogStore`](super::LogStore) writes at a time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogBatch {
    /// The lines, in the order of their responses.
    pub entries: Vec<LogEntry>,
    /// The counts to add, at most one for each minute, endpoint, outcome and kind of rejection.
    pub rates: Vec<LogRate>,
}

impl LogBatch {
    /// Creates a batch, for tests of a store.
    #[must_use]
    pub const fn new(entries: Vec<LogEntry>, rates: Vec<LogRate>) -> Self {
        Self { entries, rates }
    }
}

/// How many requests of one endpoint had one outcome in one minute.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogRate {
    /// The name of the endpoint.
    pub endpoint: Arc<str>,
    /// The beginning of the minute.
    pub minute: Timestamp,
    /// The outcome, as in [`LogEntry::outcome`].
    pub outcome: Cow<'static, str>,
    /// The kind of the rejection; empty if they were not rejected.
    pub rejection: Cow<'static, str>,
    /// The number of requests.
    pub count: u64,
    /// The sum of the times from their arrival to their responses.
    pub took: Duration,
}

impl LogRate {
    /// Creates the count of one minute.
    #[must_use]
    pub fn new(
        endpoint: impl Into<Arc<str>>,
        minute: Timestamp,
        outcome: impl Into<Cow<'static, str>>,
        count: u64,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            minute,
            outcome: outcome.into(),
            rejection: Cow::Borrowed(""),
            count,
            took: Duration::ZERO,
        }
    }

    /// Returns whether these requests count as successes: their events were handled, stored or known.
    #[must_use]
    pub fn is_success(&self) -> bool {
        is_success(&self.outcome)
    }

    /// Returns whether these requests were rejected: they say nothing about the handler, and anyone can send
    /// them.
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        self.outcome == "rejected"
    }
}
