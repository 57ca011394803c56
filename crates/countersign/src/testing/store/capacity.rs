//! What a store keeps when it has no space left.

use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{
    ClaimOutcome, DedupStore, FencingToken, Retention, StoreErrorKind, UpdateOutcome,
};

/// Checks that a commit with a retention of which only a part must be kept is a commit: the event is
/// handled, for the whole retention as long as the store has space.
///
/// # Errors
///
/// A [`Violation`] if the commit is not applied, or the event is granted again.
pub async fn a_retention_is_kept_while_there_is_space(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a retention with a horizon").await;
    let horizons = [Duration::ZERO, harness.short_lease(), LONG];
    for (event, must_keep_for) in horizons.into_iter().enumerate() {
        let fencing_token = store.expect_granted(event, LONG).await?;
        let retention = Retention::new(LONG).forgettable_after(must_keep_for);
        for _ in 0..2 {
            expect_committed(&store, event, fencing_token, retention).await?;
        }
        store.expect_duplicate(event).await?;
    }
    harness.advance(harness.short_lease()).await;
    for event in 0..horizons.len() {
        store.expect_duplicate(event).await?;
    }
    Ok(())
}

/// Checks that a store with a capacity of `capacity` events forgets none that is in progress, and none within
/// the time in which it must be kept.
///
/// The store must be empty, and nothing else may use it. [`check`](super::check) does not run this case, since
/// most stores have no capacity of their own.
///
/// # Errors
///
/// A [`Violation`] if an event is granted again although it is in progress or must be kept, if the store holds
/// more events than its capacity, or if it rejects an event with another error than
/// [`Full`](StoreErrorKind::Full).
pub async fn a_full_store_keeps_what_it_must(
    harness: &impl StoreUnderTest,
    capacity: usize,
) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "a full store").await;
    let mut claims = Vec::new();
    for event in 0..capacity {
        let fencing_token = store.expect_granted(event, LONG).await?;
        let is_handled = event.is_multiple_of(2);
        if is_handled {
            let retention = Retention::new(LONG * 2).forgettable_after(LONG);
            expect_committed(&store, event, fencing_token, retention).await?;
        }
        claims.push((fencing_token, is_handled));
    }
    for event in capacity..capacity * 2 {
        let description = match store.store.claim(&store.event(event), 0, LONG).await {
            Err(error) if error.kind() == StoreErrorKind::Full => continue,
            Err(error) => format!("{error} ({:?}) from a full store", error.kind()),
            Ok(ClaimOutcome::Acquired { .. }) => format!("a store of {capacity} has space left"),
            Ok(outcome) => format!("{outcome:?} for a new event"),
        };
        return store.violation(ViolationKind::UnexpectedOutcome, description);
    }
    for (event, (fencing_token, is_handled)) in claims.into_iter().enumerate() {
        if is_handled {
            store.expect_duplicate(event).await?;
        } else {
            store.expect_in_progress(event).await?;
            store.expect_applied(event, fencing_token, Update::Release).await?;
        }
    }
    Ok(())
}

async fn expect_committed(
    store: &CheckedStore<impl DedupStore>,
    event: usize,
    fencing_token: FencingToken,
    retention: Retention,
) -> Result<(), Violation> {
    let key = store.event(event);
    match store.store.commit_with_retention(&key, fencing_token, retention).await? {
        UpdateOutcome::Applied => Ok(()),
        UpdateOutcome::StaleToken => store.violation(
            ViolationKind::UnexpectedOutcome,
            format!("a commit with {retention:?} is rejected as stale"),
        ),
    }
}
