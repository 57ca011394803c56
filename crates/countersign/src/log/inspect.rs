//! Inspection of a log by an operator.

use std::future::Future;

use super::batch::LogRate;
use super::capture::CapturedRequest;
use super::entry::{LogId, LogRecord};
use super::store::LogStore;
use crate::dedup::StoreError;
use crate::event::{EventKey, searchable};
use crate::time::Timestamp;

/// A log that an operator can search.
pub trait InspectLog: LogStore {
    /// Returns up to `limit` lines that match, the latest first, from below the id `before`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn log_records(
        &self,
        filter: &LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<LogRecord>, StoreError>> + Send;

    /// Returns how many lines match, counting up to `limit`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn count_log(
        &self,
        filter: &LogFilter,
        limit: u64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Returns the counts of the minutes from `from` to before `before`, of one endpoint if one is given, in the
    /// order of the minutes.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn log_rates(
        &self,
        endpoint: Option<&str>,
        from: Timestamp,
        before: Timestamp,
    ) -> impl Future<Output = Result<Vec<LogRate>, StoreError>> + Send;

    /// Returns the whole of a rejected request, if it was kept.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn log_capture(
        &self,
        id: LogId,
    ) -> impl Future<Output = Result<Option<CapturedRequest>, StoreError>> + Send;
}

/// Which lines are meant: those that have all that is set.
///
/// ```
/// use countersign::log::LogFilter;
///
/// let mut refused = LogFilter::default();
/// refused.endpoint = Some("billing".into());
/// refused.outcome = Some("rejected".into());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LogFilter {
    /// The line with this id.
    pub id: Option<LogId>,
    /// Lines of this endpoint.
    pub endpoint: Option<Box<str>>,
    /// Lines of this tenant.
    pub tenant: Option<Box<str>>,
    /// Lines with this outcome.
    pub outcome: Option<Box<str>>,
    /// Lines with this kind of rejection.
    pub rejection: Option<Box<str>>,
    /// Lines whose event has this type.
    pub event_type: Option<Box<str>>,
    /// Lines whose event has this id.
    pub event_id: Option<Box<str>>,
    /// Lines of the event with this key.
    pub key: Option<EventKey>,
    /// Lines of requests that arrived at this time or later.
    pub from: Option<Timestamp>,
    /// Lines of requests that arrived before this time.
    pub before: Option<Timestamp>,
}

impl LogFilter {
    /// Sets the event's id, shortened as a line's is: of a longer one the first 255 bytes are logged.
    #[must_use]
    pub fn with_event_id(mut self, id: &str) -> Self {
        self.event_id = Some(searchable(id));
        self
    }

    /// Sets the event's type, shortened as a line's is: of a longer one the first 255 bytes are logged.
    #[must_use]
    pub fn with_event_type(mut self, event_type: &str) -> Self {
        self.event_type = Some(searchable(event_type));
        self
    }
}
