//! The trait of an inbox's store, and its object-safe form.

use std::future::Future;
use std::time::Duration;

use super::backlog::Backlog;
use super::claim::{ClaimedMessages, MessageClaim};
use super::message::{EnqueueOutcome, NewMessage};
use super::settings::MessageRetention;
use super::settlement::{SettleOutcome, Settlement};
use crate::dedup::{DedupStore, Store, StoreError, StoreFuture, StoreId, UpdateOutcome};
use crate::event::MessageToken;

/// A store of events that are acknowledged and not yet handled.
///
/// Each operation is **one atomic step**, every time is that of the **store's own clock**, and what an
/// operation has returned survives a crash of the process.
///
/// [The guide](https://github.com/countersign/countersign/blob/main/docs/inbox.md#stores) names the stores
/// that exist. For a store of your own, the module `testing` has a suite that checks all that is promised
/// here.
pub trait InboxStore: DedupStore {
    /// Stores the event as a ready message, unless it is known, and marks it as handled in the deduplication
    /// for [`dedup_retention`](NewMessage::dedup_retention): both or neither.
    ///
    /// An event that a handler without an inbox has claimed is stored once its lease has expired; the
    /// handler's fencing token is then stale.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time. The event may be stored
    /// nevertheless; it is then a duplicate when it is stored again.
    fn enqueue(
        &self,
        message: &NewMessage,
    ) -> impl Future<Output = Result<EnqueueOutcome, StoreError>> + Send;

    /// Claims messages that are due, the one that has been due the longest first: ready ones whose time has
    /// come, and running ones whose lease has expired.
    ///
    /// It claims no message of a paused endpoint, and none whose lane has an earlier message that is ready,
    /// running or, unless [that is skipped](super::EndpointClaim::skip_dead_in_lane), dead. Each claimed
    /// message gets a fencing token that is higher than every one that was granted before, and its attempt is
    /// counted. A running message whose attempts are exhausted becomes dead.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time. Messages may be claimed
    /// nevertheless, until their lease expires; that is an attempt, which counts.
    fn claim_messages(
        &self,
        claim: &MessageClaim,
    ) -> impl Future<Output = Result<ClaimedMessages, StoreError>> + Send;

    /// Extends the leases of attempts: each ends `lease` from now. Returns the outcome of each, in order.
    ///
    /// The attempt at a message that the handler's transaction has marked as done, or is about to, is
    /// `Applied`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<UpdateOutcome>, StoreError>> + Send;

    /// Settles attempts, and records each. Returns the outcome of each, in order.
    ///
    /// An attempt can be settled after its lease has expired, unless another has taken the message over. A
    /// repeated settlement is `Applied`, if it is the last of the message. Of a message's attempts that were
    /// returned, the record of the last is kept: a handler may let an event wait for as long as it likes.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time. Some or all may be
    /// settled: settle them again.
    fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> impl Future<Output = Result<Vec<SettleOutcome>, StoreError>> + Send;

    /// Removes up to `limit` messages that have been done, dead or discarded for longer than `keep`, and
    /// returns how many it removed.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn prune_messages(
        &self,
        keep: MessageRetention,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Pauses an endpoint, or lets it go on: of a paused one, workers claim no message. Events are stored
    /// all the same.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn set_paused(
        &self,
        endpoint: &str,
        is_paused: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns how much the inbox holds.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn backlog(&self) -> impl Future<Output = Result<Backlog, StoreError>> + Send;

    /// Returns why an acknowledged event may be lost nevertheless, such as by a setting of the database, for a
    /// worker to log when it begins; `None` unless a store knows a reason.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store cannot be reached or does not respond in time.
    fn durability_risk(&self) -> impl Future<Output = Result<Option<Box<str>>, StoreError>> + Send {
        async { Ok(None) }
    }
}

/// The object-safe form of [`InboxStore`], so that an inbox has one type with any store.
pub(crate) trait ErasedInboxStore: Store {
    fn enqueue<'s>(&'s self, message: &'s NewMessage) -> StoreFuture<'s, EnqueueOutcome>;
    fn claim_messages<'s>(&'s self, claim: &'s MessageClaim) -> StoreFuture<'s, ClaimedMessages>;
    fn renew_messages<'s>(
        &'s self,
        tokens: &'s [MessageToken],
        lease: Duration,
    ) -> StoreFuture<'s, Vec<UpdateOutcome>>;
    fn settle_messages<'s>(
        &'s self,
        settlements: &'s [Settlement],
    ) -> StoreFuture<'s, Vec<SettleOutcome>>;
    fn prune_messages(&self, keep: MessageRetention, limit: u32) -> StoreFuture<'_, u64>;
    fn backlog(&self) -> StoreFuture<'_, Backlog>;
    fn durability_risk(&self) -> StoreFuture<'_, Option<Box<str>>>;
    fn store_id(&self) -> Option<StoreId>;
}

impl<S: InboxStore> ErasedInboxStore for S {
    fn enqueue<'s>(&'s self, message: &'s NewMessage) -> StoreFuture<'s, EnqueueOutcome> {
        Box::pin(InboxStore::enqueue(self, message))
    }

    fn claim_messages<'s>(&'s self, claim: &'s MessageClaim) -> StoreFuture<'s, ClaimedMessages> {
        Box::pin(InboxStore::claim_messages(self, claim))
    }

    fn renew_messages<'s>(
        &'s self,
        tokens: &'s [MessageToken],
        lease: Duration,
    ) -> StoreFuture<'s, Vec<UpdateOutcome>> {
        Box::pin(InboxStore::renew_messages(self, tokens, lease))
    }

    fn settle_messages<'s>(
        &'s self,
        settlements: &'s [Settlement],
    ) -> StoreFuture<'s, Vec<SettleOutcome>> {
        Box::pin(InboxStore::settle_messages(self, settlements))
    }

    fn prune_messages(&self, keep: MessageRetention, limit: u32) -> StoreFuture<'_, u64> {
        Box::pin(InboxStore::prune_messages(self, keep, limit))
    }

    fn backlog(&self) -> StoreFuture<'_, Backlog> {
        Box::pin(InboxStore::backlog(self))
    }

    fn durability_risk(&self) -> StoreFuture<'_, Option<Box<str>>> {
        Box::pin(InboxStore::durability_risk(self))
    }

    fn store_id(&self) -> Option<StoreId> {
        DedupStore::id(self)
    }
}
