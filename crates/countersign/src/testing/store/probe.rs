//! A store's answers, each compared with the one that is due.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::violation::{Violation, ViolationKind};
use super::{FaultInjection, StoreUnderTest, cases::LONG, join};
use crate::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreError, StoreErrorKind,
    UpdateOutcome,
};

/// A handle on the store, and events that no other run knows.
pub(super) struct Probe<S> {
    pub(super) store: S,
    case: &'static str,
    run: u64,
}

/// An operation that takes a fencing token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Settle {
    Renew(Duration),
    Commit(Duration),
    Release,
}

/// A call that failed, or was given up.
pub(super) struct Unanswered {
    waited: Duration,
}

/// How much longer a store that was lost is asked.
pub(super) struct Patience {
    left: Duration,
}

impl Unanswered {
    const fn after(waited: Duration) -> Self {
        Self { waited }
    }
}

impl Patience {
    /// For a minute, all told.
    pub(super) const fn new() -> Self {
        Self { left: Duration::from_secs(60) }
    }

    /// Waits a moment before the next try; whether there is to be one.
    pub(super) async fn lasts(
        &mut self,
        harness: &impl FaultInjection,
        unanswered: Option<Unanswered>,
    ) -> bool {
        const PAUSE: Duration = Duration::from_millis(5);
        harness.wait(PAUSE).await;
        let waited = unanswered.map_or(Duration::ZERO, |unanswered| unanswered.waited);
        self.left = self.left.saturating_sub(waited + PAUSE);
        !self.left.is_zero()
    }
}

impl Settle {
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

impl<S: DedupStore> Probe<S> {
    pub(super) async fn new(harness: &impl StoreUnderTest<Store = S>, case: &'static str) -> Self {
        Self { store: harness.open().await, case, run: RandomState::new().hash_one(case) }
    }

    /// The same events through another handle.
    pub(super) async fn another(&self, harness: &impl StoreUnderTest<Store = S>) -> Self {
        Self { store: harness.open().await, ..*self }
    }

    /// The event of that number.
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
        let answer = self.store.claim(&self.event(event), fingerprint, lease).await;
        answer.map_err(|error| self.failed(error))
    }

    pub(super) async fn settle(
        &self,
        event: usize,
        fencing_token: FencingToken,
        settle: Settle,
    ) -> Result<UpdateOutcome, Violation> {
        let answer = settle.call(&self.store, &self.event(event), fencing_token).await;
        answer.map_err(|error| self.failed(error))
    }

    /// The answer of a store that may be lost, if there is one in time.
    pub(super) async fn in_time<T>(
        &self,
        harness: &impl FaultInjection,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Result<T, Unanswered>, Violation> {
        match join::before(harness.wait(harness.store_timeout()), call).await {
            Some(Ok(answer)) => Ok(Ok(answer)),
            Some(Err(error)) if error.kind() == StoreErrorKind::Full => Err(self.failed(error)),
            Some(Err(_)) => Ok(Err(Unanswered::after(Duration::ZERO))),
            None => Ok(Err(Unanswered::after(harness.store_timeout()))),
        }
    }

    fn failed(&self, error: StoreError) -> Violation {
        Violation::from(error).in_case(self.case)
    }

    /// A claim of an event that nobody holds.
    pub(super) async fn granted(
        &self,
        event: usize,
        lease: Duration,
    ) -> Result<FencingToken, Violation> {
        self.acquired(event, lease, false).await
    }

    /// A claim of an event whose lease ran out.
    pub(super) async fn taken_over(
        &self,
        event: usize,
        lease: Duration,
    ) -> Result<FencingToken, Violation> {
        self.acquired(event, lease, true).await
    }

    async fn acquired(
        &self,
        event: usize,
        lease: Duration,
        due: bool,
    ) -> Result<FencingToken, Violation> {
        match self.claim(event, 0, lease).await? {
            ClaimOutcome::Acquired { fencing_token, takeover } if takeover == due => {
                Ok(fencing_token)
            }
            answer @ (ClaimOutcome::InProgress { .. } | ClaimOutcome::Duplicate { .. }) => {
                self.broken(ViolationKind::Stuck, format!("{answer:?} where it is to be granted"))
            }
            answer @ ClaimOutcome::Acquired { .. } => {
                self.broken(ViolationKind::Transition, format!("{answer:?}, takeover is {due}"))
            }
        }
    }

    /// A claim of an event that is held under [`LONG`].
    pub(super) async fn is_busy(&self, event: usize) -> Result<(), Violation> {
        match self.claim(event, 0, LONG).await? {
            ClaimOutcome::InProgress { retry_after } if retry_after > LONG / 2 => Ok(()),
            answer @ ClaimOutcome::Acquired { .. } => {
                self.broken(ViolationKind::TwoAtATime, format!("{answer:?} while it is held"))
            }
            answer => {
                self.broken(ViolationKind::Transition, format!("{answer:?} while it is held"))
            }
        }
    }

    /// A claim of an event that is handled; its body's fingerprint was 0.
    pub(super) async fn is_duplicate(&self, event: usize) -> Result<(), Violation> {
        match self.claim(event, 0, LONG).await? {
            ClaimOutcome::Duplicate { same_body: true } => Ok(()),
            answer @ ClaimOutcome::Acquired { .. } => {
                self.broken(ViolationKind::DoneTwice, format!("{answer:?} though it is handled"))
            }
            answer => {
                self.broken(ViolationKind::Transition, format!("{answer:?} though it is handled"))
            }
        }
    }

    pub(super) async fn applies(
        &self,
        event: usize,
        fencing_token: FencingToken,
        settle: Settle,
    ) -> Result<(), Violation> {
        match self.settle(event, fencing_token, settle).await? {
            UpdateOutcome::Applied => Ok(()),
            UpdateOutcome::StaleToken => self.broken(
                ViolationKind::Transition,
                format!("{settle:?} with {fencing_token:?} is stale"),
            ),
        }
    }

    /// With each of the operations.
    pub(super) async fn is_stale(
        &self,
        event: usize,
        fencing_token: FencingToken,
    ) -> Result<(), Violation> {
        for settle in [Settle::Renew(Duration::ZERO), Settle::Commit(LONG), Settle::Release] {
            if self.settle(event, fencing_token, settle).await? == UpdateOutcome::Applied {
                let how = format!("{settle:?} with {fencing_token:?} is applied");
                return self.broken(ViolationKind::StaleApplied, how);
            }
        }
        Ok(())
    }

    pub(super) fn broken<T>(
        &self,
        kind: ViolationKind,
        how: impl Into<String>,
    ) -> Result<T, Violation> {
        Err(Violation::new(kind, how).in_case(self.case))
    }
}
