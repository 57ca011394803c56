//! Where a shard finds its slots again: sixteen numbers to a cache line, so that most searches see
//! one line only.

const EMPTY: u32 = 0;

/// In place of an entry that was taken out of a full line. It stands for no slot.
const TOMBSTONE: u32 = u32::MAX;

/// The bits of an entry that hold the slot's number, counted from one; the others are its tag, by
/// which most other slots are told apart unseen.
pub(super) const SLOT_MASK: u32 = (1 << 24) - 1;

const ENTRIES_PER_LINE: usize = 16;

/// Entries, and the empty ones after them.
#[derive(Clone)]
#[repr(align(64))]
struct Line([u32; ENTRIES_PER_LINE]);

impl Line {
    /// A bit for each entry that `is` as asked. All are asked, without a branch: that is quicker.
    fn matching(&self, predicate: impl Fn(u32) -> bool) -> u32 {
        let bits =
            (0..).zip(self.0).map(|(position, entry)| u32::from(predicate(entry)) << position);
        bits.fold(0, |all, bit| all | bit)
    }

    /// The last entry takes its place; but a line that was full stays so, for the searches that go
    /// on beyond it.
    fn remove(&mut self, position: usize) {
        let used = self.matching(|entry| entry != EMPTY).count_ones() as usize;
        let (position, left) = if used < ENTRIES_PER_LINE {
            self.0.swap(position, used - 1);
            (used - 1, EMPTY)
        } else {
            (position, TOMBSTONE)
        };
        if let Some(entry) = self.0.get_mut(position) {
            *entry = left;
        }
    }

    const fn is_full(&self) -> bool {
        let [.., last] = self.0;
        last != EMPTY
    }
}

/// A hash table of slot numbers. It keeps no hash: when it is crowded it is built anew.
#[derive(Default)]
pub(super) struct Index {
    lines: Vec<Line>,
    entries: usize,
    /// How many lines have been full: what belongs there may be in the lines after them.
    full_lines: usize,
}

impl Index {
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

    /// Whether it should be built anew before the next insertion, for speed.
    pub(super) const fn needs_rebuild(&self) -> bool {
        self.entries * 4 >= self.lines.len() * ENTRIES_PER_LINE * 3
            || self.full_lines * 3 > self.lines.len()
    }

    /// Begins anew with its slots, which are these, and the hashes of their names.
    pub(super) fn rebuild(&mut self, slots: impl Iterator<Item = (u64, u32)>) {
        let lines = (self.entries + 1).div_ceil(ENTRIES_PER_LINE * 3 / 8);
        *self = Self::default(); // the old lines are not needed beside the new ones
        self.lines = vec![Line([EMPTY; ENTRIES_PER_LINE]); lines];
        slots.for_each(|(hash, slot)| self.insert(hash, slot));
    }

    /// Adds a slot that is not in it, where there is room for one more.
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

/// All lines, and first the one where a search for this hash begins.
fn lines_from(lines: &mut [Line], hash: u64) -> impl Iterator<Item = &mut Line> {
    let (before, after) = lines.split_at_mut(first_line(lines, hash));
    after.iter_mut().chain(before)
}

/// Less than the number of lines, or zero.
const fn first_line(lines: &[Line], hash: u64) -> usize {
    ((hash as u128 * lines.len() as u128) >> 64) as usize
}

const fn tag_of(hash: u64) -> u32 {
    (hash as u32) & !SLOT_MASK
}

const fn slot_of(entry: u32) -> u32 {
    (entry & SLOT_MASK).wrapping_sub(1)
}
