//! What is known for certain while deliveries are handled, whatever the workers are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::time::{Clock, FixedClock};
use countersign::{Outcome, Timestamp};

use super::check::Violation;
use super::reference::pause;

/// What becomes of a call of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Works,
    FailsBefore,
    /// It takes effect, and its answer is lost.
    FailsAfter,
}

/// Sees every call of a store, and notes the first invariant that is broken.
#[derive(Clone)]
pub(crate) struct Monitor(Arc<Mutex<Seen>>);

struct Seen {
    clock: FixedClock,
    fate: Fate,
    events: BTreeMap<EventKey, Event>,
    answers: BTreeSet<&'static str>,
    violation: Option<Violation>,
}

#[derive(Default)]
struct Event {
    grants: Vec<Grant>,
    /// The fencing token that operations must show; none once it was released.
    current: Option<FencingToken>,
    done_until: Option<Timestamp>,
    handled: bool,
}

/// A claim that was granted, until it is settled by its holder.
struct Grant {
    fencing_token: FencingToken,
    lease_until: Timestamp,
    settled: bool,
}

impl Monitor {
    pub(crate) fn new(clock: &FixedClock) -> Self {
        Self(Arc::new(Mutex::new(Seen {
            clock: clock.clone(),
            fate: Fate::Works,
            events: BTreeMap::new(),
            answers: BTreeSet::new(),
            violation: None,
        })))
    }

    /// Sets what becomes of the next calls.
    pub(crate) fn set_fate(&self, fate: Fate) {
        self.seen().fate = fate;
    }

    pub(crate) fn verdict(&self) -> Result<(), Violation> {
        self.seen().violation.take().map_or(Ok(()), Err)
    }

    pub(crate) fn handled(&self, key: &EventKey) {
        self.seen().event(key).handled = true;
    }

    pub(crate) fn answered(&self, key: &EventKey, outcome: Outcome, status: u16) {
        let mut seen = self.seen();
        seen.answers.insert(outcome.as_str());
        let handled = seen.event(key).handled;
        let may_succeed = matches!(
            outcome,
            Outcome::Handled
                | Outcome::CommitPending
                | Outcome::LeaseLost
                | Outcome::Duplicate { .. }
        );
        if (200..300).contains(&status) {
            seen.check(handled, "S1", || format!("{status} for {outcome:?}, never handled"));
            seen.check(may_succeed, "S10", || format!("{status} for {outcome:?}"));
        }
    }

    /// The names of the outcomes that were answered.
    pub(crate) fn answers(&self) -> BTreeSet<&'static str> {
        self.seen().answers.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }
}

impl Seen {
    fn event(&mut self, key: &EventKey) -> &mut Event {
        self.events.entry(*key).or_default()
    }

    fn check(&mut self, holds: bool, invariant: &'static str, how: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation::of(invariant, how()));
        }
    }

    /// A run of the handler starts with its grant: one that is held up past its lease after that
    /// is no fault of the store's.
    fn granted(&mut self, key: &EventKey, fencing_token: FencingToken, lease: Duration) {
        let now = self.clock.now();
        let event = self.event(key);
        let held = event.grants.iter().any(|grant| !grant.settled && now < grant.lease_until);
        let done = event.done_until.is_some_and(|until| now < until);
        let last = event.grants.last().map(|grant| grant.fencing_token);
        event.grants.push(Grant {
            fencing_token,
            lease_until: now.saturating_add(lease),
            settled: false,
        });
        event.current = Some(fencing_token);
        event.done_until = None;
        self.check(!held, "S2", || format!("{fencing_token:?} is granted while another holds"));
        self.check(!done, "S3", || format!("{fencing_token:?} is granted though it is done"));
        self.check(last < Some(fencing_token), "S4", || {
            format!("{fencing_token:?} after {last:?}")
        });
    }

    /// The grant of `fencing_token`, if the operation on it took effect.
    fn settled(
        &mut self,
        key: &EventKey,
        fencing_token: FencingToken,
        settled: UpdateOutcome,
    ) -> Option<&mut Event> {
        if settled == UpdateOutcome::StaleToken {
            return None;
        }
        let current = self.event(key).current;
        self.check(current == Some(fencing_token), "S5", || {
            format!("{fencing_token:?} for {current:?}")
        });
        Some(self.event(key))
    }
}

impl Event {
    fn grant(&mut self, fencing_token: FencingToken) -> Option<&mut Grant> {
        self.grants.iter_mut().find(|grant| grant.fencing_token == fencing_token)
    }
}

/// A store under a monitor's eyes.
#[derive(Clone)]
pub(crate) struct Watched<S> {
    pub(crate) store: S,
    pub(crate) monitor: Monitor,
}

impl<S> Watched<S> {
    /// The worker may crash before the call, and the call may not come through.
    async fn call(&self) -> Result<Fate, StoreError> {
        pause().await;
        match self.monitor.seen().fate {
            Fate::FailsBefore => Err(StoreError::new(StoreErrorKind::Unavailable, "no way there")),
            fate => Ok(fate),
        }
    }
}

fn answer<T>(fate: Fate, answer: T) -> Result<T, StoreError> {
    match fate {
        Fate::FailsAfter => Err(StoreError::new(StoreErrorKind::Timeout, "the answer is lost")),
        _ => Ok(answer),
    }
}

impl<S: DedupStore> DedupStore for Watched<S> {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let fate = self.call().await?;
        let claim = self.store.claim(key, fingerprint, lease).await?;
        if let ClaimOutcome::Acquired { fencing_token, .. } = claim {
            self.monitor.seen().granted(key, fencing_token, lease);
        }
        answer(fate, claim)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let settled = self.store.renew(key, fencing_token, lease).await?;
        let mut seen = self.monitor.seen();
        let until = seen.clock.now().saturating_add(lease);
        if let Some(grant) =
            seen.settled(key, fencing_token, settled).and_then(|event| event.grant(fencing_token))
        {
            grant.lease_until = until;
        }
        answer(fate, settled)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let settled = self.store.commit(key, fencing_token, retention).await?;
        let mut seen = self.monitor.seen();
        let until = seen.clock.now().saturating_add(retention);
        if let Some(event) = seen.settled(key, fencing_token, settled) {
            event.done_until = event.done_until.or(Some(until));
            event.grant(fencing_token).into_iter().for_each(|grant| grant.settled = true);
        }
        answer(fate, settled)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let settled = self.store.release(key, fencing_token).await?;
        if let Some(event) = self.monitor.seen().settled(key, fencing_token, settled) {
            event.current = None;
            event.grant(fencing_token).into_iter().for_each(|grant| grant.settled = true);
        }
        answer(fate, settled)
    }
}
