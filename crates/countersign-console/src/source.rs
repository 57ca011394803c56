//! What the console reads and changes: a log and an inbox of any type, each call with a deadline.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use countersign::Timestamp;
use countersign::dedup::{StoreError, StoreErrorKind};
use countersign::inbox::{Attempt, Backlog, InspectInbox, MessageFilter, MessageId, MessageRecord};
use countersign::log::{CapturedRequest, InspectLog, LogFilter, LogId, LogRate, LogRecord};

/// How long a page waits for one call of a store.
const DEADLINE: Duration = Duration::from_secs(5);

pub(crate) type Call<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

fn within<'s, T: 's>(call: impl Future<Output = Result<T, StoreError>> + Send + 's) -> Call<'s, T> {
    Box::pin(async move {
        tokio::time::timeout(DEADLINE, call).await.unwrap_or_else(|_| {
            let text = format!("the store did not respond within {DEADLINE:?}: narrow the filter");
            Err(StoreError::new(StoreErrorKind::Timeout, text))
        })
    })
}

/// A delivery log of any type.
pub(crate) trait LogSource: Send + Sync {
    fn records<'s>(
        &'s self,
        filter: &'s LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> Call<'s, Vec<LogRecord>>;
    fn count<'s>(&'s self, filter: &'s LogFilter, limit: u64) -> Call<'s, u64>;
    fn rates<'s>(
        &'s self,
        endpoint: Option<&'s str>,
        from: Timestamp,
        before: Timestamp,
    ) -> Call<'s, Vec<LogRate>>;
    fn capture(&self, id: LogId) -> Call<'_, Option<CapturedRequest>>;
}

impl<L: InspectLog> LogSource for L {
    fn records<'s>(
        &'s self,
        filter: &'s LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> Call<'s, Vec<LogRecord>> {
        within(self.log_records(filter, before, limit))
    }

    fn count<'s>(&'s self, filter: &'s LogFilter, limit: u64) -> Call<'s, u64> {
        within(self.count_log(filter, limit))
    }

    fn rates<'s>(
        &'s self,
        endpoint: Option<&'s str>,
        from: Timestamp,
        before: Timestamp,
    ) -> Call<'s, Vec<LogRate>> {
        within(self.log_rates(endpoint, from, before))
    }

    fn capture(&self, id: LogId) -> Call<'_, Option<CapturedRequest>> {
        within(self.log_capture(id))
    }
}

/// An inbox of any type.
pub(crate) trait InboxSource: Send + Sync {
    fn list<'s>(
        &'s self,
        filter: &'s MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Call<'s, Vec<MessageRecord>>;
    fn count<'s>(&'s self, filter: &'s MessageFilter, limit: u64) -> Call<'s, u64>;
    fn one(&self, id: MessageId) -> Call<'_, Option<MessageRecord>>;
    fn body(&self, id: MessageId) -> Call<'_, Option<Bytes>>;
    fn attempts_of(&self, id: MessageId) -> Call<'_, Vec<Attempt>>;
    fn replay<'s>(&'s self, filter: &'s MessageFilter, limit: u32) -> Call<'s, u64>;
    fn discard<'s>(&'s self, filter: &'s MessageFilter, limit: u32) -> Call<'s, u64>;
    fn held(&self) -> Call<'_, Backlog>;
    fn pause<'s>(&'s self, endpoint: &'s str, is_paused: bool) -> Call<'s, ()>;
}

impl<I: InspectInbox> InboxSource for I {
    fn list<'s>(
        &'s self,
        filter: &'s MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Call<'s, Vec<MessageRecord>> {
        within(self.messages(filter, before, limit))
    }

    fn count<'s>(&'s self, filter: &'s MessageFilter, limit: u64) -> Call<'s, u64> {
        within(self.count_messages(filter, limit))
    }

    fn one(&self, id: MessageId) -> Call<'_, Option<MessageRecord>> {
        within(self.message(id))
    }

    fn body(&self, id: MessageId) -> Call<'_, Option<Bytes>> {
        within(self.message_body(id))
    }

    fn attempts_of(&self, id: MessageId) -> Call<'_, Vec<Attempt>> {
        within(self.attempts(id))
    }

    fn replay<'s>(&'s self, filter: &'s MessageFilter, limit: u32) -> Call<'s, u64> {
        within(self.replay_messages(filter, limit))
    }

    fn discard<'s>(&'s self, filter: &'s MessageFilter, limit: u32) -> Call<'s, u64> {
        within(self.discard_messages(filter, limit))
    }

    fn held(&self) -> Call<'_, Backlog> {
        within(self.backlog())
    }

    fn pause<'s>(&'s self, endpoint: &'s str, is_paused: bool) -> Call<'s, ()> {
        within(self.set_paused(endpoint, is_paused))
    }
}
