//! Many callers at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cases::LONG;
use super::history::{Call, How, What, judge};
use super::probe::{Probe, Settle};
use super::random::Random;
use super::violation::{Violation, ViolationKind};
use super::{StoreUnderTest, join};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken};

const CLAIMS: usize = 24;
const WORKERS: usize = 8;
const EVENTS: usize = 3;
const ROUNDS: usize = 4;
const TURNS: usize = 6;

/// Of many claims of one event at the same time exactly one is granted.
///
/// # Errors
///
/// A [`Violation`] if none is, or more are.
pub async fn of_many_claims_one_is_granted<H: StoreUnderTest>(
    harness: &H,
) -> Result<(), Violation> {
    let probe = Arc::new(Probe::new(harness, "many claims").await);
    for event in 0..4 {
        let claims: Vec<_> = (0..CLAIMS)
            .map(|_| {
                let probe = probe.clone();
                harness.spawn(async move { probe.claim(event, 0, LONG).await })
            })
            .collect();
        let answers = join::all(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let granted =
            answers.iter().filter(|answer| matches!(answer, ClaimOutcome::Acquired { .. }));
        let granted = granted.count();
        let kind = if granted == 0 { ViolationKind::Stuck } else { ViolationKind::TwoAtATime };
        Violation::unless(granted == 1, kind, || format!("{granted} of {CLAIMS} are granted"))?;
    }
    Ok(())
}

/// Workers that claim, renew, commit, release, give up and come late, in an order that follows from
/// `seed` and from how fast the store is: what they were told has an explanation.
///
/// # Errors
///
/// A [`Violation`] if it has none.
pub async fn workers_at_once<H: StoreUnderTest>(harness: &H, seed: u64) -> Result<(), Violation> {
    let probe = Arc::new(Probe::new(harness, "workers at once").await);
    let log = Arc::new(Log::default());
    for round in 0..ROUNDS {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let number = (seed << 16) + (round << 8) as u64 + worker as u64;
                let (probe, log, brief) = (probe.clone(), log.clone(), harness.short_lease());
                harness.spawn(async move { work(&probe, &log, Random::new(number), brief).await })
            })
            .collect();
        join::all(workers).await.into_iter().collect::<Result<(), _>>()?;
        harness.advance(harness.short_lease()).await;
    }
    for event in 0..EVENTS {
        log.claim(&probe, event, false).await?;
    }
    let calls = std::mem::take(&mut *log.calls());
    for event in 0..EVENTS {
        let of_event = calls.iter().filter(|(of, _)| *of == event).map(|(_, call)| *call);
        judge(&of_event.collect::<Vec<_>>())
            .map_err(|violation| violation.in_case(&format!("seed {seed}, event {event}")))?;
    }
    Ok(())
}

async fn work<S: DedupStore>(
    probe: &Probe<S>,
    log: &Log,
    mut random: Random,
    brief: Duration,
) -> Result<(), Violation> {
    let span = |is_short_lived| if is_short_lived { brief } else { LONG };
    for _ in 0..TURNS {
        let event = random.below(EVENTS);
        if let Some(stale) = log.a_stale_fencing_token(event) {
            log.settle(probe, event, stale, How::Release, Settle::Release).await?;
        }
        let is_short_lived = random.one_in(3);
        let answer = log.claim_for(probe, event, is_short_lived, span(is_short_lived)).await?;
        let ClaimOutcome::Acquired { fencing_token, .. } = answer else { continue };
        if random.one_in(3) {
            let renew = Settle::Renew(span(is_short_lived));
            log.settle(probe, event, fencing_token, How::Renew { brief: is_short_lived }, renew)
                .await?;
        }
        match random.below(12) {
            // As if it had crashed: only a lease that ends lets others go on.
            0..4 if is_short_lived => {}
            0 => {
                let commit = Settle::Commit(LONG);
                log.settle(probe, event, fencing_token, How::Commit { brief: false }, commit)
                    .await?;
            }
            1..5 => {
                let commit = Settle::Commit(brief);
                log.settle(probe, event, fencing_token, How::Commit { brief: true }, commit)
                    .await?;
            }
            _ => log.settle(probe, event, fencing_token, How::Release, Settle::Release).await?,
        }
    }
    Ok(())
}

/// Every call, with the number of its event.
#[derive(Default)]
struct Log {
    calls: Mutex<Vec<(usize, Call)>>,
    count: AtomicU64,
}

impl Log {
    async fn claim<S: DedupStore>(
        &self,
        probe: &Probe<S>,
        event: usize,
        brief: bool,
    ) -> Result<ClaimOutcome, Violation> {
        self.claim_for(probe, event, brief, LONG).await
    }

    async fn claim_for<S: DedupStore>(
        &self,
        probe: &Probe<S>,
        event: usize,
        brief: bool,
        lease: Duration,
    ) -> Result<ClaimOutcome, Violation> {
        let sent = self.tick();
        let answer = probe.claim(event, 0, lease).await?;
        self.note(event, sent, What::Claim { brief, answer });
        Ok(answer)
    }

    async fn settle<S: DedupStore>(
        &self,
        probe: &Probe<S>,
        event: usize,
        fencing_token: FencingToken,
        how: How,
        settle: Settle,
    ) -> Result<(), Violation> {
        let sent = self.tick();
        let answer = probe.settle(event, fencing_token, settle).await?;
        self.note(event, sent, What::Settle { fencing_token, how, answer });
        Ok(())
    }

    /// One that was granted for the event before another was.
    fn a_stale_fencing_token(&self, event: usize) -> Option<FencingToken> {
        let calls = self.calls();
        let fencing_tokens =
            calls.iter().filter(|(of, _)| *of == event).filter_map(|(_, call)| match call.what {
                What::Claim { answer: ClaimOutcome::Acquired { fencing_token, .. }, .. } => {
                    Some(fencing_token)
                }
                _ => None,
            });
        let fencing_tokens: Vec<_> = fencing_tokens.collect();
        fencing_tokens
            .iter()
            .min()
            .filter(|least| fencing_tokens.iter().any(|other| other > least))
            .copied()
    }

    fn note(&self, event: usize, sent: u64, what: What) {
        let call = Call { sent, answered: self.tick(), what };
        self.calls().push((event, call));
    }

    fn tick(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    fn calls(&self) -> MutexGuard<'_, Vec<(usize, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
