//! The builder of a log.

use std::fmt;
use std::sync::Arc;

use super::delivery_log::DeliveryLog;
use super::retention::{LogRetention, LogSettings};
use super::store::{ErasedLogStore, LogStore};

impl DeliveryLog {
    /// Creates a log in `store`, which keeps no rejected request whole.
    pub fn new(store: impl LogStore) -> Self {
        Self::builder(store).build()
    }

    /// Returns a builder for a log in `store`.
    pub fn builder(store: impl LogStore) -> DeliveryLogBuilder {
        DeliveryLogBuilder { store: Arc::new(store), settings: LogSettings::default() }
    }
}

/// Builds a [`DeliveryLog`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct DeliveryLogBuilder {
    store: Arc<dyn ErasedLogStore>,
    settings: LogSettings,
}

impl DeliveryLogBuilder {
    /// Sets how long the log is kept.
    pub const fn retention(mut self, retention: LogRetention) -> Self {
        self.settings.retention = retention;
        self
    }

    /// Keeps the whole of each rejected request that has a line, with its body, so that
    /// `countersign explain` can say why it was rejected.
    ///
    /// **The requests may hold secrets and personal data**, and anyone can send them: turn it on to find a
    /// cause, and off again. They are kept for [`LogRetention::captures`]. The body of a request whose headers are
    /// rejected is then read before the response, within the receiver's body timeout.
    pub const fn capture_rejected(mut self) -> Self {
        self.settings.captures = true;
        self
    }

    /// Returns the log.
    pub fn build(self) -> DeliveryLog {
        DeliveryLog::with(self.store, self.settings)
    }
}

impl fmt::Debug for DeliveryLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryLogBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
