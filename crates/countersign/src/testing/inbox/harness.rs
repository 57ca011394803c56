//! The store under test, and short forms of what every check does.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use super::broken_promise::{BrokenPromise, promise};
use crate::dedup::UpdateOutcome;
use crate::event::{EventKey, Identity, MessageId};
use crate::inbox::{
    ClaimedMessage, ClaimedMessages, EndpointClaim, EnqueueOutcome, InboxStore, InspectInbox,
    MessageClaim, MessageFilter, MessageState, NewMessage, SettleOutcome, Settled, Settlement,
};

/// A lease that does not expire within a check.
pub(super) const LONG: Duration = Duration::from_secs(3600);
/// A lease that expires within a check.
pub(super) const SHORT: Duration = Duration::from_millis(100);
/// A time in which a short lease has expired.
pub(super) const PAST_SHORT: Duration = Duration::from_millis(200);

pub(super) const ENDPOINT: &str = "suite";

/// An inbox whose store is to be checked.
pub trait InboxUnderTest {
    /// The store.
    type Store: InspectInbox;

    /// Opens an empty store.
    fn open(&self) -> impl Future<Output = Self::Store>;

    /// Lets this time pass by the store's clock: by waiting, or by advancing a clock of the test's own.
    fn advance(&self, duration: Duration) -> impl Future<Output = ()>;
}

/// An empty store, and the time.
pub(super) struct Harness<'u, U: InboxUnderTest> {
    pub(super) store: U::Store,
    under_test: &'u U,
}

impl<'u, U: InboxUnderTest> Harness<'u, U> {
    pub(super) async fn open(under_test: &'u U) -> Self {
        Self { store: under_test.open().await, under_test }
    }

    pub(super) async fn advance(&self, duration: Duration) {
        self.under_test.advance(duration).await;
    }

    pub(super) async fn store(&self, id: &str) -> Result<MessageId, BrokenPromise> {
        self.store_message(&message(id)).await
    }

    pub(super) async fn store_message(
        &self,
        message: &NewMessage,
    ) -> Result<MessageId, BrokenPromise> {
        match self.store.enqueue(message).await? {
            EnqueueOutcome::Stored(id) => Ok(id),
            found => Err(BrokenPromise::new("a new event is stored", format!("{found:?}"))),
        }
    }

    /// Claims up to `limit` messages of the suite's endpoint.
    pub(super) async fn claim(
        &self,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<ClaimedMessage>, BrokenPromise> {
        Ok(self.claim_with(EndpointClaim::new(ENDPOINT, limit, 100), lease).await?.messages)
    }

    pub(super) async fn claim_with(
        &self,
        endpoint: EndpointClaim,
        lease: Duration,
    ) -> Result<ClaimedMessages, BrokenPromise> {
        let limit = endpoint.limit;
        let claim = MessageClaim::new(vec![endpoint], limit, lease, "suite".into());
        Ok(self.store.claim_messages(&claim).await?)
    }

    /// Claims the only message that is due.
    pub(super) async fn claim_one(&self, lease: Duration) -> Result<ClaimedMessage, BrokenPromise> {
        let mut claimed = self.claim(10, lease).await?;
        promise("a message that is due is claimed, and no other", claimed.len(), 1)?;
        claimed.pop().ok_or_else(|| BrokenPromise::new("a message is claimed", "none"))
    }

    pub(super) async fn settle(
        &self,
        message: &ClaimedMessage,
        settled: Settled,
    ) -> Result<UpdateOutcome, BrokenPromise> {
        let settlement = Settlement::new(message.token, settled);
        let outcomes = self.store.settle_messages(&[settlement]).await?;
        promise("each settlement has an outcome", outcomes.len(), 1)?;
        match outcomes.first() {
            Some(SettleOutcome::Applied) => Ok(UpdateOutcome::Applied),
            Some(SettleOutcome::Locked) => {
                Err(BrokenPromise::new("a message without a transaction is not locked", "locked"))
            }
            _ => Ok(UpdateOutcome::StaleToken),
        }
    }

    pub(super) async fn state(&self, id: MessageId) -> Result<Option<MessageState>, BrokenPromise> {
        Ok(self.store.message(id).await?.map(|record| record.state))
    }

    /// Returns the outcomes of the attempts that have ended, in order.
    pub(super) async fn outcomes(&self, id: MessageId) -> Result<Vec<Box<str>>, BrokenPromise> {
        let attempts = self.store.attempts(id).await?;
        Ok(attempts.into_iter().map(|attempt| attempt.outcome).collect())
    }
}

pub(super) fn key(id: &str) -> EventKey {
    EventKey::new(ENDPOINT, "suite", &Identity::id(id))
}

pub(super) fn message(id: &str) -> NewMessage {
    let mut message = NewMessage::new(key(id), ENDPOINT, Bytes::from(format!("body of {id}")));
    message.event_id = Some(id.into());
    message.event_type = Some("suite.event".into());
    message
}

/// A message in the lane of this number.
pub(super) fn in_lane(id: &str, lane: u8) -> NewMessage {
    let mut message = message(id);
    message.lane = Some([lane; 16]);
    message
}

pub(super) fn only(id: MessageId) -> MessageFilter {
    MessageFilter { id: Some(id), ..MessageFilter::default() }
}

pub(super) fn ids(messages: &[ClaimedMessage]) -> Vec<MessageId> {
    messages.iter().map(|message| message.token.id()).collect()
}
