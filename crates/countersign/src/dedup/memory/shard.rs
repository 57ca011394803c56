//! A shard: the part of the memory store under one lock.

use std::hash::{BuildHasher, RandomState};

use super::index::Index;
use super::slots::{KeyPrefix, Record, Slots};
use super::wheel::Wheel;
use crate::time::Timestamp;

/// Records with an index to find them and a wheel to expire them.
///
/// Invariant: every record is in exactly one slot, in the index under the hash of its key, and in the
/// wheel at its deadline. A record that the index lacks would be claimed twice; one that the wheel lacks
/// would never expire.
#[derive(Default)]
#[repr(align(128))] // Two locks never share a cache line.
pub(super) struct Shard {
    index: Index,
    slots: Slots,
    wheel: Wheel,
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
        if let Some(stored) = self.slots.get_mut(slot) {
            stored.write(record);
        }
        self.wheel.unschedule(&mut self.slots, slot);
        self.schedule(slot, record);
    }

    /// Removes the record in a slot and frees the slot.
    pub(super) fn remove(&mut self, seed: &Seed, slot: u32) {
        let Some(key) = self.slots.get(slot).map(|stored| stored.key) else { return };
        self.index.remove(seed.hash(key), slot);
        self.wheel.unschedule(&mut self.slots, slot);
        self.slots.remove(slot);
    }

    /// Checks the next record that is due: removes it if it has expired, and otherwise reschedules it
    /// nearer to its deadline.
    ///
    /// Returns whether the record was removed; `None` if no record is due.
    pub(super) fn expire_next(&mut self, seed: &Seed, now: Timestamp) -> Option<bool> {
        let slot = self.wheel.next_due(now.as_secs())?;
        let record = self.slots.get(slot)?.record();
        let is_expired = record.state.deadline() <= now;
        if is_expired {
            self.remove(seed, slot);
        } else {
            self.wheel.unschedule(&mut self.slots, slot);
            self.schedule(slot, record);
        }
        Some(is_expired)
    }

    fn schedule(&mut self, slot: u32, record: Record) {
        self.wheel.schedule(&mut self.slots, slot, ceil_second(record.state.deadline()));
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
    fn hash(&self, KeyPrefix(first, second): KeyPrefix) -> u64 {
        let product = u128::from(first ^ self.0) * u128::from(second ^ self.1);
        (product >> 64) as u64 ^ product as u64
    }
}

/// Returns the first whole second at or after `time`.
const fn ceil_second(time: Timestamp) -> u64 {
    time.as_millis().div_ceil(1000)
}
