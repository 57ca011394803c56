//! What an operator asks of a store.

use std::future::Future;
use std::time::Duration;

use super::{DedupStore, EventKey, FencingToken, StoreError};

/// A store that an operator can look into, by hand or from a dashboard.
///
/// Every span is counted by the store's own clock.
pub trait InspectStore: DedupStore {
    /// How many events it holds, and how they stand.
    fn stats(&self) -> impl Future<Output = Result<StoreStats, StoreError>> + Send;

    /// What it holds of one event.
    fn get(
        &self,
        key: &EventKey,
    ) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Forgets one event, handled or not, so that its next delivery is handled; whether there was
    /// one to forget.
    ///
    /// Whoever is handling it can settle it no more. Its fencing tokens still rise.
    fn forget(&self, key: &EventKey) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What a store holds of one event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record {
    /// The last fencing token granted.
    pub fencing_token: FencingToken,
    /// How it stands.
    pub state: RecordState,
}

/// How an event stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RecordState {
    /// It is being handled.
    InProgress {
        /// How long the lease still runs; zero if it is over.
        lease: Duration,
    },
    /// It has been handled.
    Handled {
        /// How long it is still remembered; zero if it is as good as forgotten.
        retained_for: Duration,
    },
}

/// How many events a store holds, and how they stand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoreStats {
    /// Those being handled.
    pub in_progress: u64,
    /// Among them those whose lease is over: their next delivery takes over.
    pub lease_expired: u64,
    /// For how long the first of those leases has been over.
    pub oldest_expired_lease: Duration,
    /// Those handled and remembered.
    pub handled: u64,
    /// What is due to be removed from the store.
    pub expired: u64,
    /// What it takes on disk, in bytes, where the store can tell.
    pub bytes: Option<u64>,
}
