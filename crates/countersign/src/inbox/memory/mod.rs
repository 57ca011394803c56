//! An inbox in memory, for tests.

mod inspect;
mod rows;
mod store;

pub use self::store::MemoryInbox;
