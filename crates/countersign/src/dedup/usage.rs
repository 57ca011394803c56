//! How full a store is.

/// How full a store with a capacity of its own is.
///
/// ```
/// use countersign::MemoryStore;
/// use countersign::dedup::DedupStore;
///
/// let usage = MemoryStore::new(1000)?.usage();
/// assert!(usage.is_some_and(|usage| usage.capacity == 1000 && usage.fill() == 0.0));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoreUsage {
    /// The number of events in the store, including expired ones that it has not removed yet.
    pub events: u64,
    /// The largest number of events that the store holds.
    pub capacity: u64,
    /// The number of handled events that the store has forgotten before the end of their retention, to
    /// make space for new ones, since it was created.
    pub forgotten: u64,
}

impl StoreUsage {
    /// Returns the share of the capacity that is in use, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of events stay far below 2^53")]
    pub fn fill(self) -> f64 {
        if self.capacity == 0 { 0.0 } else { self.events as f64 / self.capacity as f64 }
    }
}
