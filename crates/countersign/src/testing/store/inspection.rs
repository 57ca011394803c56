//! What an operator is shown, and may do.

use std::time::Duration;

use super::StoreUnderTest;
use super::cases::LONG;
use super::probe::{Probe, Settle};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{FencingToken, InspectStore, RecordState};

/// An operator sees each event as it stands, and one that is forgotten is granted anew under a
/// higher fencing token.
///
/// # Errors
///
/// A [`Violation`] if something else is shown, or forgetting does not do so.
pub async fn an_operator_sees_and_forgets<H>(harness: &H) -> Result<(), Violation>
where
    H: StoreUnderTest<Store: InspectStore>,
{
    let probe = Probe::new(harness, "inspection").await;
    shows(&probe, None).await?;
    forgets(&probe, false).await?;
    let first = probe.granted(0, LONG).await?;
    let held = |lease: Duration| lease > LONG / 2 && lease <= LONG;
    let in_progress = |state| matches!(state, RecordState::InProgress { lease } if held(lease));
    shows(&probe, Some((first, &in_progress))).await?;
    forgets(&probe, true).await?;
    shows(&probe, None).await?;
    probe.is_stale(0, first).await?;

    let second = probe.granted(0, LONG).await?;
    probe.applies(0, second, Settle::Commit(LONG)).await?;
    let done = |state| matches!(state, RecordState::Handled { retained_for } if held(retained_for));
    shows(&probe, Some((second, &done))).await?;
    forgets(&probe, true).await?;
    probe.is_stale(0, second).await?;

    let third = probe.granted(0, Duration::ZERO).await?;
    let over = |state| state == RecordState::InProgress { lease: Duration::ZERO };
    shows(&probe, Some((third, &over))).await?;
    let stats = probe.store.stats().await?;
    Violation::unless(
        stats.in_progress > 0 && stats.lease_expired > 0,
        ViolationKind::Transition,
        || format!("an event whose lease is over is not counted: {stats:?}"),
    )?;
    let rise = first < second && second < third;
    Violation::unless(rise, ViolationKind::FencingTokenNotHigher, || {
        format!("{first:?}, {second:?}, {third:?} though the event was forgotten between")
    })
}

async fn shows<S: InspectStore>(
    probe: &Probe<S>,
    due: Option<(FencingToken, &(dyn Fn(RecordState) -> bool + Sync))>,
) -> Result<(), Violation> {
    let shown = probe.store.get(&probe.event(0)).await?;
    let fits = match (shown, due) {
        (Some(record), Some((fencing_token, fits))) => {
            record.fencing_token == fencing_token && fits(record.state)
        }
        (None, None) => true,
        _ => false,
    };
    Violation::unless(fits, ViolationKind::Transition, || format!("{shown:?} is shown"))
}

async fn forgets<S: InspectStore>(probe: &Probe<S>, due: bool) -> Result<(), Violation> {
    let forgot = probe.store.forget(&probe.event(0)).await?;
    Violation::unless(forgot == due, ViolationKind::Transition, || {
        format!("there was an event to forget: {forgot}, not {due}")
    })
}
