//! A store that is lost and comes back while it is used.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::cases::LONG;
use super::probe::{Patience, Probe, Settle, Unanswered};
use super::violation::{Violation, ViolationKind};
use super::{FaultInjection, OutageReport, join};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken, UpdateOutcome};

const WORKERS: usize = 16;
const OUTAGES: usize = 3;

/// Events that are held all the while, and such that were given up before; workers have the others.
const HELD: [usize; 4] = [0, 1, 2, 3];
const RELEASED: [usize; 4] = [4, 5, 6, 7];
const FIRST: usize = 8;

/// Workers see one event after another through, as receivers do, while `outage` happens to the store
/// again and again: what was answered holds, and the store finds its way back by itself.
///
/// `outage` loses the store and brings it back: it kills the server and starts it again, ends the
/// sessions, takes the network away. It leaves a moment's calm for the workers to get something done,
/// and waits without blocking the thread: all of this is one future.
///
/// # Errors
///
/// A [`Violation`] if an answer did not hold, an event is stuck for a minute after the last outage, or
/// the store is [full](crate::dedup::StoreErrorKind::Full).
pub async fn outages_lose_nothing<H: FaultInjection>(
    harness: &H,
    outage: impl AsyncFn(),
) -> Result<OutageReport, Violation> {
    let probe = Probe::new(harness, "outages").await;
    let before = Before::set_up(&probe).await?;
    let (over, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let worker = Worker { harness, probe: &probe, over: &over, failed: &failed };
    let working = join::all((0..WORKERS).map(|number| worker.work(number)));
    let happening = async {
        for _ in 0..OUTAGES {
            outage().await;
        }
        over.store(true, Ordering::Release);
    };
    let (ends, ()) = join::both(working, happening).await;
    // What was claimed and is not handled would be granted by now.
    harness.advance(harness.short_lease()).await;
    let mut events = 0;
    for (number, end) in ends.into_iter().enumerate() {
        for event in (FIRST + number..end?).step_by(WORKERS) {
            probe.is_duplicate(event).await?;
            events += 1;
        }
    }
    before.holds(&probe).await?;
    Ok(OutageReport { events, failed: failed.into_inner() })
}

/// What was granted before the outages.
struct Before {
    held: Vec<FencingToken>,
    released: Vec<FencingToken>,
}

impl Before {
    async fn set_up<S: DedupStore>(probe: &Probe<S>) -> Result<Self, Violation> {
        let (mut held, mut released) = (Vec::new(), Vec::new());
        for event in HELD {
            held.push(probe.granted(event, LONG).await?);
        }
        for event in RELEASED {
            let fencing_token = probe.granted(event, LONG).await?;
            probe.applies(event, fencing_token, Settle::Release).await?;
            released.push(fencing_token);
        }
        Ok(Self { held, released })
    }

    async fn holds<S: DedupStore>(self, probe: &Probe<S>) -> Result<(), Violation> {
        for (event, fencing_token) in HELD.into_iter().zip(self.held) {
            probe.is_busy(event).await?;
            probe.applies(event, fencing_token, Settle::Commit(LONG)).await?;
            probe.is_duplicate(event).await?;
        }
        for (event, before) in RELEASED.into_iter().zip(self.released) {
            let fencing_token = probe.granted(event, LONG).await?;
            if fencing_token <= before {
                let how = format!("{fencing_token:?} after the outages, {before:?} before");
                return probe.broken(ViolationKind::FencingTokenNotHigher, how);
            }
        }
        Ok(())
    }
}

struct Worker<'w, H: FaultInjection> {
    harness: &'w H,
    probe: &'w Probe<H::Store>,
    over: &'w AtomicBool,
    failed: &'w AtomicUsize,
}

impl<H: FaultInjection> Worker<'_, H> {
    /// Sees each of its events through until the outages are over, and gives the next one's number.
    async fn work(&self, number: usize) -> Result<usize, Violation> {
        let mut event = FIRST + number;
        while !self.over.load(Ordering::Acquire) {
            let fencing_token = self.claim(event).await?;
            self.commit(event, fencing_token).await?;
            event += WORKERS;
            // A store that never waits would let nobody else go on.
            join::turn().await;
        }
        Ok(event)
    }

    async fn claim(&self, event: usize) -> Result<FencingToken, Violation> {
        let key = self.probe.event(event);
        let mut patience = Patience::new();
        loop {
            let claim = self.probe.store.claim(&key, 0, self.harness.short_lease());
            let unanswered = match self.probe.in_time(self.harness, claim).await? {
                Ok(ClaimOutcome::Acquired { fencing_token, .. }) => return Ok(fencing_token),
                // A claim whose answer was lost holds until its lease is over.
                Ok(ClaimOutcome::InProgress { .. }) => {
                    self.harness.advance(self.harness.short_lease()).await;
                    None
                }
                Ok(answer @ ClaimOutcome::Duplicate { .. }) => {
                    let how = format!("{answer:?} though nobody handled event {event}");
                    return self.probe.broken(ViolationKind::Lost, how);
                }
                Err(unanswered) => Some(unanswered),
            };
            self.again(event, &mut patience, unanswered).await?;
        }
    }

    async fn commit(&self, event: usize, fencing_token: FencingToken) -> Result<(), Violation> {
        let key = self.probe.event(event);
        let mut patience = Patience::new();
        loop {
            let commit = self.probe.store.commit(&key, fencing_token, LONG);
            match self.probe.in_time(self.harness, commit).await? {
                Ok(UpdateOutcome::Applied) => return Ok(()),
                Ok(UpdateOutcome::StaleToken) => {
                    let how =
                        format!("{fencing_token:?} of event {event} is stale, nobody has another");
                    return self.probe.broken(ViolationKind::Transition, how);
                }
                Err(unanswered) => self.again(event, &mut patience, Some(unanswered)).await?,
            }
        }
    }

    /// Patience is lost only once the outages are over.
    async fn again(
        &self,
        event: usize,
        patience: &mut Patience,
        unanswered: Option<Unanswered>,
    ) -> Result<(), Violation> {
        self.failed.fetch_add(usize::from(unanswered.is_some()), Ordering::Relaxed);
        if !self.over.load(Ordering::Acquire) {
            *patience = Patience::new();
        }
        if patience.lasts(self.harness, unanswered).await {
            return Ok(());
        }
        let how = format!("event {event} is not seen through though the outages are over");
        self.probe.broken(ViolationKind::Stuck, how)
    }
}
