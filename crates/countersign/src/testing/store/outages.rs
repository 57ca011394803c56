//! A store that is lost and comes back while it is used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::cases::LONG;
use super::probe::Probe;
use super::violation::{Violation, ViolationKind};
use super::{StoreUnderTest, join};
use crate::dedup::{Claim, DedupStore, Fence, Settled};

const WORKERS: usize = 16;
const OUTAGES: usize = 3;

/// How often a worker tries once the outages are over, before its event is called stuck.
const TRIES: usize = 2000;

/// Between two tries of one worker.
const PAUSE: Duration = Duration::from_millis(5);

/// Workers see one event after another through, as receivers do, while `outage` happens to the store
/// again and again: what was answered holds, and the store finds its way back by itself.
///
/// `outage` loses the store and brings it back: it kills the server and starts it again, ends the
/// sessions, takes the network away. It leaves a moment's calm for the workers to get something done,
/// and waits without blocking the thread that it is polled on.
///
/// Gives how many events were seen through.
///
/// # Errors
///
/// A [`Violation`] if an answer did not hold, an event is stuck, or the store is
/// [full](crate::StoreErrorKind::Full).
pub async fn outages_lose_nothing<H: StoreUnderTest>(
    harness: &H,
    outage: impl AsyncFn(),
) -> Result<usize, Violation> {
    let probe = Probe::new(harness, "outages").await;
    let over = AtomicBool::new(false);
    let worker = Worker { harness, probe: &probe, over: &over };
    let working = join::all((0..WORKERS).map(|number| worker.work(number)));
    let happening = async {
        for _ in 0..OUTAGES {
            outage().await;
        }
        over.store(true, Ordering::Release);
    };
    let (ends, ()) = join::both(working, happening).await;
    // What was claimed and is not handled would be granted by now.
    harness.pass(harness.brief()).await;
    let mut events = 0;
    for (number, end) in ends.into_iter().enumerate() {
        for event in (number..end?).step_by(WORKERS) {
            probe.is_duplicate(event).await?;
            events += 1;
        }
    }
    Ok(events)
}

struct Worker<'w, H: StoreUnderTest> {
    harness: &'w H,
    probe: &'w Probe<H::Store>,
    over: &'w AtomicBool,
}

impl<H: StoreUnderTest> Worker<'_, H> {
    /// Sees each of its events through until the outages are over, and gives the next one's number.
    async fn work(&self, number: usize) -> Result<usize, Violation> {
        let mut event = number;
        while !self.is_over() {
            let fence = self.claim(event).await?;
            self.commit(event, fence).await?;
            event += WORKERS;
            // A store that never waits would let nobody else go on.
            join::turn().await;
        }
        Ok(event)
    }

    async fn claim(&self, event: usize) -> Result<Fence, Violation> {
        let key = self.probe.event(event);
        let mut tries = 0;
        loop {
            let claim = self.probe.store.claim(&key, 0, self.harness.brief());
            match self.probe.in_time(self.harness, claim).await? {
                Some(Claim::Acquired { fence, .. }) => return Ok(fence),
                // A claim whose answer was lost holds until its lease is over.
                Some(Claim::Busy { .. }) | None => self.pause(event, &mut tries).await?,
                Some(answer @ Claim::Duplicate { .. }) => {
                    let how = format!("{answer:?} though nobody handled event {event}");
                    return self.probe.broken(ViolationKind::Lost, how);
                }
            }
        }
    }

    async fn commit(&self, event: usize, fence: Fence) -> Result<(), Violation> {
        let key = self.probe.event(event);
        let mut tries = 0;
        loop {
            let commit = self.probe.store.commit(&key, fence, LONG);
            match self.probe.in_time(self.harness, commit).await? {
                Some(Settled::Applied) => return Ok(()),
                Some(Settled::Stale) => {
                    let how = format!("{fence:?} of event {event} is stale, nobody has another");
                    return self.probe.broken(ViolationKind::Transition, how);
                }
                None => self.pause(event, &mut tries).await?,
            }
        }
    }

    /// Before the next try, if there is to be one.
    async fn pause(&self, event: usize, tries: &mut usize) -> Result<(), Violation> {
        *tries += usize::from(self.is_over());
        if *tries > TRIES {
            let how = format!("event {event} is not seen through though the outages are over");
            return self.probe.broken(ViolationKind::Stuck, how);
        }
        self.harness.pass(PAUSE).await;
        join::turn().await;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}
