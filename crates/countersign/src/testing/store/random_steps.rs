//! Random operations on a few events, each outcome checked by the model.

use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::model::{Event, Expiry};
use super::violation::Violation;
use crate::dedup::{ClaimOutcome, FencingToken};
use crate::testing::split_mix::SplitMix64;

const STEPS: usize = 120;
const EVENTS: usize = 4;

/// Checks claims, renewals, commits and releases in an order that follows from `seed`, with fencing
/// tokens that are current, stale, of another event or never granted.
///
/// # Errors
///
/// The first [`Violation`], with the number of its step.
pub async fn random_steps(harness: &impl StoreUnderTest, seed: u64) -> Result<(), Violation> {
    let store = CheckedStore::new(harness, "random steps").await;
    let mut random = SplitMix64::new(seed);
    let mut events = [Event::default(); EVENTS];
    let mut fencing_tokens = vec![FencingToken::new(1)];
    for number in 0..STEPS {
        step(harness, &store, &mut random, &mut events, &mut fencing_tokens)
            .await
            .map_err(|violation| violation.in_case(&format!("seed {seed}, step {number}")))?;
    }
    Ok(())
}

async fn step<H: StoreUnderTest>(
    harness: &H,
    store: &CheckedStore<H::Store>,
    random: &mut SplitMix64,
    events: &mut [Event; EVENTS],
    fencing_tokens: &mut Vec<FencingToken>,
) -> Result<(), Violation> {
    if random.one_in(16) {
        harness.advance(harness.short_lease()).await;
        events.iter_mut().for_each(Event::advance);
        return Ok(());
    }
    let number = random.index(EVENTS);
    let Some(event) = events.get_mut(number) else { return Ok(()) };
    if random.one_in(2) {
        let (lease, expiry) = duration(random, harness.short_lease());
        let fingerprint = random.below(2);
        let outcome = store.claim(number, fingerprint, lease).await?;
        if let ClaimOutcome::Acquired { fencing_token, .. } = outcome {
            fencing_tokens.push(fencing_token);
        }
        return event.claim(fingerprint, expiry, outcome);
    }
    let any = fencing_tokens.get(random.index(fencing_tokens.len())).copied();
    let fencing_token = match random.below(8) {
        0 => any.map(|fencing_token| FencingToken::new(fencing_token.as_u64() + 1)),
        1 => any,
        _ => event.last_granted(),
    };
    let fencing_token = fencing_token.unwrap_or(FencingToken::new(1));
    let (duration, expiry) = duration(random, harness.short_lease());
    let update = match random.below(5) {
        0 => Update::Renew(duration),
        1 | 2 => Update::Commit(duration),
        _ => Update::Release,
    };
    let outcome = store.update(number, fencing_token, update).await?;
    event.update(fencing_token, update, expiry, outcome)
}

/// A random lease or retention.
fn duration(random: &mut SplitMix64, short: Duration) -> (Duration, Expiry) {
    match random.below(8) {
        0 => (Duration::ZERO, Expiry::Expired),
        1..4 => (short, Expiry::Unknown),
        4 => (Duration::MAX, Expiry::NotExpired),
        _ => (LONG, Expiry::NotExpired),
    }
}
