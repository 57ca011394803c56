//! An event in hand: what a handler's adapter renews and settles.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::{Claim, DedupStore, EventKey, Fence, Settled, StoreError, Ticket};

/// An event that is ours to handle, until its lease ends.
///
/// Dropping it settles nothing: the event is then Busy until the lease has run out.
#[must_use]
pub struct Claimed {
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) key: EventKey,
    pub(crate) fence: Option<Fence>,
    pub(crate) takeover: bool,
    pub(crate) lease: Duration,
    pub(crate) retention: Duration,
}

impl Claimed {
    /// The event's key in the store.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// The claim's fence, to guard the handler's own writes with; `None` without dedup.
    #[must_use]
    pub const fn fence(&self) -> Option<Fence> {
        self.fence
    }

    /// The claim, for a store to mark the event as handled in a transaction of yours; `None` without
    /// dedup.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        Some(Ticket::new(self.key, self.fence?, self.retention))
    }

    /// Whether an earlier handler's lease ran out, so that part of the work may be done.
    #[must_use]
    pub const fn is_takeover(&self) -> bool {
        self.takeover
    }

    /// Lets the lease run anew from now.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails.
    pub async fn renew(&self) -> Result<Settled, StoreError> {
        match (&self.store, self.fence) {
            (Some(store), Some(fence)) => store.renew(&self.key, fence, self.lease).await,
            _ => Ok(Settled::Applied),
        }
    }

    /// Marks the event as handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails; whether it was marked is then unknown, so try again.
    pub async fn commit(&self) -> Result<Settled, StoreError> {
        match (&self.store, self.fence) {
            (Some(store), Some(fence)) => store.commit(&self.key, fence, self.retention).await,
            _ => Ok(Settled::Applied),
        }
    }

    /// Gives the event up, so that its next delivery is handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails; the event is then Busy until the lease has run out.
    pub async fn release(&self) -> Result<Settled, StoreError> {
        match (&self.store, self.fence) {
            (Some(store), Some(fence)) => store.release(&self.key, fence).await,
            _ => Ok(Settled::Applied),
        }
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("key", &self.key)
            .field("fence", &self.fence)
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}

pub(crate) type Answer<'s, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 's>>;

/// [`DedupStore`] behind a pointer, so that a receiver has one type whatever its store.
pub(crate) trait Store: Send + Sync {
    fn claim<'s>(
        &'s self,
        key: &'s EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Answer<'s, Claim>;
    fn renew<'s>(&'s self, key: &'s EventKey, fence: Fence, lease: Duration)
    -> Answer<'s, Settled>;
    fn commit<'s>(
        &'s self,
        key: &'s EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Answer<'s, Settled>;
    fn release<'s>(&'s self, key: &'s EventKey, fence: Fence) -> Answer<'s, Settled>;
}

impl<S: DedupStore> Store for S {
    fn claim<'s>(
        &'s self,
        key: &'s EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Answer<'s, Claim> {
        Box::pin(DedupStore::claim(self, key, fingerprint, lease))
    }

    fn renew<'s>(
        &'s self,
        key: &'s EventKey,
        fence: Fence,
        lease: Duration,
    ) -> Answer<'s, Settled> {
        Box::pin(DedupStore::renew(self, key, fence, lease))
    }

    fn commit<'s>(
        &'s self,
        key: &'s EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Answer<'s, Settled> {
        Box::pin(DedupStore::commit(self, key, fence, retention))
    }

    fn release<'s>(&'s self, key: &'s EventKey, fence: Fence) -> Answer<'s, Settled> {
        Box::pin(DedupStore::release(self, key, fence))
    }
}
