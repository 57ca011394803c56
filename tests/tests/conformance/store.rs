//! A memory store with planned faults, which counts its calls.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::MemoryStore;
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Op {
    Claim,
    Renew,
    Commit,
    Release,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Unavailable,
    /// The call takes effect, and its reply is lost.
    ReplyLost,
    /// The call never returns.
    Hangs,
    /// The store reports a stale fencing token.
    Stale,
}

#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) sound: MemoryStore,
    faults: Arc<Mutex<Vec<(Op, Fault)>>>,
    called: Arc<Mutex<Vec<Op>>>,
    finished: Arc<watch::Sender<Vec<Op>>>,
}

impl Faulty {
    /// Wraps `sound`; each of `faults` happens once.
    pub(crate) fn new(sound: MemoryStore, faults: Vec<(Op, Fault)>) -> Self {
        Self {
            sound,
            faults: Arc::new(Mutex::new(faults)),
            called: Arc::default(),
            finished: Arc::default(),
        }
    }

    /// The number of calls of `op`.
    pub(crate) fn called(&self, op: Op) -> usize {
        count(&self.called.lock().unwrap(), op)
    }

    /// Returns once `times` calls of `op` have finished.
    pub(crate) async fn has_finished(&self, op: Op, times: usize) {
        let mut finished = self.finished.subscribe();
        let reached = finished.wait_for(|calls| count(calls, op) >= times).await;
        drop(reached.unwrap());
    }

    fn fault(&self, op: Op) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|(broken, _)| *broken == op)?;
        Some(faults.remove(at).1)
    }

    async fn run<T>(
        &self,
        op: Op,
        stale: Option<T>,
        call: impl AsyncFnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.called.lock().unwrap().push(op);
        let down = || Err(StoreError::new(StoreErrorKind::Unavailable, "down"));
        let result = match (self.fault(op), stale) {
            (None, _) => call().await,
            (Some(Fault::Stale), Some(stale)) => Ok(stale),
            (Some(Fault::Hangs), _) => pending().await,
            (Some(Fault::ReplyLost), _) => call().await.and_then(|_| down()),
            (Some(Fault::Unavailable | Fault::Stale), _) => down(),
        };
        self.finished.send_modify(|finished| finished.push(op));
        result
    }
}

fn count(calls: &[Op], op: Op) -> usize {
    calls.iter().filter(|one| **one == op).count()
}

impl DedupStore for Faulty {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let call = async || self.sound.claim(key, fingerprint, lease).await;
        self.run(Op::Claim, None, call).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let call = async || self.sound.renew(key, fencing_token, lease).await;
        self.run(Op::Renew, Some(UpdateOutcome::StaleToken), call).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let call = async || self.sound.commit(key, fencing_token, retention).await;
        self.run(Op::Commit, Some(UpdateOutcome::StaleToken), call).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let call = async || self.sound.release(key, fencing_token).await;
        self.run(Op::Release, Some(UpdateOutcome::StaleToken), call).await
    }
}
