//! The default store: one process's memory.

mod shard;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::shard::{Record, Shard, State, second_after};
use super::{Claim, DedupStore, EventKey, Fence, Settled, StoreError, StoreErrorKind};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::time::{Clock, MonotonicClock, Timestamp};

/// How many events are remembered unless set otherwise; they take 100 to 180 bytes each.
const DEFAULT_CAPACITY: usize = 1_000_000;

/// Locks are per shard: enough that threads rarely meet.
const SHARDS: usize = 16;

/// How many records one claim may look at to clear them away, so that no claim pays for many.
const LOOKS_PER_CLAIM: usize = 8;

/// Remembers events in this process's memory: bounded, sharded, and gone at a restart.
///
/// **One process only**: two processes do not see each other's claims. At its capacity it refuses
/// new events (503) rather than forget old ones.
///
/// Expired records are cleared a few at a time by the claims that follow; there is no scan and no
/// background task. A claim that nobody settled is forgotten a day after its lease ran out.
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared>);

struct Shared {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    clock: Box<dyn Clock>,
    capacity: usize,
    live: AtomicUsize,
}

impl MemoryStore {
    /// Remembers up to `capacity` events.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if `capacity` is zero.
    pub fn new(capacity: usize) -> Result<Self, ConfigError> {
        Self::with_clock(capacity, MonotonicClock::default())
    }

    /// The same with a clock of the caller's, by which leases and retention run.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_clock(capacity: usize, clock: impl Clock) -> Result<Self, ConfigError> {
        if capacity == 0 {
            return Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                "the memory store's capacity is zero: give the number of events to remember",
            ));
        }
        Ok(Self::build(capacity, Box::new(clock)))
    }

    /// How many events it remembers now, among them some that are due to be forgotten.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.live.load(Ordering::Relaxed)
    }

    /// Whether it remembers nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn build(capacity: usize, clock: Box<dyn Clock>) -> Self {
        Self(Arc::new(Shared {
            shards: Default::default(),
            hasher: RandomState::new(),
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
    ) -> Result<Claim, StoreError> {
        if let Some(claim) = self.try_claim(key, fingerprint, lease) {
            return Ok(claim);
        }
        let mut shards = self.0.shards.iter();
        shards.any(|shard| self.0.make_room(&mut lock(shard)));
        self.try_claim(key, fingerprint, lease).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Full,
                format!("the memory store holds {} events: raise its capacity", self.0.capacity),
            )
        })
    }

    /// `None` where there is no room for a new record.
    fn try_claim(&self, key: &EventKey, fingerprint: u64, lease: Duration) -> Option<Claim> {
        let hash = self.0.hasher.hash_one(key);
        let mut shard = self.0.shard(key);
        let now = self.0.sweep(&mut shard);
        let fence = Fence::new(shard.last_fence + 1);
        let state = State::InProgress { lease_until: now.saturating_add(lease) };
        let takeover = if let Some(record) = shard.find(hash, key) {
            let takeover = match record.state {
                State::InProgress { lease_until } if now < lease_until => {
                    return Some(Claim::Busy { retry_after: lease_until.saturating_since(now) });
                }
                State::Done { expires } if now < expires => {
                    return Some(Claim::Duplicate { same_body: record.fingerprint == fingerprint });
                }
                State::InProgress { .. } => true,
                State::Done { .. } => false,
            };
            *record = Record { fence, fingerprint, state, ..*record };
            takeover
        } else {
            self.0.reserve()?;
            let look = second_after(state.deadline());
            let record = Record { key: *key, fence, fingerprint, state, look, place: 0 };
            shard.insert(hash, &self.0.hasher, record);
            false
        };
        shard.last_fence = fence.as_u64();
        Some(Claim::Acquired { fence, takeover })
    }

    fn renew_now(&self, key: &EventKey, fence: Fence, lease: Duration) -> Settled {
        let hash = self.0.hasher.hash_one(key);
        let mut shard = self.0.shard(key);
        let until = self.0.clock.now().saturating_add(lease);
        match shard.find(hash, key) {
            Some(Record { fence: current, state: State::InProgress { lease_until }, .. })
                if *current == fence =>
            {
                *lease_until = until;
                Settled::Applied
            }
            _ => Settled::Stale,
        }
    }

    fn commit_now(&self, key: &EventKey, fence: Fence, retention: Duration) -> Settled {
        let hash = self.0.hasher.hash_one(key);
        let mut shard = self.0.shard(key);
        let expires = self.0.clock.now().saturating_add(retention);
        let Some(record) = shard.find(hash, key).filter(|record| record.fence == fence) else {
            return Settled::Stale;
        };
        if let State::InProgress { .. } = record.state {
            record.state = State::Done { expires };
            let (look, place) = (record.look, record.place);
            if let Some(slot) = shard.unfile(look, place) {
                shard.file(slot, second_after(expires));
            }
        }
        Settled::Applied
    }

    fn release_now(&self, key: &EventKey, fence: Fence) -> Settled {
        let hash = self.0.hasher.hash_one(key);
        let mut shard = self.0.shard(key);
        match shard.find(hash, key) {
            Some(&mut Record {
                fence: current,
                state: State::InProgress { .. },
                look,
                place,
                ..
            }) if current == fence => {
                if let Some(slot) = shard.unfile(look, place) {
                    shard.forget(slot, &self.0.hasher);
                    self.0.live.fetch_sub(1, Ordering::Relaxed);
                }
                Settled::Applied
            }
            _ => Settled::Stale,
        }
    }
}

impl Shared {
    fn shard(&self, key: &EventKey) -> MutexGuard<'_, Shard> {
        let [first, ..] = key.as_bytes();
        #[expect(clippy::indexing_slicing, reason = "a remainder by the array's length")]
        lock(&self.shards[usize::from(*first) % SHARDS])
    }

    /// Counts one more record, unless that is one too many.
    fn reserve(&self) -> Option<()> {
        let more = |live: usize| (live < self.capacity).then_some(live + 1);
        self.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(drop)
    }

    /// Looks at a few records whose second has come, and tells the time by which it judged.
    fn sweep(&self, shard: &mut Shard) -> Timestamp {
        let now = self.clock.now();
        for _ in 0..LOOKS_PER_CLAIM {
            if self.look(shard, now).is_none() {
                break;
            }
        }
        now
    }

    /// Forgets one record that is due, if there is one.
    fn make_room(&self, shard: &mut Shard) -> bool {
        let now = self.clock.now();
        std::iter::from_fn(|| self.look(shard, now)).any(|forgotten| forgotten)
    }

    /// Looks at the next record whose second has come: forgets it, or moves it on.
    fn look(&self, shard: &mut Shard, now: Timestamp) -> Option<bool> {
        let slot = shard.next_look(now)?;
        let Some(Some(record)) = shard.slots.get(slot as usize) else { return Some(false) };
        let deadline = record.state.deadline();
        let is_due = deadline <= now;
        if is_due {
            shard.forget(slot, &self.hasher);
            self.live.fetch_sub(1, Ordering::Relaxed);
        } else {
            shard.file(slot, second_after(deadline));
        }
        Some(is_due)
    }
}

impl DedupStore for MemoryStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        self.claim_now(key, fingerprint, lease)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fence: Fence,
        lease: Duration,
    ) -> Result<Settled, StoreError> {
        Ok(self.renew_now(key, fence, lease))
    }

    async fn commit(
        &self,
        key: &EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Result<Settled, StoreError> {
        Ok(self.commit_now(key, fence, retention))
    }

    async fn release(&self, key: &EventKey, fence: Fence) -> Result<Settled, StoreError> {
        Ok(self.release_now(key, fence))
    }
}

/// A panic cannot leave a shard half changed: no step between two writes can panic.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryStore {
    /// Remembers up to a million events.
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
