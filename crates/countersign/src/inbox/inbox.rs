use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_listener::{Event, EventListener};

use super::claim::{ClaimedMessages, DeadMessage, MessageClaim};
use super::limits::Fill;
use super::message::{EnqueueOutcome, NewMessage};
use super::settings::{InboxSettings, MessageRetention};
use super::settlement::{SettleOutcome, Settlement};
use super::store::ErasedInboxStore;
use crate::dedup::{ClaimOutcome, StoreError, StoreErrorKind, StoreId, UpdateOutcome};
use crate::event::MessageToken;
use crate::time::Timestamp;

/// For how long an event is claimed to find out whether it is known.
const KNOWN_LEASE: Duration = Duration::from_secs(1);

/// A place where events are stored before they are acknowledged, and from which workers handle them.
///
/// An adapter's layer is given the inbox, and from then on stores each verified event and acknowledges it at
/// once; a [`Worker`](super::Worker) runs the handler behind the layer. See the [module's page](crate::inbox).
///
/// Clones are one inbox, and wake each other's workers. An inbox over the same database in another process
/// is found within a second.
#[derive(Clone)]
#[must_use]
pub struct Inbox(Arc<Inner>);

struct Inner {
    store: Arc<dyn ErasedInboxStore>,
    settings: InboxSettings,
    fill: Fill,
    /// The endpoints whose handlers this process has.
    endpoints: Mutex<BTreeSet<Arc<str>>>,
    stored: Event,
    /// How many workers run in this process.
    workers: AtomicUsize,
}

impl Inbox {
    pub(super) fn with(store: Arc<dyn ErasedInboxStore>, settings: InboxSettings) -> Self {
        let endpoints = Mutex::default();
        Self(Arc::new(Inner {
            store,
            settings,
            fill: Fill::default(),
            endpoints,
            stored: Event::new(),
            workers: AtomicUsize::new(0),
        }))
    }

    /// Claims messages, for a caller that handles them by hand.
    ///
    /// [`Receiver::redeliver`](crate::Receiver::redeliver) returns the delivery of each.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails.
    pub async fn claim_batch(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        self.0.store.claim_messages(claim).await
    }

    /// Extends the leases of attempts; see [`InboxStore::renew_messages`](super::InboxStore::renew_messages).
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails.
    pub async fn renew(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        self.0.store.renew_messages(tokens, lease).await
    }

    /// Settles attempts; see [`InboxStore::settle_messages`](super::InboxStore::settle_messages).
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails. Settle them again.
    pub async fn settle(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        self.0.store.settle_messages(settlements).await
    }

    /// Stores an event, and wakes the workers of this process.
    pub(crate) async fn enqueue(
        &self,
        message: &NewMessage,
        now: Timestamp,
    ) -> Result<EnqueueOutcome, StoreError> {
        let Inner { store, settings, fill, stored, .. } = &*self.0;
        let bytes = u64::try_from(message.body.len()).unwrap_or(u64::MAX);
        if let Err(error) = fill.check(&**store, settings, bytes, now).await {
            let known = if error.kind() == StoreErrorKind::Full {
                self.known(message).await?
            } else {
                None
            };
            return known.ok_or(error);
        }
        let outcome = store.enqueue(message).await?;
        if let EnqueueOutcome::Stored(_) = outcome {
            fill.add(bytes);
            stored.notify(usize::MAX);
        }
        Ok(outcome)
    }

    /// Returns the outcome for an event that is known, without storing it.
    async fn known(&self, message: &NewMessage) -> Result<Option<EnqueueOutcome>, StoreError> {
        let NewMessage { key, fingerprint, .. } = message;
        Ok(match self.0.store.claim(key, *fingerprint, KNOWN_LEASE).await? {
            ClaimOutcome::Duplicate { same_body } => Some(EnqueueOutcome::Duplicate { same_body }),
            ClaimOutcome::InProgress { retry_after } => {
                Some(EnqueueOutcome::InProgress { retry_after })
            }
            ClaimOutcome::Acquired { fencing_token, .. } => {
                self.0.store.release(key, fencing_token).await?;
                None
            }
        })
    }

    /// Returns how many workers of this inbox run in this process.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.0.workers.load(Ordering::Relaxed)
    }

    /// Counts a worker as running until the returned value is dropped.
    pub(crate) fn count_worker(&self) -> RunningWorker {
        self.0.workers.fetch_add(1, Ordering::Relaxed);
        RunningWorker(self.clone())
    }

    /// Notes that a live message with a body of `bytes` bytes has ended.
    pub(crate) fn ended(&self, bytes: u64) {
        self.0.fill.remove(bytes);
    }

    /// Adds an endpoint whose handler this process has.
    pub(crate) fn add_endpoint(&self, endpoint: &Arc<str>) {
        self.lock().insert(Arc::clone(endpoint));
    }

    /// Returns the endpoints whose handlers this process has.
    pub(crate) fn endpoints(&self) -> Vec<Arc<str>> {
        self.lock().iter().map(Arc::clone).collect()
    }

    /// Returns a listener for the next event that this process stores.
    pub(crate) fn listen(&self) -> EventListener {
        self.0.stored.listen()
    }

    pub(crate) fn store(&self) -> &Arc<dyn ErasedInboxStore> {
        &self.0.store
    }

    pub(crate) fn store_id(&self) -> Option<StoreId> {
        self.0.store.store_id()
    }

    pub(crate) fn settings(&self) -> &InboxSettings {
        &self.0.settings
    }

    pub(crate) fn retention(&self) -> MessageRetention {
        self.0.settings.retention
    }

    pub(crate) fn store_timeout(&self) -> Duration {
        self.0.settings.store_timeout
    }

    /// Returns whether a header is kept with every message.
    pub(crate) fn keeps_header(&self, name: &str) -> bool {
        self.0.settings.kept_headers.iter().any(|kept| kept.eq_ignore_ascii_case(name))
    }

    pub(crate) fn on_dead(&self, dead: &DeadMessage) {
        if let Some(hook) = &self.0.settings.on_dead {
            hook(dead);
        }
    }

    /// Returns whether both are clones of one inbox.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.0.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker that runs, until it is dropped.
pub(crate) struct RunningWorker(Inbox);

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.0.0.workers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("endpoints", &self.endpoints()).finish_non_exhaustive()
    }
}
