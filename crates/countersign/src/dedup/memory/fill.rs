//! The number of records in the store, against its capacity.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The number of records in all shards, and what was reported of it.
pub(super) struct Fill {
    capacity: usize,
    live: AtomicUsize,
    /// The number of events that were forgotten before the end of their retention.
    forgotten: AtomicU64,
    /// Whether a warning was logged since the store was last below [`Fill::rearm_at`].
    warned_of_fill: AtomicBool,
    warned_of_forgetting: AtomicBool,
}

impl Fill {
    pub(super) const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            live: AtomicUsize::new(0),
            forgotten: AtomicU64::new(0),
            warned_of_fill: AtomicBool::new(false),
            warned_of_forgetting: AtomicBool::new(false),
        }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }

    /// Adds a record; `None` if the store is at its capacity.
    pub(super) fn reserve(&self) -> Option<()> {
        let incremented = |live: usize| (live < self.capacity).then_some(live + 1);
        let live =
            self.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, incremented).ok()?;
        let is_high = live + 1 >= self.warn_at();
        if is_high != self.warned_of_fill.load(Ordering::Relaxed) {
            self.crossed(live + 1, is_high);
        }
        Some(())
    }

    /// Removes a record.
    pub(super) fn remove_one(&self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// Removes a record before the end of its retention.
    pub(super) fn forget_one(&self) {
        self.remove_one();
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        if !self.warned_of_forgetting.swap(true, Ordering::Relaxed) {
            log::forgetting(self.capacity);
        }
    }

    /// Logs a warning once for each time that the number of records rises to four fifths of the capacity.
    ///
    /// The number must have been below seven tenths since the last warning. Otherwise a store that stays
    /// near four fifths would log without end.
    #[cold]
    fn crossed(&self, live: usize, is_high: bool) {
        if is_high {
            if !self.warned_of_fill.swap(true, Ordering::Relaxed) {
                log::filling(live, self.capacity);
            }
        } else if live < self.rearm_at() {
            self.warned_of_fill.store(false, Ordering::Relaxed);
            self.warned_of_forgetting.store(false, Ordering::Relaxed);
        }
    }

    const fn warn_at(&self) -> usize {
        self.capacity - self.capacity / 5
    }

    const fn rearm_at(&self) -> usize {
        self.capacity - self.capacity / 10 * 3
    }
}

#[cfg(feature = "tracing")]
mod log {
    use tracing::warn;

    pub(super) fn filling(events: usize, capacity: usize) {
        warn!(
            events,
            capacity,
            "the memory store is 80 % full: at its capacity it forgets handled events that their sender no longer retries by itself, and rejects new events if there are none; raise its capacity or `max_bytes`, or use a store on disk"
        );
    }

    pub(super) fn forgetting(capacity: usize) {
        warn!(
            capacity,
            "the memory store is full: it forgets the oldest handled events before the end of their retention, and a later replay of one is handled again; raise its capacity or `max_bytes`, or use a store on disk"
        );
    }
}

#[cfg(not(feature = "tracing"))]
mod log {
    pub(super) const fn filling(_: usize, _: usize) {}

    pub(super) const fn forgetting(_: usize) {}
}
