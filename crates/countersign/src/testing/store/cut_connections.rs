//! Connections that are cut in the middle of a call.

use super::checked_store::{CheckedStore, LONG, RetryBudget, Update};
use super::harness::{FaultInjection, OutageReport};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, DedupStore, FencingToken, UpdateOutcome};

/// More positions than the traffic of any call has.
const POSITIONS: usize = 1 << 20;

/// A network connection to the store that the suite can cut, such as a proxy that counts bytes.
pub trait NetworkLink: Sync {
    /// Cuts the traffic from now on at this position. Position 0 is the first; each next one is
    /// further along in the traffic of a call.
    fn cut(&self, position: usize);

    /// Restores the connection; returns whether the traffic was cut since [`cut`](Self::cut).
    fn restore(&self) -> bool;
}

/// Checks that no event is lost when a connection is cut in the middle of a call.
///
/// Each operation of `linked`, a handle that reaches the store over `link`, is cut at every position:
/// every outcome that was returned holds, no event is stuck, and the handle recovers by itself.
///
/// The handles that `harness` opens must not go over `link`. Each position of a claim waits for a
/// [short lease](super::StoreUnderTest::short_lease), so a shorter one makes this case faster.
///
/// # Errors
///
/// A [`Violation`] if a returned outcome does not hold, an event is stuck or the handle fails for a
/// minute, or a call fails although nothing was cut.
pub async fn cut_connections_lose_no_event<H: FaultInjection>(
    harness: &H,
    linked: &H::Store,
    link: &impl NetworkLink,
) -> Result<OutageReport, Violation> {
    let store = CheckedStore::new(harness, "cut connections").await;
    let trial = Trial { harness, store, linked, link };
    let renew = Operation::Update(Update::Renew(LONG));
    let commit = Operation::Update(Update::Commit(LONG));
    let release = Operation::Update(Update::Release);
    let (mut event, mut report) = (0, OutageReport::default());
    for operation in [Operation::Claim, renew, commit, release] {
        for position in 0..POSITIONS {
            let step = trial.step(operation, position, event).await.map_err(|violation| {
                violation.in_case(&format!("{operation:?} cut at {position}"))
            })?;
            event += 1;
            report.failed += usize::from(step.failed);
            if !step.was_cut {
                break;
            }
            report.events += 1;
        }
    }
    Ok(report)
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Claim,
    Update(Update),
}

struct Trial<'t, H: FaultInjection, L> {
    harness: &'t H,
    /// A handle that does not go over the link.
    store: CheckedStore<H::Store>,
    linked: &'t H::Store,
    link: &'t L,
}

struct Step {
    failed: bool,
    was_cut: bool,
}

impl<H: FaultInjection, L: NetworkLink> Trial<'_, H, L> {
    async fn step(
        &self,
        operation: Operation,
        position: usize,
        event: usize,
    ) -> Result<Step, Violation> {
        let failed = match operation {
            Operation::Claim => self.claim(position, event).await?,
            Operation::Update(update) => self.update(update, position, event).await?,
        };
        let was_cut = self.link.restore();
        if failed && !was_cut {
            return self
                .store
                .violation(ViolationKind::Failed, "the call failed although nothing was cut");
        }
        self.recovers(event).await?;
        Ok(Step { failed, was_cut })
    }

    async fn claim(&self, position: usize, event: usize) -> Result<bool, Violation> {
        let key = self.store.event(event);
        self.link.cut(position);
        let claim = self.linked.claim(&key, 0, self.harness.short_lease());
        let outcome = self.store.within_timeout(self.harness, claim).await?;
        // A claim that the handle sends again meets its own: in progress until the lease expires.
        if let Ok(outcome @ ClaimOutcome::Duplicate { .. }) = outcome {
            return self.lost(outcome);
        }
        let fencing_token = self.eventually_granted(event).await?;
        if let Ok(ClaimOutcome::Acquired { fencing_token: first, .. }) = outcome
            && fencing_token <= first
        {
            let description = format!("{fencing_token:?} after {first:?}");
            return self.store.violation(ViolationKind::FencingTokenNotHigher, description);
        }
        self.commits(event, fencing_token).await?;
        Ok(outcome.is_err())
    }

    async fn update(
        &self,
        update: Update,
        position: usize,
        event: usize,
    ) -> Result<bool, Violation> {
        let fencing_token = self.store.expect_granted(event, LONG).await?;
        let key = self.store.event(event);
        self.link.cut(position);
        let call = update.call(self.linked, &key, fencing_token);
        let outcome = self.store.within_timeout(self.harness, call).await?;
        let failed = outcome.is_err();
        // A release that the handle sends again finds the event released.
        let may_be_stale = matches!(update, Update::Release);
        if !may_be_stale && matches!(outcome, Ok(UpdateOutcome::StaleToken)) {
            let description = format!("{fencing_token:?} is stale without a later grant");
            return self.store.violation(ViolationKind::UnexpectedOutcome, description);
        }
        let fencing_token = match update {
            Update::Renew(_) => {
                self.store.expect_in_progress(event).await?;
                fencing_token
            }
            Update::Commit(_) => {
                self.is_handled_or_in_progress(event, failed).await?;
                fencing_token
            }
            Update::Release => {
                if failed {
                    // The first release may have been applied; then this one is stale.
                    self.store.update(event, fencing_token, Update::Release).await?;
                }
                self.store.expect_granted(event, LONG).await?
            }
        };
        self.commits(event, fencing_token).await?;
        Ok(failed)
    }

    /// Checks the state after a commit: in progress is allowed only if the commit `failed`.
    async fn is_handled_or_in_progress(&self, event: usize, failed: bool) -> Result<(), Violation> {
        match self.store.claim(event, 0, LONG).await? {
            ClaimOutcome::Duplicate { same_body: true } => Ok(()),
            ClaimOutcome::InProgress { .. } if failed => Ok(()),
            outcome @ ClaimOutcome::Acquired { .. } => self
                .store
                .violation(ViolationKind::ConcurrentClaims, format!("{outcome:?} after a commit")),
            outcome => self
                .store
                .violation(ViolationKind::UnexpectedOutcome, format!("{outcome:?} after a commit")),
        }
    }

    /// Claims until the event is granted: a claim whose reply was lost holds it until its lease
    /// expires.
    async fn eventually_granted(&self, event: usize) -> Result<FencingToken, Violation> {
        let mut budget = RetryBudget::new();
        loop {
            match self.store.claim(event, 0, LONG).await? {
                ClaimOutcome::Acquired { fencing_token, .. } => return Ok(fencing_token),
                ClaimOutcome::InProgress { .. } => {
                    self.harness.advance(self.harness.short_lease() / 4).await
                }
                outcome @ ClaimOutcome::Duplicate { .. } => return self.lost(outcome),
            }
            if !budget.pause(self.harness, None).await {
                let description = "the event of a cut claim is never granted";
                return self.store.violation(ViolationKind::Stuck, description);
            }
        }
    }

    fn lost<T>(&self, outcome: ClaimOutcome) -> Result<T, Violation> {
        let description = format!("{outcome:?} for an event that is not handled");
        self.store.violation(ViolationKind::Lost, description)
    }

    /// Commits the event; a repeated commit applies as well.
    async fn commits(&self, event: usize, fencing_token: FencingToken) -> Result<(), Violation> {
        self.store.expect_applied(event, fencing_token, Update::Commit(LONG)).await?;
        self.store.expect_duplicate(event).await
    }

    /// Checks that the handle works again once the connection is restored.
    async fn recovers(&self, event: usize) -> Result<(), Violation> {
        let key = self.store.event(event);
        let mut budget = RetryBudget::new();
        loop {
            let claim = self.linked.claim(&key, 0, LONG);
            let failed = match self.store.within_timeout(self.harness, claim).await? {
                Ok(ClaimOutcome::Duplicate { same_body: true }) => return Ok(()),
                Ok(outcome) => {
                    let description = format!(
                        "{outcome:?} for a handled event, after the connection was restored"
                    );
                    return self.store.violation(ViolationKind::HandledTwice, description);
                }
                Err(failed) => failed,
            };
            if !budget.pause(self.harness, Some(failed)).await {
                return self.store.violation(
                    ViolationKind::Stuck,
                    "calls still fail a minute after the connection was restored",
                );
            }
        }
    }
}
