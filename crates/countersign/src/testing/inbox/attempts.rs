//! Claims, leases, fencing tokens and settlements of attempts.

use std::time::Duration;

use super::broken_promise::{BrokenPromise, promise};
use super::harness::{ENDPOINT, Harness, InboxUnderTest, LONG, PAST_SHORT, SHORT, ids, message};
use crate::dedup::UpdateOutcome::{Applied, StaleToken};
use crate::inbox::{EndpointClaim, InboxStore, InspectInbox, MessageState, Settled};

pub(super) async fn check(inbox: &impl InboxUnderTest) -> Result<(), BrokenPromise> {
    claims(&Harness::open(inbox).await).await?;
    leases(&Harness::open(inbox).await).await?;
    exhausted(&Harness::open(inbox).await).await?;
    settlements(&Harness::open(inbox).await).await
}

async fn claims<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let mut stored = Vec::new();
    for id in ["1", "2", "3", "4"] {
        stored.push(suite.store(id).await?);
        suite.advance(Duration::from_millis(5)).await;
    }
    let mut elsewhere = message("elsewhere");
    elsewhere.endpoint = "elsewhere".into();
    suite.store_message(&elsewhere).await?;
    let first = suite.claim(2, LONG).await?;
    promise("no more are claimed than asked for", first.len(), 2)?;
    let due_first: Vec<_> = stored.iter().take(2).copied().collect();
    promise("the one that has been due the longest is claimed first", ids(&first), due_first)?;
    let rest = suite.claim(10, LONG).await?;
    promise("a claimed message is not claimed again within its lease", rest.len(), 2)?;
    let is_counted = first.iter().all(|message| message.attempt == 1 && !message.is_takeover);
    promise("the first attempt is the first", is_counted, true)?;
    promise("nothing else is claimed", suite.claim(10, LONG).await?.len(), 0)?;
    let no_room = suite.claim_with(EndpointClaim::new("elsewhere", 0, 100), LONG).await?;
    promise("an endpoint's own limit holds", no_room.messages.len(), 0)?;
    suite.store.set_paused("elsewhere", true).await?;
    let paused = || suite.claim_with(EndpointClaim::new("elsewhere", 10, 100), LONG);
    promise("nothing is claimed of a paused endpoint", paused().await?.messages.len(), 0)?;
    suite.store.set_paused("elsewhere", false).await?;
    promise("an endpoint can go on", paused().await?.messages.len(), 1)
}

async fn leases<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let id = suite.store("lease").await?;
    let first = suite.claim_one(SHORT).await?;
    let renewed = suite.store.renew_messages(&[first.token], LONG).await?;
    promise("a running attempt is renewed", renewed, vec![Applied])?;
    suite.advance(PAST_SHORT).await;
    promise("a renewed lease has not expired", suite.claim(10, LONG).await?.len(), 0)?;
    suite.store.renew_messages(&[first.token], Duration::ZERO).await?;
    suite.advance(Duration::from_millis(5)).await;
    let second = suite.claim_one(LONG).await?;
    promise("an expired lease is taken over", (second.is_takeover, second.attempt), (true, 2))?;
    let is_higher = second.token.fencing_token() > first.token.fencing_token();
    promise("the token of a later attempt is higher", is_higher, true)?;
    let late = suite.settle(&first, Settled::Dead).await?;
    promise("a stale settlement is reported", late, StaleToken)?;
    let running = Some(MessageState::Running);
    promise("a stale settlement changes nothing", suite.state(id).await?, running)?;
    let renewed = suite.store.renew_messages(&[first.token, second.token], LONG).await?;
    promise("each renewal has its own outcome", renewed, vec![StaleToken, Applied])?;
    promise("an attempt can be settled", suite.settle(&second, Settled::Done).await?, Applied)?;
    let outcomes = vec!["lease_expired".into(), "done".into()];
    promise("every attempt is recorded", suite.outcomes(id).await?, outcomes)?;

    suite.store("late").await?;
    let late = suite.claim_one(Duration::ZERO).await?;
    suite.advance(Duration::from_millis(5)).await;
    let settled = suite.settle(&late, Settled::Done).await?;
    promise("an attempt is settled after its lease if none has taken over", settled, Applied)
}

async fn exhausted<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let id = suite.store("poison").await?;
    for _ in 0..2 {
        let attempts = suite.claim_with(EndpointClaim::new(ENDPOINT, 10, 2), Duration::ZERO);
        promise("a message has its attempts", attempts.await?.messages.len(), 1)?;
        suite.advance(Duration::from_millis(5)).await;
    }
    let last = suite.claim_with(EndpointClaim::new(ENDPOINT, 10, 2), LONG).await?;
    promise("a message has no more attempts than it may", last.messages.len(), 0)?;
    let dead: Vec<_> = last.dead.iter().map(|dead| (dead.token.id(), dead.attempts)).collect();
    promise("a claim returns the messages that it makes dead", dead, vec![(id, 2)])?;
    promise("its attempts are exhausted", suite.state(id).await?, Some(MessageState::Dead))
}

async fn settlements<U: InboxUnderTest>(suite: &Harness<'_, U>) -> Result<(), BrokenPromise> {
    let id = suite.store("settled").await?;
    let first = suite.claim_one(LONG).await?;
    promise(
        "a retry is settled",
        suite.settle(&first, Settled::Retry { after: SHORT }).await?,
        Applied,
    )?;
    promise("a retry waits for its time", suite.claim(10, LONG).await?.len(), 0)?;
    promise("a message that waits is ready", suite.state(id).await?, Some(MessageState::Ready))?;
    suite.advance(PAST_SHORT).await;
    let second = suite.claim_one(LONG).await?;
    promise("a retry is the next attempt", (second.attempt, second.is_takeover), (2, false))?;
    suite.settle(&second, Settled::Returned { after: Duration::ZERO }).await?;
    let again = suite.claim_one(LONG).await?;
    suite.settle(&again, Settled::Returned { after: Duration::ZERO }).await?;
    let third = suite.claim_one(LONG).await?;
    promise("a returned attempt does not count", third.attempt, 2)?;
    promise("an attempt can be dead", suite.settle(&third, Settled::Dead).await?, Applied)?;
    promise(
        "a repeated settlement is applied",
        suite.settle(&third, Settled::Dead).await?,
        Applied,
    )?;
    promise("a dead message is dead", suite.state(id).await?, Some(MessageState::Dead))?;
    promise("a dead message is not claimed", suite.claim(10, LONG).await?.len(), 0)?;
    let outcomes = vec!["retry".into(), "returned".into(), "dead".into()];
    promise(
        "every attempt is recorded, and of returned ones the last",
        suite.outcomes(id).await?,
        outcomes,
    )?;
    let backlog = suite.store.backlog().await?;
    let dead = backlog.endpoints.first().map(|endpoint| (endpoint.dead, endpoint.dead_bytes));
    promise("the backlog counts dead messages", dead, Some((1, 15)))?;
    promise("the backlog's live messages are not the dead ones", backlog.live(), 0)?;
    let record = suite.store.message(id).await?.map(|record| (record.attempts, record.body_bytes));
    promise("an operator sees the message", record, Some((2, 15)))?;

    suite.store("cut off").await?;
    suite.claim_one(Duration::ZERO).await?;
    suite.advance(Duration::from_millis(5)).await;
    let returned = suite.claim_one(LONG).await?;
    suite.settle(&returned, Settled::Returned { after: Duration::ZERO }).await?;
    let again = suite.claim_one(LONG).await?;
    promise("a takeover that is returned is a takeover again", again.is_takeover, true)?;
    suite.settle(&again, Settled::Retry { after: Duration::ZERO }).await?;
    let retried = suite.claim_one(LONG).await?;
    promise("the attempt after a failed takeover is none", retried.is_takeover, false)?;
    promise("it is settled", suite.settle(&retried, Settled::Done).await?, Applied)
}
