//! The contract suite of stores that are lost: one that only fails passes, and no planted fault does.

#![allow(clippy::unwrap_used)]

mod dedup {
    pub(crate) mod poll;
}

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

use self::dedup::poll::block_on;

/// What a store that is lost can get wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// It says that a commit is done, and has not done it.
    CommitsOnlyInWords,
    /// It takes an event that is held for one that is handled.
    TakesHeldForHandled,
    /// It says of a claim whose answer was lost that the event is handled.
    AnswersALostClaimAsHandled,
    /// A claim whose answer was lost is remembered as handled.
    RemembersALostClaimAsHandled,
    /// A renewal whose answer was lost ends the lease.
    ALostRenewalFrees,
    /// A commit whose answer was lost ends the lease.
    ALostCommitFrees,
    /// A fencing token is forgotten with the connection that it was granted over.
    ForgetsFences,
    /// What it held is free after an outage.
    ForgetsLeases,
    /// Its fencing tokens begin anew after an outage.
    FencesBeginAnew,
    /// It comes back as another, without an event.
    ComesBackEmpty,
    /// It never comes back.
    StaysLost,
    /// It never answers again.
    Hangs,
    /// It fails though nothing is cut.
    FailsByItself,
    /// It says that it is full where it is lost.
    SaysThatItIsFull,
}

/// How far a call gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    Nowhere,
    /// It has its effect, and its answer is lost.
    TheStore,
    AndBack,
}

/// In memory, behind a way that can be cut.
#[derive(Clone)]
struct Lossy {
    store: MemoryStore,
    way: Arc<Way>,
    fault: Option<Fault>,
    is_cut_off: bool,
}

#[derive(Default)]
struct Way {
    cut: Mutex<Option<usize>>,
    did_cut: AtomicBool,
    was_ever_lost: AtomicBool,
    /// In an outage, by turns a call gets nowhere and its answer is lost.
    is_out: AtomicBool,
    calls: AtomicUsize,
    /// The fencing tokens of events that were told another.
    fencing_tokens: Mutex<BTreeMap<EventKey, FencingToken>>,
}

impl Lossy {
    /// Whether it has the fault, and was lost before.
    fn does(&self, fault: Fault) -> bool {
        let was_lost = self.way.was_ever_lost.load(Ordering::SeqCst);
        self.is_cut_off && was_lost && self.fault == Some(fault)
    }

    /// How far a call gets; the answer of one that gets nowhere.
    async fn reach(&self) -> Result<Reach, StoreError> {
        // No store answers at once.
        turns(2).await;
        if self.is_cut_off && self.fault == Some(Fault::FailsByItself) {
            return Err(lost());
        }
        match self.next_reach() {
            Reach::Nowhere if self.fault == Some(Fault::SaysThatItIsFull) => {
                Err(StoreError::new(StoreErrorKind::Full, "it is lost"))
            }
            Reach::Nowhere => Err(lost()),
            _ if self.does(Fault::Hangs) => std::future::pending().await,
            reach => Ok(reach),
        }
    }

    fn next_reach(&self) -> Reach {
        if !self.is_cut_off {
            return Reach::AndBack;
        }
        if self.does(Fault::StaysLost) {
            return Reach::Nowhere;
        }
        let way = &self.way;
        let place = if way.is_out.load(Ordering::SeqCst) {
            Some(way.calls.fetch_add(1, Ordering::SeqCst) % 2)
        } else {
            way.cut.lock().unwrap().take()
        };
        let reach = match place {
            Some(0) => Reach::Nowhere,
            Some(1) => Reach::TheStore,
            _ => return Reach::AndBack,
        };
        way.did_cut.store(true, Ordering::SeqCst);
        way.was_ever_lost.store(true, Ordering::SeqCst);
        reach
    }
}

fn answered<T>(reach: Reach, answer: T) -> Result<T, StoreError> {
    if reach == Reach::TheStore { Err(lost()) } else { Ok(answer) }
}

fn lost() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "it is lost")
}

impl DedupStore for Lossy {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let reach = self.reach().await?;
        if reach == Reach::AndBack && self.does(Fault::ComesBackEmpty) {
            return Ok(ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(1),
                takeover: false,
            });
        }
        let mut answer = self.store.claim(key, fingerprint, lease).await?;
        if reach == Reach::TheStore && self.does(Fault::AnswersALostClaimAsHandled) {
            return Ok(ClaimOutcome::Duplicate { same_body: true });
        }
        if let ClaimOutcome::Acquired { fencing_token, .. } = answer
            && reach == Reach::TheStore
            && self.does(Fault::RemembersALostClaimAsHandled)
        {
            self.store.commit(key, fencing_token, lease).await?;
        }
        if let ClaimOutcome::InProgress { .. } = answer
            && self.does(Fault::TakesHeldForHandled)
        {
            answer = ClaimOutcome::Duplicate { same_body: true };
        }
        if let ClaimOutcome::InProgress { .. } = answer
            && self.does(Fault::ForgetsLeases)
        {
            answer = ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(u64::MAX),
                takeover: false,
            };
        }
        if let ClaimOutcome::Acquired { fencing_token, .. } = &mut answer
            && self.does(Fault::FencesBeginAnew)
        {
            self.way.fencing_tokens.lock().unwrap().insert(*key, *fencing_token);
            *fencing_token = FencingToken::new(1);
        }
        answered(reach, answer)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        if reach == Reach::TheStore && self.does(Fault::ALostRenewalFrees) {
            self.store.release(key, fencing_token).await?;
        }
        let answer = self.store.renew(key, fencing_token, lease).await?;
        answered(reach, answer)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        if self.does(Fault::ForgetsFences) {
            return answered(reach, UpdateOutcome::StaleToken);
        }
        if self.does(Fault::CommitsOnlyInWords) {
            return answered(reach, UpdateOutcome::Applied);
        }
        let fencing_token =
            self.way.fencing_tokens.lock().unwrap().get(key).copied().unwrap_or(fencing_token);
        let answer = if reach == Reach::TheStore && self.does(Fault::ALostCommitFrees) {
            self.store.renew(key, fencing_token, Duration::ZERO).await?
        } else {
            self.store.commit(key, fencing_token, retention).await?
        };
        answered(reach, answer)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let reach = self.reach().await?;
        let answer = self.store.release(key, fencing_token).await?;
        answered(reach, answer)
    }
}

impl NetworkLink for Way {
    fn cut(&self, place: usize) {
        *self.cut.lock().unwrap() = Some(place);
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

    async fn advance(&self, span: Duration) {
        self.1.advance(span);
    }
}

/// A turn takes a millisecond.
impl FaultInjection for Harness {
    async fn wait(&self, span: Duration) {
        turns(span.as_millis().try_into().unwrap()).await;
    }
}

fn lossy(fault: Option<Fault>) -> (Lossy, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = MemoryStore::with_clock(100_000, clock.clone()).unwrap();
    (Lossy { store, way: Arc::default(), fault, is_cut_off: true }, clock)
}

/// Lets everything else go on so often.
async fn turns(count: usize) {
    let mut left = count;
    poll_fn(|_| {
        let is_over = left == 0;
        left = left.saturating_sub(1);
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// What was lived through, or what was found.
fn in_outages(fault: Option<Fault>) -> Result<OutageReport, ViolationKind> {
    let (lossy, clock) = lossy(fault);
    let way = Arc::clone(&lossy.way);
    let outage = async || {
        way.is_out.store(true, Ordering::SeqCst);
        turns(200).await;
        way.is_out.store(false, Ordering::SeqCst);
        turns(200).await;
    };
    let endured = block_on(outages_lose_no_event(&Harness(lossy, clock), outage));
    endured.map_err(|violation| violation.kind())
}

fn in_cuts(fault: Option<Fault>) -> Result<OutageReport, ViolationKind> {
    let (cut_off, clock) = lossy(fault);
    let direct = Lossy { is_cut_off: false, fault: None, ..cut_off.clone() };
    let harness = Harness(direct, clock);
    let endured = block_on(cut_connections_lose_no_event(&harness, &cut_off, &*cut_off.way));
    endured.map_err(|violation| violation.kind())
}

#[test]
fn a_store_that_only_fails_loses_nothing_in_outages() {
    let endured = in_outages(None);
    assert!(
        matches!(endured, Ok(OutageReport { events: 500.., failed: 100.., .. })),
        "{endured:?}"
    );
}

#[test]
fn a_store_that_only_fails_loses_nothing_to_cuts() {
    let endured = in_cuts(None).unwrap();
    // Each of the four operations, before its effect and after.
    assert_eq!((endured.events, endured.failed), (8, 8));
}

#[test]
fn faults_are_caught_in_outages() {
    for (fault, kind) in [
        (Fault::CommitsOnlyInWords, ViolationKind::HandledTwice),
        (Fault::TakesHeldForHandled, ViolationKind::Lost),
        (Fault::AnswersALostClaimAsHandled, ViolationKind::Lost),
        (Fault::RemembersALostClaimAsHandled, ViolationKind::Lost),
        (Fault::ForgetsFences, ViolationKind::UnexpectedOutcome),
        (Fault::ForgetsLeases, ViolationKind::UnexpectedOutcome),
        (Fault::FencesBeginAnew, ViolationKind::FencingTokenNotHigher),
        (Fault::ComesBackEmpty, ViolationKind::UnexpectedOutcome),
        (Fault::StaysLost, ViolationKind::Stuck),
        (Fault::Hangs, ViolationKind::Stuck),
        (Fault::SaysThatItIsFull, ViolationKind::Failed),
    ] {
        assert_eq!(in_outages(Some(fault)), Err(kind), "{fault:?}");
    }
}

#[test]
fn faults_are_caught_by_cuts() {
    for (fault, kind) in [
        // Its lease still runs.
        (Fault::CommitsOnlyInWords, ViolationKind::UnexpectedOutcome),
        (Fault::AnswersALostClaimAsHandled, ViolationKind::Lost),
        (Fault::RemembersALostClaimAsHandled, ViolationKind::Lost),
        (Fault::ALostRenewalFrees, ViolationKind::ConcurrentClaims),
        (Fault::ALostCommitFrees, ViolationKind::ConcurrentClaims),
        (Fault::ForgetsFences, ViolationKind::UnexpectedOutcome),
        (Fault::ComesBackEmpty, ViolationKind::HandledTwice),
        (Fault::StaysLost, ViolationKind::Stuck),
        (Fault::Hangs, ViolationKind::Stuck),
        (Fault::FailsByItself, ViolationKind::Failed),
        (Fault::SaysThatItIsFull, ViolationKind::Failed),
    ] {
        assert_eq!(in_cuts(Some(fault)), Err(kind), "{fault:?}");
    }
}

#[test]
fn a_call_to_a_process_that_has_ended_fails() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--list");
    let store = Processes::start([command]).unwrap();
    let claim = block_on(store.claim(&EventKey::from_bytes([1; 32]), 0, Duration::from_secs(1)));
    assert_eq!(claim.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(store.calls(), [1]);
}

#[test]
fn a_call_to_no_process_at_all_fails() {
    let store = Processes::start([]).unwrap();
    let claim = block_on(store.claim(&EventKey::from_bytes([1; 32]), 0, Duration::from_secs(1)));
    assert_eq!(claim.unwrap_err().kind(), StoreErrorKind::Unavailable);
}
