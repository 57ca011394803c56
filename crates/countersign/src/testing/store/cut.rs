//! Calls that are dropped before their end, as those that a time limit cuts short.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::StoreUnderTest;
use super::cases::LONG;
use super::probe::{Probe, Settle};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken};

/// After how many polls a call is cut short, at most.
const POLLS: usize = 6;

/// A call that was dropped midway had its effect or had none: the event is not out of reach.
///
/// # Errors
///
/// A [`Violation`] if it is.
pub async fn a_call_that_is_dropped_wedges_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a dropped call").await;
    for polls in 0..POLLS {
        let event = |kind| polls * 4 + kind;
        cut(polls, probe.claim(event(0), 0, harness.short_lease())).await;
        granted_soon(&probe, harness, event(0)).await?;

        let committed = probe.granted(event(1), LONG).await?;
        cut(polls, probe.settle(event(1), committed, Settle::Commit(LONG))).await;
        probe.applies(event(1), committed, Settle::Commit(LONG)).await?;
        probe.is_duplicate(event(1)).await?;

        let released = probe.granted(event(2), harness.short_lease()).await?;
        cut(polls, probe.settle(event(2), released, Settle::Release)).await;
        probe.settle(event(2), released, Settle::Release).await?;
        granted_soon(&probe, harness, event(2)).await?;

        let renewed = probe.granted(event(3), LONG).await?;
        cut(polls, probe.settle(event(3), renewed, Settle::Renew(LONG))).await;
        probe.is_busy(event(3)).await?;
        probe.applies(event(3), renewed, Settle::Release).await?;
    }
    Ok(())
}

/// Within some leases: a call that was dropped may still be on its way.
async fn granted_soon<H: StoreUnderTest>(
    probe: &Probe<H::Store>,
    harness: &H,
    event: usize,
) -> Result<FencingToken, Violation>
where
    H::Store: DedupStore,
{
    for _ in 0..20 {
        if let ClaimOutcome::Acquired { fencing_token, .. } = probe.claim(event, 0, LONG).await? {
            return Ok(fencing_token);
        }
        harness.advance(harness.short_lease()).await;
    }
    probe.broken(ViolationKind::Stuck, "an event whose call was dropped is never granted")
}

/// Polls `future` at most that often, and drops it.
async fn cut<F: Future>(polls: usize, future: F) {
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
