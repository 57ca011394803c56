//! A store handle whose outcomes are compared with the expected ones.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::harness::{FaultInjection, StoreUnderTest};
use super::violation::{Violation, ViolationKind};
use crate::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreError, StoreErrorKind,
    UpdateOutcome,
};
use crate::testing::futures::timeout;

/// A lease or a retention that expires long after the suite has finished.
pub(super) const LONG: Duration = Duration::from_secs(60 * 60);

/// A handle to the store, and events that no other run uses.
pub(super) struct CheckedStore<S> {
    pub(super) store: S,
    case: &'static str,
    run: u64,
}

/// An operation that takes a fencing token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Update {
    Renew(Duration),
    Commit(Duration),
    Release,
}

impl Update {
    pub(super) async fn call(
        self,
        store: &impl DedupStore,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        match self {
            Self::Renew(lease) => store.renew(key, fencing_token, lease).await,
            Self::Commit(retention) => store.commit(key, fencing_token, retention).await,
            Self::Release => store.release(key, fencing_token).await,
        }
    }
}

/// A call that failed or timed out.
pub(super) struct CallFailed {
    waited: Duration,
}

/// The time for which calls of an unreachable store are retried.
pub(super) struct RetryBudget {
    left: Duration,
}

impl RetryBudget {
    /// One minute in total.
    pub(super) const fn new() -> Self {
        Self { left: Duration::from_secs(60) }
    }

    /// Pauses before the next attempt; returns whether the budget allows one.
    pub(super) async fn pause(
        &mut self,
        harness: &impl FaultInjection,
        failed: Option<CallFailed>,
    ) -> bool {
        const PAUSE: Duration = Duration::from_millis(5);
        harness.wait(PAUSE).await;
        let waited = failed.map_or(Duration::ZERO, |failed| failed.waited);
        self.left = self.left.saturating_sub(waited + PAUSE);
        !self.left.is_zero()
    }
}

impl<S: DedupStore> CheckedStore<S> {
    pub(super) async fn new(harness: &impl StoreUnderTest<Store = S>, case: &'static str) -> Self {
        Self { store: harness.open().await, case, run: RandomState::new().hash_one(case) }
    }

    /// Another handle, with the same events.
    pub(super) async fn another(&self, harness: &impl StoreUnderTest<Store = S>) -> Self {
        Self { store: harness.open().await, ..*self }
    }

    /// The key of the event with this number.
    pub(super) fn event(&self, number: usize) -> EventKey {
        let identity = Identity::id(&format!("{:016x} {number}", self.run));
        EventKey::new("contract suite", self.case, &identity)
    }

    pub(super) async fn claim(
        &self,
        event: usize,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, Violation> {
        let outcome = self.store.claim(&self.event(event), fingerprint, lease).await;
        outcome.map_err(|error| self.failed(error))
    }

    pub(super) async fn update(
        &self,
        event: usize,
        fencing_token: FencingToken,
        update: Update,
    ) -> Result<UpdateOutcome, Violation> {
        let outcome = update.call(&self.store, &self.event(event), fencing_token).await;
        outcome.map_err(|error| self.failed(error))
    }

    /// The result of a call of a store that may be unreachable.
    pub(super) async fn within_timeout<T>(
        &self,
        harness: &impl FaultInjection,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Result<T, CallFailed>, Violation> {
        match timeout(harness.wait(harness.store_timeout()), call).await {
            Some(Ok(outcome)) => Ok(Ok(outcome)),
            Some(Err(error)) if error.kind() == StoreErrorKind::Full => Err(self.failed(error)),
            Some(Err(_)) => Ok(Err(CallFailed { waited: Duration::ZERO })),
            None => Ok(Err(CallFailed { waited: harness.store_timeout() })),
        }
    }

    fn failed(&self, error: StoreError) -> Violation {
        Violation::from(error).in_case(self.case)
    }

    /// Claims an event that no claim holds.
    pub(super) async fn expect_granted(
        &self,
        event: usize,
        lease: Duration,
    ) -> Result<FencingToken, Violation> {
        self.expect_acquired(event, lease, false).await
    }

    /// Claims an event whose lease has expired.
    pub(super) async fn expect_takeover(
        &self,
        event: usize,
        lease: Duration,
    ) -> Result<FencingToken, Violation> {
        self.expect_acquired(event, lease, true).await
    }

    async fn expect_acquired(
        &self,
        event: usize,
        lease: Duration,
        expected: bool,
    ) -> Result<FencingToken, Violation> {
        match self.claim(event, 0, lease).await? {
            ClaimOutcome::Acquired { fencing_token, takeover } if takeover == expected => {
                Ok(fencing_token)
            }
            outcome @ (ClaimOutcome::InProgress { .. } | ClaimOutcome::Duplicate { .. }) => {
                self.violation(ViolationKind::Stuck, format!("expected a grant, got {outcome:?}"))
            }
            outcome @ ClaimOutcome::Acquired { .. } => self.violation(
                ViolationKind::UnexpectedOutcome,
                format!("expected takeover: {expected}, got {outcome:?}"),
            ),
        }
    }

    /// Claims an event that another claim holds with the lease [`LONG`].
    pub(super) async fn expect_in_progress(&self, event: usize) -> Result<(), Violation> {
        match self.claim(event, 0, LONG).await? {
            ClaimOutcome::InProgress { retry_after } if retry_after > LONG / 2 => Ok(()),
            outcome @ ClaimOutcome::Acquired { .. } => self.violation(
                ViolationKind::ConcurrentClaims,
                format!("{outcome:?} while the lease runs"),
            ),
            outcome => self.violation(
                ViolationKind::UnexpectedOutcome,
                format!("{outcome:?} while the lease runs"),
            ),
        }
    }

    /// Claims a handled event, whose body had the fingerprint 0.
    pub(super) async fn expect_duplicate(&self, event: usize) -> Result<(), Violation> {
        match self.claim(event, 0, LONG).await? {
            ClaimOutcome::Duplicate { same_body: true } => Ok(()),
            outcome @ ClaimOutcome::Acquired { .. } => self.violation(
                ViolationKind::HandledTwice,
                format!("{outcome:?} although the event is handled"),
            ),
            outcome => self.violation(
                ViolationKind::UnexpectedOutcome,
                format!("{outcome:?} although the event is handled"),
            ),
        }
    }

    pub(super) async fn expect_applied(
        &self,
        event: usize,
        fencing_token: FencingToken,
        update: Update,
    ) -> Result<(), Violation> {
        match self.update(event, fencing_token, update).await? {
            UpdateOutcome::Applied => Ok(()),
            UpdateOutcome::StaleToken => self.violation(
                ViolationKind::UnexpectedOutcome,
                format!("{update:?} with the current {fencing_token:?} is rejected as stale"),
            ),
        }
    }

    /// Tries every update with a stale fencing token.
    pub(super) async fn expect_stale(
        &self,
        event: usize,
        fencing_token: FencingToken,
    ) -> Result<(), Violation> {
        for update in [Update::Renew(Duration::ZERO), Update::Commit(LONG), Update::Release] {
            if self.update(event, fencing_token, update).await? == UpdateOutcome::Applied {
                let description = format!("{update:?} with the stale {fencing_token:?} is applied");
                return self.violation(ViolationKind::StaleTokenApplied, description);
            }
        }
        Ok(())
    }

    pub(super) fn violation<T>(
        &self,
        kind: ViolationKind,
        description: impl Into<String>,
    ) -> Result<T, Violation> {
        Err(Violation::new(kind, description).in_case(self.case))
    }
}
