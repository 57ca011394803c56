//! A simple reference store, with one planted fault if a test asks for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, UpdateOutcome,
};
use countersign::time::{Clock, FixedClock};
use countersign::{MemoryStore, Timestamp};

/// A fault of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    CommitIgnoresToken,
    ReleaseIgnoresToken,
    TokenRestartsAfterRelease,
    CheckThenInsert,
    NoLease,
    LeaseByWorkersClock,
}

/// A store that can be used by a worker whose own clock is off by some milliseconds.
pub(crate) trait Reach: DedupStore + Clone {
    fn used_by(&self, clock_off_by: i64) -> Self;
}

/// The memory store does not use a worker's clock.
impl Reach for MemoryStore {
    fn used_by(&self, _: i64) -> Self {
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

/// A record of one event. The fencing token remains after a release.
#[derive(Clone, Copy, Default)]
struct Event {
    fencing_token: u64,
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
            let millis = now.as_millis().saturating_add_signed(self.worker_off_by);
            now = Timestamp::from_millis(millis);
        }
        now < until || self.has(Fault::NoLease)
    }

    /// Runs `change` on the event if the fencing token is current, or if `fault` accepts any.
    fn update(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        fault: Option<Fault>,
        change: impl FnOnce(&mut Event) -> UpdateOutcome,
    ) -> UpdateOutcome {
        let accepts_any = fault.is_some_and(|fault| self.has(fault));
        match self.events().get_mut(key) {
            Some(event) if accepts_any || event.fencing_token == fencing_token.as_u64() => {
                change(event)
            }
            _ => UpdateOutcome::StaleToken,
        }
    }
}

impl Reach for ReferenceStore {
    fn used_by(&self, clock_off_by: i64) -> Self {
        Self { worker_off_by: clock_off_by, ..self.clone() }
    }
}

impl DedupStore for ReferenceStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let now = self.clock.now();
        let record = self.events().get(key).copied().unwrap_or_default();
        match record.state {
            State::InProgress { lease_until } if self.lease_runs(lease_until) => {
                return Ok(ClaimOutcome::InProgress {
                    retry_after: lease_until.saturating_since(now),
                });
            }
            State::Done { expires } if now < expires => {
                return Ok(ClaimOutcome::Duplicate {
                    same_body: record.fingerprint == fingerprint,
                });
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
        let fencing_token = event.fencing_token + 1;
        *event = Event { fencing_token, fingerprint, state: State::InProgress { lease_until } };
        Ok(ClaimOutcome::Acquired { fencing_token: FencingToken::new(fencing_token), takeover })
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let until = self.clock.now().saturating_add(lease);
        Ok(self.update(key, fencing_token, None, |event| match &mut event.state {
            State::InProgress { lease_until } => {
                *lease_until = until;
                UpdateOutcome::Applied
            }
            State::Absent | State::Done { .. } => UpdateOutcome::StaleToken,
        }))
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let expires = self.clock.now().saturating_add(retention);
        Ok(self.update(key, fencing_token, Some(Fault::CommitIgnoresToken), |event| {
            match event.state {
                State::InProgress { .. } => {
                    event.state = State::Done { expires };
                    UpdateOutcome::Applied
                }
                State::Done { .. } => UpdateOutcome::Applied,
                State::Absent => UpdateOutcome::StaleToken,
            }
        }))
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let restarts = self.has(Fault::TokenRestartsAfterRelease);
        Ok(self.update(key, fencing_token, Some(Fault::ReleaseIgnoresToken), |event| {
            match event.state {
                State::InProgress { .. } => {
                    event.state = State::Absent;
                    event.fencing_token = if restarts { 0 } else { event.fencing_token };
                    UpdateOutcome::Applied
                }
                State::Absent | State::Done { .. } => UpdateOutcome::StaleToken,
            }
        }))
    }
}

/// Yields once, so that other futures run.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}
