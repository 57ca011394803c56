//! The suite as a whole.

use super::capacity::a_retention_is_kept_while_there_is_space;
use super::dropped_calls::a_dropped_call_leaves_no_event_stuck;
use super::fencing_tokens::{
    a_handled_event_is_neither_renewed_nor_released, a_released_claim_cannot_be_updated,
    a_repeated_commit_changes_nothing, a_stale_fencing_token_changes_nothing,
    an_unknown_fencing_token_changes_nothing, events_are_isolated, fencing_tokens_increase,
};
use super::harness::StoreUnderTest;
use super::lifecycle::{
    a_claim_is_in_progress_while_the_lease_runs, a_duplicate_reports_whether_the_body_is_the_same,
    a_late_update_applies_without_a_takeover, a_new_event_is_granted,
    a_released_event_is_granted_again, a_renewal_starts_from_now, a_zero_duration_expires_at_once,
    an_expired_event_is_granted_again, an_expired_lease_is_taken_over,
    an_unbounded_duration_never_expires, handles_share_one_store,
};
use super::races::{concurrent_workers, one_of_many_claims_is_granted};
use super::random_steps::random_steps;
use super::violation::Violation;
use crate::testing::futures::join_all;

/// How many seeds [`check`] tries of each case that takes one.
const SEEDS: u64 = 6;

/// Runs every case that needs no more than the store.
///
/// The suite makes events of its own for each run, so the store may hold others.
///
/// # Errors
///
/// The first [`Violation`] found.
pub async fn check(harness: &impl StoreUnderTest) -> Result<(), Violation> {
    a_new_event_is_granted(harness).await?;
    a_claim_is_in_progress_while_the_lease_runs(harness).await?;
    a_duplicate_reports_whether_the_body_is_the_same(harness).await?;
    a_released_event_is_granted_again(harness).await?;
    an_expired_lease_is_taken_over(harness).await?;
    an_expired_event_is_granted_again(harness).await?;
    a_renewal_starts_from_now(harness).await?;
    a_late_update_applies_without_a_takeover(harness).await?;
    a_zero_duration_expires_at_once(harness).await?;
    an_unbounded_duration_never_expires(harness).await?;
    handles_share_one_store(harness).await?;
    a_retention_is_kept_while_there_is_space(harness).await?;
    fencing_tokens_increase(harness).await?;
    a_stale_fencing_token_changes_nothing(harness).await?;
    an_unknown_fencing_token_changes_nothing(harness).await?;
    a_repeated_commit_changes_nothing(harness).await?;
    a_handled_event_is_neither_renewed_nor_released(harness).await?;
    a_released_claim_cannot_be_updated(harness).await?;
    events_are_isolated(harness).await?;
    a_dropped_call_leaves_no_event_stuck(harness).await?;
    one_of_many_claims_is_granted(harness).await?;
    let random = (0..SEEDS).map(|seed| random_steps(harness, seed));
    join_all(random).await.into_iter().collect::<Result<(), _>>()?;
    for seed in 0..SEEDS {
        concurrent_workers(harness, seed).await?;
    }
    Ok(())
}
