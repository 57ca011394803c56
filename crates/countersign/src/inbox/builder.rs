//! The builder of an inbox.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::claim::DeadMessage;
use super::inbox::Inbox;
use super::settings::{InboxSettings, MessageRetention};
use super::store::{ErasedInboxStore, InboxStore};
use crate::error::{ConfigError, ConfigErrorKind, Validation};
use crate::json::pointer::Pointer;

impl Inbox {
    /// Creates an inbox in `store`, without limits.
    pub fn new(store: impl InboxStore) -> Self {
        Self::with(Arc::new(store), InboxSettings::default())
    }

    /// Returns a builder for an inbox in `store`.
    pub fn builder(store: impl InboxStore) -> InboxBuilder {
        let settings = InboxSettings::default();
        InboxBuilder { store: Arc::new(store), settings, ordering_key: None }
    }
}

/// Builds an [`Inbox`]. Settings may come in any order; [`build`](Self::build) validates them together.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct InboxBuilder {
    store: Arc<dyn ErasedInboxStore>,
    settings: InboxSettings,
    ordering_key: Option<String>,
}

impl InboxBuilder {
    /// Rejects events with 503 while there are `messages` ready and running ones; unlimited unless set.
    ///
    /// They are counted once a second, so several processes may exceed the limit by what they store in that
    /// time. Dead messages do not count.
    pub const fn max_messages(mut self, messages: u64) -> Self {
        self.settings.max_messages = Some(messages);
        self
    }

    /// Rejects events with 503 while the bodies of ready and running messages have `bytes` bytes; unlimited
    /// unless set. See [`max_messages`](Self::max_messages).
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_bytes = Some(bytes);
        self
    }

    /// Keeps these headers of a request for its handler, too.
    ///
    /// Of each request `content-type`, `host`, `traceparent`, `tracestate`, `user-agent` and the headers with
    /// the event's id, type and time are kept. The others may hold secrets: a credential is never needed
    /// again.
    pub fn keep_headers<'h>(mut self, names: impl IntoIterator<Item = &'h str>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase().into());
        self.settings.kept_headers.extend(names);
        self
    }

    /// Handles the events that have one value at this JSON pointer, such as `/data/leadId`, one at a time
    /// and in the order in which they were received.
    ///
    /// Events of another endpoint or tenant, and those without a value, are not ordered. While a message is
    /// retried, the later ones wait for it; once it is dead they wait for an operator, unless
    /// [`Worker::skip_dead_in_lane`](super::Worker::skip_dead_in_lane) lets them run.
    pub fn ordering_key(mut self, pointer: impl Into<String>) -> Self {
        self.ordering_key = Some(pointer.into());
        self
    }

    /// Sets how long messages are kept that are neither ready nor running.
    pub const fn retention(mut self, retention: MessageRetention) -> Self {
        self.settings.retention = retention;
        self
    }

    /// Calls `hook` for each message that becomes dead in this process, for example to page an operator.
    ///
    /// The hook must not block. It is called once the state is stored; a process that ends in between does
    /// not call it, so alert on the metric as well.
    pub fn on_dead(mut self, hook: impl Fn(&DeadMessage) + Send + Sync + 'static) -> Self {
        self.settings.on_dead = Some(Arc::new(hook));
        self
    }

    /// Sets how long one call of the store by a worker may take; 5 s unless set.
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        self.settings.store_timeout = timeout;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names every wrong setting:
    ///
    /// - [`InvalidPointer`](ConfigErrorKind::InvalidPointer) for an ordering key that is not a JSON pointer;
    /// - [`OutOfRange`](ConfigErrorKind::OutOfRange) for a limit or a timeout of zero.
    pub fn build(mut self) -> Result<Inbox, ConfigError> {
        let mut validation = Validation::default();
        if let Some(pointer) = &self.ordering_key {
            self.settings.ordering_key = validation.check(Pointer::parse(pointer));
        }
        let limits =
            [("max_messages", self.settings.max_messages), ("max_bytes", self.settings.max_bytes)];
        for (name, _) in limits.into_iter().filter(|&(_, limit)| limit == Some(0)) {
            let text = format!("`{name}` of the inbox is zero: it would reject every event");
            validation.reject(ConfigErrorKind::OutOfRange, text);
        }
        validation.positive("store_timeout", self.settings.store_timeout);
        validation.finish(Some(()))?;
        Ok(Inbox::with(self.store, self.settings))
    }
}

impl fmt::Debug for InboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxBuilder")
            .field("max_messages", &self.settings.max_messages)
            .field("max_bytes", &self.settings.max_bytes)
            .finish_non_exhaustive()
    }
}
