//! Handling an event once: claim before the handler, commit after, release on failure.
//!
//! ```text
//! Absent ──claim──► InProgress(fencing_token, lease) ──commit(fencing_token)──► Done(expires) ──expiry──► Absent
//!                        │   ▲ renew(fencing_token)
//!                        └─release(fencing_token)──► Absent     lease run out: the next claim takes over
//! ```
//!
//! Every operation is one atomic step in the store, judged by the store's own clock. An operation
//! with a fencing token that is no longer the current one changes nothing and says so. Fencing tokens of a key only
//! rise: over release, takeover and expiry.
//!
//! What this gives, whatever the store: an event is handled **at least once**, and **one at a time
//! within a lease**. No store outside the handler's own transaction can give more.

mod error;
mod inspect;
mod memory;
mod outcome;
mod store;

pub use self::error::{StoreError, StoreErrorKind};
pub use self::inspect::{InspectStore, Record, RecordState, StoreStats};
pub use self::memory::MemoryStore;
pub use self::outcome::{ClaimOutcome, UpdateOutcome};
pub use self::store::DedupStore;
pub(crate) use self::store::Store;
pub use crate::event::{ClaimToken, EventKey, FencingToken, Identity};
