//! When to look at each record again: a timing wheel of linked lists.
//!
//! A list holds what is to be looked at within a span of seconds; spans are the longer the further
//! off they are, from a thirty-second to a quarter of the way. When its span begins, the records of
//! a list are moved to lists of shorter spans, or forgotten, one after the other. So a record is
//! moved a few times at most, nothing is sorted, and being in a list costs two links.

use super::slots::{MOST, NONE, Slots};

/// Each level's spans are eight times as long as those of the one below, which are one second.
const STEP: u32 = 3;
const LEVELS: usize = 18;

/// The spans of a level; the furthest is the thirty-third, so that none meets the current one.
const BUCKETS: usize = 64;

pub(super) struct Wheel {
    /// No span begins before this second.
    reached: u64,
    /// The bucket whose span has begun, until it is empty.
    open: Option<usize>,
    /// No bucket needs to be opened before this second.
    soonest: u64,
    /// For each level, which buckets hold records.
    occupied: [u64; LEVELS],
    /// The first slot of each bucket, as far as they were ever used.
    first: Vec<u32>,
}

impl Wheel {
    /// Notes to look at the slot in `second`.
    pub(super) fn file(&mut self, slots: &mut Slots, slot: u32, second: u64) {
        let (bucket, start) = self.bucket(second);
        self.soonest = self.soonest.min(start);
        if bucket >= self.first.len() {
            self.first.resize(bucket + 1, NONE);
        }
        let next = self.first(bucket);
        if let Some(place) = slots.get_mut(slot) {
            place.before = link_to(bucket);
            place.after = next;
        }
        if let Some(next) = slots.get_mut(next) {
            next.before = slot;
        }
        self.put_first(bucket, slot);
    }

    /// Takes the slot out of its list.
    pub(super) fn unfile(&mut self, slots: &mut Slots, slot: u32) {
        let Some(place) = slots.get(slot) else { return };
        let (before, after) = (place.before, place.after);
        if let Some(next) = slots.get_mut(after) {
            next.before = before;
        }
        if let Some(previous) = slots.get_mut(before) {
            previous.after = after;
        } else {
            self.put_first(bucket_of(before), after);
        }
    }

    /// The next slot to look at, if its time has come. It stays in its list.
    pub(super) fn next(&mut self, second: u64) -> Option<u32> {
        if second < self.soonest {
            self.reached = self.reached.max(second);
            return None;
        }
        if let Some(slot) = self.open.map(|bucket| self.first(bucket)).filter(|slot| *slot != NONE)
        {
            return Some(slot);
        }
        let (bucket, start) = self.earliest().unzip();
        self.soonest = start.unwrap_or(u64::MAX);
        self.open = bucket.filter(|_| self.soonest <= second);
        self.reached = self.soonest.min(second);
        self.open.map(|bucket| self.first(bucket))
    }

    /// The bucket of `second`, and when its span begins.
    fn bucket(&self, second: u64) -> (usize, u64) {
        let second = second.max(self.reached);
        let bits = ((second - self.reached) | 1).ilog2();
        let level = bits.saturating_sub(2) / STEP;
        let span = second >> (level * STEP);
        (level as usize * BUCKETS + span as usize % BUCKETS, span << (level * STEP))
    }

    /// The bucket whose span begins first, and when.
    fn earliest(&self) -> Option<(usize, u64)> {
        let levels = (0_u32..).zip(&self.occupied).filter(|(_, occupied)| **occupied != 0);
        let starts = levels.map(|(level, occupied)| {
            let current = self.reached >> (level * STEP);
            let ahead = occupied.rotate_right((current % 64) as u32).trailing_zeros();
            let span = current + u64::from(ahead);
            (level as usize * BUCKETS + span as usize % BUCKETS, span << (level * STEP))
        });
        starts.min_by_key(|(_, start)| *start)
    }

    fn first(&self, bucket: usize) -> u32 {
        self.first.get(bucket).copied().unwrap_or(NONE)
    }

    fn put_first(&mut self, bucket: usize, slot: u32) {
        if let Some(first) = self.first.get_mut(bucket) {
            *first = slot;
        }
        if let Some(occupied) = self.occupied.get_mut(bucket / BUCKETS) {
            let bit = 1 << (bucket % BUCKETS);
            if slot == NONE {
                *occupied &= !bit;
            } else {
                *occupied |= bit;
            }
        }
    }
}

impl Default for Wheel {
    fn default() -> Self {
        let first = Vec::new();
        Self { reached: 0, open: None, soonest: u64::MAX, occupied: [0; LEVELS], first }
    }
}

/// What stands before the first slot of a bucket.
fn link_to(bucket: usize) -> u32 {
    u32::try_from(bucket).map_or(NONE, |bucket| MOST + bucket)
}

const fn bucket_of(link: u32) -> usize {
    (link - MOST) as usize
}
