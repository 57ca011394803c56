//! Inspection of a store by an operator.

use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{FencingToken, InspectStore, RecordState};

/// Checks that inspection reports each event's state, and that a forgotten event is granted again with
/// a higher fencing token.
///
/// # Errors
///
/// A [`Violation`] if another state is reported, or forgetting has another effect.
pub async fn inspection_reports_and_forgets<H>(harness: &H) -> Result<(), Violation>
where
    H: StoreUnderTest<Store: InspectStore>,
{
    let store = CheckedStore::new(harness, "inspection").await;
    reports(&store, None).await?;
    forgets(&store, false).await?;
    let first = store.expect_granted(0, LONG).await?;
    let about_long = |duration: Duration| duration > LONG / 2 && duration <= LONG;
    let in_progress =
        |state| matches!(state, RecordState::InProgress { lease } if about_long(lease));
    reports(&store, Some((first, &in_progress))).await?;
    forgets(&store, true).await?;
    reports(&store, None).await?;
    store.expect_stale(0, first).await?;

    let second = store.expect_granted(0, LONG).await?;
    store.expect_applied(0, second, Update::Commit(LONG)).await?;
    let handled =
        |state| matches!(state, RecordState::Handled { retained_for } if about_long(retained_for));
    reports(&store, Some((second, &handled))).await?;
    forgets(&store, true).await?;
    store.expect_stale(0, second).await?;

    let third = store.expect_granted(0, Duration::ZERO).await?;
    let expired = |state| state == RecordState::InProgress { lease: Duration::ZERO };
    reports(&store, Some((third, &expired))).await?;
    let stats = store.store.stats().await?;
    Violation::unless(
        stats.in_progress > 0 && stats.lease_expired > 0,
        ViolationKind::UnexpectedOutcome,
        || format!("an event with an expired lease is not counted: {stats:?}"),
    )?;
    let increase = first < second && second < third;
    Violation::unless(increase, ViolationKind::FencingTokenNotHigher, || {
        format!("{first:?}, {second:?}, {third:?} for an event that was forgotten in between")
    })
}

async fn reports<S: InspectStore>(
    store: &CheckedStore<S>,
    expected: Option<(FencingToken, &(dyn Fn(RecordState) -> bool + Sync))>,
) -> Result<(), Violation> {
    let reported = store.store.get(&store.event(0)).await?;
    let is_expected = match (reported, expected) {
        (Some(record), Some((fencing_token, has_state))) => {
            record.fencing_token == fencing_token && has_state(record.state)
        }
        (None, None) => true,
        _ => false,
    };
    Violation::unless(is_expected, ViolationKind::UnexpectedOutcome, || {
        format!("the store reports {reported:?}")
    })
}

async fn forgets<S: InspectStore>(
    store: &CheckedStore<S>,
    expected: bool,
) -> Result<(), Violation> {
    let forgot = store.store.forget(&store.event(0)).await?;
    Violation::unless(forgot == expected, ViolationKind::UnexpectedOutcome, || {
        format!("`forget` returns {forgot}, expected {expected}")
    })
}
