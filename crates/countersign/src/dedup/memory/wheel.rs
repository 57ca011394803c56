//! When to look at each record again: a timing wheel of linked lists.
//!
//! A list holds what is to be looked at within a span of seconds; spans are the longer the further
//! off they are, from a thirty-second to a quarter of the way. When its span begins, the records of
//! a list are moved to lists of shorter spans, or forgotten, one after the other. So a record is
//! moved a few times at most, nothing is sorted, and being in a list costs two links.

use super::slots::{MAX_SLOTS, NIL, Slots};

/// Each level's spans are eight times as long as those of the one below, which are one second.
const BITS_PER_LEVEL: u32 = 3;
const LEVELS: usize = 18;

/// The spans of a level; the furthest is the thirty-third, so that none meets the current one.
const BUCKETS_PER_LEVEL: usize = 64;

pub(super) struct Wheel {
    /// No span begins before this second.
    current: u64,
    /// The bucket whose span has begun, until it is empty.
    open_bucket: Option<usize>,
    /// No bucket needs to be opened before this second.
    earliest_start: u64,
    /// For each level, which buckets hold records.
    occupied: [u64; LEVELS],
    /// The first slot of each bucket, as far as they were ever used.
    heads: Vec<u32>,
}

impl Wheel {
    /// Notes to look at the slot in `second`.
    pub(super) fn schedule(&mut self, slots: &mut Slots, slot: u32, second: u64) {
        let (bucket, start) = self.bucket(second);
        self.earliest_start = self.earliest_start.min(start);
        if bucket >= self.heads.len() {
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

    /// Takes the slot out of its list.
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

    /// The next slot to look at, if its time has come. It stays in its list.
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

    /// The bucket of `second`, and when its span begins.
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

    /// The bucket whose span begins first, and when.
    fn earliest_bucket(&self) -> Option<(usize, u64)> {
        let levels = (0_u32..).zip(&self.occupied).filter(|(_, occupied)| **occupied != 0);
        let starts = levels.map(|(level, occupied)| {
            let current_interval = self.current >> (level * BITS_PER_LEVEL);
            let ahead = occupied.rotate_right((current_interval % 64) as u32).trailing_zeros();
            let interval = current_interval + u64::from(ahead);
            (
                level as usize * BUCKETS_PER_LEVEL + interval as usize % BUCKETS_PER_LEVEL,
                interval << (level * BITS_PER_LEVEL),
            )
        });
        starts.min_by_key(|(_, start)| *start)
    }

    fn head(&self, bucket: usize) -> u32 {
        self.heads.get(bucket).copied().unwrap_or(NIL)
    }

    fn set_head(&mut self, bucket: usize, slot: u32) {
        if let Some(first) = self.heads.get_mut(bucket) {
            *first = slot;
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

/// What stands before the first slot of a bucket.
fn bucket_link(bucket: usize) -> u32 {
    u32::try_from(bucket).map_or(NIL, |bucket| MAX_SLOTS + bucket)
}

const fn bucket_of(link: u32) -> usize {
    (link - MAX_SLOTS) as usize
}
