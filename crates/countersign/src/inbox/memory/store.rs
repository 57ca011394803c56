use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::rows::Rows;
use crate::dedup::{
    ClaimOutcome, DedupStore, MemoryStore, StoreError, StoreErrorKind, StoreId, UpdateOutcome,
};
use crate::error::ConfigError;
use crate::event::{EventKey, FencingToken, MessageToken};
use crate::inbox::{
    Backlog, ClaimedMessages, EnqueueOutcome, InboxStore, MessageClaim, MessageRetention,
    NewMessage, SettleOutcome, Settlement,
};
use crate::time::{Clock, SystemClock, Timestamp};

/// How many events the deduplication holds.
const EVENTS: usize = 1_000_000;

/// An inbox in the memory of one process, for tests.
///
/// **Every acknowledged event is lost when the process ends**, and its sender does not send it again. For a
/// service, use an inbox in a database: see
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/inbox.md#stores).
///
/// ```
/// use countersign::Inbox;
/// use countersign::inbox::MemoryInbox;
///
/// let inbox = Inbox::new(MemoryInbox::danger_new());
/// # drop(inbox);
/// ```
#[derive(Clone)]
pub struct MemoryInbox(Arc<Inner>);

struct Inner {
    dedup: MemoryStore,
    clock: Arc<dyn Clock>,
    rows: Mutex<Rows>,
}

impl MemoryInbox {
    /// Creates an inbox that loses every acknowledged event when the process ends.
    #[must_use]
    pub fn danger_new() -> Self {
        Self::with(MemoryStore::default(), Arc::new(SystemClock))
    }

    /// Creates an inbox that loses every acknowledged event when the process ends, and whose time is that of
    /// `clock`.
    ///
    /// # Errors
    ///
    /// Those of [`MemoryStore::with_clock`].
    pub fn danger_with_clock(clock: impl Clock + Clone) -> Result<Self, ConfigError> {
        Ok(Self::with(MemoryStore::with_clock(EVENTS, clock.clone())?, Arc::new(clock)))
    }

    fn with(dedup: MemoryStore, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { dedup, clock, rows: Mutex::default() }))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the output of a memory store's operation, which never waits.
fn at_once<T>(operation: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            Err(StoreError::new(StoreErrorKind::Unavailable, "a memory store has waited"))
        }
    }
}

impl DedupStore for MemoryInbox {
    fn id(&self) -> Option<StoreId> {
        DedupStore::id(&self.0.dedup)
    }

    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.0.dedup.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.dedup.renew(key, fencing_token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.dedup.commit(key, fencing_token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.dedup.release(key, fencing_token).await
    }
}

impl InboxStore for MemoryInbox {
    async fn enqueue(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        let mut rows = self.rows();
        let (key, dedup) = (&message.key, &self.0.dedup);
        let lease = Duration::from_secs(1);
        match at_once(dedup.claim(key, message.fingerprint, lease))? {
            ClaimOutcome::Acquired { fencing_token, .. } => {
                at_once(dedup.commit(key, fencing_token, message.dedup_retention))?;
                let fence = rows.next_fence(fencing_token.as_u64());
                Ok(EnqueueOutcome::Stored(rows.insert(message, fence, self.now())))
            }
            ClaimOutcome::Duplicate { same_body } => Ok(EnqueueOutcome::Duplicate { same_body }),
            ClaimOutcome::InProgress { retry_after } => {
                Ok(EnqueueOutcome::InProgress { retry_after })
            }
        }
    }

    async fn claim_messages(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        Ok(self.rows().claim(claim, self.now()))
    }

    async fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        let (mut rows, now) = (self.rows(), self.now());
        Ok(tokens.iter().map(|token| rows.renew(*token, lease, now)).collect())
    }

    async fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        let (mut rows, now) = (self.rows(), self.now());
        Ok(settlements.iter().map(|settlement| rows.settle(settlement, now)).collect())
    }

    async fn prune_messages(&self, keep: MessageRetention, limit: u32) -> Result<u64, StoreError> {
        Ok(self.rows().prune(keep, limit, self.now()))
    }

    async fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<(), StoreError> {
        let mut rows = self.rows();
        if is_paused {
            rows.paused.insert(endpoint.into());
        } else {
            rows.paused.remove(endpoint);
        }
        Ok(())
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.rows().backlog(self.now()))
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox").finish_non_exhaustive()
    }
}
