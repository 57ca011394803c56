//! A part of the memory store under one lock: its records, and when to look at each again.

use std::hash::{BuildHasher, RandomState};

use super::index::Index;
use super::slots::{KeyPrefix, Record, Slots};
use super::wheel::Wheel;
use crate::time::Timestamp;

/// Every record stands in its slot, in the index, and in the wheel at its deadline.
#[derive(Default)]
#[repr(align(128))] // two locks never share a cache line
pub(super) struct Shard {
    index: Index,
    slots: Slots,
    wheel: Wheel,
    /// The last fencing token given. It rises with every claim in the shard, hence with every claim of a
    /// key, so no tombstone need outlive a record.
    pub(super) last_fencing_token: u64,
}

impl Shard {
    pub(super) fn find(&self, seed: &Seed, key: KeyPrefix) -> Option<(u32, Record)> {
        let has_key = |slot| self.slots.get(slot).is_some_and(|stored| stored.key == key);
        let slot = self.index.find(seed.hash(key), has_key)?;
        Some((slot, self.slots.get(slot)?.record()))
    }

    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.slots.used().filter_map(|(slot, _)| Some(self.slots.get(slot)?.record()))
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.slots.has_capacity()
    }

    /// Adds a record of what is not found; there must be room for it.
    pub(super) fn insert(&mut self, seed: &Seed, key: KeyPrefix, record: Record) {
        if self.index.needs_rebuild() {
            self.index.rebuild(self.slots.used().map(|(slot, key)| (seed.hash(key), slot)));
        }
        let slot = self.slots.insert(key, record);
        self.index.insert(seed.hash(key), slot);
        self.schedule(slot, record);
    }

    pub(super) fn write(&mut self, slot: u32, record: Record) {
        if let Some(stored) = self.slots.get_mut(slot) {
            stored.write(record);
        }
        self.wheel.unschedule(&mut self.slots, slot);
        self.schedule(slot, record);
    }

    pub(super) fn remove(&mut self, seed: &Seed, slot: u32) {
        let Some(key) = self.slots.get(slot).map(|stored| stored.key) else { return };
        self.index.remove(seed.hash(key), slot);
        self.wheel.unschedule(&mut self.slots, slot);
        self.slots.remove(slot);
    }

    /// Looks at the next record whose time has come: forgets it, or moves it nearer to its deadline.
    ///
    /// Tells whether it is forgotten; `None` if there is nothing to look at.
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

/// Where a store looks for names: unknown outside, so that nobody makes keys that meet there.
pub(super) struct Seed(u64, u64);

impl Seed {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1))
    }

    /// A name is as good as random already: one multiplication hides where it falls.
    fn hash(&self, KeyPrefix(first, second): KeyPrefix) -> u64 {
        let product = u128::from(first ^ self.0) * u128::from(second ^ self.1);
        (product >> 64) as u64 ^ product as u64
    }
}

/// The first whole second at or after `time`.
const fn ceil_second(time: Timestamp) -> u64 {
    time.as_millis().div_ceil(1000)
}
