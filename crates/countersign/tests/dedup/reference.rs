//! A store of the plainest kind: right by itself, and wrong in one way where a test asks for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use countersign::{
    Claim, Clock, DedupStore, EventKey, Fence, FixedClock, MemoryStore, Settled, StoreError,
    Timestamp,
};

/// What a store can get wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    CommitIgnoresFence,
    ReleaseIgnoresFence,
    FenceRestartsAfterRelease,
    CheckThenInsert,
    NoLease,
    LeaseByWorkersClock,
}

/// A store as a worker reaches it whose own clock is off by some milliseconds.
pub(crate) trait Reach: DedupStore + Clone {
    fn seen_by(&self, clock_off_by: i64) -> Self;
}

/// It never sees a worker's clock.
impl Reach for MemoryStore {
    fn seen_by(&self, _: i64) -> Self {
        self.clone()
    }
}

#[derive(Clone)]
pub(crate) struct ReferenceStore {
    events: Arc<Mutex<BTreeMap<EventKey, Event>>>,
    clock: FixedClock,
    worker_off_by: i64,
    fault: Option<Fault>,
}

/// The fence outlives what it was granted for.
#[derive(Clone, Copy, Default)]
struct Event {
    fence: u64,
    fingerprint: u64,
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        lease_until: Timestamp,
    },
    Done {
        expires: Timestamp,
    },
}

impl ReferenceStore {
    pub(crate) fn new(clock: FixedClock, fault: Option<Fault>) -> Self {
        Self { events: Arc::default(), clock, worker_off_by: 0, fault }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn events(&self) -> MutexGuard<'_, BTreeMap<EventKey, Event>> {
        self.events.lock().unwrap()
    }

    fn lease_runs(&self, until: Timestamp) -> bool {
        let mut now = self.clock.now();
        if self.has(Fault::LeaseByWorkersClock) {
            let seen = now.as_millis().saturating_add_signed(self.worker_off_by);
            now = Timestamp::from_millis(seen);
        }
        now < until || self.has(Fault::NoLease)
    }

    /// Runs `change` on the event if it has the fence, or if `fault` lets any pass.
    fn settle(
        &self,
        key: &EventKey,
        fence: Fence,
        fault: Option<Fault>,
        change: impl FnOnce(&mut Event) -> Settled,
    ) -> Settled {
        let passes = fault.is_some_and(|fault| self.has(fault));
        match self.events().get_mut(key) {
            Some(event) if passes || event.fence == fence.as_u64() => change(event),
            _ => Settled::Stale,
        }
    }
}

impl Reach for ReferenceStore {
    fn seen_by(&self, clock_off_by: i64) -> Self {
        Self { worker_off_by: clock_off_by, ..self.clone() }
    }
}

impl DedupStore for ReferenceStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        let now = self.clock.now();
        let held = self.events().get(key).copied().unwrap_or_default();
        match held.state {
            State::InProgress { lease_until } if self.lease_runs(lease_until) => {
                return Ok(Claim::Busy { retry_after: lease_until.saturating_since(now) });
            }
            State::Done { expires } if now < expires => {
                return Ok(Claim::Duplicate { same_body: held.fingerprint == fingerprint });
            }
            _ => {}
        }
        if self.has(Fault::CheckThenInsert) {
            pause().await;
        }
        let lease_until = self.clock.now().saturating_add(lease);
        let mut events = self.events();
        let event = events.entry(*key).or_default();
        let takeover = matches!(event.state, State::InProgress { .. });
        let fence = event.fence + 1;
        *event = Event { fence, fingerprint, state: State::InProgress { lease_until } };
        Ok(Claim::Acquired { fence: Fence::new(fence), takeover })
    }

    async fn renew(
        &self,
        key: &EventKey,
        fence: Fence,
        lease: Duration,
    ) -> Result<Settled, StoreError> {
        let until = self.clock.now().saturating_add(lease);
        Ok(self.settle(key, fence, None, |event| match &mut event.state {
            State::InProgress { lease_until } => {
                *lease_until = until;
                Settled::Applied
            }
            State::Absent | State::Done { .. } => Settled::Stale,
        }))
    }

    async fn commit(
        &self,
        key: &EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Result<Settled, StoreError> {
        let expires = self.clock.now().saturating_add(retention);
        Ok(self.settle(key, fence, Some(Fault::CommitIgnoresFence), |event| match event.state {
            State::InProgress { .. } => {
                event.state = State::Done { expires };
                Settled::Applied
            }
            State::Done { .. } => Settled::Applied,
            State::Absent => Settled::Stale,
        }))
    }

    async fn release(&self, key: &EventKey, fence: Fence) -> Result<Settled, StoreError> {
        let restarts = self.has(Fault::FenceRestartsAfterRelease);
        Ok(self.settle(key, fence, Some(Fault::ReleaseIgnoresFence), |event| match event.state {
            State::InProgress { .. } => {
                event.state = State::Absent;
                event.fence = if restarts { 0 } else { event.fence };
                Settled::Applied
            }
            State::Absent | State::Done { .. } => Settled::Stale,
        }))
    }
}

/// Lets the others have a turn.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}
