//! Who may settle an event: the holder of the current fencing token, and nobody else.

use std::time::Duration;

use super::StoreUnderTest;
use super::cases::LONG;
use super::probe::{Probe, Settle};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{FencingToken, UpdateOutcome};

/// Each grant's fencing token is higher than every one before: over release, takeover and expiry.
///
/// # Errors
///
/// A [`Violation`] if one is not.
pub async fn fencing_tokens_rise(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    let probe = Probe::new(harness, "fences").await;
    let mut fencing_tokens = vec![probe.granted(0, Duration::ZERO).await?];
    for _ in 0..3 {
        let taken_over = probe.taken_over(0, LONG).await?;
        probe.applies(0, taken_over, Settle::Release).await?;
        let released = probe.granted(0, LONG).await?;
        probe.applies(0, released, Settle::Commit(harness.short_lease())).await?;
        harness.advance(harness.short_lease()).await;
        let expired = probe.granted(0, Duration::ZERO).await?;
        fencing_tokens.extend([taken_over, released, expired]);
    }
    if fencing_tokens.is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    probe.broken(ViolationKind::FencingTokenNotHigher, format!("{fencing_tokens:?}"))
}

/// Who was taken over can settle nothing, neither while the next holds the event nor after.
///
/// # Errors
///
/// A [`Violation`] if something of it shows.
pub async fn a_stale_fencing_token_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a stale fence").await;
    let first = probe.granted(0, Duration::ZERO).await?;
    let second = probe.taken_over(0, LONG).await?;
    probe.is_stale(0, first).await?;
    probe.is_busy(0).await?;
    probe.applies(0, second, Settle::Commit(LONG)).await?;
    probe.is_stale(0, first).await?;
    probe.is_duplicate(0).await
}

/// A fencing token that the event never had settles nothing; nor does one of another event.
///
/// # Errors
///
/// A [`Violation`] if it does.
pub async fn an_unknown_fencing_token_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "an unknown fence").await;
    for fencing_token in [0, 1, u64::MAX] {
        probe.is_stale(0, FencingToken::new(fencing_token)).await?;
    }
    let held = probe.granted(0, LONG).await?;
    probe.is_stale(1, held).await?;
    for off_by in [1, u64::MAX, 1 << 32, 1 << 63] {
        probe.is_stale(0, FencingToken::new(held.as_u64().wrapping_add(off_by))).await?;
    }
    probe.is_busy(0).await?;
    probe.granted(1, LONG).await.map(drop)
}

/// A commit whose answer was lost can be asked for again; the event is not remembered any shorter
/// or longer for it.
///
/// # Errors
///
/// A [`Violation`] if it is stale, or moves the retention's end.
pub async fn a_repeated_commit_changes_nothing(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a repeated commit").await;
    let kept = probe.granted(0, LONG).await?;
    probe.applies(0, kept, Settle::Commit(LONG)).await?;
    probe.applies(0, kept, Settle::Commit(Duration::ZERO)).await?;
    probe.is_duplicate(0).await?;
    let expired = probe.granted(1, LONG).await?;
    probe.applies(1, expired, Settle::Commit(harness.short_lease())).await?;
    probe.applies(1, expired, Settle::Commit(LONG)).await?;
    harness.advance(harness.short_lease()).await;
    probe.granted(1, LONG).await.map(drop)
}

/// What is handled stays handled, for its own holder too.
///
/// # Errors
///
/// A [`Violation`] if a renewal or a release is applied, or the event is granted after one.
pub async fn a_handled_event_is_neither_renewed_nor_released(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "a handled event").await;
    let fencing_token = probe.granted(0, LONG).await?;
    probe.applies(0, fencing_token, Settle::Commit(LONG)).await?;
    for settle in [Settle::Renew(Duration::ZERO), Settle::Release] {
        let answer = probe.settle(0, fencing_token, settle).await?;
        if answer == UpdateOutcome::Applied {
            return probe.broken(ViolationKind::DoneTwice, format!("{settle:?} is applied"));
        }
    }
    probe.is_duplicate(0).await
}

/// Who gave an event up has no further say, though nobody else has it.
///
/// # Errors
///
/// A [`Violation`] if something is still applied.
pub async fn a_released_event_is_not_settled(
    harness: &impl StoreUnderTest,
) -> Result<(), Violation> {
    let probe = Probe::new(harness, "settling a released event").await;
    let fencing_token = probe.granted(0, LONG).await?;
    probe.applies(0, fencing_token, Settle::Release).await?;
    probe.is_stale(0, fencing_token).await?;
    probe.granted(0, LONG).await.map(drop)
}

/// Events in every state are as they were, whatever is done to another.
///
/// # Errors
///
/// A [`Violation`] if one is not.
pub async fn events_are_kept_apart(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    const HELD: usize = 0;
    const HANDLED: usize = 1;
    const RELEASED: usize = 2;
    let probe = Probe::new(harness, "events apart").await;
    let held = probe.granted(HELD, LONG).await?;
    let handled = probe.granted(HANDLED, LONG).await?;
    probe.applies(HANDLED, handled, Settle::Commit(LONG)).await?;
    let released = probe.granted(RELEASED, LONG).await?;
    probe.applies(RELEASED, released, Settle::Release).await?;
    for settle in [Settle::Renew(Duration::ZERO), Settle::Commit(Duration::ZERO), Settle::Release] {
        let other = probe.granted(3, LONG).await?;
        probe.applies(3, other, settle).await?;
        if let Settle::Renew(_) = settle {
            let other = probe.taken_over(3, LONG).await?;
            probe.applies(3, other, Settle::Release).await?;
        }
        let untouched = async {
            probe.is_busy(HELD).await?;
            probe.is_duplicate(HANDLED).await
        };
        if let Err(violation) = untouched.await {
            return probe.broken(ViolationKind::NotIsolated, violation.to_string());
        }
    }
    probe.applies(HELD, held, Settle::Commit(LONG)).await?;
    probe.granted(RELEASED, LONG).await.map(drop)
}
