//! The memory that a store of a given capacity takes.
//!
//! The records of a store are spread over its shards by a hash, so a shard holds some more or fewer than its
//! share, and keeps the space of the most that it ever held.

/// The number of shards, each with a lock: enough that threads rarely wait for one another, and that one
/// shard grows fast.
pub(super) const SHARDS: usize = 32;

/// The bytes of a record: a slot of 48 bytes, up to 10.7 bytes of the index just after it was rebuilt, and a
/// share of the table of chunks.
const BYTES_PER_RECORD: usize = 59;

/// The bytes of a shard beside its records: a chunk that is hardly used, the heads of all buckets and lists,
/// and the shard itself.
const BYTES_PER_SHARD: usize = 14 * 1024;

/// The number of standard deviations by which no shard exceeds its share.
///
/// A shard is expected to exceed six once in a billion times that all its records are replaced.
const DEVIATIONS: usize = 6;

/// Returns the most bytes of the heap that a store of `capacity` events takes.
pub(super) const fn bytes_for(capacity: usize) -> usize {
    let share = capacity.div_ceil(SHARDS);
    let deviation = share.saturating_mul(DEVIATIONS * DEVIATIONS).isqrt();
    let largest = share.saturating_add(deviation);
    let largest = if largest < capacity { largest } else { capacity };
    let records = largest.saturating_mul(BYTES_PER_RECORD);
    records.saturating_add(BYTES_PER_SHARD).saturating_mul(SHARDS)
}

/// Returns the largest capacity of a store that takes at most `bytes`; zero if there is none.
pub(super) const fn capacity_within(bytes: usize) -> usize {
    let (mut fits, mut exceeds) = (0, bytes / BYTES_PER_RECORD + 1);
    if bytes_for(fits) > bytes {
        return 0;
    }
    while fits + 1 < exceeds {
        let middle = fits.midpoint(exceeds);
        if bytes_for(middle) <= bytes {
            fits = middle;
        } else {
            exceeds = middle;
        }
    }
    fits
}
