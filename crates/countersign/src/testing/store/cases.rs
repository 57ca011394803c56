//! One event, step by step: claims, and what time makes of them.

use std::time::Duration;

use super::StoreUnderTest;
use super::probe::{Probe, Settle};
use super::violation::{Violation, ViolationKind};
use crate::dedup::ClaimOutcome;

/// A lease or a retention that ends long after the suite.
pub(super) const LONG: Duration = Duration::from_secs(60 * 60);

/// An event that the store never saw is the caller's, and no takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not.
pub async fn a_new_event_is_granted(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a new event").await;
    probe.granted(0, LONG).await.map(drop)
}

/// Another claim is told how long the lease still runs, whatever its body.
///
/// # Errors
///
/// A [`Violation`] if it is granted, or told something else.
pub async fn a_claim_is_busy_while_the_lease_runs(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a busy event").await;
    probe.granted(0, LONG).await?;
    probe.is_busy(0).await?;
    match probe.claim(0, 1, Duration::ZERO).await? {
        ClaimOutcome::InProgress { retry_after } if retry_after <= LONG => Ok(()),
        answer => probe.broken(ViolationKind::Transition, format!("{answer:?} while it is held")),
    }
}

/// A handled event is a duplicate, of the first body that was claimed or of another.
///
/// # Errors
///
/// A [`Violation`] if it is granted, or the bodies are taken for one another.
pub async fn a_duplicate_tells_whether_the_body_is_the_same(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a duplicate").await;
    for (event, first) in [0, 1, u64::MAX, 1 << 63].into_iter().enumerate() {
        let answer = probe.claim(event, first, LONG).await?;
        let ClaimOutcome::Acquired { fencing_token, .. } = answer else {
            return probe.broken(ViolationKind::Stuck, format!("{answer:?} for a new event"));
        };
        probe.applies(event, fencing_token, Settle::Commit(LONG)).await?;
        for (again, same_body) in [(first, true), (first ^ 1, false), (first ^ (1 << 63), false)] {
            let answer = probe.claim(event, again, LONG).await?;
            if answer != (ClaimOutcome::Duplicate { same_body }) {
                let how = format!("{answer:?} for body {again} after {first}");
                return probe.broken(ViolationKind::Transition, how);
            }
        }
    }
    Ok(())
}

/// What is released is the next caller's, and no takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not.
pub async fn a_released_event_is_granted_anew(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a released event").await;
    let fencing_token = probe.granted(0, LONG).await?;
    probe.applies(0, fencing_token, Settle::Release).await?;
    probe.granted(0, LONG).await?;
    probe.is_busy(0).await
}

/// Once the lease is over the next caller takes over, and holds a lease of its own.
///
/// # Errors
///
/// A [`Violation`] if it does not.
pub async fn a_lease_that_ran_out_is_taken_over(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a lease that ran out").await;
    for turn in 0..3 {
        match turn {
            0 => probe.granted(0, harness.short_lease()).await?,
            _ => probe.taken_over(0, harness.short_lease()).await?,
        };
        harness.advance(harness.short_lease()).await;
    }
    let fencing_token = probe.taken_over(0, LONG).await?;
    probe.is_busy(0).await?;
    probe.applies(0, fencing_token, Settle::Release).await?;
    probe.granted(0, LONG).await.map(drop)
}

/// After its retention a handled event is new again: granted, and no takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not, or a commit of its first handling is still applied.
pub async fn an_expired_event_is_granted_anew(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "an expired event").await;
    let first = probe.granted(0, LONG).await?;
    probe.applies(0, first, Settle::Commit(harness.short_lease())).await?;
    harness.advance(harness.short_lease()).await;
    probe.granted(0, LONG).await?;
    probe.is_stale(0, first).await?;
    probe.is_busy(0).await
}

/// A renewal sets the lease's end anew, to later as well as to sooner.
///
/// # Errors
///
/// A [`Violation`] if it does not.
pub async fn a_renewal_counts_from_now(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a renewal").await;
    let fencing_token = probe.granted(0, harness.short_lease()).await?;
    probe.applies(0, fencing_token, Settle::Renew(LONG)).await?;
    harness.advance(harness.short_lease()).await;
    probe.is_busy(0).await?;
    probe.applies(0, fencing_token, Settle::Renew(Duration::ZERO)).await?;
    probe.taken_over(0, LONG).await.map(drop)
}

/// A lease that ran out takes nothing from its holder as long as nobody took over.
///
/// # Errors
///
/// A [`Violation`] if a renewal, a commit or a release is then stale.
pub async fn a_late_settling_applies_if_nobody_took_over(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a late settling").await;
    let committed = probe.granted(0, harness.short_lease()).await?;
    let released = probe.granted(1, harness.short_lease()).await?;
    let renewed = probe.granted(2, harness.short_lease()).await?;
    harness.advance(harness.short_lease()).await;
    probe.applies(0, committed, Settle::Commit(LONG)).await?;
    probe.applies(1, released, Settle::Release).await?;
    probe.applies(2, renewed, Settle::Renew(LONG)).await?;
    probe.is_duplicate(0).await?;
    probe.granted(1, LONG).await?;
    probe.is_busy(2).await
}

/// A lease or retention of zero is over when it begins; the shortest that is more is no error.
///
/// # Errors
///
/// A [`Violation`] if it holds.
pub async fn a_span_of_nothing_is_over_at_once(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a span of nothing").await;
    probe.granted(0, Duration::ZERO).await?;
    let fencing_token = probe.taken_over(0, Duration::ZERO).await?;
    probe.applies(0, fencing_token, Settle::Renew(Duration::ZERO)).await?;
    probe.applies(0, fencing_token, Settle::Commit(Duration::ZERO)).await?;
    let fencing_token = probe.granted(0, Duration::from_nanos(1)).await?;
    probe.applies(0, fencing_token, Settle::Commit(Duration::from_nanos(1))).await?;
    harness.advance(Duration::from_millis(2)).await;
    probe.granted(0, LONG).await.map(drop)
}

/// A lease or retention that no clock reaches holds, and is no error.
///
/// # Errors
///
/// A [`Violation`] if it does not hold.
pub async fn a_span_without_end_holds(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a span without end").await;
    let released = probe.granted(0, Duration::MAX).await?;
    probe.is_busy(0).await?;
    probe.applies(0, released, Settle::Renew(Duration::MAX)).await?;
    probe.applies(0, released, Settle::Release).await?;
    let committed = probe.granted(0, Duration::MAX).await?;
    probe.applies(0, committed, Settle::Commit(Duration::MAX)).await?;
    probe.is_duplicate(0).await
}

/// What one handle does, every other sees.
///
/// # Errors
///
/// A [`Violation`] if it does not.
pub async fn handles_are_one_store(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let probe = Probe::new(harness, "two handles").await;
    let other = probe.another(harness).await;
    let fencing_token = probe.granted(0, LONG).await?;
    other.is_busy(0).await?;
    other.applies(0, fencing_token, Settle::Renew(LONG)).await?;
    other.applies(0, fencing_token, Settle::Release).await?;
    let fencing_token = other.granted(0, LONG).await?;
    probe.is_busy(0).await?;
    probe.applies(0, fencing_token, Settle::Commit(LONG)).await?;
    drop(probe);
    other.is_duplicate(0).await
}
