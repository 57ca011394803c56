//! A claimed event.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::{Retention, Store, StoreError, UpdateOutcome};
use crate::event::{ClaimToken, Claimed, EventKey, FencingToken};

/// A claimed event: the right to handle it until the lease expires.
///
/// [Renew](Self::renew) the claim while the handler runs, [commit](Self::commit) it after the handler has
/// succeeded, and [release](Self::release) it after anything else. Dropping a claim does none of these:
/// the event stays in progress until the lease expires.
///
/// ```
/// use countersign::Claim;
/// use countersign::dedup::{StoreError, UpdateOutcome};
///
/// async fn end(claim: Claim, succeeded: bool) -> Result<UpdateOutcome, StoreError> {
///     if succeeded { claim.commit().await } else { claim.release().await }
/// }
/// ```
///
/// [Choosing a store] explains claims, leases and fencing tokens.
///
/// [Choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
#[must_use]
pub struct Claim {
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) key: EventKey,
    pub(crate) fencing_token: Option<FencingToken>,
    pub(crate) takeover: bool,
    pub(crate) lease: Duration,
    pub(crate) retention: Retention,
}

impl Claim {
    /// Returns the event's key in the store.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// Returns the claim's fencing token, or `None` without deduplication.
    ///
    /// It guards the handler's own writes: a later claim of the event has a greater one.
    #[must_use]
    pub const fn fencing_token(&self) -> Option<FencingToken> {
        self.fencing_token
    }

    /// Returns the token with which a store marks the event as handled in the handler's own
    /// transaction, or `None` without deduplication.
    #[must_use]
    pub fn claim_token(&self) -> Option<ClaimToken> {
        Some(ClaimToken::new(self.key, self.fencing_token?, self.retention.keep_for()))
    }

    /// Returns whether the claim took over from one whose lease had expired, so that part of the work
    /// may be done already.
    #[must_use]
    pub const fn is_takeover(&self) -> bool {
        self.takeover
    }

    /// Renews the lease, from now.
    ///
    /// [`UpdateOutcome::StaleToken`] means that another claim has taken the event over.
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
    /// A [`StoreError`] if the store fails. The event may be marked nevertheless: commit again.
    pub async fn commit(&self) -> Result<UpdateOutcome, StoreError> {
        match (&self.store, self.fencing_token) {
            (Some(store), Some(fencing_token)) => {
                store.commit(&self.key, fencing_token, self.retention).await
            }
            _ => Ok(UpdateOutcome::Applied),
        }
    }

    /// Ends the claim, so that the event's next delivery is handled.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails. The event is then in progress until the lease expires.
    pub async fn release(&self) -> Result<UpdateOutcome, StoreError> {
        match (&self.store, self.fencing_token) {
            (Some(store), Some(fencing_token)) => store.release(&self.key, fencing_token).await,
            _ => Ok(UpdateOutcome::Applied),
        }
    }
}

impl Claimed for Claim {
    fn claim_token(&self) -> Option<ClaimToken> {
        self.claim_token()
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("key", &self.key)
            .field("fencing_token", &self.fencing_token)
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}
