//! The settings of an inbox.

use std::sync::Arc;
use std::time::Duration;

use super::claim::DeadMessage;
use crate::json::pointer::Pointer;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long one call of the store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// The headers that are kept of every request, beside those in which the sender's scheme has an id, a type or
/// a time.
const KEPT_HEADERS: [&str; 5] = ["content-type", "host", "traceparent", "tracestate", "user-agent"];

/// How long messages are kept that are neither ready nor running.
///
/// The default is 7 days for done and discarded messages, and 90 days for dead ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MessageRetention {
    /// For how long a message is kept after it was done.
    pub done: Duration,
    /// For how long a message is kept after it became dead.
    pub dead: Duration,
    /// For how long a message is kept after it was discarded.
    pub discarded: Duration,
}

impl Default for MessageRetention {
    fn default() -> Self {
        let week = DAY.saturating_mul(7);
        Self { done: week, dead: DAY.saturating_mul(90), discarded: week }
    }
}

/// Called for each message that becomes dead.
pub(crate) type OnDead = Arc<dyn Fn(&DeadMessage) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct InboxSettings {
    pub(super) max_messages: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) kept_headers: Vec<Box<str>>,
    pub(crate) ordering_key: Option<Pointer>,
    pub(super) retention: MessageRetention,
    pub(super) on_dead: Option<OnDead>,
    pub(super) store_timeout: Duration,
}

impl Default for InboxSettings {
    fn default() -> Self {
        Self {
            max_messages: None,
            max_bytes: None,
            kept_headers: KEPT_HEADERS.map(Into::into).into(),
            ordering_key: None,
            retention: MessageRetention::default(),
            on_dead: None,
            store_timeout: STORE_TIMEOUT,
        }
    }
}
