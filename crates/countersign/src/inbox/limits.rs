//! The limits of an inbox.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::settings::InboxSettings;
use super::store::ErasedInboxStore;
use crate::dedup::{StoreError, StoreErrorKind};
use crate::time::Timestamp;

/// How long a count holds: counting reads every ready and running message.
const COUNT_AGE: Duration = Duration::from_secs(1);

/// What is known of how much an inbox holds.
#[derive(Default)]
pub(super) struct Fill(Mutex<Counted>);

#[derive(Clone, Copy, Default)]
struct Counted {
    /// When it was counted last; `None` before the first time.
    at: Option<Timestamp>,
    messages: u64,
    bytes: u64,
}

impl Fill {
    /// Checks that the inbox has space for a body of `bytes` bytes.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] of kind [`Full`](StoreErrorKind::Full) without space, and the store's error if it
    /// cannot count.
    pub(super) async fn check(
        &self,
        store: &dyn ErasedInboxStore,
        settings: &InboxSettings,
        bytes: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if settings.max_messages.is_none() && settings.max_bytes.is_none() {
            return Ok(());
        }
        if self.claim_count(now) {
            match store.backlog().await {
                Ok(backlog) => {
                    let (messages, bytes) = (backlog.live(), backlog.live_bytes());
                    *self.lock() = Counted { at: Some(now), messages, bytes };
                }
                Err(error) => {
                    self.lock().at = None;
                    return Err(error);
                }
            }
        }
        let counted = *self.lock();
        if settings.max_messages.is_some_and(|max| counted.messages >= max) {
            return Err(full("max_messages", counted.messages));
        }
        if settings.max_bytes.is_some_and(|max| counted.bytes.saturating_add(bytes) > max) {
            return Err(full("max_bytes", counted.bytes));
        }
        Ok(())
    }

    /// Adds a message that was stored.
    pub(super) fn add(&self, bytes: u64) {
        let mut counted = self.lock();
        counted.messages = counted.messages.saturating_add(1);
        counted.bytes = counted.bytes.saturating_add(bytes);
    }

    /// Removes a message that has ended.
    pub(super) fn remove(&self, bytes: u64) {
        let mut counted = self.lock();
        counted.messages = counted.messages.saturating_sub(1);
        counted.bytes = counted.bytes.saturating_sub(bytes);
    }

    /// Returns whether the caller is the one that counts.
    fn claim_count(&self, now: Timestamp) -> bool {
        let mut counted = self.lock();
        let is_fresh = |at: Timestamp| at <= now && now.saturating_since(at) < COUNT_AGE;
        let is_due = !counted.at.is_some_and(is_fresh);
        if is_due {
            counted.at = Some(now);
        }
        is_due
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn full(setting: &str, held: u64) -> StoreError {
    StoreError::new(
        StoreErrorKind::Full,
        format!(
            "the inbox is full, at {held} of `{setting}`: find out why its messages are not handled, or add workers"
        ),
    )
}
