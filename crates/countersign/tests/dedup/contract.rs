//! The contract suite: the memory store passes it, and every planted fault fails it.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, InspectStore};
use countersign::testing::store::{
    StoreUnderTest, ViolationKind, a_full_store_keeps_what_it_must, check, concurrent_workers,
    inspection_reports_and_forgets, random_steps,
};
use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};

use crate::poll::block_on;
use crate::reference::{Fault, Reach, ReferenceStore};

fn clock() -> FixedClock {
    FixedClock::new(Timestamp::from_secs(1_790_000_000))
}

/// The memory store, called by threads in parallel.
struct Memory(MemoryStore, FixedClock);

impl StoreUnderTest for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn advance(&self, duration: Duration) {
        self.1.advance(duration);
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let worker = thread::spawn(|| block_on(work));
        async { worker.join().unwrap() }
    }
}

#[test]
fn a_full_memory_store_keeps_what_it_must() {
    let clock = clock();
    let store = MemoryStore::with_clock(50, clock.clone()).unwrap();
    assert_eq!(block_on(a_full_store_keeps_what_it_must(&Memory(store, clock), 50)), Ok(()));
}

#[test]
fn a_store_with_more_space_than_its_capacity_is_caught() {
    let clock = clock();
    let store = MemoryStore::with_clock(50, clock.clone()).unwrap();
    let found = block_on(a_full_store_keeps_what_it_must(&Memory(store, clock.clone()), 40));
    assert_eq!(found.unwrap_err().kind(), ViolationKind::UnexpectedOutcome);
}

#[test]
fn memory_satisfies_the_contract() {
    let clock = clock();
    let store = MemoryStore::with_clock(1000, clock.clone()).unwrap();
    assert_eq!(block_on(check(&Memory(store, clock))), Ok(()));
}

#[test]
fn inspection_reports_and_forgets_events_in_memory() {
    let clock = clock();
    let store = MemoryStore::with_clock(1000, clock.clone()).unwrap();
    assert_eq!(block_on(inspection_reports_and_forgets(&Memory(store, clock))), Ok(()));
}

#[test]
fn an_event_past_its_retention_is_counted_as_expired() {
    let clock = clock();
    let store = MemoryStore::with_clock(1000, clock.clone()).unwrap();
    let key = EventKey::from_bytes([7; 32]);
    let Ok(ClaimOutcome::Acquired { fencing_token, .. }) =
        block_on(store.claim(&key, 0, Duration::from_secs(9)))
    else {
        panic!("a new event is granted")
    };
    block_on(store.commit(&key, fencing_token, Duration::from_secs(60))).unwrap();
    let counts = || {
        let stats = block_on(store.stats()).unwrap();
        (stats.in_progress, stats.handled, stats.expired)
    };
    assert_eq!(counts(), (0, 1, 0));
    clock.advance(Duration::from_secs(60));
    assert_eq!(counts(), (0, 0, 1));
    assert_eq!(block_on(store.forget(&key)), Ok(true));
    assert_eq!((counts(), store.len()), ((0, 0, 0), 0));
}

/// The reference store. Every other handle belongs to a worker whose clock is ahead.
struct Reference(ReferenceStore, FixedClock, AtomicUsize);

impl Reference {
    fn with(fault: Option<Fault>) -> Self {
        let clock = clock();
        Self(ReferenceStore::new(clock.clone(), fault), clock, AtomicUsize::new(0))
    }
}

impl StoreUnderTest for Reference {
    type Store = ReferenceStore;

    async fn open(&self) -> ReferenceStore {
        let ahead = self.2.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        self.0.used_by(if ahead { 4_000_000 } else { 0 })
    }

    async fn advance(&self, duration: Duration) {
        self.1.advance(duration);
    }
}

#[test]
fn the_reference_without_a_fault_satisfies_the_contract() {
    assert_eq!(block_on(check(&Reference::with(None))), Ok(()));
}

#[track_caller]
fn is_caught(fault: Fault, kind: ViolationKind) {
    let violation = block_on(check(&Reference::with(Some(fault)))).unwrap_err();
    assert_eq!(violation.kind(), kind, "{violation}");
}

#[test]
fn a_commit_that_does_not_compare_the_fencing_token_is_caught() {
    is_caught(Fault::CommitIgnoresToken, ViolationKind::StaleTokenApplied);
}

#[test]
fn a_release_that_does_not_compare_the_fencing_token_is_caught() {
    is_caught(Fault::ReleaseIgnoresToken, ViolationKind::StaleTokenApplied);
}

#[test]
fn a_fencing_token_that_restarts_after_release_is_caught() {
    is_caught(Fault::TokenRestartsAfterRelease, ViolationKind::FencingTokenNotHigher);
}

#[test]
fn a_check_before_the_insert_is_caught() {
    is_caught(Fault::CheckThenInsert, ViolationKind::ConcurrentClaims);
}

#[test]
fn a_claim_without_a_lease_is_caught() {
    is_caught(Fault::NoLease, ViolationKind::Stuck);
}

#[test]
fn a_lease_checked_by_the_workers_clock_is_caught() {
    is_caught(Fault::LeaseByWorkersClock, ViolationKind::ConcurrentClaims);
}

#[test]
fn random_steps_alone_catch_every_fault_of_one_caller() {
    for fault in [
        Fault::CommitIgnoresToken,
        Fault::ReleaseIgnoresToken,
        Fault::TokenRestartsAfterRelease,
        Fault::NoLease,
    ] {
        let steps = |seed| block_on(random_steps(&Reference::with(Some(fault)), seed));
        assert!((0..20).any(|seed| steps(seed).is_err()), "{fault:?}");
    }
}

#[test]
fn concurrent_workers_catch_a_check_before_the_insert() {
    let harness = || Reference::with(Some(Fault::CheckThenInsert));
    let kinds = (0..6).filter_map(|seed| block_on(concurrent_workers(&harness(), seed)).err());
    let kinds: Vec<_> = kinds.map(|violation| violation.kind()).collect();
    let expected = [ViolationKind::ConcurrentClaims, ViolationKind::HandledTwice];
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| expected.contains(kind)), "{kinds:?}");
}
