//! The memory store and its builder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;
use super::size::{bytes_for, capacity_within};
use crate::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Retention, StoreError, StoreErrorKind,
    StoreId, StoreUsage, UpdateOutcome,
};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::time::{Clock, MonotonicClock};

/// The default number of events, which take about 61 MB.
const DEFAULT_CAPACITY: usize = 1_000_000;

/// A store in the memory of one process, lost at a restart.
///
/// **One process only**: two processes do not see each other's claims. For several, and for how large a
/// store should be, see
/// [choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md).
///
/// The default store holds a million events. [`new`](Self::new) takes another number, and
/// [`builder`](Self::builder) a number of bytes. With 100 000 events or more, an event takes 55 to 64 bytes;
/// [`bytes_for`](Self::bytes_for) computes the most. Memory is allocated as events arrive. The space of a
/// removed event is used again, and not returned to the allocator.
///
/// # At its capacity
///
/// At its capacity the store forgets the event that was handled first, of those whose sender no longer
/// retries them by itself: [`Retention::must_keep_for`] has passed. If such an event is delivered again, by
/// hand, it is handled again. If there is none, the store rejects the new event, and its sender receives 503.
/// Events in progress and fencing tokens are never forgotten.
///
/// With the feature `tracing` the store logs a warning when it is 80 % full, and one when it begins to forget
/// events. [`usage`](DedupStore::usage) counts both, and so do a receiver's metrics.
///
/// # Expiry
///
/// Claims remove expired records, a few at a time; there is no background task. A claim that is neither
/// committed nor released is removed a day after its lease has expired. Events are forgotten early only if
/// they have one of the first 64 retentions that are in use at a time. Receivers have one or two each.
///
/// ```
/// use countersign::{MemoryStore, Receiver, Secret, StandardWebhooks};
///
/// let sender = StandardWebhooks::new(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
/// let store = MemoryStore::builder().max_bytes(256 * 1024 * 1024).build()?;
/// let receiver = Receiver::builder(sender).dedup(store).build()?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore(pub(super) Arc<Shared>);

impl MemoryStore {
    /// Creates a store of up to `capacity` events, and at most about 500 million.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if `capacity` is zero.
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::builder().capacity(capacity).build()
    }

    /// Creates a store whose leases and retention use `clock`, for example in a test.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if `capacity` is zero.
    pub fn with_clock(capacity: usize, clock: impl Clock) -> Result<Self, ConfigError> {
        Self::builder().capacity(capacity).clock(clock).build()
    }

    /// Returns a builder of a store that is limited by a number of events, of bytes, or both.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { capacity: None, max_bytes: None, clock: None }
    }

    /// Returns the most bytes of the heap that a store of `capacity` events takes, without the allocator's own
    /// overhead.
    ///
    /// ```
    /// use countersign::MemoryStore;
    ///
    /// // Ten events a second for a week: 362 MB.
    /// let bytes = MemoryStore::bytes_for(10 * 7 * 24 * 3600);
    /// assert_eq!(bytes / 1_000_000, 362);
    /// ```
    #[must_use]
    pub const fn bytes_for(capacity: usize) -> usize {
        bytes_for(capacity)
    }

    /// Returns the largest number of events that the store holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.fill.capacity()
    }

    /// Returns the number of events in the store, including expired ones that it has not removed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.fill.live()
    }

    /// Returns whether the store holds no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Builds a [`MemoryStore`]. Settings may come in any order; [`build`](Self::build) validates them.
///
/// ```
/// use countersign::MemoryStore;
///
/// let store = MemoryStore::builder().max_bytes(64 * 1024 * 1024).build()?;
/// assert!(store.capacity() > 1_000_000);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct MemoryStoreBuilder {
    capacity: Option<usize>,
    max_bytes: Option<usize>,
    clock: Option<Box<dyn Clock>>,
}

impl MemoryStoreBuilder {
    /// Sets the largest number of events. The default is a million, or as many as
    /// [`max_bytes`](Self::max_bytes) holds.
    pub const fn capacity(mut self, events: usize) -> Self {
        self.capacity = Some(events);
        self
    }

    /// Sets the most bytes of the heap that the store takes, without the allocator's own overhead.
    ///
    /// The store holds as many events as fit into them, or [`capacity`](Self::capacity) if that is less.
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Sets the clock by which leases and retention expire, for example in a test.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Creates the store.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if the capacity is zero, or if no event fits into the bytes.
    pub fn build(self) -> Result<MemoryStore, ConfigError> {
        let within_bytes = self.max_bytes.map(capacity_within);
        let out_of_range =
            |message: String| Err(ConfigError::new(ConfigErrorKind::OutOfRange, message));
        if self.capacity == Some(0) {
            return out_of_range(
                "the memory store's capacity is zero: set it to the number of events to remember"
                    .to_owned(),
            );
        }
        if within_bytes == Some(0) {
            let least = bytes_for(1);
            return out_of_range(format!(
                "the memory store's `max_bytes` is too small for an event: set it to at least {least}"
            ));
        }
        let capacity = match (self.capacity, within_bytes) {
            (Some(capacity), Some(within_bytes)) => capacity.min(within_bytes),
            (Some(capacity), None) | (None, Some(capacity)) => capacity,
            (None, None) => DEFAULT_CAPACITY,
        };
        let clock = self.clock.unwrap_or_else(|| Box::new(MonotonicClock::default()));
        Ok(MemoryStore(Arc::new(Shared::new(capacity, clock))))
    }
}

impl DedupStore for MemoryStore {
    /// Clones of a store have one id.
    fn id(&self) -> Option<StoreId> {
        Some(StoreId::new(["memory", &format!("{:p}", Arc::as_ptr(&self.0))]))
    }

    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.0.claim(key, fingerprint, lease).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Full,
                format!(
                    "the memory store is full: each of its {} events is in progress or may still be retried by its sender; raise its capacity or `max_bytes`, or declare the sender's `automatic_retry_horizon`",
                    self.capacity()
                ),
            )
        })
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.0.renew(key, fencing_token, lease))
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.0.commit(key, fencing_token, Retention::new(retention)))
    }

    async fn commit_with_retention(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Retention,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.0.commit(key, fencing_token, retention))
    }

    fn usage(&self) -> Option<StoreUsage> {
        Some(StoreUsage {
            events: self.len() as u64,
            capacity: self.capacity() as u64,
            forgotten: self.0.fill.forgotten(),
        })
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.0.release(key, fencing_token))
    }
}

impl Default for MemoryStore {
    /// Creates a store of up to a million events.
    fn default() -> Self {
        Self(Arc::new(Shared::new(DEFAULT_CAPACITY, Box::new(MonotonicClock::default()))))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStoreBuilder")
            .field("capacity", &self.capacity)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}
