//! The contract of a [`DedupStore`](crate::dedup::DedupStore), as a test suite for your own store.
//!
//! [`check`] runs the whole suite; each case is also a function of its own. The suite looks only at
//! what the store returns, so it suits a store in memory as well as one behind a network.
//!
//! Further cases need more than the store:
//!
//! - [`Processes`] spreads the suite's calls over several processes.
//! - [`outages_lose_no_event`] and [`cut_connections_lose_no_event`] take the store's server or
//!   network away while it is used.
//! - [`a_full_store_keeps_what_it_must`] is for a store with a capacity of its own. To make space, a store
//!   may forget handled events, but never within the time in which they must be kept.
//! - [`inspection_reports_and_forgets`] is for an [`InspectStore`](crate::dedup::InspectStore).
//!
//! ```
//! use std::time::Duration;
//!
//! use countersign::testing::store::{StoreUnderTest, check};
//! use countersign::time::FixedClock;
//! use countersign::{MemoryStore, Timestamp};
//!
//! struct Memory(MemoryStore, FixedClock);
//!
//! impl StoreUnderTest for Memory {
//!     type Store = MemoryStore;
//!
//!     async fn open(&self) -> MemoryStore {
//!         self.0.clone()
//!     }
//!
//!     async fn advance(&self, duration: Duration) {
//!         self.1.advance(duration);
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let clock = FixedClock::new(Timestamp::from_secs(1_700_000_000));
//!     let store = MemoryStore::with_clock(1_000, clock.clone())?;
//!     Ok(check(&Memory(store, clock)).await?)
//! }
//! ```

mod suite;
mod lifecycle;
mod capacity;
mod fencing_tokens;
mod dropped_calls;
mod races;
mod random_steps;
mod inspection;
mod outages;
mod cut_connections;
mod processes;
mod checked_store;
mod model;
mod history;
mod harness;
mod violation;

pub use self::capacity::{
    a_full_store_keeps_what_it_must, a_retention_is_kept_while_there_is_space,
};
pub use self::cut_connections::{NetworkLink, cut_connections_lose_no_event};
pub use self::dropped_calls::a_dropped_call_leaves_no_event_stuck;
pub use self::fencing_tokens::{
    a_handled_event_is_neither_renewed_nor_released, a_released_claim_cannot_be_updated,
    a_repeated_commit_changes_nothing, a_stale_fencing_token_changes_nothing,
    an_unknown_fencing_token_changes_nothing, events_are_isolated, fencing_tokens_increase,
};
pub use self::harness::{FaultInjection, OutageReport, StoreUnderTest};
pub use self::inspection::inspection_reports_and_forgets;
pub use self::lifecycle::{
    a_claim_is_in_progress_while_the_lease_runs, a_duplicate_reports_whether_the_body_is_the_same,
    a_late_update_applies_without_a_takeover, a_new_event_is_granted,
    a_released_event_is_granted_again, a_renewal_starts_from_now, a_zero_duration_expires_at_once,
    an_expired_event_is_granted_again, an_expired_lease_is_taken_over,
    an_unbounded_duration_never_expires, handles_share_one_store,
};
pub use self::outages::outages_lose_no_event;
pub use self::processes::{Processes, serve_calls};
pub use self::races::{concurrent_workers, one_of_many_claims_is_granted};
pub use self::random_steps::random_steps;
pub use self::suite::check;
pub use self::violation::{Violation, ViolationKind};
