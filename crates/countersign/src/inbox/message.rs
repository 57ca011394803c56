//! What is stored of an event.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{EventKey, MessageId};
use crate::time::Timestamp;

/// A verified event, as an [`InboxStore`](super::InboxStore) stores it.
///
/// A [`WebhookLayer`] makes it from a verified request. A store keeps every field as it is; `request` and
/// `body` are all that the handler's request is made from again.
///
/// [`WebhookLayer`]: https://docs.rs/countersign-tower/latest/countersign_tower/struct.WebhookLayer.html
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewMessage {
    /// The event's key in the deduplication.
    pub key: EventKey,
    /// The hash of the body, as [`DedupStore::claim`](crate::dedup::DedupStore::claim) gets it.
    pub fingerprint: u64,
    /// How long a duplicate of the event is recognised.
    pub dedup_retention: Duration,
    /// The name of the endpoint that received the event.
    pub endpoint: Arc<str>,
    /// The tenant whose keys verified the event.
    pub tenant: Option<Box<str>>,
    /// The sender's name.
    pub sender: Box<str>,
    /// The sender's id of the event, which is not always signed: for an operator to search by.
    pub event_id: Option<Box<str>>,
    /// The event's type.
    pub event_type: Option<Box<str>>,
    /// The digest of the event's ordering key. Of the messages with one lane, one runs at a time, in the
    /// order in which they were stored.
    pub lane: Option<[u8; 16]>,
    /// The time of receipt, by the clock of the machine that received the event.
    pub received: Timestamp,
    /// The request without its body, as a JSON document.
    pub request: Box<str>,
    /// The body as received, to the byte.
    pub body: Bytes,
}

impl NewMessage {
    /// Creates a message without a tenant, id, type or lane, whose duplicates are recognised for three days.
    ///
    /// For tests of a store: a receiver makes the messages of requests.
    #[must_use]
    pub fn new(key: EventKey, endpoint: impl Into<Arc<str>>, body: impl Into<Bytes>) -> Self {
        Self {
            key,
            fingerprint: 0,
            dedup_retention: Duration::from_secs(3 * 24 * 60 * 60),
            endpoint: endpoint.into(),
            tenant: None,
            sender: "test".into(),
            event_id: None,
            event_type: None,
            lane: None,
            received: Timestamp::from_secs(0),
            request: "{}".into(),
            body: body.into(),
        }
    }
}

/// The outcome of [`InboxStore::enqueue`](super::InboxStore::enqueue).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnqueueOutcome {
    /// The event is new, and is stored durably.
    Stored(MessageId),
    /// The event was stored or handled before. Nothing is stored.
    Duplicate {
        /// Whether the earlier delivery had the same body.
        same_body: bool,
    },
    /// A handler without an inbox is handling the event. Nothing is stored.
    InProgress {
        /// The remaining time of its lease.
        retry_after: Duration,
    },
}

/// The state of a message.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum MessageState {
    /// It waits for its first attempt, or for the next.
    Ready,
    /// An attempt holds it until its lease expires.
    Running,
    /// It has been handled.
    Done,
    /// Its attempts are exhausted, or it is not to be retried.
    Dead,
    /// An operator has given it up.
    Discarded,
}

impl MessageState {
    /// All states, in the order of a message's life.
    pub const ALL: [Self; 5] =
        [Self::Ready, Self::Running, Self::Done, Self::Dead, Self::Discarded];

    /// Returns the state in snake case, as in the labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }
}
