//! The contract that every [`DedupStore`] keeps, as a suite to run yours against.
//!
//! [`check`] runs all of it; every case can also be called by itself. A store is judged by its
//! answers alone, so the suite suits one in memory as well as one behind a network.
//!
//! What [`check`] cannot do by itself: [`Processes`] spread its calls over several processes;
//! [`outages_lose_nothing`] and [`connections_cut_lose_nothing`] try a store whose server or network
//! you take away meanwhile; [`an_operator_sees_and_forgets`] one that can be looked into.
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
//!     async fn advance(&self, span: Duration) {
//!         self.1.advance(span);
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

mod cases;
mod cut;
mod cuts;
mod fencing_tokens;
mod history;
mod inspection;
mod join;
mod model;
mod outages;
mod probe;
mod processes;
mod races;
mod random;
mod violation;

use std::future::Future;
use std::time::Duration;

pub use self::cases::{
    a_claim_is_busy_while_the_lease_runs, a_duplicate_tells_whether_the_body_is_the_same,
    a_late_settling_applies_if_nobody_took_over, a_lease_that_ran_out_is_taken_over,
    a_new_event_is_granted, a_released_event_is_granted_anew, a_renewal_counts_from_now,
    a_span_of_nothing_is_over_at_once, a_span_without_end_holds, an_expired_event_is_granted_anew,
    handles_are_one_store,
};
pub use self::cut::a_call_that_is_dropped_wedges_nothing;
pub use self::cuts::{NetworkLink, connections_cut_lose_nothing};
pub use self::fencing_tokens::{
    a_handled_event_is_neither_renewed_nor_released, a_released_event_is_not_settled,
    a_repeated_commit_changes_nothing, a_stale_fencing_token_changes_nothing,
    an_unknown_fencing_token_changes_nothing, events_are_kept_apart, fencing_tokens_rise,
};
pub use self::inspection::an_operator_sees_and_forgets;
pub use self::outages::outages_lose_nothing;
pub use self::processes::{Processes, answer_calls};
pub use self::races::{of_many_claims_one_is_granted, workers_at_once};
pub use self::random::random_steps;
pub use self::violation::{Violation, ViolationKind};
use crate::dedup::DedupStore;

/// How many seeds [`check`] tries of each case that takes one.
const SEEDS: u64 = 6;

/// A store, and what the suite needs to try it.
pub trait StoreUnderTest: Sync {
    /// The store.
    type Store: DedupStore;

    /// One more handle on **the same** store, as another process would open it.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Lets `span` pass by the store's own clock: move the clock where you can, else wait.
    fn advance(&self, span: Duration) -> impl Future<Output = ()> + Send;

    /// The lease that the suite waits for, some dozens of times: short, yet longer than a call of
    /// the store takes. 100 ms unless overridden.
    fn short_lease(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// Starts `work` beside what else runs. Unless overridden it takes turns with it; spawn it on
    /// your runtime, or in a thread, to have the store called in parallel.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        work
    }
}

/// A store that can be lost for a while, for [`outages_lose_nothing`] and
/// [`connections_cut_lose_nothing`].
pub trait FaultInjection: StoreUnderTest {
    /// Waits for `span` of real time, without blocking the thread: your runtime's sleep.
    fn wait(&self, span: Duration) -> impl Future<Output = ()> + Send;

    /// How long a call is waited for, as a receiver's
    /// [`store_timeout`](crate::Receiver::store_timeout): 2 s unless overridden.
    fn store_timeout(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// What a store lived through while it was lost again and again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct OutageReport {
    /// The events that were seen through in outages, or whose calls were cut. None were cut where a
    /// [`NetworkLink`] lies beside the way that the calls take.
    pub events: usize,
    /// The calls that failed, or were not answered in time. There may be none though some were lost:
    /// a store may try again by itself.
    pub failed: usize,
}

/// Runs every case that needs no more than the store. [`Processes`] have them called by several
/// processes.
///
/// The suite makes events of its own for each run, so the store may hold others.
///
/// # Errors
///
/// The first [`Violation`] found.
pub async fn check(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    a_new_event_is_granted(harness).await?;
    a_claim_is_busy_while_the_lease_runs(harness).await?;
    a_duplicate_tells_whether_the_body_is_the_same(harness).await?;
    a_released_event_is_granted_anew(harness).await?;
    a_lease_that_ran_out_is_taken_over(harness).await?;
    an_expired_event_is_granted_anew(harness).await?;
    a_renewal_counts_from_now(harness).await?;
    a_late_settling_applies_if_nobody_took_over(harness).await?;
    a_span_of_nothing_is_over_at_once(harness).await?;
    a_span_without_end_holds(harness).await?;
    handles_are_one_store(harness).await?;
    fencing_tokens_rise(harness).await?;
    a_stale_fencing_token_changes_nothing(harness).await?;
    an_unknown_fencing_token_changes_nothing(harness).await?;
    a_repeated_commit_changes_nothing(harness).await?;
    a_handled_event_is_neither_renewed_nor_released(harness).await?;
    a_released_event_is_not_settled(harness).await?;
    events_are_kept_apart(harness).await?;
    a_call_that_is_dropped_wedges_nothing(harness).await?;
    of_many_claims_one_is_granted(harness).await?;
    let random = (0..SEEDS).map(|seed| random_steps(harness, seed));
    join::all(random).await.into_iter().collect::<Result<(), _>>()?;
    for seed in 0..SEEDS {
        workers_at_once(harness, seed).await?;
    }
    Ok(())
}
