//! The records of a shard, in numbered slots of 48 bytes.
//!
//! # Invariants
//!
//! 1. **A slot is either used and in one list of the wheel or of the retained records, or free and in the
//!    list of free slots.** A slot in both would be overwritten while its record is still found.
//! 2. **`prev` is `NIL` exactly in free slots.** A used slot's `prev` is a slot, a bucket or `LIST_LINK`.
//!    `used` relies on this when it enumerates the records.
//! 3. **A slot never moves.** Its number is in the index and in the links of its neighbours.

use super::index::SLOT_MASK;
use crate::dedup::{EventKey, FencingToken};
use crate::time::Timestamp;

/// The number of slots in one allocation. Growth adds an allocation and moves no slot (invariant 3).
const SLOTS_PER_CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 7;

/// The link to no slot.
pub(super) const NIL: u32 = u32::MAX;

/// The most slots of a shard: as many as an entry of the index can number, in whole chunks.
pub(super) const MAX_SLOTS: u32 = SLOT_MASK - SLOT_MASK % (1 << CHUNK_BITS);

/// The `prev` link of the first slot in a list of retained records, past the links of all buckets.
pub(super) const LIST_LINK: u32 = NIL - 1;

/// The number of a list of retained records.
#[derive(Clone, Copy)]
pub(super) struct ListNumber(pub(super) u8);

/// The stored facts of an event.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) fencing_token: FencingToken,
    pub(super) fingerprint: u64,
    pub(super) state: State,
}

impl Record {
    /// Returns whether the event is in progress under this fencing token.
    pub(super) fn is_in_progress(&self, fencing_token: FencingToken) -> bool {
        self.fencing_token == fencing_token && matches!(self.state, State::InProgress { .. })
    }
}

/// The state of an event.
#[derive(Clone, Copy)]
pub(super) enum State {
    InProgress {
        lease_until: Timestamp,
    },
    /// Handled, and in the wheel: the record is kept until it expires.
    Handled {
        expires: Timestamp,
    },
    /// Handled, and in a list, whose retention says when the record expires.
    Retained {
        handled: Timestamp,
        list: ListNumber,
    },
}

/// The first half of an event's key: 128 bits of a digest.
///
/// Finding two events with the same prefix takes 2^64 digests, and only makes the store treat the
/// attacker's second event as a duplicate of the first. Finding an event with the prefix of any event in
/// the store takes 2^128 digests, divided by the number of those events.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct KeyPrefix(pub(super) u64, pub(super) u64);

impl From<&EventKey> for KeyPrefix {
    fn from(key: &EventKey) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *key.as_bytes();
        Self(
            u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            u64::from_le_bytes([i, j, k, l, m, n, o, p]),
        )
    }
}

/// A record in its stored form, with its links in a list of the wheel.
pub(super) struct Slot {
    pub(super) key: KeyPrefix,
    fingerprint: u64,
    /// The fencing token times 256, plus a byte for the state: [`IN_PROGRESS`], [`IN_WHEEL`], or
    /// [`FIRST_LIST`] and the number of the list.
    fencing_token_and_state: u64,
    /// The time of the state: the end of the lease or of the retention, or the time of the commit.
    pub(super) time: Timestamp,
    /// The previous slot in the list, the bucket in the first slot, or `NIL` in a free slot.
    pub(super) prev: u32,
    /// The next slot in the list, or `NIL` in the last one.
    pub(super) next: u32,
}

impl Slot {
    const fn new_free(next: u32) -> Self {
        let time = Timestamp::from_millis(0);
        Self {
            key: KeyPrefix(0, 0),
            fingerprint: 0,
            fencing_token_and_state: 0,
            time,
            prev: NIL,
            next,
        }
    }

    /// Returns the record.
    pub(super) const fn record(&self) -> Record {
        let state = match self.fencing_token_and_state as u8 {
            IN_PROGRESS => State::InProgress { lease_until: self.time },
            IN_WHEEL => State::Handled { expires: self.time },
            list => State::Retained { handled: self.time, list: ListNumber(list - FIRST_LIST) },
        };
        let fencing_token = FencingToken::new(self.fencing_token_and_state >> STATE_BITS);
        Record { fencing_token, fingerprint: self.fingerprint, state }
    }

    /// Replaces the record; key and links stay.
    pub(super) const fn write(&mut self, record: Record) {
        let (state, time) = match record.state {
            State::InProgress { lease_until } => (IN_PROGRESS, lease_until),
            State::Handled { expires } => (IN_WHEEL, expires),
            State::Retained { handled, list } => (FIRST_LIST + list.0, handled),
        };
        self.fingerprint = record.fingerprint;
        self.fencing_token_and_state = record.fencing_token.as_u64() << STATE_BITS | state as u64;
        self.time = time;
    }
}

/// The lowest bits of a slot's fencing token, which hold the state.
const STATE_BITS: u32 = 8;
const IN_PROGRESS: u8 = 0;
const IN_WHEEL: u8 = 1;
const FIRST_LIST: u8 = 2;

/// The slots of a shard, used and free.
pub(super) struct Slots {
    chunks: Vec<Box<[Slot]>>,
    /// The first slot in the list of free slots, or `NIL`.
    first_free: u32,
}

impl Slots {
    pub(super) fn get(&self, slot: u32) -> Option<&Slot> {
        let (chunk, position) = position(slot);
        self.chunks.get(chunk)?.get(position)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Slot> {
        let (chunk, position) = position(slot);
        self.chunks.get_mut(chunk)?.get_mut(position)
    }

    /// Returns all used slots, with the keys of their records.
    pub(super) fn used(&self) -> impl Iterator<Item = (u32, KeyPrefix)> {
        let slots = (0_u32..).zip(self.chunks.iter().flatten());
        slots.filter(|(_, slot)| slot.prev != NIL).map(|(number, slot)| (number, slot.key))
    }

    /// Returns whether there is a free slot, or space for another chunk.
    pub(super) fn has_capacity(&self) -> bool {
        self.first_free != NIL || self.chunks.len() << CHUNK_BITS < MAX_SLOTS as usize
    }

    /// Stores a record in a free slot and returns the slot, which the caller must schedule in the wheel
    /// (invariant 1).
    ///
    /// There must be capacity.
    pub(super) fn insert(&mut self, key: KeyPrefix, record: Record) -> u32 {
        if self.first_free == NIL {
            self.grow();
        }
        let slot = self.first_free;
        if let Some(stored) = self.get_mut(slot) {
            let next = stored.next;
            stored.key = key;
            stored.write(record);
            self.first_free = next;
        }
        slot
    }

    /// Frees a slot, which must have been unscheduled from the wheel (invariant 1).
    pub(super) fn remove(&mut self, slot: u32) {
        let next = self.first_free;
        if let Some(stored) = self.get_mut(slot) {
            stored.prev = NIL;
            stored.next = next;
            self.first_free = slot;
        }
    }

    /// Adds a chunk of free slots in ascending order, so that events of the same time share cache lines.
    fn grow(&mut self) {
        let first = self.chunks.len() << CHUNK_BITS;
        let slots = (first + 1..=first + SLOTS_PER_CHUNK).map(|next| {
            let is_last = next == first + SLOTS_PER_CHUNK;
            Slot::new_free(if is_last { NIL } else { u32::try_from(next).unwrap_or(NIL) })
        });
        self.chunks.push(slots.collect());
        self.first_free = u32::try_from(first).unwrap_or(NIL);
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self { chunks: Vec::new(), first_free: NIL }
    }
}

/// Returns the chunk of a slot, and its position there.
const fn position(slot: u32) -> (usize, usize) {
    let slot = slot as usize;
    (slot >> CHUNK_BITS, slot % SLOTS_PER_CHUNK)
}
