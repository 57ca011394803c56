//! The trait that every store implements.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::error::StoreError;
use super::outcome::{ClaimOutcome, UpdateOutcome};
use crate::event::{EventKey, FencingToken};

/// Remembers which events are being handled and which have been.
///
/// Each operation is **one atomic step**, and every time is the **store's own**. A store never
/// forgets an event before its time to make room: at its limit it rejects new claims.
pub trait DedupStore: Send + Sync + 'static {
    /// Takes the event for `lease`, if nobody has it and it is not done.
    ///
    /// `fingerprint` is kept to tell whether a later delivery has the same body.
    fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Lets the lease run for `lease` from now.
    fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Marks the event as handled and remembers it for `retention`.
    ///
    /// It succeeds after the lease ran out as long as nobody took over. Repeating it changes
    /// nothing and is `Applied`, so that a lost answer can be asked for again.
    fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Gives the event up, so that its next delivery is handled.
    fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;
}

pub(crate) type StoreFuture<'s, T> =
    Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

/// [`DedupStore`] behind a pointer, so that a receiver has one type whatever its store.
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
        retention: Duration,
    ) -> StoreFuture<'s, UpdateOutcome>;
    fn release<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
    ) -> StoreFuture<'s, UpdateOutcome>;
}

impl<S: DedupStore> Store for S {
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
        retention: Duration,
    ) -> StoreFuture<'s, UpdateOutcome> {
        Box::pin(DedupStore::commit(self, key, fencing_token, retention))
    }

    fn release<'s>(
        &'s self,
        key: &'s EventKey,
        fencing_token: FencingToken,
    ) -> StoreFuture<'s, UpdateOutcome> {
        Box::pin(DedupStore::release(self, key, fencing_token))
    }
}
