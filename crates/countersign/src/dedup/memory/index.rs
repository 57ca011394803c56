//! Where a shard finds its slots again: sixteen numbers to a cache line, so that most searches see
//! one line only.

const EMPTY: u32 = 0;

/// In place of an entry that was taken out of a full line. It stands for no slot.
const GONE: u32 = u32::MAX;

/// The bits of an entry that hold the slot's number, counted from one; the others are its tag, by
/// which most other slots are told apart unseen.
pub(super) const NUMBER: u32 = (1 << 24) - 1;

const LINE: usize = 16;

/// Entries, and the empty ones after them.
#[derive(Clone)]
#[repr(align(64))]
struct Line([u32; LINE]);

impl Line {
    /// A bit for each entry that `is` as asked. All are asked, without a branch: that is quicker.
    fn which(&self, is: impl Fn(u32) -> bool) -> u32 {
        let bits = (0..).zip(self.0).map(|(place, entry)| u32::from(is(entry)) << place);
        bits.fold(0, |all, bit| all | bit)
    }

    /// The last entry takes its place; but a line that was full stays so, for the searches that go
    /// on beyond it.
    fn take_out(&mut self, place: usize) {
        let used = self.which(|entry| entry != EMPTY).count_ones() as usize;
        let (place, left) = if used < LINE {
            self.0.swap(place, used - 1);
            (used - 1, EMPTY)
        } else {
            (place, GONE)
        };
        if let Some(entry) = self.0.get_mut(place) {
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
    full: usize,
}

impl Index {
    pub(super) fn find(&self, hash: u64, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let (before, after) = self.lines.split_at(home(&self.lines, hash));
        for line in after.iter().chain(before) {
            let mut alike = line.which(|entry| (entry ^ tag(hash)) <= NUMBER);
            while let Some(entry) = line.0.get(alike.trailing_zeros() as usize) {
                if is_wanted(slot(*entry)) {
                    return Some(slot(*entry));
                }
                alike &= alike - 1;
            }
            if !line.is_full() {
                return None;
            }
        }
        None
    }

    /// Whether it should be built anew before the next insertion, for speed.
    pub(super) const fn is_crowded(&self) -> bool {
        self.entries * 4 >= self.lines.len() * LINE * 3 || self.full * 3 > self.lines.len()
    }

    /// Begins anew with its slots, which are these, and the hashes of their names.
    pub(super) fn rebuild(&mut self, slots: impl Iterator<Item = (u64, u32)>) {
        let lines = (self.entries + 1).div_ceil(LINE * 3 / 8);
        *self = Self::default(); // the old lines are not needed beside the new ones
        self.lines = vec![Line([EMPTY; LINE]); lines];
        slots.for_each(|(hash, slot)| self.insert(hash, slot));
    }

    /// Adds a slot that is not in it, where there is room for one more.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) {
        for line in lines_from(&mut self.lines, hash) {
            let free = line.which(|entry| matches!(entry, EMPTY | GONE)).trailing_zeros();
            let was_full = line.is_full();
            if let Some(entry) = line.0.get_mut(free as usize) {
                *entry = tag(hash) | (slot + 1);
                self.full += usize::from(line.is_full() && !was_full);
                self.entries += 1;
                return;
            }
        }
    }

    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        let wanted = tag(hash) | (slot + 1);
        for line in lines_from(&mut self.lines, hash) {
            let place = line.which(|entry| entry == wanted).trailing_zeros() as usize;
            if place < LINE {
                line.take_out(place);
                self.entries -= 1;
                return;
            }
        }
    }
}

/// All lines, and first the one where a search for this hash begins.
fn lines_from(lines: &mut [Line], hash: u64) -> impl Iterator<Item = &mut Line> {
    let (before, after) = lines.split_at_mut(home(lines, hash));
    after.iter_mut().chain(before)
}

/// Less than the number of lines, or zero.
const fn home(lines: &[Line], hash: u64) -> usize {
    ((hash as u128 * lines.len() as u128) >> 64) as usize
}

const fn tag(hash: u64) -> u32 {
    (hash as u32) & !NUMBER
}

const fn slot(entry: u32) -> u32 {
    (entry & NUMBER).wrapping_sub(1)
}
