//! Replaying, discarding and pruning.

use std::time::Duration;

use super::broken_promise::{BrokenPromise, promise};
use super::harness::{Harness, InboxUnderTest, LONG, PAST_SHORT, only};
use crate::dedup::UpdateOutcome::StaleToken;
use crate::inbox::{
    InboxStore, InspectInbox, MessageFilter, MessageRetention, MessageState, Settled,
};

pub(super) async fn check<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let store = &suite.store;
    let id = suite.store("replayed").await?;
    let first = suite.claim_one(LONG).await?;
    promise("a running message is not replayed", store.replay_messages(&only(id), 1).await?, 0)?;
    promise("a running message is not discarded", store.discard_messages(&only(id), 1).await?, 0)?;
    suite.settle(&first, Settled::Done).await?;
    promise("a done message is not discarded", store.discard_messages(&only(id), 1).await?, 0)?;
    promise("a done message is replayed", store.replay_messages(&only(id), 1).await?, 1)?;
    promise("a replayed message is replayed once", store.replay_messages(&only(id), 1).await?, 0)?;
    let late = suite.settle(&first, Settled::Dead).await?;
    promise("a replay makes earlier attempts stale", late, StaleToken)?;
    let again = suite.claim_one(LONG).await?;
    promise("a replayed message begins again", (again.attempt, again.replays), (1, 1))?;
    suite.settle(&again, Settled::Dead).await?;
    let other = MessageFilter { event_type: Some("other".into()), ..MessageFilter::default() };
    promise("a filter selects by type", store.replay_messages(&other, 10).await?, 0)?;
    promise("a dead message is discarded", store.discard_messages(&only(id), 1).await?, 1)?;
    let discarded = Some(MessageState::Discarded);
    promise("a discarded message is discarded", suite.state(id).await?, discarded)?;
    promise("a discarded message is not claimed", suite.claim(10, LONG).await?.len(), 0)?;
    promise("a discarded message is replayed", store.replay_messages(&only(id), 1).await?, 1)?;
    promise("a ready message is discarded", store.discard_messages(&only(id), 1).await?, 1)?;
    pages(suite).await?;
    prune(suite).await
}

async fn pages<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let (older, newer) = (suite.store("page 1").await?, suite.store("page 2").await?);
    let ready = MessageFilter { state: Some(MessageState::Ready), ..MessageFilter::default() };
    let page = |before| suite.store.messages(&ready, before, 1);
    let first: Vec<_> = page(None).await?.iter().map(|record| record.id).collect();
    promise("the latest message is listed first", first, vec![newer])?;
    let second: Vec<_> = page(Some(newer)).await?.iter().map(|record| record.id).collect();
    promise("the next page follows", second, vec![older])?;
    promise("a count ends at its limit", suite.store.count_messages(&ready, 1).await?, 1)
}

async fn prune<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let done = suite.store("pruned").await?;
    let claimed = suite.claim(10, LONG).await?;
    let Some(pruned) = claimed.iter().find(|message| message.token.id() == done) else {
        return Err(BrokenPromise::new("a new message is claimed", "it is not"));
    };
    suite.settle(pruned, Settled::Done).await?;
    suite.advance(PAST_SHORT).await;
    let keep_all = MessageRetention::default();
    promise("what is recent is kept", suite.store.prune_messages(keep_all, 100).await?, 0)?;
    let brief = Duration::from_millis(50);
    let mut keep = MessageRetention { done: brief, ..MessageRetention::default() };
    promise("what is old is removed", suite.store.prune_messages(keep, 100).await?, 1)?;
    promise("a removed message is gone", suite.state(done).await?, None)?;
    promise("its attempts are gone, too", suite.outcomes(done).await?.len(), 0)?;
    (keep.dead, keep.discarded) = (Duration::ZERO, Duration::ZERO);
    suite.store.prune_messages(keep, 100).await?;
    let running = MessageFilter { state: Some(MessageState::Running), ..MessageFilter::default() };
    let left = suite.store.count_messages(&running, 100).await?;
    promise("what is running is never removed", left, 2)
}
