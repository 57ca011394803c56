//! The default store: one process's memory.

mod index;
mod inspect;
mod shard;
mod slots;
mod store;
mod wheel;

pub use self::store::MemoryStore;
