//! The default store: the memory of one process.
//!
//! The store is divided into shards, each under its own lock. A shard keeps its records in numbered slots,
//! finds them by an index, and expires them by a timing wheel and by lists of one retention each:
//!
//! | file | holds |
//! |---|---|
//! | `store.rs` | [`MemoryStore`] and its builder |
//! | `shared.rs` | claims and commits, and what is forgotten at the capacity, over all shards |
//! | `fill.rs` | the number of records, and the warnings about it |
//! | `size.rs` | the bytes that a number of records takes |
//! | `shard.rs` | one shard: keeps slots, index, wheel and lists consistent |
//! | `slots.rs` | the records, 48 bytes each, in chunks that never move |
//! | `index.rs` | a hash table from key to slot number, 4 bytes for each entry |
//! | `retained.rs` | linked lists of handled slots, in the order of their commits |
//! | `wheel.rs` | linked lists of other slots, by the time at which they expire |
//! | `inspect.rs` | counts and single records, for an operator |
//!
//! # Why not `HashMap` and `BTreeMap`
//!
//! The same store was written with a [`HashMap`](std::collections::HashMap) of records by key and a
//! `BTreeSet` or `BinaryHeap` of deadlines, with the same shards and hash function, and measured beside
//! this one (x86-64, one thread, a clock that costs nothing, fastest of several runs). The time is that of
//! a claim with its commit while one event expires for each new one. The bytes are those that the store
//! then has from the allocator, for each event.
//!
//! | events | this store | `HashMap` + `BTreeSet` | `HashMap` + `BinaryHeap` |
//! |---:|---:|---:|---:|
//! | 100 000 | 255 ns, 62 bytes | 581 ns, 156 bytes | 564 ns, 233 bytes |
//! | 1 000 000 | 413 ns, 57 bytes | 1052 ns, 135 bytes | 1212 ns, 187 bytes |
//!
//! As ratios, the collections take 2.2 to 2.9 times as long and 2.3 to 3.8 times as much memory. They
//! store each key twice, move all records of a shard when a table grows, and search a tree or sift a heap
//! whenever a deadline changes. While the store only grows, the ratios are smaller: 0.9 to 2.8 in time, 1.7
//! to 2.4 in memory. The slowest single claim on the way to a million events takes 0.7 ms here and 1.7 ms
//! there.

mod fill;
mod index;
mod inspect;
mod retained;
mod shard;
mod shared;
mod size;
mod slots;
mod store;
mod wheel;

pub use self::store::{MemoryStore, MemoryStoreBuilder};
