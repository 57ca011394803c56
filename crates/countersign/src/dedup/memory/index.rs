//! The index of a shard: a hash table from the hash of a key to the number of its slot.
//!
//! An entry has four bytes: the number of a slot and eight bits of the hash. Sixteen entries are one cache
//! line, in which a search starts and usually ends. Keys and hashes are not in the table, since the slots
//! hold the keys. A search compares the key in a slot only if the eight bits agree. `memory/mod.rs`
//! compares this with [`HashMap`](std::collections::HashMap).
//!
//! # Invariants
//!
//! 1. **The empty entries of a line come after all others.** `is_full` checks only the last entry.
//! 2. **A line that has been full stays full until the table is rebuilt.** A search continues in the next
//!    line only after a full line, so an entry behind a line with a new gap would not be found and its
//!    event would be handled twice. A removed entry of a full line becomes a [`TOMBSTONE`].
//! 3. **At least one line is not full.** Every search would otherwise pass all lines.

/// An entry that has never been used since the last rebuild.
const EMPTY: u32 = 0;

/// A removed entry of a full line. No slot has such a number.
const TOMBSTONE: u32 = u32::MAX;

/// The bits of an entry that hold the slot's number, counted from one because zero is [`EMPTY`].
///
/// The other eight bits are the tag: those bits of the hash.
pub(super) const SLOT_MASK: u32 = (1 << 24) - 1;

/// The number of entries in a line of 64 bytes.
const ENTRIES_PER_LINE: usize = 16;

/// A cache line of entries (invariant 1).
#[derive(Clone)]
#[repr(align(64))]
struct Line([u32; ENTRIES_PER_LINE]);

impl Line {
    /// Returns a bit for each entry that matches.
    ///
    /// All entries are tested without a branch, which the compiler turns into vector instructions.
    fn matching(&self, predicate: impl Fn(u32) -> bool) -> u32 {
        let bits =
            (0..).zip(self.0).map(|(position, entry)| u32::from(predicate(entry)) << position);
        bits.fold(0, |all, bit| all | bit)
    }

    /// Removes the entry at `position`.
    ///
    /// In a full line it becomes a tombstone (invariant 2). Otherwise the last used entry replaces it
    /// (invariant 1).
    fn remove(&mut self, position: usize) {
        let used = self.matching(|entry| entry != EMPTY).count_ones() as usize;
        let (position, value) = if used < ENTRIES_PER_LINE {
            self.0.swap(position, used - 1);
            (used - 1, EMPTY)
        } else {
            (position, TOMBSTONE)
        };
        if let Some(entry) = self.0.get_mut(position) {
            *entry = value;
        }
    }

    /// Returns whether the line has no empty entry; a tombstone is not empty.
    const fn is_full(&self) -> bool {
        let [.., last] = self.0;
        last != EMPTY
    }
}

/// A hash table of slot numbers with linear probing by lines.
#[derive(Default)]
pub(super) struct Index {
    lines: Vec<Line>,
    entries: usize,
    /// The number of full lines. Entries that belong there may be in the lines after them.
    full_lines: usize,
}

impl Index {
    /// Returns the slot with this hash for which `is_wanted` returns `true`.
    pub(super) fn find(&self, hash: u64, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let (before, after) = self.lines.split_at(first_line(&self.lines, hash));
        for line in after.iter().chain(before) {
            let mut candidates = line.matching(|entry| (entry ^ tag_of(hash)) <= SLOT_MASK);
            while let Some(entry) = line.0.get(candidates.trailing_zeros() as usize) {
                if is_wanted(slot_of(*entry)) {
                    return Some(slot_of(*entry));
                }
                candidates &= candidates - 1;
            }
            if !line.is_full() {
                return None;
            }
        }
        None
    }

    /// Returns whether the table should be rebuilt before the next insertion.
    ///
    /// It should if three quarters of the entries are used, or a third of the lines are full. Both keep
    /// searches short and at least one line not full (invariant 3).
    pub(super) const fn needs_rebuild(&self) -> bool {
        self.entries * 4 >= self.lines.len() * ENTRIES_PER_LINE * 3
            || self.full_lines * 3 > self.lines.len()
    }

    /// Rebuilds the table from `slots`: all slots in it, with the hashes of their keys.
    ///
    /// The new table is three eighths full.
    pub(super) fn rebuild(&mut self, slots: impl Iterator<Item = (u64, u32)>) {
        let lines = (self.entries + 1).div_ceil(ENTRIES_PER_LINE * 3 / 8);
        // Frees the old lines first: the peak of memory would otherwise hold both.
        *self = Self::default();
        self.lines = vec![Line([EMPTY; ENTRIES_PER_LINE]); lines];
        slots.for_each(|(hash, slot)| self.insert(hash, slot));
    }

    /// Adds a slot, which must not be in the table.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) {
        for line in lines_from(&mut self.lines, hash) {
            let free = line.matching(|entry| matches!(entry, EMPTY | TOMBSTONE)).trailing_zeros();
            let was_full = line.is_full();
            if let Some(entry) = line.0.get_mut(free as usize) {
                *entry = tag_of(hash) | (slot + 1);
                self.full_lines += usize::from(line.is_full() && !was_full);
                self.entries += 1;
                return;
            }
        }
    }

    /// Removes a slot, if it is in the table.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        let wanted = tag_of(hash) | (slot + 1);
        for line in lines_from(&mut self.lines, hash) {
            let position = line.matching(|entry| entry == wanted).trailing_zeros() as usize;
            if position < ENTRIES_PER_LINE {
                line.remove(position);
                self.entries -= 1;
                return;
            }
        }
    }
}

/// Returns all lines, starting with the one where a search for `hash` starts.
fn lines_from(lines: &mut [Line], hash: u64) -> impl Iterator<Item = &mut Line> {
    let (before, after) = lines.split_at_mut(first_line(lines, hash));
    after.iter_mut().chain(before)
}

/// Returns the number of the line where a search for `hash` starts; zero if there are no lines.
const fn first_line(lines: &[Line], hash: u64) -> usize {
    ((hash as u128 * lines.len() as u128) >> 64) as usize
}

/// Returns the tag of a hash, in the position that it has in an entry.
const fn tag_of(hash: u64) -> u32 {
    (hash as u32) & !SLOT_MASK
}

/// Returns the slot of an entry. The result for [`EMPTY`] and [`TOMBSTONE`] is not a slot.
const fn slot_of(entry: u32) -> u32 {
    (entry & SLOT_MASK).wrapping_sub(1)
}
