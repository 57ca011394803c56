//! A timing wheel: when to check each record for expiry.
//!
//! The wheel holds the records whose deadlines come in any order: leases, and the few retentions that have
//! no list of their own in `retained.rs`.
//!
//! The wheel is a set of linked lists of slots, the *buckets*. Each bucket stands for an interval of
//! seconds. Intervals far ahead are long and those near are short: an interval's length is between a
//! thirty-second and a quarter of the distance to its start. When the interval of a bucket starts, its
//! records are either expired or moved to shorter intervals, one at a time.
//!
//! So a record moves a few times at most, no operation sorts or searches, and being in a list costs two
//! links of four bytes. `memory/mod.rs` compares this with the standard library's collections.
//!
//! # Invariants
//!
//! 1. **Every used slot is in exactly one bucket, or in a list of `retained.rs`.** Otherwise its record would never expire, or a freed
//!    slot would stay in a list.
//! 2. **A bucket's interval does not start after the scheduled second of its records**, nor after `current`
//!    if that second has passed. Otherwise a record would expire late and keep its slot.
//! 3. **No occupied bucket's interval starts before `current`.** Otherwise the search for the earliest
//!    bucket, which starts at `current` and wraps around, would mistake a past interval for a future one.
//! 4. **A bucket's bit in `occupied` is set if and only if its list is not empty.** Otherwise the search
//!    would return an empty bucket, or miss records.

use super::slots::{MAX_SLOTS, NIL, Slots};

/// The base-2 logarithm of the ratio between the intervals of two levels; those of level 0 are one second.
const BITS_PER_LEVEL: u32 = 3;

/// The number of levels: enough for every `Timestamp`, whose seconds have at most 55 bits.
const LEVELS: usize = 18;

/// The number of buckets of a level.
///
/// A deadline is at most 32 intervals of its level ahead, so 33 intervals are in use at a time. With fewer
/// buckets than that, two intervals would share one. With 64, one `u64` has a bit for each.
const BUCKETS_PER_LEVEL: usize = 64;

pub(super) struct Wheel {
    /// The second that the wheel has advanced to.
    current: u64,
    /// The bucket whose interval has started, until its list is empty.
    open_bucket: Option<usize>,
    /// No occupied bucket's interval starts before this second. Usually this lies in the future, and
    /// `next_due` has nothing to search.
    earliest_start: u64,
    /// For each level, one bit for each bucket: whether its list holds slots.
    occupied: [u64; LEVELS],
    /// The first slot of each bucket, up to the highest bucket that was ever used.
    heads: Vec<u32>,
}

impl Wheel {
    /// Adds the slot to the bucket for `second`. The slot must not be in a list.
    pub(super) fn schedule(&mut self, slots: &mut Slots, slot: u32, second: u64) {
        let (bucket, start) = self.bucket(second);
        self.earliest_start = self.earliest_start.min(start);
        if bucket >= self.heads.len() {
            self.heads.reserve_exact(bucket + 1 - self.heads.len());
            self.heads.resize(bucket + 1, NIL);
        }
        let next = self.head(bucket);
        if let Some(entry) = slots.get_mut(slot) {
            entry.prev = bucket_link(bucket);
            entry.next = next;
        }
        if let Some(next) = slots.get_mut(next) {
            next.prev = slot;
        }
        self.set_head(bucket, slot);
    }

    /// Removes the slot from its list.
    pub(super) fn unschedule(&mut self, slots: &mut Slots, slot: u32) {
        let Some(entry) = slots.get(slot) else { return };
        let (prev, next) = (entry.prev, entry.next);
        if let Some(next) = slots.get_mut(next) {
            next.prev = prev;
        }
        if let Some(previous) = slots.get_mut(prev) {
            previous.next = next;
        } else {
            self.set_head(bucket_of(prev), next);
        }
    }

    /// Returns a slot whose bucket's interval has started by `second`, if there is one.
    ///
    /// The slot stays in its list: the caller either removes or reschedules it. Otherwise the next call
    /// would return the same slot.
    pub(super) fn next_due(&mut self, second: u64) -> Option<u32> {
        if second < self.earliest_start {
            self.current = self.current.max(second);
            return None;
        }
        if let Some(slot) =
            self.open_bucket.map(|bucket| self.head(bucket)).filter(|slot| *slot != NIL)
        {
            return Some(slot);
        }
        let (bucket, start) = self.earliest_bucket().unzip();
        self.earliest_start = start.unwrap_or(u64::MAX);
        self.open_bucket = bucket.filter(|_| self.earliest_start <= second);
        self.current = self.earliest_start.min(second);
        self.open_bucket.map(|bucket| self.head(bucket))
    }

    /// Returns the bucket for `second`, and the start of its interval.
    ///
    /// At level `n` an interval has `8^n` seconds. The level is the highest at which `second` is at least
    /// four intervals ahead of `current`; nearer than that is level 0. A start is therefore never before
    /// `current` (invariant 3), although rounding moves it before `second`.
    fn bucket(&self, second: u64) -> (usize, u64) {
        let second = second.max(self.current);
        let bits = ((second - self.current) | 1).ilog2();
        let level = bits.saturating_sub(2) / BITS_PER_LEVEL;
        let interval = second >> (level * BITS_PER_LEVEL);
        (
            level as usize * BUCKETS_PER_LEVEL + interval as usize % BUCKETS_PER_LEVEL,
            interval << (level * BITS_PER_LEVEL),
        )
    }

    /// Returns the occupied bucket whose interval starts first, and its start.
    fn earliest_bucket(&self) -> Option<(usize, u64)> {
        let levels = (0_u32..).zip(&self.occupied).filter(|(_, occupied)| **occupied != 0);
        let starts = levels.map(|(level, occupied)| {
            let current_interval = self.current >> (level * BITS_PER_LEVEL);
            // No occupied interval is earlier (invariant 3): the first bit from here on is the next one.
            let ahead = occupied.rotate_right((current_interval % 64) as u32).trailing_zeros();
            let interval = current_interval + u64::from(ahead);
            (
                level as usize * BUCKETS_PER_LEVEL + interval as usize % BUCKETS_PER_LEVEL,
                interval << (level * BITS_PER_LEVEL),
            )
        });
        starts.min_by_key(|(_, start)| *start)
    }

    /// Returns the first slot of the bucket, or `NIL`.
    fn head(&self, bucket: usize) -> u32 {
        self.heads.get(bucket).copied().unwrap_or(NIL)
    }

    /// Sets the first slot of the bucket and its bit in `occupied` (invariant 4).
    fn set_head(&mut self, bucket: usize, slot: u32) {
        if let Some(head) = self.heads.get_mut(bucket) {
            *head = slot;
        }
        if let Some(occupied) = self.occupied.get_mut(bucket / BUCKETS_PER_LEVEL) {
            let bit = 1 << (bucket % BUCKETS_PER_LEVEL);
            if slot == NIL {
                *occupied &= !bit;
            } else {
                *occupied |= bit;
            }
        }
    }
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            current: 0,
            open_bucket: None,
            earliest_start: u64::MAX,
            occupied: [0; LEVELS],
            heads: Vec::new(),
        }
    }
}

/// Returns the `prev` link of a bucket's first slot: the bucket's number, past all slot numbers.
///
/// `unschedule` can thus find the bucket of a first slot. No slot has such a number, so the link is not
/// mistaken for a slot.
fn bucket_link(bucket: usize) -> u32 {
    u32::try_from(bucket).map_or(NIL, |bucket| MAX_SLOTS + bucket)
}

/// Returns the bucket of a link that [`bucket_link`] returned.
const fn bucket_of(link: u32) -> usize {
    (link - MAX_SLOTS) as usize
}
