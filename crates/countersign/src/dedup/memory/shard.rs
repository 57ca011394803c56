//! A shard: the part of the memory store under one lock.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::index::Index;
use super::retained::{Forgettable, RetainedLists};
use super::slots::{KeyPrefix, Record, Slots, State};
use super::wheel::Wheel;
use crate::dedup::Retention;
use crate::time::Timestamp;

/// How long a claim that was neither committed nor released is kept after its lease, for a late commit.
const ABANDONED_CLAIM_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Records with an index to find them, and a wheel and lists to expire them.
///
/// Invariant: every record is in exactly one slot, in the index under the hash of its key, and either in the
/// wheel at its deadline or in the list that its state names. A record that the index lacks would be claimed
/// twice; one that wheel and lists lack would never expire.
#[derive(Default)]
#[repr(align(128))] // Two locks never share a cache line.
pub(super) struct Shard {
    index: Index,
    slots: Slots,
    wheel: Wheel,
    retained: RetainedLists,
    /// The last fencing token that was granted in the shard.
    ///
    /// It rises with every claim in the shard, and therefore with every claim of a key. A counter for
    /// each key would have to outlive the key's record.
    pub(super) last_fencing_token: u64,
}

impl Shard {
    /// Returns the slot and the record of `key`.
    pub(super) fn find(&self, seed: &Seed, key: KeyPrefix) -> Option<(u32, Record)> {
        let has_key = |slot| self.slots.get(slot).is_some_and(|stored| stored.key == key);
        let slot = self.index.find(seed.hash(key), has_key)?;
        Some((slot, self.slots.get(slot)?.record()))
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.slots.used().filter_map(|(slot, _)| Some(self.slots.get(slot)?.record()))
    }

    /// Returns the time from which a record in this state may be removed: the end of its retention, or a day
    /// after the end of its lease.
    pub(super) fn deadline(&self, state: State) -> Timestamp {
        match state {
            State::InProgress { lease_until } => {
                lease_until.saturating_add(ABANDONED_CLAIM_RETENTION)
            }
            State::Handled { expires } => expires,
            State::Retained { handled, list } => self.retained.end(list, handled),
        }
    }

    /// Returns whether there is a slot for another record.
    pub(super) fn has_capacity(&self) -> bool {
        self.slots.has_capacity()
    }

    /// Adds a record under a key that has none.
    ///
    /// The shard must have capacity, and the key must be absent: a second record under the same key would
    /// never be found.
    pub(super) fn insert(&mut self, seed: &Seed, key: KeyPrefix, record: Record) {
        if self.index.needs_rebuild() {
            self.index.rebuild(self.slots.used().map(|(slot, key)| (seed.hash(key), slot)));
        }
        let slot = self.slots.insert(key, record);
        self.index.insert(seed.hash(key), slot);
        self.schedule(slot, record);
    }

    /// Replaces the record in a slot and reschedules its expiry.
    pub(super) fn write(&mut self, slot: u32, record: Record) {
        self.unschedule(slot);
        if let Some(stored) = self.slots.get_mut(slot) {
            stored.write(record);
        }
        self.schedule(slot, record);
    }

    /// Marks the record in a slot as handled `now`.
    pub(super) fn retain(
        &mut self,
        slot: u32,
        record: Record,
        retention: Retention,
        now: Timestamp,
    ) {
        let state = match self.retained.list_for(retention) {
            Some(list) => State::Retained { handled: now, list },
            None => State::Handled { expires: now.saturating_add(retention.keep_for()) },
        };
        self.write(slot, Record { state, ..record });
    }

    /// Removes the record in a slot and frees the slot.
    pub(super) fn remove(&mut self, seed: &Seed, slot: u32) {
        let Some(key) = self.slots.get(slot).map(|stored| stored.key) else { return };
        self.index.remove(seed.hash(key), slot);
        self.unschedule(slot);
        self.slots.remove(slot);
    }

    /// Checks the next record that is due: removes it if it has expired, and otherwise reschedules it
    /// nearer to its deadline.
    ///
    /// Returns whether the record was removed; `None` if no record is due.
    pub(super) fn expire_next(&mut self, seed: &Seed, now: Timestamp) -> Option<bool> {
        if let Some(slot) = self.retained.next_expired(now) {
            self.remove(seed, slot);
            return Some(true);
        }
        let slot = self.wheel.next_due(now.as_secs())?;
        let record = self.slots.get(slot)?.record();
        let is_expired = self.deadline(record.state) <= now;
        if is_expired {
            self.remove(seed, slot);
        } else {
            self.wheel.unschedule(&mut self.slots, slot);
            self.schedule(slot, record);
        }
        Some(is_expired)
    }

    /// Returns the record that was handled first, of those that may be forgotten.
    pub(super) fn oldest_forgettable(&self, now: Timestamp) -> Option<Forgettable> {
        self.retained.oldest_forgettable(now)
    }

    fn schedule(&mut self, slot: u32, record: Record) {
        match record.state {
            State::Retained { handled, list } => {
                self.retained.append(&mut self.slots, list, slot, handled);
            }
            state => {
                let deadline = ceil_second(self.deadline(state));
                self.wheel.schedule(&mut self.slots, slot, deadline);
            }
        }
    }

    fn unschedule(&mut self, slot: u32) {
        let Some(stored) = self.slots.get(slot) else { return };
        match stored.record().state {
            State::Retained { list, .. } => {
                self.retained.remove(&mut self.slots, list, slot);
            }
            _ => self.wheel.unschedule(&mut self.slots, slot),
        }
    }
}

/// The random seed of a store's hash function.
///
/// An attacker who knew the seed could create events that collide in the index and make it slow.
pub(super) struct Seed(u64, u64);

impl Seed {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1))
    }

    /// Hashes a key with one multiplication: the key is part of a digest, so its bits are random
    /// already, and the product with secret factors hides its position in the index.
    pub(super) fn hash(&self, KeyPrefix(first, second): KeyPrefix) -> u64 {
        let product = u128::from(first ^ self.0) * u128::from(second ^ self.1);
        (product >> 64) as u64 ^ product as u64
    }
}

/// Returns the first whole second at or after `time`.
const fn ceil_second(time: Timestamp) -> u64 {
    time.as_millis().div_ceil(1000)
}
