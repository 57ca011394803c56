//! A line of the log.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::capture::CapturedRequest;
use crate::event::{EventKey, MessageId};
use crate::time::Timestamp;

/// The number of a line in its log: a later line has a greater one.
///
/// ```
/// use countersign::log::LogId;
///
/// assert!(LogId::new(7) < LogId::new(8));
/// assert_eq!(LogId::new(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LogId(u64);

impl LogId {
    /// Creates the id with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One request, as the log keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogEntry {
    /// When the request arrived, by the clock of the machine that received it.
    pub at: Timestamp,
    /// The name of the endpoint.
    pub endpoint: Arc<str>,
    /// The tenant whose keys verified the request.
    pub tenant: Option<Box<str>>,
    /// The sender's name.
    pub sender: Cow<'static, str>,
    /// What became of it: [`Outcome::as_str`](crate::Outcome::as_str), `rejected`, or `ignored` for an event
    /// that was acknowledged without a handler.
    pub outcome: Cow<'static, str>,
    /// The kind of the rejection, in snake case, if it was rejected.
    pub rejection: Option<Cow<'static, str>>,
    /// Why it was rejected, for the operator.
    pub reason: Option<Box<str>>,
    /// The status that the sender got; 0 if the service behind the layer failed without one.
    pub status: u16,
    /// The name of the key that verified the request.
    pub key_name: Option<Box<str>>,
    /// The event's key in the deduplication.
    pub key: Option<EventKey>,
    /// The message that holds the event, if this request stored it in an inbox.
    pub message: Option<MessageId>,
    /// The sender's id of the event.
    pub event_id: Option<Box<str>>,
    /// The event's type.
    pub event_type: Option<Box<str>>,
    /// Whether the request was authentic. If not, anyone can have written its id and its type.
    pub is_verified: bool,
    /// The size of the body in bytes, as far as it was read.
    pub body_bytes: u64,
    /// The time from the request's arrival to its response.
    pub took: Duration,
    /// The names of the headers of a rejected request, in their order.
    pub header_names: Vec<Box<str>>,
    /// The whole request, if it was rejected and [kept](super::DeliveryLogBuilder::capture_rejected).
    pub capture: Option<CapturedRequest>,
}

impl LogEntry {
    /// Creates the line of a request that was answered without a body, an event and a handler, for tests.
    #[must_use]
    pub fn new(
        at: Timestamp,
        endpoint: impl Into<Arc<str>>,
        outcome: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            at,
            endpoint: endpoint.into(),
            tenant: None,
            sender: Cow::Borrowed(""),
            outcome: outcome.into(),
            rejection: None,
            reason: None,
            status: 0,
            key_name: None,
            key: None,
            message: None,
            event_id: None,
            event_type: None,
            is_verified: false,
            body_bytes: 0,
            took: Duration::ZERO,
            header_names: Vec::new(),
            capture: None,
        }
    }

    /// Returns whether the request needs no attention: its event was handled, stored or known.
    #[must_use]
    pub fn is_success(&self) -> bool {
        is_success(&self.outcome)
    }
}

/// Returns whether an outcome counts as a success in a success rate.
pub(super) fn is_success(outcome: &str) -> bool {
    matches!(outcome, "handled" | "stored" | "duplicate" | "ignored" | "handshake_answered")
}

/// A line of the log, as it is read.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogRecord {
    /// The line's number.
    pub id: LogId,
    /// The line; its [`capture`](LogEntry::capture) is `None` here, see
    /// [`InspectLog::log_capture`](super::InspectLog::log_capture).
    pub entry: LogEntry,
    /// Whether the whole request was kept.
    pub has_capture: bool,
}

impl LogRecord {
    /// Creates a record, for a store.
    #[must_use]
    pub const fn new(id: LogId, entry: LogEntry) -> Self {
        Self { id, entry, has_capture: false }
    }
}
