//! Connections that are cut in the middle of a call.

use super::StoreUnderTest;
use super::cases::LONG;
use super::probe::{Probe, Settle};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{Claim, DedupStore, Fence, Settled};

/// How often a store is asked before it is said not to come back, or an event not to be granted.
const TRIES: usize = 2000;

/// A way to the store that can be cut, such as a proxy that counts bytes.
pub trait Wire: Sync {
    /// Has what is sent from now on cut at that place: the first is 0, each next one lies further on.
    fn cut(&self, place: usize);

    /// Cuts no more; whether it did since [`cut`](Self::cut).
    fn mend(&self) -> bool;
}

/// Each operation of `cut_off`, a handle that reaches the store over `wire`, is cut at every place:
/// what was answered holds, no event gets out of reach, and the handle finds its way back by itself.
///
/// Handles that `harness` opens are not to be cut. At each place of a claim a
/// [brief](StoreUnderTest::brief) lease is waited for: a shorter one makes this faster.
///
/// Gives how many calls failed. If none did, `wire` cut none.
///
/// # Errors
///
/// A [`Violation`] if an answer did not hold, an event is stuck, the handle does not come back, or a
/// call fails though nothing was cut.
pub async fn connections_cut_lose_nothing<H: StoreUnderTest>(
    harness: &H,
    cut_off: &H::Store,
    wire: &impl Wire,
) -> Result<usize, Violation> {
    let probe = Probe::new(harness, "connections cut").await;
    let trial = Trial { harness, probe, cut_off, wire };
    let renew = Operation::Settle(Settle::Renew(LONG));
    let commit = Operation::Settle(Settle::Commit(LONG));
    let release = Operation::Settle(Settle::Release);
    let (mut event, mut failed) = (0, 0);
    for operation in [Operation::Claim, renew, commit, release] {
        for place in 0.. {
            let step = trial.step(operation, place, event).await;
            let step =
                step.map_err(|broken| broken.in_case(&format!("{operation:?} at {place}")))?;
            event += 1;
            failed += usize::from(step.failed);
            if !step.was_cut {
                break;
            }
        }
    }
    Ok(failed)
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Claim,
    Settle(Settle),
}

struct Trial<'t, H: StoreUnderTest, W> {
    harness: &'t H,
    /// Not cut.
    probe: Probe<H::Store>,
    cut_off: &'t H::Store,
    wire: &'t W,
}

struct Step {
    failed: bool,
    was_cut: bool,
}

impl<H: StoreUnderTest, W: Wire> Trial<'_, H, W> {
    async fn step(
        &self,
        operation: Operation,
        place: usize,
        event: usize,
    ) -> Result<Step, Violation> {
        let failed = match operation {
            Operation::Claim => self.claim(place, event).await?,
            Operation::Settle(settle) => self.settle(settle, place, event).await?,
        };
        let was_cut = self.wire.mend();
        if failed && !was_cut {
            return self.probe.broken(ViolationKind::Failed, "it fails though nothing was cut");
        }
        self.comes_back(event).await?;
        Ok(Step { failed, was_cut })
    }

    async fn claim(&self, place: usize, event: usize) -> Result<bool, Violation> {
        let key = self.probe.event(event);
        self.wire.cut(place);
        let claim = self.cut_off.claim(&key, 0, self.harness.brief());
        let answer = self.probe.in_time(self.harness, claim).await?;
        // A claim that is sent again finds its own: nobody works on it until its lease is over.
        if let Some(answer @ Claim::Duplicate { .. }) = answer {
            let how = format!("{answer:?} though nobody handled it");
            return self.probe.broken(ViolationKind::Lost, how);
        }
        let fence = self.granted_soon(event).await?;
        self.is_committed(event, fence).await?;
        Ok(answer.is_none())
    }

    async fn settle(&self, settle: Settle, place: usize, event: usize) -> Result<bool, Violation> {
        let fence = self.probe.granted(event, LONG).await?;
        let key = self.probe.event(event);
        self.wire.cut(place);
        let call = settle.call(self.cut_off, &key, fence);
        let answer = self.probe.in_time(self.harness, call).await?;
        // One that is sent again finds the event released already.
        let may_be_stale = matches!(settle, Settle::Release);
        if answer == Some(Settled::Stale) && !may_be_stale {
            let how = format!("{fence:?} is stale though nobody has another");
            return self.probe.broken(ViolationKind::Transition, how);
        }
        let failed = answer.is_none();
        match settle {
            Settle::Renew(_) => self.probe.is_busy(event).await?,
            Settle::Commit(_) if failed => {}
            Settle::Commit(_) => self.probe.is_duplicate(event).await?,
            Settle::Release => {
                if failed {
                    // It may have been released, and then this one is stale.
                    self.probe.settle(event, fence, Settle::Release).await?;
                }
                let fence = self.probe.granted(event, LONG).await?;
                self.is_committed(event, fence).await?;
                return Ok(failed);
            }
        }
        self.is_committed(event, fence).await?;
        Ok(failed)
    }

    /// To somebody else, once the lease of a claim whose answer was lost is over.
    async fn granted_soon(&self, event: usize) -> Result<Fence, Violation> {
        for _ in 0..TRIES {
            if let Claim::Acquired { fence, .. } = self.probe.claim(event, 0, LONG).await? {
                return Ok(fence);
            }
            self.harness.pass(self.harness.brief() / 4).await;
        }
        self.probe.broken(ViolationKind::Stuck, "an event whose claim was cut is never granted")
    }

    /// A commit that is repeated is applied as well.
    async fn is_committed(&self, event: usize, fence: Fence) -> Result<(), Violation> {
        self.probe.applies(event, fence, Settle::Commit(LONG)).await?;
        self.probe.is_duplicate(event).await
    }

    async fn comes_back(&self, event: usize) -> Result<(), Violation> {
        let key = self.probe.event(event);
        for _ in 0..TRIES {
            let claim = self.cut_off.claim(&key, 0, LONG);
            match self.probe.in_time(self.harness, claim).await? {
                Some(Claim::Duplicate { same_body: true }) => return Ok(()),
                Some(answer) => {
                    let how = format!("{answer:?} of a handled event, once the wire is mended");
                    return self.probe.broken(ViolationKind::DoneTwice, how);
                }
                None => self.harness.pass(self.harness.brief() / 4).await,
            }
        }
        self.probe.broken(ViolationKind::Stuck, "the store does not come back")
    }
}
