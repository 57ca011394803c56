//! The trait of a log's store, and its object-safe form.

use std::future::Future;

use super::batch::LogBatch;
use super::retention::LogRetention;
use crate::dedup::{StoreError, StoreFuture};

/// A store of a delivery log.
///
/// [The guide](https://github.com/countersign/countersign/blob/main/docs/delivery-log.md) names the stores that
/// exist.
pub trait LogStore: Send + Sync + 'static {
    /// Writes lines and adds counts: all or nothing.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time. The batch may be written
    /// nevertheless.
    fn append_log(&self, batch: &LogBatch) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes up to `limit` lines that are beyond the retention, the earliest first, and the counts and kept
    /// requests that are. Returns how many lines it removed.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn prune_log(
        &self,
        retention: LogRetention,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// The object-safe form of [`LogStore`], so that a log has one type with any store.
pub(super) trait ErasedLogStore: Send + Sync {
    fn append<'s>(&'s self, batch: &'s LogBatch) -> StoreFuture<'s, ()>;
    fn prune(&self, retention: LogRetention, limit: u32) -> StoreFuture<'_, u64>;
}

impl<S: LogStore> ErasedLogStore for S {
    fn append<'s>(&'s self, batch: &'s LogBatch) -> StoreFuture<'s, ()> {
        Box::pin(self.append_log(batch))
    }

    fn prune(&self, retention: LogRetention, limit: u32) -> StoreFuture<'_, u64> {
        Box::pin(self.prune_log(retention, limit))
    }
}
