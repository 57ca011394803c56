//! Concurrent callers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::checked_store::{CheckedStore, LONG, Update};
use super::harness::StoreUnderTest;
use super::history::{self, Call, Operation, UpdateKind};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken};
use crate::testing::futures::join_all;
use crate::testing::split_mix::SplitMix64;

const CLAIMS: usize = 24;
const WORKERS: usize = 8;
const EVENTS: usize = 3;
const ROUNDS: usize = 4;
const CLAIMS_PER_WORKER: usize = 6;

/// Checks that exactly one of many concurrent claims of an event is granted.
///
/// # Errors
///
/// A [`Violation`] if none is, or more than one are.
pub async fn one_of_many_claims_is_granted<H: StoreUnderTest>(
    harness: &H,
) -> Result<(), Violation> {
    let store = Arc::new(CheckedStore::new(harness, "many claims").await);
    for event in 0..4 {
        let claims: Vec<_> = (0..CLAIMS)
            .map(|_| {
                let store = store.clone();
                harness.spawn(async move { store.claim(event, 0, LONG).await })
            })
            .collect();
        let outcomes = join_all(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let granted =
            outcomes.iter().filter(|outcome| matches!(outcome, ClaimOutcome::Acquired { .. }));
        let granted = granted.count();
        let kind =
            if granted == 0 { ViolationKind::Stuck } else { ViolationKind::ConcurrentClaims };
        Violation::unless(granted == 1, kind, || format!("{granted} of {CLAIMS} are granted"))?;
    }
    Ok(())
}

/// Checks the outcomes of concurrent workers that claim, renew, commit, release and abandon events, in
/// an order that follows from `seed` and from the speed of the store.
///
/// # Errors
///
/// A [`Violation`] if no order of the calls explains an outcome.
pub async fn concurrent_workers<H: StoreUnderTest>(
    harness: &H,
    seed: u64,
) -> Result<(), Violation> {
    let store = Arc::new(CheckedStore::new(harness, "concurrent workers").await);
    let log = Arc::new(Log::default());
    for round in 0..ROUNDS {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let number = (seed << 16) + (round << 8) as u64 + worker as u64;
                let (store, log, short) = (store.clone(), log.clone(), harness.short_lease());
                harness
                    .spawn(async move { work(&store, &log, SplitMix64::new(number), short).await })
            })
            .collect();
        join_all(workers).await.into_iter().collect::<Result<(), _>>()?;
        harness.advance(harness.short_lease()).await;
    }
    for event in 0..EVENTS {
        log.claim(&store, event, false, LONG).await?;
    }
    let calls = std::mem::take(&mut *log.calls());
    for event in 0..EVENTS {
        let of_event = calls.iter().filter(|(of, _)| *of == event).map(|(_, call)| *call);
        history::check(&of_event.collect::<Vec<_>>())
            .map_err(|violation| violation.in_case(&format!("seed {seed}, event {event}")))?;
    }
    Ok(())
}

async fn work<S: DedupStore>(
    store: &CheckedStore<S>,
    log: &Log,
    mut random: SplitMix64,
    short_lease: Duration,
) -> Result<(), Violation> {
    let duration = |short| if short { short_lease } else { LONG };
    for _ in 0..CLAIMS_PER_WORKER {
        let event = random.index(EVENTS);
        if let Some(stale) = log.a_stale_fencing_token(event) {
            log.update(store, event, stale, UpdateKind::Release, Update::Release).await?;
        }
        let short = random.one_in(3);
        let outcome = log.claim(store, event, short, duration(short)).await?;
        let ClaimOutcome::Acquired { fencing_token, .. } = outcome else { continue };
        if random.one_in(3) {
            let renew = Update::Renew(duration(short));
            log.update(store, event, fencing_token, UpdateKind::Renew { short }, renew).await?;
        }
        match random.below(12) {
            // An abandoned claim, as after a crash: only an expiring lease lets the others continue.
            0..4 if short => {}
            0 => {
                let kind = UpdateKind::Commit { short: false };
                log.update(store, event, fencing_token, kind, Update::Commit(LONG)).await?;
            }
            1..5 => {
                let kind = UpdateKind::Commit { short: true };
                log.update(store, event, fencing_token, kind, Update::Commit(short_lease)).await?;
            }
            _ => {
                log.update(store, event, fencing_token, UpdateKind::Release, Update::Release)
                    .await?;
            }
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
        store: &CheckedStore<S>,
        event: usize,
        short: bool,
        lease: Duration,
    ) -> Result<ClaimOutcome, Violation> {
        let sent = self.tick();
        let outcome = store.claim(event, 0, lease).await?;
        self.record(event, sent, Operation::Claim { short, outcome });
        Ok(outcome)
    }

    async fn update<S: DedupStore>(
        &self,
        store: &CheckedStore<S>,
        event: usize,
        fencing_token: FencingToken,
        kind: UpdateKind,
        update: Update,
    ) -> Result<(), Violation> {
        let sent = self.tick();
        let outcome = store.update(event, fencing_token, update).await?;
        self.record(event, sent, Operation::Update { fencing_token, update: kind, outcome });
        Ok(())
    }

    /// A fencing token of the event that a later grant has replaced.
    fn a_stale_fencing_token(&self, event: usize) -> Option<FencingToken> {
        let calls = self.calls();
        let fencing_tokens = calls.iter().filter(|(of, _)| *of == event).filter_map(|(_, call)| {
            match call.operation {
                Operation::Claim {
                    outcome: ClaimOutcome::Acquired { fencing_token, .. }, ..
                } => Some(fencing_token),
                _ => None,
            }
        });
        let fencing_tokens: Vec<_> = fencing_tokens.collect();
        fencing_tokens
            .iter()
            .min()
            .filter(|least| fencing_tokens.iter().any(|other| other > least))
            .copied()
    }

    fn record(&self, event: usize, sent: u64, operation: Operation) {
        let call = Call { sent, returned: self.tick(), operation };
        self.calls().push((event, call));
    }

    fn tick(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    fn calls(&self) -> MutexGuard<'_, Vec<(usize, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
