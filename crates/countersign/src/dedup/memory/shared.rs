//! The state behind all clones of a memory store: its shards, and the operations on them.

use std::array;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fill::Fill;
use super::retained::Forgettable;
use super::shard::{Seed, Shard};
use super::size::SHARDS;
use super::slots::{KeyPrefix, Record, State};
use crate::dedup::{ClaimOutcome, EventKey, FencingToken, Retention, UpdateOutcome};
use crate::time::{Clock, Timestamp};

/// The most records that one claim checks for expiry, so that no claim waits for many removals.
const EXPIRY_CHECKS_PER_CLAIM: usize = 8;

/// The capacity from which a store that is full forgets one record of each shard at a time.
///
/// The search for the oldest record passes all shards. In a large store its cost is thus shared by up to 32
/// claims, and a thousandth of the records at most is forgotten sooner than necessary.
const FORGETS_FROM_EACH_SHARD: usize = 1024 * SHARDS;

/// The most attempts to claim in a full store. Each but the first follows one that made space, which other
/// threads may have taken.
const MAX_ATTEMPTS: usize = 100;

pub(super) struct Shared {
    pub(super) shards: [Mutex<Shard>; SHARDS],
    pub(super) seed: Seed,
    pub(super) clock: Box<dyn Clock>,
    pub(super) fill: Fill,
}

impl Shared {
    pub(super) fn new(capacity: usize, clock: Box<dyn Clock>) -> Self {
        Self {
            shards: array::from_fn(|_| Mutex::default()),
            seed: Seed::new(),
            clock,
            fill: Fill::new(capacity),
        }
    }

    /// Claims the event; `None` if the store is full.
    pub(super) fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Option<ClaimOutcome> {
        for _ in 0..MAX_ATTEMPTS {
            if let Some(claim) = self.try_claim(key, fingerprint, lease) {
                return Some(claim);
            }
            if !self.make_space() {
                return None;
            }
        }
        None
    }

    /// Claims the event; `None` if there is no space for a new record.
    fn try_claim(&self, key: &EventKey, fingerprint: u64, lease: Duration) -> Option<ClaimOutcome> {
        let (key_prefix, mut shard) = self.locate(key);
        let now = self.sweep(&mut shard);
        let fencing_token = FencingToken::new(shard.last_fencing_token + 1);
        let state = State::InProgress { lease_until: now.saturating_add(lease) };
        let record = Record { fencing_token, fingerprint, state };
        let existing = shard.find(&self.seed, key_prefix);
        let takeover = match existing.map(|(_, stored)| stored.state) {
            Some(State::InProgress { lease_until }) if now < lease_until => {
                return Some(ClaimOutcome::InProgress {
                    retry_after: lease_until.saturating_since(now),
                });
            }
            Some(state @ (State::Handled { .. } | State::Retained { .. }))
                if now < shard.deadline(state) =>
            {
                let same_body =
                    existing.is_some_and(|(_, stored)| stored.fingerprint == fingerprint);
                return Some(ClaimOutcome::Duplicate { same_body });
            }
            Some(state @ State::InProgress { .. }) => now < shard.deadline(state),
            Some(State::Handled { .. } | State::Retained { .. }) | None => false,
        };
        if let Some((slot, _)) = existing {
            shard.write(slot, record);
        } else {
            if !shard.has_capacity() {
                return None;
            }
            self.fill.reserve()?;
            shard.insert(&self.seed, key_prefix, record);
        }
        shard.last_fencing_token = fencing_token.as_u64();
        Some(ClaimOutcome::Acquired { fencing_token, takeover })
    }

    pub(super) fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.locate(key);
        let lease_until = self.clock.now().saturating_add(lease);
        match shard.find(&self.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.write(slot, Record { state: State::InProgress { lease_until }, ..stored });
                UpdateOutcome::Applied
            }
            _ => UpdateOutcome::StaleToken,
        }
    }

    pub(super) fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Retention,
    ) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.locate(key);
        let now = self.clock.now();
        match shard.find(&self.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.retain(slot, stored, retention, now);
                UpdateOutcome::Applied
            }
            Some((_, stored)) if stored.fencing_token == fencing_token => UpdateOutcome::Applied,
            _ => UpdateOutcome::StaleToken,
        }
    }

    pub(super) fn release(&self, key: &EventKey, fencing_token: FencingToken) -> UpdateOutcome {
        let (key_prefix, mut shard) = self.locate(key);
        match shard.find(&self.seed, key_prefix) {
            Some((slot, stored)) if stored.is_in_progress(fencing_token) => {
                shard.remove(&self.seed, slot);
                self.fill.remove_one();
                UpdateOutcome::Applied
            }
            _ => UpdateOutcome::StaleToken,
        }
    }

    /// Returns the key under which the event is stored, and the locked shard that may hold it.
    ///
    /// The shard is chosen by a hash whose seed no sender knows. Events that are chosen to share a shard
    /// would otherwise make one shard after another grow to the store's whole capacity.
    pub(super) fn locate(&self, key: &EventKey) -> (KeyPrefix, MutexGuard<'_, Shard>) {
        let key = KeyPrefix::from(key);
        #[expect(clippy::indexing_slicing, reason = "a remainder by the array's length")]
        (key, lock(&self.shards[self.seed.hash(key) as usize % SHARDS]))
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

    /// Makes space for another record: removes one that has expired or, if there is none, forgets the
    /// oldest of those that need not be kept. Returns whether there was one.
    fn make_space(&self) -> bool {
        let now = self.clock.now();
        let mut oldest: Option<(Forgettable, &Mutex<Shard>)> = None;
        for mutex in &self.shards {
            let mut shard = lock(mutex);
            if std::iter::from_fn(|| self.expire_next(&mut shard, now)).any(|removed| removed) {
                return true;
            }
            if let Some(candidate) = shard.oldest_forgettable(now)
                && oldest.is_none_or(|(oldest, _)| candidate.handled < oldest.handled)
            {
                oldest = Some((candidate, mutex));
            }
        }
        let Some((_, shard)) = oldest else { return false };
        if self.fill.capacity() < FORGETS_FROM_EACH_SHARD {
            self.forget_oldest(shard, now);
        } else {
            self.shards.iter().for_each(|shard| self.forget_oldest(shard, now));
        }
        true
    }

    /// Forgets the oldest record of a shard that need not be kept, if there still is one.
    fn forget_oldest(&self, shard: &Mutex<Shard>, now: Timestamp) {
        let mut shard = lock(shard);
        if let Some(oldest) = shard.oldest_forgettable(now) {
            shard.remove(&self.seed, oldest.slot);
            self.fill.forget_one();
        }
    }

    /// Checks the next record that is due, and returns whether it was removed.
    fn expire_next(&self, shard: &mut Shard, now: Timestamp) -> Option<bool> {
        let removed = shard.expire_next(&self.seed, now)?;
        if removed {
            self.fill.remove_one();
        }
        Some(removed)
    }
}

/// Locks a shard, even if a panic has poisoned the lock.
///
/// A poisoned shard is consistent: no step between two of its writes can panic.
pub(super) fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
