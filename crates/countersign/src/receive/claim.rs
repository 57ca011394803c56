//! An event in hand: what a handler's adapter renews and settles.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::{Store, StoreError, UpdateOutcome};
use crate::event::{ClaimToken, EventKey, FencingToken};

/// An event that is ours to handle, until its lease ends.
///
/// Dropping it settles nothing: the event is then in progress until the lease has run out.
#[must_use]
pub struct Claim {
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) key: EventKey,
    pub(crate) fencing_token: Option<FencingToken>,
    pub(crate) takeover: bool,
    pub(crate) lease: Duration,
    pub(crate) retention: Duration,
}

impl Claim {
    /// The event's key in the store.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// The claim's fencing token, to guard the handler's own writes with; `None` without dedup.
    #[must_use]
    pub const fn fencing_token(&self) -> Option<FencingToken> {
        self.fencing_token
    }

    /// The claim, for a store to mark the event as handled in a transaction of yours; `None` without
    /// dedup.
    #[must_use]
    pub fn claim_token(&self) -> Option<ClaimToken> {
        Some(ClaimToken::new(self.key, self.fencing_token?, self.retention))
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
    pub async fn renew(&self) -> Result<UpdateOutcome, StoreError> {
        match (&self.store, self.fencing_token) {
            (Some(store), Some(fencing_token)) => {
                store.renew(&self.key, fencing_token, self.lease).await
            }
            _ => Ok(UpdateOutcome::Applied),
        }
    }

    /// Marks the event as handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails; whether it was marked is then unknown, so try again.
    pub async fn commit(&self) -> Result<UpdateOutcome, StoreError> {
        match (&self.store, self.fencing_token) {
            (Some(store), Some(fencing_token)) => {
                store.commit(&self.key, fencing_token, self.retention).await
            }
            _ => Ok(UpdateOutcome::Applied),
        }
    }

    /// Gives the event up, so that its next delivery is handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails; the event is then in progress until the lease has run out.
    pub async fn release(&self) -> Result<UpdateOutcome, StoreError> {
        match (&self.store, self.fencing_token) {
            (Some(store), Some(fencing_token)) => store.release(&self.key, fencing_token).await,
            _ => Ok(UpdateOutcome::Applied),
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("key", &self.key)
            .field("fence", &self.fencing_token)
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}
