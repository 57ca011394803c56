//! Inspection of an inbox by an operator.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use super::message::MessageState;
use super::store::InboxStore;
use crate::dedup::StoreError;
use crate::event::{EventKey, MessageId, searchable};
use crate::time::Timestamp;

/// An inbox whose messages an operator can inspect, replay and discard.
pub trait InspectInbox: InboxStore {
    /// Returns up to `limit` messages that match, the latest first, from below the id `before`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MessageRecord>, StoreError>> + Send;

    /// Returns how many messages match, counting up to `limit`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn count_messages(
        &self,
        filter: &MessageFilter,
        limit: u64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Returns one message; `None` if the store has none with this id.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn message(
        &self,
        id: MessageId,
    ) -> impl Future<Output = Result<Option<MessageRecord>, StoreError>> + Send;

    /// Returns the body of one message.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn message_body(
        &self,
        id: MessageId,
    ) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;

    /// Returns the attempts at a message that have ended, in order.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn attempts(
        &self,
        id: MessageId,
    ) -> impl Future<Output = Result<Vec<Attempt>, StoreError>> + Send;

    /// Makes up to `limit` matching messages ready, the earliest first, with all their attempts, and returns
    /// how many.
    ///
    /// Done, dead and discarded messages are replayed; ready and running ones are left as they are. A
    /// replayed message goes to the end of its lane.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn replay_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Gives up to `limit` matching messages up, the earliest first, and returns how many.
    ///
    /// Ready and dead messages are discarded; others are left as they are.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Which messages are meant: those that have all that is set.
///
/// ```
/// use countersign::inbox::{MessageFilter, MessageState};
///
/// let mut dead = MessageFilter::default();
/// dead.endpoint = Some("billing".into());
/// dead.state = Some(MessageState::Dead);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MessageFilter {
    /// The message with this id.
    pub id: Option<MessageId>,
    /// Messages of the event with this key.
    pub key: Option<EventKey>,
    /// Messages of this endpoint.
    pub endpoint: Option<Box<str>>,
    /// Messages of this tenant.
    pub tenant: Option<Box<str>>,
    /// Messages whose event has this type.
    pub event_type: Option<Box<str>>,
    /// Messages whose event has this id.
    pub event_id: Option<Box<str>>,
    /// Messages in this state.
    pub state: Option<MessageState>,
    /// Messages received at this time or later.
    pub received_from: Option<Timestamp>,
    /// Messages received before this time.
    pub received_before: Option<Timestamp>,
}

impl MessageFilter {
    /// Sets the event's id, shortened as a message's is: of a longer one the first 255 bytes are stored.
    #[must_use]
    pub fn with_event_id(mut self, id: &str) -> Self {
        self.event_id = Some(searchable(id));
        self
    }

    /// Sets the event's type, shortened as a message's is: of a longer one the first 255 bytes are stored.
    #[must_use]
    pub fn with_event_type(mut self, event_type: &str) -> Self {
        self.event_type = Some(searchable(event_type));
        self
    }
}

/// A message, as an operator sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MessageRecord {
    /// The message's id.
    pub id: MessageId,
    /// The event's key in the deduplication.
    pub key: EventKey,
    /// The state.
    pub state: MessageState,
    /// For a ready message the time until it is due, and for a running one the rest of its lease; zero for
    /// others.
    pub due_in: Duration,
    /// How many attempts there were, this one included if it is running.
    pub attempts: u32,
    /// How often it was replayed.
    pub replays: u32,
    /// The name of the endpoint that received the event.
    pub endpoint: Box<str>,
    /// The tenant whose keys verified the event.
    pub tenant: Option<Box<str>>,
    /// The sender's name.
    pub sender: Box<str>,
    /// The sender's id of the event.
    pub event_id: Option<Box<str>>,
    /// The event's type.
    pub event_type: Option<Box<str>>,
    /// The time of receipt.
    pub received: Timestamp,
    /// Why the last attempt failed.
    pub error: Option<Box<str>>,
    /// The request without its body, as a JSON document.
    pub request: Box<str>,
    /// The size of the body, in bytes.
    pub body_bytes: u64,
}

impl MessageRecord {
    /// Creates the record of a ready message, for a store to fill in.
    #[must_use]
    pub fn new(id: MessageId, key: EventKey) -> Self {
        Self {
            id,
            key,
            state: MessageState::Ready,
            due_in: Duration::ZERO,
            attempts: 0,
            replays: 0,
            endpoint: Box::default(),
            tenant: None,
            sender: Box::default(),
            event_id: None,
            event_type: None,
            received: Timestamp::from_secs(0),
            error: None,
            request: Box::default(),
            body_bytes: 0,
        }
    }
}

/// One attempt at a message that has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// The number of the attempt since the message was stored or replayed, from 1.
    pub number: u32,
    /// How it ended: `done`, `retry`, `returned`, `dead`, or `lease_expired`.
    pub outcome: Box<str>,
    /// Why it failed.
    pub error: Option<Box<str>>,
    /// When it ended, by the store's clock.
    pub ended: Timestamp,
    /// How long it took; zero if its lease expired.
    pub took: Duration,
    /// The name of the worker.
    pub worker: Box<str>,
}

impl Attempt {
    /// Creates an attempt, for a store to fill in.
    #[must_use]
    pub fn new(number: u32, outcome: impl Into<Box<str>>, ended: Timestamp) -> Self {
        Self {
            number,
            outcome: outcome.into(),
            error: None,
            ended,
            took: Duration::ZERO,
            worker: Box::default(),
        }
    }
}
