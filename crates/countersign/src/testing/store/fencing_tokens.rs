//! Fencing tokens: only the holder of the current one can update an event.

use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{FencingToken, UpdateOutcome};

/// Checks that each grant's fencing token is higher than every earlier one, across releases, takeovers
/// and expiry.
///
/// # Errors
///
/// A [`Violation`] if one is not.
pub async fn fencing_tokens_increase(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "fencing tokens").await;
    let mut fencing_tokens = vec![store.expect_granted(0, Duration::ZERO).await?];
    for _ in 0..3 {
        let taken_over = store.expect_takeover(0, LONG).await?;
        store.expect_applied(0, taken_over, Update::Release).await?;
        let released = store.expect_granted(0, LONG).await?;
        store.expect_applied(0, released, Update::Commit(harness.short_lease())).await?;
        harness.advance(harness.short_lease()).await;
        let expired = store.expect_granted(0, Duration::ZERO).await?;
        fencing_tokens.extend([taken_over, released, expired]);
    }
    if fencing_tokens.is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    store.violation(ViolationKind::FencingTokenNotHigher, format!("{fencing_tokens:?}"))
}

/// Checks that a claim which was taken over can no longer update the event, neither while its successor
/// holds the event nor afterwards.
///
/// # Errors
///
/// A [`Violation`] if an update is applied or changes the event.
pub async fn a_stale_fencing_token_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a stale fencing token").await;
    let first = store.expect_granted(0, Duration::ZERO).await?;
    let second = store.expect_takeover(0, LONG).await?;
    store.expect_stale(0, first).await?;
    store.expect_in_progress(0).await?;
    store.expect_applied(0, second, Update::Commit(LONG)).await?;
    store.expect_stale(0, first).await?;
    store.expect_duplicate(0).await
}

/// Checks that a fencing token which was never granted for the event, such as one of another event,
/// cannot update it.
///
/// # Errors
///
/// A [`Violation`] if an update is applied.
pub async fn an_unknown_fencing_token_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "an unknown fencing token").await;
    for fencing_token in [0, 1, u64::MAX] {
        store.expect_stale(0, FencingToken::new(fencing_token)).await?;
    }
    let current = store.expect_granted(0, LONG).await?;
    store.expect_stale(1, current).await?;
    for off_by in [1, u64::MAX, 1 << 32, 1 << 63] {
        store.expect_stale(0, FencingToken::new(current.as_u64().wrapping_add(off_by))).await?;
    }
    store.expect_in_progress(0).await?;
    store.expect_granted(1, LONG).await.map(drop)
}

/// Checks that a commit can be repeated, as after a lost reply, and that the repetition does not change
/// the retention.
///
/// # Errors
///
/// A [`Violation`] if the second commit is stale or changes the retention.
pub async fn a_repeated_commit_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a repeated commit").await;
    let retained = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, retained, Update::Commit(LONG)).await?;
    store.expect_applied(0, retained, Update::Commit(Duration::ZERO)).await?;
    store.expect_duplicate(0).await?;
    let expired = store.expect_granted(1, LONG).await?;
    store.expect_applied(1, expired, Update::Commit(harness.short_lease())).await?;
    store.expect_applied(1, expired, Update::Commit(LONG)).await?;
    harness.advance(harness.short_lease()).await;
    store.expect_granted(1, LONG).await.map(drop)
}

/// Checks that a handled event stays handled, even if its own claim renews or releases it.
///
/// # Errors
///
/// A [`Violation`] if a renewal or a release is applied, or the event is granted afterwards.
pub async fn a_handled_event_is_neither_renewed_nor_released(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a handled event").await;
    let fencing_token = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, fencing_token, Update::Commit(LONG)).await?;
    for update in [Update::Renew(Duration::ZERO), Update::Release] {
        let outcome = store.update(0, fencing_token, update).await?;
        if outcome == UpdateOutcome::Applied {
            return store.violation(ViolationKind::HandledTwice, format!("{update:?} is applied"));
        }
    }
    store.expect_duplicate(0).await
}

/// Checks that a released claim can no longer update its event, even if no other claim holds it.
///
/// # Errors
///
/// A [`Violation`] if an update is applied.
pub async fn a_released_claim_cannot_be_updated(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a released claim").await;
    let fencing_token = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, fencing_token, Update::Release).await?;
    store.expect_stale(0, fencing_token).await?;
    store.expect_granted(0, LONG).await.map(drop)
}

/// Checks that operations on one event leave events in every other state unchanged.
///
/// # Errors
///
/// A [`Violation`] if one changes.
pub async fn events_are_isolated(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    const IN_PROGRESS: usize = 0;
    const HANDLED: usize = 1;
    const RELEASED: usize = 2;
    let store = CheckedStore::new(harness, "isolation of events").await;
    let current = store.expect_granted(IN_PROGRESS, LONG).await?;
    let handled = store.expect_granted(HANDLED, LONG).await?;
    store.expect_applied(HANDLED, handled, Update::Commit(LONG)).await?;
    let released = store.expect_granted(RELEASED, LONG).await?;
    store.expect_applied(RELEASED, released, Update::Release).await?;
    for update in [Update::Renew(Duration::ZERO), Update::Commit(Duration::ZERO), Update::Release] {
        let other = store.expect_granted(3, LONG).await?;
        store.expect_applied(3, other, update).await?;
        if let Update::Renew(_) = update {
            let other = store.expect_takeover(3, LONG).await?;
            store.expect_applied(3, other, Update::Release).await?;
        }
        let untouched = async {
            store.expect_in_progress(IN_PROGRESS).await?;
            store.expect_duplicate(HANDLED).await
        };
        if let Err(violation) = untouched.await {
            return store.violation(ViolationKind::NotIsolated, violation.to_string());
        }
    }
    store.expect_applied(IN_PROGRESS, current, Update::Commit(LONG)).await?;
    store.expect_granted(RELEASED, LONG).await.map(drop)
}
