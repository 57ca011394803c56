//! The trait of a store, and its object-safe form.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::error::StoreError;
use super::outcome::{ClaimOutcome, UpdateOutcome};
use super::retention::Retention;
use super::usage::StoreUsage;
use crate::event::StoreId;
use crate::event::{EventKey, FencingToken};

/// A store of which events are being handled and which have been.
///
/// Each operation is **one atomic step**, and every time is that of the **store's own clock**.
///
/// To make space, a store may forget a handled event before the end of its retention, but not within the
/// time in which [it must be kept](Retention::must_keep_for). It never forgets an event in progress or a
/// fencing token. Where that leaves no space, it rejects new claims.
///
/// [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md)
/// lists the stores that exist. For a store of your own,
/// [the test kit](https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md)
/// checks all that is promised here.
///
/// A store to test how a service behaves while its store is down:
///
/// ```
/// use std::time::Duration;
///
/// use countersign::dedup::{
///     ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
/// };
///
/// struct Down;
///
/// fn unavailable<T>() -> Result<T, StoreError> {
///     Err(StoreError::new(StoreErrorKind::Unavailable, "the store is down"))
/// }
///
/// impl DedupStore for Down {
///     async fn claim(
///         &self,
///         _: &EventKey,
///         _: u64,
///         _: Duration,
///     ) -> Result<ClaimOutcome, StoreError> {
///         unavailable()
///     }
///
///     async fn renew(
///         &self,
///         _: &EventKey,
///         _: FencingToken,
///         _: Duration,
///     ) -> Result<UpdateOutcome, StoreError> {
///         unavailable()
///     }
///
///     async fn commit(
///         &self,
///         _: &EventKey,
///         _: FencingToken,
///         _: Duration,
///     ) -> Result<UpdateOutcome, StoreError> {
///         unavailable()
///     }
///
///     async fn release(
///         &self,
///         _: &EventKey,
///         _: FencingToken,
///     ) -> Result<UpdateOutcome, StoreError> {
///         unavailable()
///     }
/// }
/// ```
pub trait DedupStore: Send + Sync + 'static {
    /// Claims the event for `lease`, unless another claim holds it or it has been handled.
    ///
    /// The store keeps `fingerprint`, a hash of the body, to report whether a later delivery has the same
    /// body: the 64-bit [XXH3](https://github.com/Cyan4973/xxHash/blob/v0.8.3/doc/xxhash_spec.md) with seed 0.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] of kind [`Full`](super::StoreErrorKind::Full) if the store cannot hold another
    /// event, and of another kind if it cannot be reached or does not return in time. The claim may then
    /// have been granted; it expires with its lease.
    fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Extends the claim: its lease ends `lease` from now.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time. The lease may or may
    /// not be extended.
    fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Marks the event as handled and remembers it for `retention`.
    ///
    /// A commit succeeds even after the lease has expired, unless another claim took over. It is
    /// idempotent: a repeated commit changes nothing and returns `Applied`, so that a caller whose
    /// response was lost can retry.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time. The event may or may
    /// not be marked as handled.
    fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Marks the event as handled like [`commit`](Self::commit), and passes on how long its record must be
    /// kept.
    ///
    /// Receivers call this method. The default calls `commit` with the whole retention, which suits every
    /// store that forgets no event before its time. A store with a capacity of its own overrides it.
    ///
    /// # Errors
    ///
    /// Fails like [`commit`](Self::commit).
    fn commit_with_retention(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Retention,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send {
        self.commit(key, fencing_token, retention.keep_for())
    }

    /// Returns how full the store is; `None`, the default, for a store without a capacity of its own.
    ///
    /// Receivers call this after each claim for their metrics, so it must neither wait nor count.
    fn usage(&self) -> Option<StoreUsage> {
        None
    }

    /// Releases the claim, so that the next delivery of the event is handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not return in time. The claim then
    /// expires with its lease, unless it has been released.
    fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Returns what identifies the store, so that two values that have the same events have one id.
    ///
    /// [`ReceiverBuilder::build`](crate::ReceiverBuilder::build) compares ids to reject two unnamed
    /// endpoints that would take each other's events for duplicates. Without an id, as by default, a store
    /// is the same for receivers from clones of one builder only. A store that wraps another returns the
    /// other's id.
    fn id(&self) -> Option<StoreId> {
        None
    }

    /// Checks that the store can be reached, for a [health check](crate::Health).
    ///
    /// The default checks nothing, which suits a store in memory.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        async { Ok(()) }
    }
}

/// The future of a [`Store`] operation.
pub(crate) type StoreFuture<'s, T> =
    Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

/// The object-safe form of [`DedupStore`], so that a receiver has one type with any store.
pub(crate) trait Store: Send + Sync {
    fn claim<'s>(
        &'s self,
        key: &'s EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> StoreFuture<'s, ClaimOutcome>;
    fn renew<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> StoreFuture<'s, UpdateOutcome>;
    fn commit<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
        retention: Retention,
    ) -> StoreFuture<'s, UpdateOutcome>;
    #[cfg(feature = "metrics")]
    fn usage(&self) -> Option<StoreUsage>;
    fn release<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
    ) -> StoreFuture<'s, UpdateOutcome>;
    fn id(&self) -> Option<StoreId>;
    fn ping(&self) -> StoreFuture<'_, ()>;
}

impl<S: DedupStore> Store for S {
    fn ping(&self) -> StoreFuture<'_, ()> {
        Box::pin(DedupStore::ping(self))
    }

    fn claim<'s>(
        &'s self,
        key: &'s EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> StoreFuture<'s, ClaimOutcome> {
        Box::pin(DedupStore::claim(self, key, fingerprint, lease))
    }

    fn renew<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> StoreFuture<'s, UpdateOutcome> {
        Box::pin(DedupStore::renew(self, key, fencing_token, lease))
    }

    fn commit<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
        retention: Retention,
    ) -> StoreFuture<'s, UpdateOutcome> {
        Box::pin(DedupStore::commit_with_retention(self, key, fencing_token, retention))
    }

    #[cfg(feature = "metrics")]
    fn usage(&self) -> Option<StoreUsage> {
        DedupStore::usage(self)
    }

    fn release<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
    ) -> StoreFuture<'s, UpdateOutcome> {
        Box::pin(DedupStore::release(self, key, fencing_token))
    }

    fn id(&self) -> Option<StoreId> {
        DedupStore::id(self)
    }
}
