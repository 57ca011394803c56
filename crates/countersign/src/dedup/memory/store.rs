//! The memory store: its operations, and the state that its shards share.

use std::array;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::shard::{Seed, Shard};
use super::slots::{KeyPrefix, Record, State};
use crate::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, StoreId,
    UpdateOutcome,
};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::time::{Clock, MonotonicClock, Timestamp};

/// The default number of events, which take 55 to 60 bytes each.
const DEFAULT_CAPACITY: usize = 1_000_000;

/// The number of shards, each with a lock: enough that threads rarely wait for one another, and that one
/// shard grows fast.
const SHARDS: usize = 32;

/// The most records that one claim checks for expiry, so that no claim waits for many removals.
const EXPIRY_CHECKS_PER_CLAIM: usize = 8;

/// A store in the memory of one process, lost at a restart.
///
/// **One process only**: two processes do not see each other's claims. For several, see
/// [choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md).
///
/// At its capacity the store rejects new events, and the sender receives 503. It does not remove
/// remembered events to make space.
///
/// With 100 000 events or more, an event takes 55 to 60 bytes. Memory is allocated as events arrive. The
/// space of a removed event is used again, and not returned to the allocator.
///
/// Claims remove expired records, a few at a time; there is no background task. A claim that is neither
/// committed nor released is removed a day after its lease has expired.
///
/// ```
/// use countersign::{MemoryStore, Receiver, Secret, StandardWebhooks};
///
/// let sender = StandardWebhooks::new(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
/// let receiver = Receiver::builder(sender).dedup(MemoryStore::new(100_000)?).build()?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore(pub(super) Arc<Shared>);

/// The state behind all clones of a [`MemoryStore`].
pub(super) struct Shared {
    pub(super) shards: [Mutex<Shard>; SHARDS],
    pub(super) seed: Seed,
    pub(super) clock: Box<dyn Clock>,
    capacity: usize,
    /// The number of records in all shards.
    pub(super) live: AtomicUsize,
}

impl MemoryStore {
    /// Creates a store of up to `capacity` events, and at most about 500 million.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if `capacity` is zero.
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::with_clock(capacity, MonotonicClock::default())
    }

    /// Creates a store whose leases and retention use `clock`, for example in a test.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if `capacity` is zero.
    pub fn with_clock(capacity: usize, clock: impl Clock) -> Result<Self, ConfigError> {
        if capacity == 0 {
            return Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                "the memory store's capacity is zero: set it to the number of events to remember",
            ));
        }
        Ok(Self::build(capacity, Box::new(clock)))
    }

    /// Returns the number of events in the store, including expired ones that it has not removed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.live.load(Ordering::Relaxed)
    }

    /// Returns whether the store holds no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn build(capacity: usize, clock: Box<dyn Clock>) -> Self {
        Self(Arc::new(Shared {
            shards: array::from_fn(|_| Mutex::default()),
            seed: Seed::new(),
            clock,
            capacity,
            live: AtomicUsize::new(0),
        }))
    }

    fn claim_now(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        if let Some(claim) = self.try_claim(key, fingerprint, lease) {
            return Ok(claim);
        }
        let mut shards = self.0.shards.iter();
        shards.any(|shard| self.0.expire_one(&mut lock(shard)));
        self.try_claim(key, fingerprint, lease).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Full,
                format!(
                    "the memory store is full ({} events): increase its capacity",
                    self.0.capacity
                ),
            )
        })
    }

    /// Claims the event; `None` if there is no space for a new record.
    fn try_claim(&self, key: &EventKey, fingerprint: u64, lease: Duration) -> Option<ClaimOutcome> {
        let (key_prefix, mut shard) = self.0.locate(key);
        let now = self.0.sweep(&mut shard);
        let fencing_token = FencingToken::new(shard.last_fencing_token + 1);
        let state = State::InProgress { lease_until: now.saturating_add(lease) };
        let record = Record { fencing_token, fingerprint, state };
        let existing = shard.find(&self.0.seed, key_prefix);
        let takeover = match existing.map(|(_, stored)| stored.state) {
            Some(State::InProgress { lease_until }) if now < lease_until => {
                return Some(ClaimOutcome::InProgress {
                    retry_after: lease_until.saturating_since(now),
                });
            }
            Some(State::Handled { expires }) if now < expires => {
                let same_body =
                    existing.is_some_and(|(_, stored)| stored.fingerprint == fingerprint);
                return Some(ClaimOutcome::Duplicate { same_body });
            }
            Some(state @ State::InProgress { .. }) => now < state.deadline(),
            Some(State::Handled { .. }) | None => false,
        };
        if let Some((slot, _)) = existing {
            shard.write(slot, record);
        } else {
            if !shard.has_capacity() {
                return None;
            }
            self.0.reserve()?;
            shard.insert(&self.0.seed, key_prefix, record);
        }
        shard.last_fencing_token = fencing_token.as_u64();
        Some(ClaimOutcome::Acquired { fencing_token, takeover })
    }

    fn renew_now(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.0.locate(key);
        let lease_until = self.0.clock.now().saturating_add(lease);
        match shard.find(&self.0.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.write(slot, Record { state: State::InProgress { lease_until }, ..stored });
                UpdateOutcome::Applied
            }
            _ => UpdateOutcome::StaleToken,
        }
    }

    fn commit_now(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.0.locate(key);
        let expires = self.0.clock.now().saturating_add(retention);
        match shard.find(&self.0.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.write(slot, Record { state: State::Handled { expires }, ..stored });
                UpdateOutcome::Applied
            }
            Some((_, stored)) if stored.fencing_token == fencing_token => UpdateOutcome::Applied,
            _ => UpdateOutcome::StaleToken,
        }
    }

    fn release_now(&self, key: &EventKey, fencing_token: FencingToken) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.0.locate(key);
        match shard.find(&self.0.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.remove(&self.0.seed, slot);
                self.0.live.fetch_sub(1, Ordering::Relaxed);
                UpdateOutcome::Applied
            }
            _ => UpdateOutcome::StaleToken,
        }
    }
}

impl Shared {
    /// Returns the key under which the event is stored, and the locked shard that may hold it.
    pub(super) fn locate(&self, key: &EventKey) -> (KeyPrefix, MutexGuard<'_, Shard>) {
        let [.., last] = key.as_bytes();
        #[expect(clippy::indexing_slicing, reason = "a remainder by the array's length")]
        (KeyPrefix::from(key), lock(&self.shards[usize::from(*last) % SHARDS]))
    }

    /// Increments the number of records; `None` if the store is at its capacity.
    fn reserve(&self) -> Option<()> {
        let incremented = |live: usize| (live < self.capacity).then_some(live + 1);
        self.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, incremented).ok().map(drop)
    }

    /// Removes a few expired records and returns the current time.
    fn sweep(&self, shard: &mut Shard) -> Timestamp {
        let now = self.clock.now();
        for _ in 0..EXPIRY_CHECKS_PER_CLAIM {
            if self.expire_next(shard, now).is_none() {
                break;
            }
        }
        now
    }

    /// Removes one expired record; returns whether there was one.
    fn expire_one(&self, shard: &mut Shard) -> bool {
        let now = self.clock.now();
        std::iter::from_fn(|| self.expire_next(shard, now)).any(|removed| removed)
    }

    /// Checks the next record that is due, and returns whether it was removed.
    fn expire_next(&self, shard: &mut Shard, now: Timestamp) -> Option<bool> {
        let removed = shard.expire_next(&self.seed, now)?;
        if removed {
            self.live.fetch_sub(1, Ordering::Relaxed);
        }
        Some(removed)
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
        self.claim_now(key, fingerprint, lease)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.renew_now(key, fencing_token, lease))
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.commit_now(key, fencing_token, retention))
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.release_now(key, fencing_token))
    }
}

/// Locks a shard, even if a panic has poisoned the lock.
///
/// A poisoned shard is consistent: no step between two of its writes can panic.
pub(super) fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryStore {
    /// Creates a store of up to a million events.
    fn default() -> Self {
        Self::build(DEFAULT_CAPACITY, Box::new(MonotonicClock::default()))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.0.capacity)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
