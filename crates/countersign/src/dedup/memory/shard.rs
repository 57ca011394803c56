//! A part of the memory store under one lock: its records, and when to look at each again.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use hashbrown::HashTable;

use crate::dedup::{EventKey, Fence};
use crate::time::Timestamp;

/// How long a claim that nobody settled is kept after its lease, for a late commit.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Default)]
pub(super) struct Shard {
    /// Slot numbers, found by their record's key.
    index: HashTable<u32>,
    pub(super) slots: Vec<Option<Record>>,
    free: Vec<u32>,
    /// Slot numbers by the second in which to look at them. Each record stands here once, at its
    /// deadline, or before it where its lease was renewed: then it is moved on.
    looks: BTreeMap<u64, Vec<u32>>,
    /// The last fence given. It rises with every claim in the shard, hence with every claim of a
    /// key, so no tombstone need outlive a record.
    pub(super) last_fence: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) key: EventKey,
    pub(super) fence: Fence,
    pub(super) fingerprint: u64,
    pub(super) state: State,
    /// Where the record stands in [`Shard::looks`].
    pub(super) look: u64,
    pub(super) place: u32,
}

#[derive(Clone, Copy)]
pub(super) enum State {
    InProgress { lease_until: Timestamp },
    Done { expires: Timestamp },
}

impl State {
    /// From when on the record may be forgotten.
    pub(super) fn deadline(self) -> Timestamp {
        match self {
            Self::InProgress { lease_until } => lease_until.saturating_add(ABANDONED_AFTER),
            Self::Done { expires } => expires,
        }
    }
}

impl Shard {
    pub(super) fn find(&mut self, hash: u64, key: &EventKey) -> Option<&mut Record> {
        let slots = &self.slots;
        let is_key = |slot: &u32| {
            slots
                .get(*slot as usize)
                .is_some_and(|held| matches!(held, Some(record) if record.key == *key))
        };
        let slot = *self.index.find(hash, is_key)?;
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn insert(&mut self, hash: u64, hasher: &RandomState, record: Record) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(held) = self.slots.get_mut(slot as usize) {
            *held = Some(record);
        }
        let slots = &self.slots;
        let rehash = |slot: &u32| match slots.get(*slot as usize) {
            Some(Some(record)) => hasher.hash_one(record.key),
            _ => 0,
        };
        self.index.insert_unique(hash, slot, rehash);
        self.file(slot, record.look);
    }

    /// Empties a slot that stands in no list of looks any more.
    pub(super) fn forget(&mut self, slot: u32, hasher: &RandomState) {
        if let Some(record) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            let hash = hasher.hash_one(record.key);
            if let Ok(entry) = self.index.find_entry(hash, |held| *held == slot) {
                entry.remove();
            }
            self.free.push(slot);
        }
    }

    /// Notes to look at the slot in second `look`.
    pub(super) fn file(&mut self, slot: u32, look: u64) {
        let list = self.looks.entry(look).or_default();
        if let Some(Some(record)) = self.slots.get_mut(slot as usize) {
            record.look = look;
            record.place = u32::try_from(list.len()).unwrap_or(u32::MAX);
        }
        list.push(slot);
    }

    /// Takes the slot at `place` out of the list of second `look`.
    pub(super) fn unfile(&mut self, look: u64, place: u32) -> Option<u32> {
        let list = self.looks.get_mut(&look)?;
        if place as usize >= list.len() {
            return None;
        }
        let slot = list.swap_remove(place as usize);
        if let Some(moved) = list.get(place as usize)
            && let Some(Some(record)) = self.slots.get_mut(*moved as usize)
        {
            record.place = place;
        }
        if list.is_empty() {
            self.looks.remove(&look);
        }
        Some(slot)
    }

    /// Takes out a slot whose second has come.
    pub(super) fn next_look(&mut self, now: Timestamp) -> Option<u32> {
        let mut first = self.looks.first_entry()?;
        if Timestamp::from_secs(*first.key()) > now {
            return None;
        }
        let slot = first.get_mut().pop();
        if first.get().is_empty() {
            first.remove();
        }
        slot
    }
}

/// The first whole second at or after `time`.
pub(super) const fn second_after(time: Timestamp) -> u64 {
    time.as_millis().div_ceil(1000)
}
