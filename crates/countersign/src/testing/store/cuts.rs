//! Connections that are cut in the middle of a call.

use super::cases::LONG;
use super::probe::{Patience, Probe, Settle};
use super::violation::{Violation, ViolationKind};
use super::{FaultInjection, OutageReport};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken, UpdateOutcome};

/// More places than any call has.
const PLACES: usize = 1 << 20;

/// A way to the store that can be cut, such as a proxy that counts bytes.
pub trait NetworkLink: Sync {
    /// Has what is sent from now on cut at that place: the first is 0, each next one lies further on.
    fn cut(&self, place: usize);

    /// Cuts no more; whether it did since [`cut`](Self::cut).
    fn mend(&self) -> bool;
}

/// Each operation of `cut_off`, a handle that reaches the store over `wire`, is cut at every place:
/// what was answered holds, no event gets out of reach, and the handle finds its way back by itself.
///
/// Handles that `harness` opens are not to be cut. At each place of a claim a
/// [brief](super::StoreUnderTest::brief) lease is waited for: a shorter one makes this faster.
///
/// # Errors
///
/// A [`Violation`] if an answer did not hold, an event is stuck or the handle away for a minute, or a
/// call fails though nothing was cut.
pub async fn connections_cut_lose_nothing<H: FaultInjection>(
    harness: &H,
    cut_off: &H::Store,
    wire: &impl NetworkLink,
) -> Result<OutageReport, Violation> {
    let probe = Probe::new(harness, "connections cut").await;
    let trial = Trial { harness, probe, cut_off, wire };
    let renew = Operation::Settle(Settle::Renew(LONG));
    let commit = Operation::Settle(Settle::Commit(LONG));
    let release = Operation::Settle(Settle::Release);
    let (mut event, mut endured) = (0, OutageReport::default());
    for operation in [Operation::Claim, renew, commit, release] {
        for place in 0..PLACES {
            let step = trial.step(operation, place, event).await;
            let step =
                step.map_err(|broken| broken.in_case(&format!("{operation:?} at {place}")))?;
            event += 1;
            endured.failed += usize::from(step.failed);
            if !step.was_cut {
                break;
            }
            endured.events += 1;
        }
    }
    Ok(endured)
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Claim,
    Settle(Settle),
}

struct Trial<'t, H: FaultInjection, W> {
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

impl<H: FaultInjection, W: NetworkLink> Trial<'_, H, W> {
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
        let claim = self.cut_off.claim(&key, 0, self.harness.short_lease());
        let answer = self.probe.in_time(self.harness, claim).await?;
        // A claim that is sent again finds its own: nobody works on it until its lease is over.
        if let Ok(answer @ ClaimOutcome::Duplicate { .. }) = answer {
            return self.is_lost(answer);
        }
        let fencing_token = self.granted_soon(event).await?;
        if let Ok(ClaimOutcome::Acquired { fencing_token: first, .. }) = answer
            && fencing_token <= first
        {
            let how = format!("{fencing_token:?} after {first:?}");
            return self.probe.broken(ViolationKind::FencingTokenNotHigher, how);
        }
        self.is_committed(event, fencing_token).await?;
        Ok(answer.is_err())
    }

    async fn settle(&self, settle: Settle, place: usize, event: usize) -> Result<bool, Violation> {
        let fencing_token = self.probe.granted(event, LONG).await?;
        let key = self.probe.event(event);
        self.wire.cut(place);
        let call = settle.call(self.cut_off, &key, fencing_token);
        let answer = self.probe.in_time(self.harness, call).await?;
        let failed = answer.is_err();
        // A release that is sent again finds the event released already.
        let may_be_stale = matches!(settle, Settle::Release);
        if !may_be_stale && matches!(answer, Ok(UpdateOutcome::StaleToken)) {
            let how = format!("{fencing_token:?} is stale though nobody has another");
            return self.probe.broken(ViolationKind::Transition, how);
        }
        let fencing_token = match settle {
            Settle::Renew(_) => {
                self.probe.is_busy(event).await?;
                fencing_token
            }
            Settle::Commit(_) => {
                self.is_held_or_handled(event, failed).await?;
                fencing_token
            }
            Settle::Release => {
                if failed {
                    // It may have been released, and then this one is stale.
                    self.probe.settle(event, fencing_token, Settle::Release).await?;
                }
                self.probe.granted(event, LONG).await?
            }
        };
        self.is_committed(event, fencing_token).await?;
        Ok(failed)
    }

    /// Still held only where the commit `failed`.
    async fn is_held_or_handled(&self, event: usize, failed: bool) -> Result<(), Violation> {
        match self.probe.claim(event, 0, LONG).await? {
            ClaimOutcome::Duplicate { same_body: true } => Ok(()),
            ClaimOutcome::InProgress { .. } if failed => Ok(()),
            answer @ ClaimOutcome::Acquired { .. } => {
                self.probe.broken(ViolationKind::TwoAtATime, format!("{answer:?} after a commit"))
            }
            answer => {
                self.probe.broken(ViolationKind::Transition, format!("{answer:?} after a commit"))
            }
        }
    }

    /// To somebody else, once the lease of a claim whose answer was lost is over.
    async fn granted_soon(&self, event: usize) -> Result<FencingToken, Violation> {
        let mut patience = Patience::new();
        loop {
            match self.probe.claim(event, 0, LONG).await? {
                ClaimOutcome::Acquired { fencing_token, .. } => return Ok(fencing_token),
                ClaimOutcome::InProgress { .. } => {
                    self.harness.advance(self.harness.short_lease() / 4).await
                }
                answer @ ClaimOutcome::Duplicate { .. } => return self.is_lost(answer),
            }
            if !patience.lasts(self.harness, None).await {
                let how = "an event whose claim was cut is never granted";
                return self.probe.broken(ViolationKind::Stuck, how);
            }
        }
    }

    fn is_lost<T>(&self, answer: ClaimOutcome) -> Result<T, Violation> {
        self.probe.broken(ViolationKind::Lost, format!("{answer:?} though nobody handled it"))
    }

    /// A commit that is repeated is applied as well.
    async fn is_committed(
        &self,
        event: usize,
        fencing_token: FencingToken,
    ) -> Result<(), Violation> {
        self.probe.applies(event, fencing_token, Settle::Commit(LONG)).await?;
        self.probe.is_duplicate(event).await
    }

    async fn comes_back(&self, event: usize) -> Result<(), Violation> {
        let key = self.probe.event(event);
        let mut patience = Patience::new();
        loop {
            let claim = self.cut_off.claim(&key, 0, LONG);
            let unanswered = match self.probe.in_time(self.harness, claim).await? {
                Ok(ClaimOutcome::Duplicate { same_body: true }) => return Ok(()),
                Ok(answer) => {
                    let how = format!("{answer:?} of a handled event, once the wire is mended");
                    return self.probe.broken(ViolationKind::DoneTwice, how);
                }
                Err(unanswered) => unanswered,
            };
            if !patience.lasts(self.harness, Some(unanswered)).await {
                return self.probe.broken(ViolationKind::Stuck, "the store does not come back");
            }
        }
    }
}
