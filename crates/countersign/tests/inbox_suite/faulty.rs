//! A store with one fault.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreError, UpdateOutcome,
};
use countersign::inbox::{
    Attempt, Backlog, ClaimedMessages, EnqueueOutcome, InboxStore, InspectInbox, MemoryInbox,
    MessageClaim, MessageFilter, MessageId, MessageRecord, MessageRetention, MessageToken,
    NewMessage, SettleOutcome, Settled, Settlement,
};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    None,
    LosesMessages,
    StoresTwice,
    LosesLastByte,
    HandsOutTwice,
    IgnoresPause,
    IgnoresLanes,
    SkipsDeadLanes,
    NeverExhausted,
    HidesDead,
    AppliesStale,
    HidesTakeover,
    ForgetsTakeover,
    CountsReturned,
    RetriesAtOnce,
    DropsRenewals,
    PrunesEverything,
    CountsNothing,
}

pub(crate) struct Faulty {
    inner: MemoryInbox,
    fault: Fault,
    taken_over: Mutex<BTreeSet<MessageId>>,
}

impl Faulty {
    pub(crate) fn new(inner: MemoryInbox, fault: Fault) -> Self {
        Self { inner, fault, taken_over: Mutex::default() }
    }
}

impl DedupStore for Faulty {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.inner.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.renew(key, token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.commit(key, token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.release(key, token).await
    }
}

impl InboxStore for Faulty {
    async fn enqueue(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        let mut message = message.clone();
        match self.fault {
            Fault::LosesLastByte => {
                message.body = message.body.slice(..message.body.len().saturating_sub(1));
            }
            Fault::IgnoresLanes => message.lane = None,
            _ => {}
        }
        let outcome = self.inner.enqueue(&message).await?;
        if self.fault == Fault::StoresTwice
            && let EnqueueOutcome::Duplicate { same_body: true } = outcome
        {
            message.key = EventKey::new("twice", "suite", &Identity::body(&message.body));
            return self.inner.enqueue(&message).await;
        }
        Ok(outcome)
    }

    async fn claim_messages(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        let mut claim = claim.clone();
        for endpoint in &mut claim.endpoints {
            match self.fault {
                Fault::NeverExhausted => endpoint.max_attempts = u32::MAX,
                Fault::SkipsDeadLanes => endpoint.skip_dead_in_lane = true,
                Fault::IgnoresPause => self.inner.set_paused(&endpoint.endpoint, false).await?,
                _ => {}
            }
        }
        if self.fault == Fault::HandsOutTwice {
            claim.lease = Duration::ZERO;
        }
        let mut claimed = self.inner.claim_messages(&claim).await?;
        match self.fault {
            // The first check that claims is that of the storage to the byte.
            Fault::LosesMessages => claimed.messages.retain(|message| message.attempt != 2),
            Fault::HidesDead => claimed.dead.clear(),
            Fault::HidesTakeover => {
                claimed.messages.iter_mut().for_each(|message| message.is_takeover = false);
            }
            // A takeover is the second attempt, and one after it that was returned is, too.
            Fault::ForgetsTakeover => {
                let mut seen = self.taken_over.lock().unwrap_or_else(PoisonError::into_inner);
                for message in claimed.messages.iter_mut().filter(|message| message.is_takeover) {
                    message.is_takeover = seen.insert(message.token.id());
                }
            }
            _ => {}
        }
        Ok(claimed)
    }

    async fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        if self.fault == Fault::DropsRenewals {
            return Ok(vec![UpdateOutcome::Applied; tokens.len()]);
        }
        self.inner.renew_messages(tokens, lease).await
    }

    async fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        let mut settlements = settlements.to_vec();
        for settlement in &mut settlements {
            settlement.settled = match (self.fault, settlement.settled) {
                (Fault::CountsReturned, Settled::Returned { after }) => Settled::Retry { after },
                (Fault::RetriesAtOnce, Settled::Retry { .. }) => {
                    Settled::Retry { after: Duration::ZERO }
                }
                (_, settled) => settled,
            };
        }
        let outcomes = self.inner.settle_messages(&settlements).await?;
        if self.fault == Fault::AppliesStale {
            return Ok(vec![SettleOutcome::Applied; outcomes.len()]);
        }
        Ok(outcomes)
    }

    async fn prune_messages(&self, keep: MessageRetention, limit: u32) -> Result<u64, StoreError> {
        let mut keep = keep;
        if self.fault == Fault::PrunesEverything {
            keep.done = Duration::ZERO;
        }
        self.inner.prune_messages(keep, limit).await
    }

    async fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<(), StoreError> {
        self.inner.set_paused(endpoint, is_paused).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut backlog = self.inner.backlog().await?;
        if self.fault == Fault::CountsNothing {
            backlog.endpoints.iter_mut().for_each(|endpoint| endpoint.dead = 0);
        }
        Ok(backlog)
    }
}

impl InspectInbox for Faulty {
    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        self.inner.messages(filter, before, limit).await
    }

    async fn count_messages(&self, filter: &MessageFilter, limit: u64) -> Result<u64, StoreError> {
        self.inner.count_messages(filter, limit).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        self.inner.message(id).await
    }

    async fn message_body(&self, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        self.inner.message_body(id).await
    }

    async fn attempts(&self, id: MessageId) -> Result<Vec<Attempt>, StoreError> {
        self.inner.attempts(id).await
    }

    async fn replay_messages(&self, filter: &MessageFilter, limit: u32) -> Result<u64, StoreError> {
        self.inner.replay_messages(filter, limit).await
    }

    async fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.inner.discard_messages(filter, limit).await
    }
}
