//! A store's answers, each compared with the one that is due.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::violation::{Violation, ViolationKind};
use super::{StoreLost, StoreUnderTest, cases::LONG, join};
use crate::dedup::{
    Claim, DedupStore, EventKey, Fence, Identity, Settled, StoreError, StoreErrorKind,
};

/// A handle on the store, and events that no other run knows.
pub(super) struct Probe<S> {
    pub(super) store: S,
    case: &'static str,
    run: u64,
}

/// An operation that takes a fence.
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
        harness: &impl StoreLost,
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
        fence: Fence,
    ) -> Result<Settled, StoreError> {
        match self {
            Self::Renew(lease) => store.renew(key, fence, lease).await,
            Self::Commit(retention) => store.commit(key, fence, retention).await,
            Self::Release => store.release(key, fence).await,
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
    ) -> Result<Claim, Violation> {
        let answer = self.store.claim(&self.event(event), fingerprint, lease).await;
        answer.map_err(|error| self.failed(error))
    }

    pub(super) async fn settle(
        &self,
        event: usize,
        fence: Fence,
        settle: Settle,
    ) -> Result<Settled, Violation> {
        let answer = settle.call(&self.store, &self.event(event), fence).await;
        answer.map_err(|error| self.failed(error))
    }

    /// The answer of a store that may be lost, if there is one in time.
    pub(super) async fn in_time<T>(
        &self,
        harness: &impl StoreLost,
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
    pub(super) async fn granted(&self, event: usize, lease: Duration) -> Result<Fence, Violation> {
        self.acquired(event, lease, false).await
    }

    /// A claim of an event whose lease ran out.
    pub(super) async fn taken_over(
        &self,
        event: usize,
        lease: Duration,
    ) -> Result<Fence, Violation> {
        self.acquired(event, lease, true).await
    }

    async fn acquired(&self, event: usize, lease: Duration, due: bool) -> Result<Fence, Violation> {
        match self.claim(event, 0, lease).await? {
            Claim::Acquired { fence, takeover } if takeover == due => Ok(fence),
            answer @ (Claim::Busy { .. } | Claim::Duplicate { .. }) => {
                self.broken(ViolationKind::Stuck, format!("{answer:?} where it is to be granted"))
            }
            answer @ Claim::Acquired { .. } => {
                self.broken(ViolationKind::Transition, format!("{answer:?}, takeover is {due}"))
            }
        }
    }

    /// A claim of an event that is held under [`LONG`].
    pub(super) async fn is_busy(&self, event: usize) -> Result<(), Violation> {
        match self.claim(event, 0, LONG).await? {
            Claim::Busy { retry_after } if retry_after > LONG / 2 => Ok(()),
            answer @ Claim::Acquired { .. } => {
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
            Claim::Duplicate { same_body: true } => Ok(()),
            answer @ Claim::Acquired { .. } => {
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
        fence: Fence,
        settle: Settle,
    ) -> Result<(), Violation> {
        match self.settle(event, fence, settle).await? {
            Settled::Applied => Ok(()),
            Settled::Stale => self
                .broken(ViolationKind::Transition, format!("{settle:?} with {fence:?} is stale")),
        }
    }

    /// With each of the operations.
    pub(super) async fn is_stale(&self, event: usize, fence: Fence) -> Result<(), Violation> {
        for settle in [Settle::Renew(Duration::ZERO), Settle::Commit(LONG), Settle::Release] {
            if self.settle(event, fence, settle).await? == Settled::Applied {
                let how = format!("{settle:?} with {fence:?} is applied");
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
