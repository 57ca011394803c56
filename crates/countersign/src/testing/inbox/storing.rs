//! An event is stored once, whole, and known to the deduplication.

use std::time::Duration;

use bytes::Bytes;

use super::broken_promise::{BrokenPromise, promise};
use super::harness::{Harness, InboxUnderTest, LONG, PAST_SHORT, SHORT, key, message};
use crate::dedup::{ClaimOutcome, DedupStore, UpdateOutcome};
use crate::inbox::{EndpointClaim, EnqueueOutcome, InboxStore, InspectInbox, MessageFilter};

pub(super) async fn check<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let store = &suite.store;
    let first = suite.store("once").await?;
    let again = store.enqueue(&message("once")).await?;
    promise("an event is stored once", again, EnqueueOutcome::Duplicate { same_body: true })?;
    let mut other = message("once");
    other.fingerprint = 1;
    let other = store.enqueue(&other).await?;
    let differs = EnqueueOutcome::Duplicate { same_body: false };
    promise("a duplicate with another body is reported as such", other, differs)?;
    promise(
        "a duplicate is not stored",
        store.count_messages(&MessageFilter::default(), 10).await?,
        1,
    )?;
    let claim = store.claim(&key("once"), 0, LONG).await?;
    let handled = ClaimOutcome::Duplicate { same_body: true };
    promise("a stored event is handled for the deduplication", claim, handled)?;

    in_progress(suite).await?;
    retention(suite).await?;
    let second = suite.store("twice").await?;
    promise("a later message has a greater id", second > first, true)?;
    exact(suite).await
}

/// An event that a handler without an inbox has claimed.
async fn in_progress<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let store = &suite.store;
    let claim = store.claim(&key("claimed"), 0, SHORT).await?;
    let ClaimOutcome::Acquired { fencing_token, .. } = claim else {
        return Err(BrokenPromise::new("a new event is granted", format!("{claim:?}")));
    };
    let outcome = store.enqueue(&message("claimed")).await?;
    let is_in_progress = matches!(outcome, EnqueueOutcome::InProgress { .. });
    promise("an event in progress is not stored", is_in_progress, true)?;
    suite.advance(PAST_SHORT).await;
    suite.store("claimed").await?;
    let late = store.commit(&key("claimed"), fencing_token, LONG).await?;
    let stale = UpdateOutcome::StaleToken;
    promise("storing an event whose lease has expired makes its claim stale", late, stale)
}

async fn retention<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let mut brief = message("brief");
    brief.dedup_retention = SHORT;
    suite.store_message(&brief).await?;
    suite.advance(PAST_SHORT).await;
    let again = suite.store.enqueue(&brief).await?;
    let is_stored = matches!(again, EnqueueOutcome::Stored(_));
    promise("an event is forgotten after its retention, and its message is not", is_stored, true)
}

/// What is stored is returned to the byte.
async fn exact<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    for (id, body) in [("empty", Bytes::new()), ("large", Bytes::from(every_byte))] {
        let mut stored = message(id);
        (stored.body, stored.request) = (body.clone(), r#"{"text":"ä\u0000"}"#.into());
        (stored.endpoint, stored.tenant) = (id.into(), Some("tenant".into()));
        suite.store_message(&stored).await?;
        let endpoint = EndpointClaim::new(id, 10, 100);
        let claimed = suite.claim_with(endpoint, LONG).await?.messages;
        let claimed = claimed.into_iter().next();
        let found = claimed.map(|claimed| (claimed.body == body, claimed.request, claimed.tenant));
        let expected = Some((true, stored.request, stored.tenant));
        promise("a message is returned to the byte", found, expected)?;
    }
    let mut oldest = Duration::ZERO;
    for endpoint in suite.store.backlog().await?.endpoints {
        oldest = oldest.max(endpoint.oldest_ready);
    }
    promise("the oldest ready message has been due for a while", oldest > Duration::ZERO, true)
}
