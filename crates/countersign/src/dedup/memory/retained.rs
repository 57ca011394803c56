//! The handled records of a shard, in linked lists of one retention each.
//!
//! Records of one list are kept for the same time, so the order of their commits is also the order in which
//! they may be forgotten and in which they expire. The first record of a list is thus the next one for
//! both, and no operation sorts or searches. A receiver has one or two retentions, so there are few lists.
//!
//! # Invariants
//!
//! 1. **A list's `first_handled` is the time of its first record.** Otherwise a record would be removed before
//!    its time, or keep its slot after it.
//! 2. **No list's first record expires before `earliest`.** Otherwise `next_expired` would not search, and
//!    records would keep their slots after their time.
//! 3. **The retention of a list changes only while it is empty.** Otherwise its records would expire at
//!    another time than the one that was promised.
//!
//! A clock that is set back leaves records in a list that expire before their predecessors. These keep
//! their slots until the predecessors are removed. No claim is affected, since it compares the record's own
//! expiry.

use super::slots::{LIST_LINK, ListNumber, NIL, Slots};
use crate::dedup::Retention;
use crate::time::Timestamp;

/// The number of retentions with a list of their own.
///
/// The byte of a slot that names its list has room for more, but every search passes all lists.
const MAX_LISTS: usize = 64;

/// A time that no clock reaches.
const NEVER: Timestamp = Timestamp::from_millis(u64::MAX);

/// The lists of a shard.
pub(super) struct RetainedLists {
    lists: Vec<List>,
    /// No record in a list expires before this time.
    earliest: Timestamp,
}

struct List {
    retention: Retention,
    /// The first and last slot, or `NIL` if the list is empty.
    first: u32,
    last: u32,
    /// The time of the first record's commit.
    first_handled: Timestamp,
}

impl List {
    /// Returns the end of the retention of a record that was handled at `handled`.
    fn end(&self, handled: Timestamp) -> Timestamp {
        handled.saturating_add(self.retention.keep_for())
    }
}

/// A handled record that may be forgotten.
#[derive(Clone, Copy)]
pub(super) struct Forgettable {
    pub(super) slot: u32,
    /// The time of its commit.
    pub(super) handled: Timestamp,
}

impl RetainedLists {
    /// Returns the list for records with this retention.
    ///
    /// `None` means that too many other retentions are in use.
    pub(super) fn list_for(&mut self, retention: Retention) -> Option<ListNumber> {
        let same = self.lists.iter().position(|list| list.retention == retention);
        let position = same.or_else(|| {
            let unused = self.lists.iter().position(|list| list.first == NIL);
            let position = unused.unwrap_or(self.lists.len());
            let list = List { retention, first: NIL, last: NIL, first_handled: NEVER };
            match self.lists.get_mut(position) {
                Some(unused) => *unused = list,
                None if position < MAX_LISTS => self.lists.push(list),
                None => return None,
            }
            Some(position)
        })?;
        u8::try_from(position).ok().map(ListNumber)
    }

    /// Returns the end of the retention of a record of the list that was handled at `handled`.
    pub(super) fn end(&self, number: ListNumber, handled: Timestamp) -> Timestamp {
        self.lists.get(usize::from(number.0)).map_or(handled, |list| list.end(handled))
    }

    /// Appends a slot, which must not be in a list.
    pub(super) fn append(
        &mut self,
        slots: &mut Slots,
        number: ListNumber,
        slot: u32,
        handled: Timestamp,
    ) {
        let Some(list) = self.lists.get_mut(usize::from(number.0)) else { return };
        let previous = list.last;
        list.last = slot;
        if let Some(entry) = slots.get_mut(slot) {
            entry.next = NIL;
            entry.prev = if previous == NIL { LIST_LINK } else { previous };
        }
        match slots.get_mut(previous) {
            Some(previous) => previous.next = slot,
            None => {
                list.first = slot;
                list.first_handled = handled;
                self.earliest = self.earliest.min(list.end(handled));
            }
        }
    }

    /// Removes a slot from its list.
    pub(super) fn remove(&mut self, slots: &mut Slots, number: ListNumber, slot: u32) {
        let Some(list) = self.lists.get_mut(usize::from(number.0)) else { return };
        let Some(entry) = slots.get(slot) else { return };
        let (prev, next) = (entry.prev, entry.next);
        let is_first = list.first == slot;
        match slots.get_mut(next) {
            Some(following) => {
                following.prev = prev;
                if is_first {
                    list.first_handled = following.time;
                }
            }
            None => list.last = if is_first { NIL } else { prev },
        }
        if is_first {
            list.first = next;
        } else if let Some(preceding) = slots.get_mut(prev) {
            preceding.next = next;
        }
    }

    /// Returns a slot whose record has expired.
    pub(super) fn next_expired(&mut self, now: Timestamp) -> Option<u32> {
        if now < self.earliest {
            return None;
        }
        let used = self.lists.iter().filter(|list| list.first != NIL);
        let ends = used.map(|list| (list.end(list.first_handled), list.first));
        let Some((end, first)) = ends.min() else {
            self.earliest = NEVER;
            return None;
        };
        self.earliest = end;
        (end <= now).then_some(first)
    }

    /// Returns the record that was handled first, of those that may be forgotten.
    pub(super) fn oldest_forgettable(&self, now: Timestamp) -> Option<Forgettable> {
        let used = self.lists.iter().filter(|list| list.first != NIL);
        let candidates = used.filter_map(|list| {
            let handled = list.first_handled;
            let forgettable_from = handled.saturating_add(list.retention.must_keep_for());
            (forgettable_from <= now).then_some(Forgettable { slot: list.first, handled })
        });
        candidates.min_by_key(|candidate| candidate.handled)
    }
}

impl Default for RetainedLists {
    fn default() -> Self {
        Self { lists: Vec::new(), earliest: NEVER }
    }
}
