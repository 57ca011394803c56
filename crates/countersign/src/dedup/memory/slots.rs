//! Where a shard keeps its records: 48 bytes for each, in numbered slots.

use std::time::Duration;

use super::index::SLOT_MASK;
use crate::dedup::{EventKey, FencingToken};
use crate::time::Timestamp;

/// How long a claim that nobody settled is kept after its lease, for a late commit.
const ABANDONED_CLAIM_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// How many slots stand in one piece of memory. They stay there: growing moves none.
const SLOTS_PER_CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 7;

/// No slot.
pub(super) const NIL: u32 = u32::MAX;

/// How many slots there may be: whole chunks, and as many as the index can tell apart.
pub(super) const MAX_SLOTS: u32 = SLOT_MASK - SLOT_MASK % (1 << CHUNK_BITS);

/// What is remembered of an event.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) fencing_token: FencingToken,
    pub(super) fingerprint: u64,
    pub(super) state: State,
}

impl Record {
    /// Whether the event is in progress, and for whom this fencing token was given.
    pub(super) fn is_in_progress(&self, fencing_token: FencingToken) -> bool {
        self.fencing_token == fencing_token && matches!(self.state, State::InProgress { .. })
    }
}

#[derive(Clone, Copy)]
pub(super) enum State {
    InProgress { lease_until: Timestamp },
    Handled { expires: Timestamp },
}

impl State {
    /// From when on the record may be forgotten.
    pub(super) fn deadline(self) -> Timestamp {
        match self {
            Self::InProgress { lease_until } => {
                lease_until.saturating_add(ABANDONED_CLAIM_RETENTION)
            }
            Self::Handled { expires } => expires,
        }
    }
}

/// The first half of an event's key: 128 bits of a digest.
///
/// To make two that are alike takes 2^64 digests, and gains that the one's second event is taken
/// for his first; to meet another's event takes 2^128, divided by how many there are.
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

/// A record as it is kept, with its position in one of the wheel's lists.
pub(super) struct Slot {
    pub(super) key: KeyPrefix,
    fingerprint: u64,
    /// Twice the fencing token, and one more once the event is handled.
    fencing_token_and_handled: u64,
    /// When the lease ends or, once handled, when the record expires.
    until: Timestamp,
    /// Its neighbours in the list. Before the first one is its bucket, before a free slot nothing.
    pub(super) prev: u32,
    pub(super) next: u32,
}

impl Slot {
    const fn new_free(next: u32) -> Self {
        let until = Timestamp::from_millis(0);
        Self {
            key: KeyPrefix(0, 0),
            fingerprint: 0,
            fencing_token_and_handled: 0,
            until,
            prev: NIL,
            next,
        }
    }

    pub(super) const fn record(&self) -> Record {
        let state = if self.fencing_token_and_handled & 1 == 0 {
            State::InProgress { lease_until: self.until }
        } else {
            State::Handled { expires: self.until }
        };
        let fencing_token = FencingToken::new(self.fencing_token_and_handled >> 1);
        Record { fencing_token, fingerprint: self.fingerprint, state }
    }

    pub(super) const fn write(&mut self, record: Record) {
        let (handled, until) = match record.state {
            State::InProgress { lease_until } => (0, lease_until),
            State::Handled { expires } => (1, expires),
        };
        self.fingerprint = record.fingerprint;
        self.fencing_token_and_handled = record.fencing_token.as_u64() << 1 | handled;
        self.until = until;
    }
}

/// The slots of a shard, those that are free among them.
pub(super) struct Slots {
    chunks: Vec<Box<[Slot]>>,
    /// The first free slot; each is followed by the next.
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

    /// All that are not free, with their records' names.
    pub(super) fn used(&self) -> impl Iterator<Item = (u32, KeyPrefix)> {
        let slots = (0_u32..).zip(self.chunks.iter().flatten());
        slots.filter(|(_, slot)| slot.prev != NIL).map(|(number, slot)| (number, slot.key))
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.first_free != NIL || self.chunks.len() << CHUNK_BITS < MAX_SLOTS as usize
    }

    /// Fills a free slot; there must be room for it.
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

    /// Frees a slot that is in no list any more.
    pub(super) fn remove(&mut self, slot: u32) {
        let next = self.first_free;
        if let Some(stored) = self.get_mut(slot) {
            stored.prev = NIL;
            stored.next = next;
            self.first_free = slot;
        }
    }

    /// Adds a chunk of free slots, in order: those that are used together lie together.
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

const fn position(slot: u32) -> (usize, usize) {
    let slot = slot as usize;
    (slot >> CHUNK_BITS, slot % SLOTS_PER_CHUNK)
}
