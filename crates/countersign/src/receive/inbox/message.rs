//! A message on its way from a worker to the layer that runs its handler.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::request::StoredRequest;
use crate::dedup::{StoreError, StoreErrorKind};
use crate::inbox::{ClaimedMessage, Inbox};

/// A message on its way from a worker through the application to the adapter's layer.
///
/// The worker puts it into the extensions of a request that it makes from [`method`](Self::method),
/// [`uri`](Self::uri), [`headers`](Self::headers) and [`body`](Self::body). The layer takes it out and runs
/// the handler without verifying again: no request from outside has one.
#[derive(Clone)]
pub struct QueuedMessage(Arc<Inner>);

struct Inner {
    inbox: Inbox,
    message: ClaimedMessage,
    request: StoredRequest,
    is_received: AtomicBool,
}

impl QueuedMessage {
    /// Reads a claimed message.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if another version of the program has stored it, and this one cannot read it.
    pub(super) fn new(inbox: &Inbox, message: ClaimedMessage) -> Result<Self, StoreError> {
        let request = serde_json::from_str(&message.request).map_err(|error| {
            let text = format!(
                "the request of the message cannot be read: it was stored by another version ({error})"
            );
            StoreError::new(StoreErrorKind::Unavailable, text)
        })?;
        let is_received = AtomicBool::new(false);
        Ok(Self(Arc::new(Inner { inbox: inbox.clone(), message, request, is_received })))
    }

    /// Returns the method of the request.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.request.method
    }

    /// Returns the path and the query of the request.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.0.request.uri
    }

    /// Returns the headers that were kept of the request, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.request.headers.iter().map(|(name, value)| (&**name, value.as_bytes()))
    }

    /// Returns the verified body, to the byte.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.message.body
    }

    /// Returns the message as it was claimed.
    #[must_use]
    pub fn claimed(&self) -> &ClaimedMessage {
        &self.0.message
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    /// Notes that a layer has received the message.
    pub(super) fn set_received(&self) {
        self.0.is_received.store(true, Ordering::Relaxed);
    }

    /// Returns whether a layer has received the message: no other response comes from its handler.
    pub(super) fn is_received(&self) -> bool {
        self.0.is_received.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for QueuedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedMessage")
            .field("id", &self.0.message.token.id())
            .field("endpoint", &self.0.message.endpoint)
            .finish_non_exhaustive()
    }
}
