//! What claims and settles the items of a delivery.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::dedup::{ClaimOutcome, StoreError, UpdateOutcome};
use crate::event::{ClaimToken, FencingToken, Identity};
use crate::verify::Item;

/// A future of [`ItemClaims`].
pub(crate) type ItemFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// What claims and settles the items of a delivery: the receiver's store, with the timer of the adapter's
/// runtime.
///
/// Each call of the store ends within the store's timeout, and a failed one has been reported.
pub(crate) trait ItemClaims: fmt::Debug + Send + Sync {
    fn claim<'c>(
        &'c self,
        identity: &'c Identity,
        fingerprint: u64,
    ) -> ItemFuture<'c, Result<ClaimOutcome, StoreError>>;

    fn token(&self, identity: &Identity, fencing_token: FencingToken) -> ClaimToken;

    fn renew(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>>;

    fn commit(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>>;

    fn release(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>>;

    fn lease(&self) -> Duration;

    fn sleep(&self, duration: Duration) -> ItemFuture<'static, ()>;

    /// Reports how an item ended.
    fn ended(&self, item: &Item, result: &'static str);
}
