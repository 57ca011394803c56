//! Claims of messages by a worker.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{MessageToken, StoreId};

/// What a worker claims: messages of its endpoints that are due.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageClaim {
    /// The endpoints whose handlers the worker has. Messages of others stay as they are.
    pub endpoints: Vec<EndpointClaim>,
    /// The largest number of messages.
    pub limit: u32,
    /// How long the attempts last without being renewed.
    pub lease: Duration,
    /// The worker's name, for an operator.
    pub worker: Arc<str>,
}

impl MessageClaim {
    /// Creates a claim of up to `limit` messages of any of `endpoints`.
    #[must_use]
    pub const fn new(
        endpoints: Vec<EndpointClaim>,
        limit: u32,
        lease: Duration,
        worker: Arc<str>,
    ) -> Self {
        Self { endpoints, limit, lease, worker }
    }
}

/// What a worker claims of one endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointClaim {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The largest number of messages of this endpoint.
    pub limit: u32,
    /// How many attempts a message has. One whose last attempt's lease has expired becomes dead instead of
    /// being claimed.
    pub max_attempts: u32,
    /// Whether a dead message lets the later ones of its lane run.
    pub skip_dead_in_lane: bool,
}

impl EndpointClaim {
    /// Creates a claim of up to `limit` messages of `endpoint`, in whose lanes a dead message blocks the
    /// later ones.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<str>>, limit: u32, max_attempts: u32) -> Self {
        Self { endpoint: endpoint.into(), limit, max_attempts, skip_dead_in_lane: false }
    }
}

/// The outcome of [`InboxStore::claim_messages`](super::InboxStore::claim_messages).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClaimedMessages {
    /// The messages that are claimed, to be handled and settled.
    pub messages: Vec<ClaimedMessage>,
    /// The messages that the claim made dead: the lease of their last attempt had expired.
    pub dead: Vec<DeadMessage>,
}

impl ClaimedMessages {
    /// Creates the outcome of a claim, for a store.
    #[must_use]
    pub const fn new(messages: Vec<ClaimedMessage>, dead: Vec<DeadMessage>) -> Self {
        Self { messages, dead }
    }

    /// Adds the id of the store to the token of each message.
    #[must_use]
    pub fn in_store(mut self, store: StoreId) -> Self {
        for message in &mut self.messages {
            message.token = message.token.in_store(store);
        }
        self
    }
}

/// A message that an attempt holds until its lease expires.
///
/// A store makes it from a row that a verified request wrote. What a store returns is handled as verified:
/// a program that can write to the store's tables can have any event handled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimedMessage {
    /// The message's id and the attempt's fencing token.
    pub token: MessageToken,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Whether the lease of the attempt before expired: its handler may have done part of the work.
    pub is_takeover: bool,
    /// How often an operator has replayed the message.
    pub replays: u32,
    /// The name of the endpoint that received the event.
    pub endpoint: Arc<str>,
    /// The tenant whose keys verified the event.
    pub tenant: Option<Box<str>>,
    /// The request without its body, as the store was given it.
    pub request: Box<str>,
    /// The body as received, to the byte.
    pub body: Bytes,
}

impl ClaimedMessage {
    /// Creates a message from a store's row, as its first attempt.
    #[must_use]
    pub const fn from_row(
        token: MessageToken,
        endpoint: Arc<str>,
        request: Box<str>,
        body: Bytes,
    ) -> Self {
        Self {
            token,
            attempt: 1,
            is_takeover: false,
            replays: 0,
            endpoint,
            tenant: None,
            request,
            body,
        }
    }
}

/// A message that has become dead.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeadMessage {
    /// The message's id and the last attempt's fencing token.
    pub token: MessageToken,
    /// The name of the endpoint that received the event.
    pub endpoint: Arc<str>,
    /// How many attempts there were.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: Box<str>,
}

impl DeadMessage {
    /// Creates a dead message.
    #[must_use]
    pub fn new(
        token: MessageToken,
        endpoint: Arc<str>,
        attempts: u32,
        error: impl Into<Box<str>>,
    ) -> Self {
        Self { token, endpoint, attempts, error: error.into() }
    }
}
