//! The contract suite for unreachable stores: a store that only fails passes, and every planted fault
//! fails it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::testing::store::{
    FaultInjection, NetworkLink, OutageReport, Processes, StoreUnderTest, ViolationKind,
    cut_connections_lose_no_event, outages_lose_no_event,
};
use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};

use crate::poll::block_on;

/// A fault of a store that can become unreachable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// A commit is reported as applied and is not.
    CommitNotApplied,
    /// An event in progress is reported as handled.
    InProgressIsHandled,
    /// A claim whose reply would be lost is reported as handled.
    LostClaimReportedHandled,
    /// A claim whose reply was lost is committed.
    LostClaimCommitted,
    /// A renewal whose reply was lost ends the lease.
    LostRenewalReleases,
    /// A commit whose reply was lost ends the lease.
    LostCommitExpires,
    /// A fencing token is forgotten with the connection over which it was granted.
    ForgetsTokens,
    /// Leases are forgotten in an outage.
    ForgetsLeases,
    /// The fencing tokens start over after an outage.
    TokensRestart,
    /// The store is empty after an outage.
    RecoversEmpty,
    /// The store never recovers.
    NeverRecovers,
    /// Calls never return after an outage.
    Hangs,
    /// Calls fail although nothing is cut.
    FailsWithoutCut,
    /// The store reports that it is full while it is unreachable.
    ReportsFull,
}

/// How far a call gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    Nowhere,
    /// The call takes effect, and its reply is lost.
    TheStore,
    AndBack,
}

/// A memory store behind a link that can be cut.
#[derive(Clone)]
struct Lossy {
    store: MemoryStore,
    link: Arc<Link>,
    fault: Option<Fault>,
    is_linked: bool,
}

#[derive(Default)]
struct Link {
    cut: Mutex<Option<usize>>,
    did_cut: AtomicBool,
    was_unreachable: AtomicBool,
    /// In an outage every other call does not reach the store, and the replies of the rest are lost.
    is_out: AtomicBool,
    calls: AtomicUsize,
    /// The real fencing tokens of events whose grants reported others.
    fencing_tokens: Mutex<BTreeMap<EventKey, FencingToken>>,
}

impl Lossy {
    /// Whether the store has the fault and was unreachable before.
    fn has(&self, fault: Fault) -> bool {
        let was_unreachable = self.link.was_unreachable.load(Ordering::SeqCst);
        self.is_linked && was_unreachable && self.fault == Some(fault)
    }

    /// How far a call gets; an error if it does not reach the store.
    async fn reach(&self) -> Result<Reach, StoreError> {
        // No store replies immediately.
        yields(2).await;
        if self.is_linked && self.fault == Some(Fault::FailsWithoutCut) {
            return Err(unreachable());
        }
        match self.next_reach() {
            Reach::Nowhere if self.fault == Some(Fault::ReportsFull) => {
                Err(StoreError::new(StoreErrorKind::Full, "full"))
            }
            Reach::Nowhere => Err(unreachable()),
            _ if self.has(Fault::Hangs) => std::future::pending().await,
            reach => Ok(reach),
        }
    }

    fn next_reach(&self) -> Reach {
        if !self.is_linked {
            return Reach::AndBack;
        }
        if self.has(Fault::NeverRecovers) {
            return Reach::Nowhere;
        }
        let link = &self.link;
        let position = if link.is_out.load(Ordering::SeqCst) {
            Some(link.calls.fetch_add(1, Ordering::SeqCst) % 2)
        } else {
            link.cut.lock().unwrap().take()
        };
        let reach = match position {
            Some(0) => Reach::Nowhere,
            Some(1) => Reach::TheStore,
            _ => return Reach::AndBack,
        };
        link.did_cut.store(true, Ordering::SeqCst);
        link.was_unreachable.store(true, Ordering::SeqCst);
        reach
    }
}

fn reply<T>(reach: Reach, outcome: T) -> Result<T, StoreError> {
    if reach == Reach::TheStore { Err(unreachable()) } else { Ok(outcome) }
}

fn unreachable() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "unreachable")
}

impl DedupStore for Lossy {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let reach = self.reach().await?;
        if reach == Reach::AndBack && self.has(Fault::RecoversEmpty) {
            return Ok(ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(1),
                takeover: false,
            });
        }
        let mut outcome = self.store.claim(key, fingerprint, lease).await?;
        if reach == Reach::TheStore && self.has(Fault::LostClaimReportedHandled) {
            return Ok(ClaimOutcome::Duplicate { same_body: true });
        }
        if let ClaimOutcome::Acquired { fencing_token, .. } = outcome
            && reach == Reach::TheStore
            && self.has(Fault::LostClaimCommitted)
        {
            self.store.commit(key, fencing_token, lease).await?;
        }
        if let ClaimOutcome::InProgress { .. } = outcome
            && self.has(Fault::InProgressIsHandled)
        {
            outcome = ClaimOutcome::Duplicate { same_body: true };
        }
        if let ClaimOutcome::InProgress { .. } = outcome
            && self.has(Fault::ForgetsLeases)
        {
            outcome = ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(u64::MAX),
                takeover: false,
            };
        }
        if let ClaimOutcome::Acquired { fencing_token, .. } = &mut outcome
            && self.has(Fault::TokensRestart)
        {
            self.link.fencing_tokens.lock().unwrap().insert(*key, *fencing_token);
            *fencing_token = FencingToken::new(1);
        }
        reply(reach, outcome)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        if reach == Reach::TheStore && self.has(Fault::LostRenewalReleases) {
            self.store.release(key, fencing_token).await?;
        }
        let outcome = self.store.renew(key, fencing_token, lease).await?;
        reply(reach, outcome)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        if self.has(Fault::ForgetsTokens) {
            return reply(reach, UpdateOutcome::StaleToken);
        }
        if self.has(Fault::CommitNotApplied) {
            return reply(reach, UpdateOutcome::Applied);
        }
        let fencing_token =
            self.link.fencing_tokens.lock().unwrap().get(key).copied().unwrap_or(fencing_token);
        let outcome = if reach == Reach::TheStore && self.has(Fault::LostCommitExpires) {
            self.store.renew(key, fencing_token, Duration::ZERO).await?
        } else {
            self.store.commit(key, fencing_token, retention).await?
        };
        reply(reach, outcome)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        let outcome = self.store.release(key, fencing_token).await?;
        reply(reach, outcome)
    }
}

impl NetworkLink for Link {
    fn cut(&self, position: usize) {
        *self.cut.lock().unwrap() = Some(position);
        self.did_cut.store(false, Ordering::SeqCst);
    }

    fn restore(&self) -> bool {
        *self.cut.lock().unwrap() = None;
        self.did_cut.load(Ordering::SeqCst)
    }
}

struct Harness(Lossy, FixedClock);

impl StoreUnderTest for Harness {
    type Store = Lossy;

    async fn open(&self) -> Lossy {
        self.0.clone()
    }

    async fn advance(&self, duration: Duration) {
        self.1.advance(duration);
    }
}

/// A poll takes a millisecond.
impl FaultInjection for Harness {
    async fn wait(&self, duration: Duration) {
        yields(duration.as_millis().try_into().unwrap()).await;
    }
}

fn lossy(fault: Option<Fault>) -> (Lossy, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = MemoryStore::with_clock(100_000, clock.clone()).unwrap();
    (Lossy { store, link: Arc::default(), fault, is_linked: true }, clock)
}

/// Yields this many times.
async fn yields(count: usize) {
    let mut left = count;
    poll_fn(|_| {
        let is_done = left == 0;
        left = left.saturating_sub(1);
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The suite's report, or the kind of the violation.
fn in_outages(fault: Option<Fault>) -> Result<OutageReport, ViolationKind> {
    let (lossy, clock) = lossy(fault);
    let link = Arc::clone(&lossy.link);
    let outage = async || {
        link.is_out.store(true, Ordering::SeqCst);
        yields(200).await;
        link.is_out.store(false, Ordering::SeqCst);
        yields(200).await;
    };
    let report = block_on(outages_lose_no_event(&Harness(lossy, clock), outage));
    report.map_err(|violation| violation.kind())
}

fn in_cuts(fault: Option<Fault>) -> Result<OutageReport, ViolationKind> {
    let (linked, clock) = lossy(fault);
    let direct = Lossy { is_linked: false, fault: None, ..linked.clone() };
    let harness = Harness(direct, clock);
    let report = block_on(cut_connections_lose_no_event(&harness, &linked, &*linked.link));
    report.map_err(|violation| violation.kind())
}

#[test]
fn a_store_that_only_fails_passes_in_outages() {
    let report = in_outages(None);
    assert!(matches!(report, Ok(OutageReport { events: 500.., failed: 100.., .. })), "{report:?}");
}

#[test]
fn a_store_that_only_fails_passes_with_cut_connections() {
    let report = in_cuts(None).unwrap();
    // Each of the four operations, before its effect and after.
    assert_eq!((report.events, report.failed), (8, 8));
}

#[test]
fn faults_are_caught_in_outages() {
    for (fault, kind) in [
        (Fault::CommitNotApplied, ViolationKind::HandledTwice),
        (Fault::InProgressIsHandled, ViolationKind::Lost),
        (Fault::LostClaimReportedHandled, ViolationKind::Lost),
        (Fault::LostClaimCommitted, ViolationKind::Lost),
        (Fault::ForgetsTokens, ViolationKind::UnexpectedOutcome),
        (Fault::ForgetsLeases, ViolationKind::UnexpectedOutcome),
        (Fault::TokensRestart, ViolationKind::FencingTokenNotHigher),
        (Fault::RecoversEmpty, ViolationKind::UnexpectedOutcome),
        (Fault::NeverRecovers, ViolationKind::Stuck),
        (Fault::Hangs, ViolationKind::Stuck),
        (Fault::ReportsFull, ViolationKind::Failed),
    ] {
        assert_eq!(in_outages(Some(fault)), Err(kind), "{fault:?}");
    }
}

#[test]
fn faults_are_caught_with_cut_connections() {
    for (fault, kind) in [
        // The lease still runs.
        (Fault::CommitNotApplied, ViolationKind::UnexpectedOutcome),
        (Fault::LostClaimReportedHandled, ViolationKind::Lost),
        (Fault::LostClaimCommitted, ViolationKind::Lost),
        (Fault::LostRenewalReleases, ViolationKind::ConcurrentClaims),
        (Fault::LostCommitExpires, ViolationKind::ConcurrentClaims),
        (Fault::ForgetsTokens, ViolationKind::UnexpectedOutcome),
        (Fault::RecoversEmpty, ViolationKind::HandledTwice),
        (Fault::NeverRecovers, ViolationKind::Stuck),
        (Fault::Hangs, ViolationKind::Stuck),
        (Fault::FailsWithoutCut, ViolationKind::Failed),
        (Fault::ReportsFull, ViolationKind::Failed),
    ] {
        assert_eq!(in_cuts(Some(fault)), Err(kind), "{fault:?}");
    }
}

#[test]
fn a_call_to_a_process_that_has_exited_fails() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--list");
    let store = Processes::start([command]).unwrap();
    let claim = block_on(store.claim(&EventKey::from_bytes([1; 32]), 0, Duration::from_secs(1)));
    assert_eq!(claim.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(store.calls(), [1]);
}

#[test]
fn a_call_without_processes_fails() {
    let store = Processes::start([]).unwrap();
    let claim = block_on(store.claim(&EventKey::from_bytes([1; 32]), 0, Duration::from_secs(1)));
    assert_eq!(claim.unwrap_err().kind(), StoreErrorKind::Unavailable);
}
