//! A store that becomes unreachable and recovers while it is used.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::checked_store::{CallFailed, CheckedStore, LONG, RetryBudget, Update};
use super::harness::{FaultInjection, OutageReport};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken, UpdateOutcome};
use crate::testing::futures::{join, join_all, yield_once};

const WORKERS: usize = 16;
const OUTAGES: usize = 3;

/// Events that stay in progress throughout, and events that are released before the first outage.
/// The workers use those from `FIRST` on.
const IN_PROGRESS: [usize; 4] = [0, 1, 2, 3];
const RELEASED: [usize; 4] = [4, 5, 6, 7];
const FIRST: usize = 8;

/// Checks that workers lose no event while `outage` repeatedly makes the store unreachable: every
/// outcome that was returned holds, and the store recovers by itself.
///
/// `outage` makes the store unreachable and restores it, such as by restarting the server, ending its
/// sessions or disconnecting the network. It leaves time between outages for calls to succeed, and
/// waits without blocking the thread, because all of this runs in one future.
///
/// # Errors
///
/// A [`Violation`] if a returned outcome does not hold, an event is stuck for a minute after the last
/// outage, or the store is [full](crate::dedup::StoreErrorKind::Full).
pub async fn outages_lose_no_event<H: FaultInjection>(
    harness: &H,
    outage: impl AsyncFn(),
) -> Result<OutageReport, Violation> {
    let store = CheckedStore::new(harness, "outages").await;
    let before = Before::create(&store).await?;
    let (recovered, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let worker = Worker { harness, store: &store, recovered: &recovered, failed: &failed };
    let workers = join_all((0..WORKERS).map(|number| worker.work(number)));
    let outages = async {
        for _ in 0..OUTAGES {
            outage().await;
        }
        recovered.store(true, Ordering::Release);
    };
    let (ends, ()) = join(workers, outages).await;
    // Every short lease has expired now, so an event that is not handled would be granted.
    harness.advance(harness.short_lease()).await;
    let mut events = 0;
    for (number, end) in ends.into_iter().enumerate() {
        for event in (FIRST + number..end?).step_by(WORKERS) {
            store.expect_duplicate(event).await?;
            events += 1;
        }
    }
    before.check(&store).await?;
    Ok(OutageReport { events, failed: failed.into_inner() })
}

/// The fencing tokens that were granted before the first outage.
struct Before {
    in_progress: Vec<FencingToken>,
    released: Vec<FencingToken>,
}

impl Before {
    async fn create<S: DedupStore>(store: &CheckedStore<S>) -> Result<Self, Violation> {
        let (mut in_progress, mut released) = (Vec::new(), Vec::new());
        for event in IN_PROGRESS {
            in_progress.push(store.expect_granted(event, LONG).await?);
        }
        for event in RELEASED {
            let fencing_token = store.expect_granted(event, LONG).await?;
            store.expect_applied(event, fencing_token, Update::Release).await?;
            released.push(fencing_token);
        }
        Ok(Self { in_progress, released })
    }

    async fn check<S: DedupStore>(self, store: &CheckedStore<S>) -> Result<(), Violation> {
        for (event, fencing_token) in IN_PROGRESS.into_iter().zip(self.in_progress) {
            store.expect_in_progress(event).await?;
            store.expect_applied(event, fencing_token, Update::Commit(LONG)).await?;
            store.expect_duplicate(event).await?;
        }
        for (event, before) in RELEASED.into_iter().zip(self.released) {
            let fencing_token = store.expect_granted(event, LONG).await?;
            if fencing_token <= before {
                let description = format!("{fencing_token:?} after the outages, {before:?} before");
                return store.violation(ViolationKind::FencingTokenNotHigher, description);
            }
        }
        Ok(())
    }
}

struct Worker<'w, H: FaultInjection> {
    harness: &'w H,
    store: &'w CheckedStore<H::Store>,
    /// Whether the last outage has ended.
    recovered: &'w AtomicBool,
    failed: &'w AtomicUsize,
}

impl<H: FaultInjection> Worker<'_, H> {
    /// Handles one event after another until the last outage has ended; returns the number of the
    /// next event.
    async fn work(&self, number: usize) -> Result<usize, Violation> {
        let mut event = FIRST + number;
        while !self.recovered.load(Ordering::Acquire) {
            let fencing_token = self.claim(event).await?;
            self.commit(event, fencing_token).await?;
            event += WORKERS;
            // A store whose calls never wait would starve the other workers.
            yield_once().await;
        }
        Ok(event)
    }

    async fn claim(&self, event: usize) -> Result<FencingToken, Violation> {
        let key = self.store.event(event);
        let mut budget = RetryBudget::new();
        loop {
            let claim = self.store.store.claim(&key, 0, self.harness.short_lease());
            let failed = match self.store.within_timeout(self.harness, claim).await? {
                Ok(ClaimOutcome::Acquired { fencing_token, .. }) => return Ok(fencing_token),
                // A claim whose reply was lost holds the event until its lease expires.
                Ok(ClaimOutcome::InProgress { .. }) => {
                    self.harness.advance(self.harness.short_lease()).await;
                    None
                }
                Ok(outcome @ ClaimOutcome::Duplicate { .. }) => {
                    let description =
                        format!("{outcome:?} for event {event}, which is not handled");
                    return self.store.violation(ViolationKind::Lost, description);
                }
                Err(failed) => Some(failed),
            };
            self.retry(event, &mut budget, failed).await?;
        }
    }

    async fn commit(&self, event: usize, fencing_token: FencingToken) -> Result<(), Violation> {
        let key = self.store.event(event);
        let mut budget = RetryBudget::new();
        loop {
            let commit = self.store.store.commit(&key, fencing_token, LONG);
            match self.store.within_timeout(self.harness, commit).await? {
                Ok(UpdateOutcome::Applied) => return Ok(()),
                Ok(UpdateOutcome::StaleToken) => {
                    let description = format!(
                        "{fencing_token:?} of event {event} is stale without a later grant"
                    );
                    return self.store.violation(ViolationKind::UnexpectedOutcome, description);
                }
                Err(failed) => self.retry(event, &mut budget, Some(failed)).await?,
            }
        }
    }

    /// Pauses before the next attempt. The budget is used only once the last outage has ended.
    async fn retry(
        &self,
        event: usize,
        budget: &mut RetryBudget,
        failed: Option<CallFailed>,
    ) -> Result<(), Violation> {
        self.failed.fetch_add(usize::from(failed.is_some()), Ordering::Relaxed);
        if !self.recovered.load(Ordering::Acquire) {
            *budget = RetryBudget::new();
        }
        if budget.pause(self.harness, failed).await {
            return Ok(());
        }
        let description = format!("event {event} is not handled a minute after the last outage");
        self.store.violation(ViolationKind::Stuck, description)
    }
}
