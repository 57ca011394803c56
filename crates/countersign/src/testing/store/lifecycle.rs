//! The states of one event: claims, updates and expiry.

use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::violation::{Violation, ViolationKind};
use crate::dedup::ClaimOutcome;

/// Checks that a new event is granted, and not as a takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not.
pub async fn a_new_event_is_granted(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a new event").await;
    store.expect_granted(0, LONG).await.map(drop)
}

/// Checks that a claimed event is in progress for every other claim, whatever its body, and that the
/// outcome holds the remaining lease.
///
/// # Errors
///
/// A [`Violation`] if the other claim has another outcome.
pub async fn a_claim_is_in_progress_while_the_lease_runs(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "an event in progress").await;
    store.expect_granted(0, LONG).await?;
    store.expect_in_progress(0).await?;
    match store.claim(0, 1, Duration::ZERO).await? {
        ClaimOutcome::InProgress { retry_after } if retry_after <= LONG => Ok(()),
        outcome => store.violation(
            ViolationKind::UnexpectedOutcome,
            format!("{outcome:?} while the lease runs"),
        ),
    }
}

/// Checks that a handled event is a duplicate, and that the outcome distinguishes the body that was
/// claimed first from others.
///
/// # Errors
///
/// A [`Violation`] if the event is granted, or two bodies are confused.
pub async fn a_duplicate_reports_whether_the_body_is_the_same(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a duplicate").await;
    for (event, first) in [0, 1, u64::MAX, 1 << 63].into_iter().enumerate() {
        let outcome = store.claim(event, first, LONG).await?;
        let ClaimOutcome::Acquired { fencing_token, .. } = outcome else {
            return store.violation(ViolationKind::Stuck, format!("{outcome:?} for a new event"));
        };
        store.expect_applied(event, fencing_token, Update::Commit(LONG)).await?;
        for (again, same_body) in [(first, true), (first ^ 1, false), (first ^ (1 << 63), false)] {
            let outcome = store.claim(event, again, LONG).await?;
            if outcome != (ClaimOutcome::Duplicate { same_body }) {
                let description = format!("{outcome:?} for the fingerprint {again} after {first}");
                return store.violation(ViolationKind::UnexpectedOutcome, description);
            }
        }
    }
    Ok(())
}

/// Checks that a released event is granted to the next claim, and not as a takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not.
pub async fn a_released_event_is_granted_again(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a released event").await;
    let fencing_token = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, fencing_token, Update::Release).await?;
    store.expect_granted(0, LONG).await?;
    store.expect_in_progress(0).await
}

/// Checks that the next claim takes over an event whose lease has expired, with a lease of its own.
///
/// # Errors
///
/// A [`Violation`] if it does not.
pub async fn an_expired_lease_is_taken_over(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "an expired lease").await;
    for round in 0..3 {
        match round {
            0 => store.expect_granted(0, harness.short_lease()).await?,
            _ => store.expect_takeover(0, harness.short_lease()).await?,
        };
        harness.advance(harness.short_lease()).await;
    }
    let fencing_token = store.expect_takeover(0, LONG).await?;
    store.expect_in_progress(0).await?;
    store.expect_applied(0, fencing_token, Update::Release).await?;
    store.expect_granted(0, LONG).await.map(drop)
}

/// Checks that a handled event is new again after its retention: granted, and not as a takeover.
///
/// # Errors
///
/// A [`Violation`] if it is not, or if the earlier fencing token is still accepted.
pub async fn an_expired_event_is_granted_again(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "an expired event").await;
    let first = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, first, Update::Commit(harness.short_lease())).await?;
    harness.advance(harness.short_lease()).await;
    store.expect_granted(0, LONG).await?;
    store.expect_stale(0, first).await?;
    store.expect_in_progress(0).await
}

/// Checks that a renewal replaces the lease, whether by a longer or a shorter one.
///
/// # Errors
///
/// A [`Violation`] if it does not.
pub async fn a_renewal_starts_from_now(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a renewal").await;
    let fencing_token = store.expect_granted(0, harness.short_lease()).await?;
    store.expect_applied(0, fencing_token, Update::Renew(LONG)).await?;
    harness.advance(harness.short_lease()).await;
    store.expect_in_progress(0).await?;
    store.expect_applied(0, fencing_token, Update::Renew(Duration::ZERO)).await?;
    store.expect_takeover(0, LONG).await.map(drop)
}

/// Checks that updates apply after the lease has expired as long as no other claim has taken over.
///
/// # Errors
///
/// A [`Violation`] if a renewal, a commit or a release is rejected as stale.
pub async fn a_late_update_applies_without_a_takeover(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a late update").await;
    let committed = store.expect_granted(0, harness.short_lease()).await?;
    let released = store.expect_granted(1, harness.short_lease()).await?;
    let renewed = store.expect_granted(2, harness.short_lease()).await?;
    harness.advance(harness.short_lease()).await;
    store.expect_applied(0, committed, Update::Commit(LONG)).await?;
    store.expect_applied(1, released, Update::Release).await?;
    store.expect_applied(2, renewed, Update::Renew(LONG)).await?;
    store.expect_duplicate(0).await?;
    store.expect_granted(1, LONG).await?;
    store.expect_in_progress(2).await
}

/// Checks that a lease or retention of zero expires at once, and that one of a nanosecond is accepted.
///
/// # Errors
///
/// A [`Violation`] if it does not expire.
pub async fn a_zero_duration_expires_at_once(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a zero duration").await;
    store.expect_granted(0, Duration::ZERO).await?;
    let fencing_token = store.expect_takeover(0, Duration::ZERO).await?;
    store.expect_applied(0, fencing_token, Update::Renew(Duration::ZERO)).await?;
    store.expect_applied(0, fencing_token, Update::Commit(Duration::ZERO)).await?;
    let fencing_token = store.expect_granted(0, Duration::from_nanos(1)).await?;
    store.expect_applied(0, fencing_token, Update::Commit(Duration::from_nanos(1))).await?;
    harness.advance(Duration::from_millis(2)).await;
    store.expect_granted(0, LONG).await.map(drop)
}

/// Checks that the longest [`Duration`] is accepted as a lease and as a retention.
///
/// # Errors
///
/// A [`Violation`] if it is not, or if it expires.
pub async fn an_unbounded_duration_never_expires(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "an unbounded duration").await;
    let released = store.expect_granted(0, Duration::MAX).await?;
    store.expect_in_progress(0).await?;
    store.expect_applied(0, released, Update::Renew(Duration::MAX)).await?;
    store.expect_applied(0, released, Update::Release).await?;
    let committed = store.expect_granted(0, Duration::MAX).await?;
    store.expect_applied(0, committed, Update::Commit(Duration::MAX)).await?;
    store.expect_duplicate(0).await
}

/// Checks that all handles act on the same events.
///
/// # Errors
///
/// A [`Violation`] if they do not.
pub async fn handles_share_one_store(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "two handles").await;
    let other = store.another(harness).await;
    let fencing_token = store.expect_granted(0, LONG).await?;
    other.expect_in_progress(0).await?;
    other.expect_applied(0, fencing_token, Update::Renew(LONG)).await?;
    other.expect_applied(0, fencing_token, Update::Release).await?;
    let fencing_token = other.expect_granted(0, LONG).await?;
    store.expect_in_progress(0).await?;
    store.expect_applied(0, fencing_token, Update::Commit(LONG)).await?;
    drop(store);
    other.expect_duplicate(0).await
}
