//! Calls whose futures are dropped before they finish, as a timeout does.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken};

/// The largest number of polls before a call is dropped.
const POLLS: usize = 6;

/// Checks that a call which is dropped midway takes effect wholly or not at all, and that its event can
/// be claimed afterwards.
///
/// # Errors
///
/// A [`Violation`] if an event is stuck or has a state that no call left.
pub async fn a_dropped_call_leaves_no_event_stuck(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a dropped call").await;
    for polls in 0..POLLS {
        let event = |kind| polls * 4 + kind;
        poll_and_drop(polls, store.claim(event(0), 0, harness.short_lease())).await;
        eventually_granted(&store, harness, event(0)).await?;

        let committed = store.expect_granted(event(1), LONG).await?;
        poll_and_drop(polls, store.update(event(1), committed, Update::Commit(LONG))).await;
        store.expect_applied(event(1), committed, Update::Commit(LONG)).await?;
        store.expect_duplicate(event(1)).await?;

        let released = store.expect_granted(event(2), harness.short_lease()).await?;
        poll_and_drop(polls, store.update(event(2), released, Update::Release)).await;
        store.update(event(2), released, Update::Release).await?;
        eventually_granted(&store, harness, event(2)).await?;

        let renewed = store.expect_granted(event(3), LONG).await?;
        poll_and_drop(polls, store.update(event(3), renewed, Update::Renew(LONG))).await;
        store.expect_in_progress(event(3)).await?;
        store.expect_applied(event(3), renewed, Update::Release).await?;
    }
    Ok(())
}

/// Claims until the event is granted: a dropped call may still reach the store and hold a lease.
async fn eventually_granted<H: StoreUnderTest>(
    store: &CheckedStore<H::Store>,
    harness: &H,
    event: usize,
) -> Result<FencingToken, Violation>
where
    H::Store: DedupStore,
{
    for _ in 0..20 {
        if let ClaimOutcome::Acquired { fencing_token, .. } = store.claim(event, 0, LONG).await? {
            return Ok(fencing_token);
        }
        harness.advance(harness.short_lease()).await;
    }
    store.violation(ViolationKind::Stuck, "the event of a dropped call is never granted")
}

/// Polls `future` at most `polls` times, then drops it.
async fn poll_and_drop<F: Future>(polls: usize, future: F) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 || future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        left -= 1;
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
