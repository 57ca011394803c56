//! Observes every call of a store, and knows what happened even if the workers do not.

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

/// What happens to a call of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Works,
    FailsBefore,
    /// The call takes effect, and its reply is lost.
    FailsAfter,
}

/// Observes every call of a store, and records the first broken invariant.
#[derive(Clone)]
pub(crate) struct Monitor(Arc<Mutex<Observed>>);

struct Observed {
    clock: FixedClock,
    fate: Fate,
    events: BTreeMap<EventKey, Event>,
    outcomes: BTreeSet<&'static str>,
    violation: Option<Violation>,
}

#[derive(Default)]
struct Event {
    grants: Vec<Grant>,
    /// The fencing token that updates need; `None` after a release.
    current: Option<FencingToken>,
    retained_until: Option<Timestamp>,
    handled: bool,
}

/// A granted claim, until its holder commits or releases it.
struct Grant {
    fencing_token: FencingToken,
    lease_until: Timestamp,
    settled: bool,
}

impl Monitor {
    pub(crate) fn new(clock: &FixedClock) -> Self {
        Self(Arc::new(Mutex::new(Observed {
            clock: clock.clone(),
            fate: Fate::Works,
            events: BTreeMap::new(),
            outcomes: BTreeSet::new(),
            violation: None,
        })))
    }

    /// Sets what happens to the next calls.
    pub(crate) fn set_fate(&self, fate: Fate) {
        self.seen().fate = fate;
    }

    pub(crate) fn verdict(&self) -> Result<(), Violation> {
        self.seen().violation.take().map_or(Ok(()), Err)
    }

    pub(crate) fn handled(&self, key: &EventKey) {
        self.seen().event(key).handled = true;
    }

    pub(crate) fn responded(&self, key: &EventKey, outcome: Outcome, status: u16) {
        let mut seen = self.seen();
        seen.outcomes.insert(outcome.as_str());
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

    /// The names of the outcomes of all responses.
    pub(crate) fn outcomes(&self) -> BTreeSet<&'static str> {
        self.seen().outcomes.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap()
    }
}

impl Observed {
    fn event(&mut self, key: &EventKey) -> &mut Event {
        self.events.entry(*key).or_default()
    }

    fn check(&mut self, holds: bool, invariant: &'static str, how: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation::of(invariant, how()));
        }
    }

    /// A handler's run starts with its grant. If it is delayed past its lease, that is not the store's
    /// fault.
    fn granted(&mut self, key: &EventKey, fencing_token: FencingToken, lease: Duration) {
        let now = self.clock.now();
        let event = self.event(key);
        let in_progress =
            event.grants.iter().any(|grant| !grant.settled && now < grant.lease_until);
        let is_handled = event.retained_until.is_some_and(|until| now < until);
        let last = event.grants.last().map(|grant| grant.fencing_token);
        event.grants.push(Grant {
            fencing_token,
            lease_until: now.saturating_add(lease),
            settled: false,
        });
        event.current = Some(fencing_token);
        event.retained_until = None;
        self.check(!in_progress, "S2", || {
            format!("{fencing_token:?} is granted while another claim's lease runs")
        });
        self.check(!is_handled, "S3", || {
            format!("{fencing_token:?} is granted although the event is handled")
        });
        self.check(last < Some(fencing_token), "S4", || {
            format!("{fencing_token:?} after {last:?}")
        });
    }

    /// The event of an update that was applied.
    fn updated(
        &mut self,
        key: &EventKey,
        fencing_token: FencingToken,
        outcome: UpdateOutcome,
    ) -> Option<&mut Event> {
        if outcome == UpdateOutcome::StaleToken {
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

/// A store whose calls a monitor observes.
#[derive(Clone)]
pub(crate) struct Monitored<S> {
    pub(crate) store: S,
    pub(crate) monitor: Monitor,
}

impl<S> Monitored<S> {
    /// Waits once, so that the worker may crash before the call; then the call may fail.
    async fn call(&self) -> Result<Fate, StoreError> {
        pause().await;
        match self.monitor.seen().fate {
            Fate::FailsBefore => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "the store is unreachable"))
            }
            fate => Ok(fate),
        }
    }
}

fn reply<T>(fate: Fate, outcome: T) -> Result<T, StoreError> {
    match fate {
        Fate::FailsAfter => Err(StoreError::new(StoreErrorKind::Timeout, "the reply is lost")),
        _ => Ok(outcome),
    }
}

impl<S: DedupStore> DedupStore for Monitored<S> {
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
        reply(fate, claim)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let updated = self.store.renew(key, fencing_token, lease).await?;
        let mut seen = self.monitor.seen();
        let until = seen.clock.now().saturating_add(lease);
        if let Some(grant) =
            seen.updated(key, fencing_token, updated).and_then(|event| event.grant(fencing_token))
        {
            grant.lease_until = until;
        }
        reply(fate, updated)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let updated = self.store.commit(key, fencing_token, retention).await?;
        let mut seen = self.monitor.seen();
        let until = seen.clock.now().saturating_add(retention);
        if let Some(event) = seen.updated(key, fencing_token, updated) {
            event.retained_until = event.retained_until.or(Some(until));
            event.grant(fencing_token).into_iter().for_each(|grant| grant.settled = true);
        }
        reply(fate, updated)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let fate = self.call().await?;
        let updated = self.store.release(key, fencing_token).await?;
        if let Some(event) = self.monitor.seen().updated(key, fencing_token, updated) {
            event.current = None;
            event.grant(fencing_token).into_iter().for_each(|grant| grant.settled = true);
        }
        reply(fate, updated)
    }
}
