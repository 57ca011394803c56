//! The contract suite of stores that are lost: one that only fails passes, and no planted fault does.

#![allow(clippy::unwrap_used)]

mod dedup {
    pub(crate) mod poll;
}

use std::future::poll_fn;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use countersign::testing::store::{
    Processes, StoreUnderTest, ViolationKind, Wire, connections_cut_lose_nothing,
    outages_lose_nothing,
};
use countersign::{
    Claim, DedupStore, EventKey, Fence, FixedClock, MemoryStore, Settled, StoreError,
    StoreErrorKind, Timestamp,
};

use self::dedup::poll::block_on;

/// What a store that is lost can get wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// It says that a commit is done, and has not done it.
    CommitsOnlyInWords,
    /// It takes what it was told while it was lost for handled.
    TakesClaimsForCommits,
    /// A fence is forgotten with the connection that it was granted over.
    ForgetsFences,
    /// It never comes back.
    StaysLost,
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
}

impl Lossy {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn reach(&self) -> Reach {
        if !self.is_cut_off {
            return Reach::AndBack;
        }
        let way = &self.way;
        if self.has(Fault::StaysLost) && way.was_ever_lost.load(Ordering::SeqCst) {
            return Reach::Nowhere;
        }
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

    /// Answers as far as the call gets; `effect` is what it does at the store.
    async fn call<T>(
        &self,
        effect: impl AsyncFnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lost = |kind| Err(StoreError::new(kind, "it is lost"));
        if self.has(Fault::FailsByItself) && self.is_cut_off {
            return lost(StoreErrorKind::Unavailable);
        }
        match self.reach() {
            Reach::AndBack => effect().await,
            Reach::Nowhere if self.has(Fault::SaysThatItIsFull) => lost(StoreErrorKind::Full),
            Reach::Nowhere => lost(StoreErrorKind::Unavailable),
            Reach::TheStore => {
                effect().await?;
                lost(StoreErrorKind::Timeout)
            }
        }
    }
}

impl DedupStore for Lossy {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        let answer = self.call(async || self.store.claim(key, fingerprint, lease).await).await?;
        let is_busy = matches!(answer, Claim::Busy { .. });
        if is_busy && self.has(Fault::TakesClaimsForCommits) {
            return Ok(Claim::Duplicate { same_body: true });
        }
        Ok(answer)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fence: Fence,
        lease: Duration,
    ) -> Result<Settled, StoreError> {
        self.call(async || self.store.renew(key, fence, lease).await).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Result<Settled, StoreError> {
        let was_lost = self.is_cut_off && self.way.was_ever_lost.load(Ordering::SeqCst);
        self.call(async || match self.fault {
            Some(Fault::CommitsOnlyInWords) if was_lost => Ok(Settled::Applied),
            Some(Fault::ForgetsFences) if was_lost => Ok(Settled::Stale),
            _ => self.store.commit(key, fence, retention).await,
        })
        .await
    }

    async fn release(&self, key: &EventKey, fence: Fence) -> Result<Settled, StoreError> {
        self.call(async || self.store.release(key, fence).await).await
    }
}

impl Wire for Way {
    fn cut(&self, place: usize) {
        *self.cut.lock().unwrap() = Some(place);
        self.did_cut.store(false, Ordering::SeqCst);
    }

    fn mend(&self) -> bool {
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

    async fn pass(&self, span: Duration) {
        self.1.advance(span);
    }
}

fn lossy(fault: Option<Fault>) -> (Lossy, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = MemoryStore::with_clock(100_000, clock.clone()).unwrap();
    (Lossy { store, way: Arc::default(), fault, is_cut_off: true }, clock)
}

/// For so many turns of the workers.
async fn turns(count: usize) {
    let mut left = count;
    poll_fn(|_| {
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// How many events were seen through, or what was found.
fn in_outages(fault: Option<Fault>) -> Result<usize, ViolationKind> {
    let (lossy, clock) = lossy(fault);
    let way = Arc::clone(&lossy.way);
    let outage = async || {
        way.is_out.store(true, Ordering::SeqCst);
        turns(20).await;
        way.is_out.store(false, Ordering::SeqCst);
        turns(20).await;
    };
    let events = block_on(outages_lose_nothing(&Harness(lossy, clock), outage));
    events.map_err(|violation| violation.kind())
}

/// How many calls failed, or what was found.
fn in_cuts(fault: Option<Fault>) -> Result<usize, ViolationKind> {
    let (cut_off, clock) = lossy(fault);
    let direct = Lossy { is_cut_off: false, fault: None, ..cut_off.clone() };
    let harness = Harness(direct, clock);
    let calls = block_on(connections_cut_lose_nothing(&harness, &cut_off, &*cut_off.way));
    calls.map_err(|violation| violation.kind())
}

#[test]
fn a_store_that_only_fails_loses_nothing_in_outages() {
    // Sixteen workers, in some sixty turns of calm.
    assert!(matches!(in_outages(None), Ok(500..)), "{:?}", in_outages(None));
}

#[test]
fn a_store_that_only_fails_loses_nothing_to_cuts() {
    // Each of the four operations, before its effect and after.
    assert_eq!(in_cuts(None), Ok(8));
}

#[test]
fn a_commit_in_words_only_is_caught() {
    assert_eq!(in_outages(Some(Fault::CommitsOnlyInWords)), Err(ViolationKind::DoneTwice));
    // Its lease still runs.
    assert_eq!(in_cuts(Some(Fault::CommitsOnlyInWords)), Err(ViolationKind::Transition));
}

#[test]
fn a_claim_that_is_taken_for_a_commit_is_caught() {
    assert_eq!(in_outages(Some(Fault::TakesClaimsForCommits)), Err(ViolationKind::Lost));
}

#[test]
fn a_fence_that_an_outage_forgets_is_caught() {
    assert_eq!(in_outages(Some(Fault::ForgetsFences)), Err(ViolationKind::Transition));
    assert_eq!(in_cuts(Some(Fault::ForgetsFences)), Err(ViolationKind::Transition));
}

#[test]
fn a_store_that_does_not_come_back_is_caught() {
    assert_eq!(in_outages(Some(Fault::StaysLost)), Err(ViolationKind::Stuck));
    assert_eq!(in_cuts(Some(Fault::StaysLost)), Err(ViolationKind::Stuck));
}

#[test]
fn a_call_that_fails_though_nothing_is_cut_is_caught() {
    assert_eq!(in_cuts(Some(Fault::FailsByItself)), Err(ViolationKind::Failed));
}

#[test]
fn a_lost_store_that_says_it_is_full_is_caught() {
    assert_eq!(in_outages(Some(Fault::SaysThatItIsFull)), Err(ViolationKind::Failed));
    assert_eq!(in_cuts(Some(Fault::SaysThatItIsFull)), Err(ViolationKind::Failed));
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
