//! Messages of one lane are handled in order, one at a time.

use super::broken_promise::{BrokenPromise, promise};
use super::harness::{ENDPOINT, Harness, InboxUnderTest, LONG, ids, in_lane, only};
use crate::inbox::{EndpointClaim, InspectInbox, Settled};

pub(super) async fn check<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let first = suite.store_message(&in_lane("a1", 1)).await?;
    let second = suite.store_message(&in_lane("a2", 1)).await?;
    let other = suite.store_message(&in_lane("b1", 2)).await?;
    let mut claimed = suite.claim(10, LONG).await?;
    claimed.sort_by_key(|message| message.token.id());
    promise("one message of each lane is claimed", ids(&claimed), vec![first, other])?;
    promise("the next of a lane waits for it", suite.claim(10, LONG).await?.len(), 0)?;
    let Some(head) = claimed.first() else { return Ok(()) };
    suite.settle(head, Settled::Dead).await?;
    promise("a dead message blocks its lane", suite.claim(10, LONG).await?.len(), 0)?;
    let mut skipping = EndpointClaim::new(ENDPOINT, 10, 100);
    skipping.skip_dead_in_lane = true;
    let next = suite.claim_with(skipping, LONG).await?.messages;
    promise("a dead message can be skipped", ids(&next), vec![second])?;
    suite.store.replay_messages(&only(first), 1).await?;
    promise("a replayed message waits behind its lane", suite.claim(10, LONG).await?.len(), 0)?;
    if let Some(next) = next.first() {
        suite.settle(next, Settled::Done).await?;
    }
    let replayed = suite.claim_one(LONG).await?;
    promise("a replayed message is claimed in its turn", replayed.token.id(), first)
}
