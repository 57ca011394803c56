//! What the memory store guarantees beyond the state machine: capacity, expiry, threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreErrorKind, UpdateOutcome,
};
use countersign::time::FixedClock;
use countersign::{ConfigErrorKind, MemoryStore, Timestamp};

use crate::poll::block_on;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TICK: Duration = Duration::from_millis(1);

fn event(number: usize) -> EventKey {
    EventKey::new("endpoint", "sender", &Identity::id(&number.to_string()))
}

fn store(capacity: usize) -> (MemoryStore, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    (MemoryStore::with_clock(capacity, clock.clone()).unwrap(), clock)
}

fn claim(store: &MemoryStore, number: usize) -> ClaimOutcome {
    block_on(store.claim(&event(number), 0, LEASE)).unwrap()
}

/// The error of a claim of event `number`.
fn claim_error(store: &MemoryStore, number: usize) -> StoreErrorKind {
    block_on(store.claim(&event(number), 0, LEASE)).unwrap_err().kind()
}

fn fencing_token(claim: ClaimOutcome) -> FencingToken {
    match claim {
        ClaimOutcome::Acquired { fencing_token, .. } => fencing_token,
        other => panic!("expected a grant, got {other:?}"),
    }
}

fn commit(store: &MemoryStore, number: usize, fencing_token: FencingToken) -> UpdateOutcome {
    block_on(store.commit(&event(number), fencing_token, RETENTION)).unwrap()
}

fn release(store: &MemoryStore, number: usize, fencing_token: FencingToken) -> UpdateOutcome {
    block_on(store.release(&event(number), fencing_token)).unwrap()
}

fn handle(store: &MemoryStore, number: usize) {
    assert_eq!(commit(store, number, fencing_token(claim(store, number))), UpdateOutcome::Applied);
}

#[test]
fn a_capacity_of_zero_is_out_of_range() {
    assert_eq!(MemoryStore::new(0).unwrap_err().kind(), ConfigErrorKind::OutOfRange);
}

#[test]
fn one_event_more_than_the_capacity_is_rejected() {
    let (store, _) = store(100);
    (0..100).for_each(|number| handle(&store, number));
    assert_eq!(claim_error(&store, 100), StoreErrorKind::Full);
    assert_eq!(store.len(), 100);
}

#[test]
fn a_full_store_still_reports_duplicates() {
    let (store, _) = store(100);
    (0..100).for_each(|number| handle(&store, number));
    assert_eq!(claim_error(&store, 100), StoreErrorKind::Full);
    for number in 0..100 {
        assert_eq!(claim(&store, number), ClaimOutcome::Duplicate { same_body: true });
    }
}

#[test]
fn a_released_event_frees_a_slot() {
    let (store, _) = store(1);
    let held = fencing_token(claim(&store, 0));
    assert_eq!(claim_error(&store, 1), StoreErrorKind::Full);
    assert_eq!(release(&store, 0, held), UpdateOutcome::Applied);
    fencing_token(claim(&store, 1));
}

#[test]
fn an_expired_event_frees_a_slot() {
    let (store, clock) = store(1);
    handle(&store, 0);
    clock.advance(RETENTION - TICK);
    assert_eq!(claim_error(&store, 1), StoreErrorKind::Full);
    clock.advance(TICK);
    fencing_token(claim(&store, 1));
}

#[test]
fn an_event_in_progress_frees_its_slot_a_day_after_its_lease() {
    let (store, clock) = store(1);
    claim(&store, 0);
    clock.advance(LEASE + DAY - TICK);
    assert_eq!(claim_error(&store, 1), StoreErrorKind::Full);
    clock.advance(TICK);
    fencing_token(claim(&store, 1));
}

#[test]
fn claims_delete_expired_events() {
    let (store, clock) = store(2000);
    (0..1000).for_each(|number| handle(&store, number));
    clock.advance(RETENTION);
    assert_eq!(store.len(), 1000);
    (1000..2000).for_each(|number| handle(&store, number));
    assert_eq!(store.len(), 1000);
}

#[test]
fn one_claim_deletes_few_events() {
    let (store, clock) = store(2000);
    (0..1000).for_each(|number| handle(&store, number));
    clock.advance(RETENTION);
    claim(&store, 1000);
    assert!((990..=1000).contains(&store.len()), "{} are left", store.len());
}

#[test]
fn a_release_removes_no_other_event() {
    let (store, clock) = store(2000);
    let held: Vec<_> = (0..1000).map(|number| fencing_token(claim(&store, number))).collect();
    clock.advance(LEASE);
    (1000..1020).for_each(|number| _ = claim(&store, number));
    for number in (0..1000).step_by(2) {
        assert_eq!(release(&store, number, held[number]), UpdateOutcome::Applied);
    }
    for number in (1..1000).step_by(2) {
        assert_eq!(commit(&store, number, held[number]), UpdateOutcome::Applied);
    }
    assert_eq!(store.len(), 520);
}

#[test]
fn a_late_commit_applies_without_a_takeover() {
    let (store, clock) = store(1);
    let held = fencing_token(claim(&store, 0));
    clock.advance(LEASE * 2);
    assert_eq!(commit(&store, 0, held), UpdateOutcome::Applied);
    assert_eq!(claim(&store, 0), ClaimOutcome::Duplicate { same_body: true });
}

#[test]
fn a_late_commit_after_a_takeover_is_stale() {
    let (store, clock) = store(1);
    let late = fencing_token(claim(&store, 0));
    clock.advance(LEASE);
    fencing_token(claim(&store, 0));
    assert_eq!(commit(&store, 0, late), UpdateOutcome::StaleToken);
}

#[test]
fn a_repeated_commit_does_not_extend_the_retention() {
    let (store, clock) = store(1);
    let held = fencing_token(claim(&store, 0));
    commit(&store, 0, held);
    clock.advance(RETENTION - TICK);
    assert_eq!(commit(&store, 0, held), UpdateOutcome::Applied);
    clock.advance(TICK);
    fencing_token(claim(&store, 0));
}

#[test]
fn only_a_grant_after_an_expired_lease_is_a_takeover() {
    let takeover = |claim| matches!(claim, ClaimOutcome::Acquired { takeover: true, .. });
    let (store, clock) = store(1);
    assert!(!takeover(claim(&store, 0)));
    clock.advance(LEASE);
    let again = claim(&store, 0);
    assert!(takeover(again));
    release(&store, 0, fencing_token(again));
    assert!(!takeover(claim(&store, 0)));
}

#[test]
fn an_event_in_progress_reports_the_remaining_lease() {
    let (store, clock) = store(1);
    let held = fencing_token(claim(&store, 0));
    clock.advance(Duration::from_secs(20));
    assert_eq!(claim(&store, 0), ClaimOutcome::InProgress { retry_after: Duration::from_secs(10) });
    assert_eq!(block_on(store.renew(&event(0), held, LEASE)), Ok(UpdateOutcome::Applied));
    assert_eq!(claim(&store, 0), ClaimOutcome::InProgress { retry_after: LEASE });
}

#[test]
fn a_duplicate_reports_whether_the_body_is_the_same() {
    let (store, _) = store(1);
    handle(&store, 0);
    let again = |fingerprint| block_on(store.claim(&event(0), fingerprint, LEASE));
    assert_eq!(again(0), Ok(ClaimOutcome::Duplicate { same_body: true }));
    assert_eq!(again(1), Ok(ClaimOutcome::Duplicate { same_body: false }));
}

#[test]
fn clones_share_one_store() {
    let (store, _) = store(1);
    let clone = store.clone();
    let held = fencing_token(claim(&store, 0));
    assert_eq!(claim(&clone, 0), ClaimOutcome::InProgress { retry_after: LEASE });
    assert_eq!(commit(&clone, 0, held), UpdateOutcome::Applied);
    assert_eq!((store.len(), clone.len()), (1, 1));
}

#[test]
fn an_unbounded_lease_ends_with_a_release() {
    let (store, clock) = store(1);
    let forever = block_on(store.claim(&event(0), 0, Duration::MAX)).unwrap();
    clock.set(Timestamp::from_millis(u64::MAX - 1));
    assert_eq!(claim(&store, 0), ClaimOutcome::InProgress { retry_after: TICK });
    assert_eq!(release(&store, 0, fencing_token(forever)), UpdateOutcome::Applied);
    fencing_token(claim(&store, 0));
}

#[test]
fn a_clock_set_back_forgets_nothing() {
    let (store, clock) = store(2);
    handle(&store, 0);
    let held = fencing_token(claim(&store, 1));
    clock.set(Timestamp::from_secs(0));
    assert_eq!(claim(&store, 0), ClaimOutcome::Duplicate { same_body: true });
    assert!(matches!(claim(&store, 1), ClaimOutcome::InProgress { .. }));
    assert_eq!(commit(&store, 1, held), UpdateOutcome::Applied);
}

#[test]
fn one_of_many_concurrent_claims_is_granted() {
    let (store, _) = store(1);
    let (start, granted) = (Barrier::new(64), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                start.wait();
                match claim(&store, 0) {
                    ClaimOutcome::Acquired { .. } => granted.fetch_add(1, Ordering::Relaxed),
                    other => {
                        assert_eq!(other, ClaimOutcome::InProgress { retry_after: LEASE });
                        0
                    }
                };
            });
        }
    });
    assert_eq!(granted.into_inner(), 1);
}

#[test]
fn each_event_is_handled_by_one_of_many_threads() {
    const EVENTS: usize = 2000;
    let (store, _) = store(EVENTS);
    let granted: Vec<_> = (0..EVENTS).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for first in 0..8 {
            let (store, granted) = (&store, &granted);
            scope.spawn(move || {
                for number in (0..EVENTS).map(|number| (number + first * 7) % EVENTS) {
                    if let ClaimOutcome::Acquired { fencing_token, .. } = claim(store, number) {
                        granted[number].fetch_add(1, Ordering::Relaxed);
                        assert_eq!(commit(store, number, fencing_token), UpdateOutcome::Applied);
                    }
                }
            });
        }
    });
    assert!(granted.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    assert_eq!(store.len(), EVENTS);
}

#[test]
fn threads_that_claim_and_release_exclude_each_other_and_leave_the_store_empty() {
    const EVENTS: usize = 40;
    let (store, _) = store(EVENTS);
    let held: Vec<_> = (0..EVENTS).map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for stride in [1, 3, 7, 9] {
            let (store, held) = (&store, &held);
            scope.spawn(move || {
                for number in (0..4000).map(|step| step * stride % EVENTS) {
                    if let ClaimOutcome::Acquired { fencing_token, .. } = claim(store, number) {
                        assert!(!held[number].swap(true, Ordering::SeqCst));
                        held[number].store(false, Ordering::SeqCst);
                        assert_eq!(release(store, number, fencing_token), UpdateOutcome::Applied);
                    }
                }
            });
        }
    });
    assert!(store.is_empty());
}
