//! Random steps on a few events, each answer judged by the model.

use std::time::Duration;

use super::StoreUnderTest;
use super::cases::LONG;
use super::model::{Event, Span};
use super::probe::{Probe, Settle};
use super::violation::Violation;
use crate::dedup::{ClaimOutcome, FencingToken};
use crate::testing::split_mix::SplitMix64;

const STEPS: usize = 120;
const EVENTS: usize = 4;

/// Numbers that follow from a seed.
pub(super) struct Random(SplitMix64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// Returns a number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let scaled = u128::from(self.0.next()) * limit as u128;
        (scaled >> 64) as usize
    }

    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A lease or a retention.
    pub(super) fn span(&mut self, brief: Duration) -> (Duration, Span) {
        match self.below(8) {
            0 => (Duration::ZERO, Span::IsOver),
            1..4 => (brief, Span::MayBeOver),
            4 => (Duration::MAX, Span::Runs),
            _ => (LONG, Span::Runs),
        }
    }
}

/// Claims, renewals, commits and releases in an order that follows from `seed`, with fencing tokens that
/// are current, stale, foreign or unknown: each answer is one that the states of the event allow.
///
/// # Errors
///
/// The first [`Violation`], with the number of its step.
pub async fn random_steps(harness: &impl StoreUnderTest, seed: u64) -> Result<(), Violation> {
    let probe = Probe::new(harness, "random steps").await;
    let mut random = Random::new(seed);
    let mut events = [Event::default(); EVENTS];
    let mut fencing_tokens = vec![FencingToken::new(1)];
    for number in 0..STEPS {
        step(harness, &probe, &mut random, &mut events, &mut fencing_tokens)
            .await
            .map_err(|violation| violation.in_case(&format!("seed {seed}, step {number}")))?;
    }
    Ok(())
}

async fn step<H: StoreUnderTest>(
    harness: &H,
    probe: &Probe<H::Store>,
    random: &mut Random,
    events: &mut [Event; EVENTS],
    fencing_tokens: &mut Vec<FencingToken>,
) -> Result<(), Violation> {
    if random.one_in(16) {
        harness.advance(harness.short_lease()).await;
        events.iter_mut().for_each(Event::pass);
        return Ok(());
    }
    let number = random.below(EVENTS);
    let Some(event) = events.get_mut(number) else { return Ok(()) };
    if random.one_in(2) {
        let (lease, span) = random.span(harness.short_lease());
        let fingerprint = random.below(2) as u64;
        let answer = probe.claim(number, fingerprint, lease).await?;
        if let ClaimOutcome::Acquired { fencing_token, .. } = answer {
            fencing_tokens.push(fencing_token);
        }
        return event.claim(fingerprint, span, answer);
    }
    let any = fencing_tokens.get(random.below(fencing_tokens.len())).copied();
    let fencing_token = match random.below(8) {
        0 => any.map(|fencing_token| FencingToken::new(fencing_token.as_u64() + 1)),
        1 => any,
        _ => event.granted(),
    };
    let fencing_token = fencing_token.unwrap_or(FencingToken::new(1));
    let (length, span) = random.span(harness.short_lease());
    let settle = match random.below(5) {
        0 => Settle::Renew(length),
        1 | 2 => Settle::Commit(length),
        _ => Settle::Release,
    };
    let answer = probe.settle(number, fencing_token, settle).await?;
    event.settled(fencing_token, settle, span, answer)
}
