//! Inspection of a store by an operator.

use std::future::Future;
use std::time::Duration;

use super::{DedupStore, EventKey, FencingToken, StoreError};

/// A store whose events an operator can inspect, from the command line or a dashboard.
///
/// All durations are measured by the store's own clock.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::MemoryStore;
/// use countersign::dedup::{DedupStore, EventKey, Identity, InspectStore, RecordState};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new(1000)?;
/// let key = EventKey::new("orders", "github", &Identity::id("msg_1"));
/// store.claim(&key, 0, Duration::from_secs(30)).await?;
///
/// let record = store.get(&key).await?;
/// assert!(record.is_some_and(|record| record.state.as_str() == "in_progress"));
/// assert_eq!(store.stats().await?.in_progress, 1);
///
/// assert!(store.forget(&key).await?);
/// assert_eq!(store.get(&key).await?, None);
/// # Ok(())
/// # }
/// ```
pub trait InspectStore: DedupStore {
    /// Returns how many events the store holds, by state.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time.
    fn stats(&self) -> impl Future<Output = Result<StoreStats, StoreError>> + Send;

    /// Returns the record of one event; `None` if the store holds none.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time.
    fn get(
        &self,
        key: &EventKey,
    ) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Removes the record of one event, so that its next delivery is handled; returns whether there
    /// was a record.
    ///
    /// A handler that runs at that time can no longer commit or release its claim. The fencing tokens of
    /// the event still rise.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time.
    fn forget(&self, key: &EventKey) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// The record of one event in a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record {
    /// The last fencing token that was granted.
    pub fencing_token: FencingToken,
    /// The state of the event.
    pub state: RecordState,
}

/// The state of an event in a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RecordState {
    /// The event is being handled.
    InProgress {
        /// The remaining time of the lease; zero once it has expired.
        lease: Duration,
    },
    /// The event has been handled.
    Handled {
        /// The remaining time of the retention; zero once it has expired.
        retained_for: Duration,
    },
}

impl RecordState {
    /// Returns the state in snake case: `in_progress` or `handled`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress { .. } => "in_progress",
            Self::Handled { .. } => "handled",
        }
    }
}

/// The number of events in a store, by state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoreStats {
    /// The number of events that are being handled, those with an expired lease included.
    pub in_progress: u64,
    /// The number of events in progress whose lease has expired: the next delivery takes over.
    pub lease_expired: u64,
    /// The time since the earliest of those leases expired.
    pub oldest_expired_lease: Duration,
    /// The number of events that are handled and remembered.
    pub handled: u64,
    /// The number of expired records that the store has not removed yet.
    pub expired: u64,
    /// The size of the store on disk, in bytes; `None` if the store cannot determine it.
    pub bytes: Option<u64>,
}
