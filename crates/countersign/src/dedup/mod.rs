//! Deduplication: claim an event before the handler, commit after it, release on failure.
//!
//! ```text
//!            claim                    commit
//! absent ─────────────► InProgress ─────────────► Handled
//!   ▲                    │   ▲ │                    │
//!   │                    │   └─┘ renew, takeover    │
//!   ├────── release ─────┘                          │
//!   └────── the retention expires ──────────────────┘
//! ```
//!
//! - An event that is *InProgress* has a fencing token and a lease. A renew extends the lease. Once the
//!   lease has expired, the next claim takes over with a higher fencing token.
//! - An event that is *Handled* is remembered for its retention; a claim returns
//!   [`ClaimOutcome::Duplicate`]. A store at its capacity may forget it earlier, but never while its
//!   [`Retention`] says that it must be kept.
//! - A renew, commit or release with a stale fencing token changes nothing and returns
//!   [`UpdateOutcome::StaleToken`].
//! - The fencing tokens of a key only rise, across release, takeover and expiry.
//! - Every operation is one atomic step in the store and uses the store's own clock.
//!
//! With every store an event is handled **at least once**, and **by one handler at a time within a
//! lease**. A store outside the handler's own transaction cannot guarantee more.
//!
//! [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md)
//! compares the stores. The module `testing` has a suite that checks a [`DedupStore`] of your own.

mod error;
mod inspect;
mod memory;
mod outcome;
mod retention;
mod store;
mod usage;

pub use self::error::{StoreError, StoreErrorKind};
pub use self::inspect::{InspectStore, Record, RecordState, StoreStats};
pub use self::memory::{MemoryStore, MemoryStoreBuilder};
pub use self::outcome::{ClaimOutcome, UpdateOutcome};
pub use self::retention::Retention;
pub use self::store::DedupStore;
pub(crate) use self::store::{Store, StoreFuture};
pub use self::usage::StoreUsage;
pub use crate::event::{ClaimToken, Claimed, EventKey, FencingToken, Identity, StoreId};
