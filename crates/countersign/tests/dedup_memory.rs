//! What the store in memory promises beyond the state machine: bounds, forgetting, threads.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod dedup {
    pub(crate) mod poll;
}

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreErrorKind, UpdateOutcome,
};
use countersign::time::FixedClock;
use countersign::{ConfigErrorKind, MemoryStore, Timestamp};

use self::dedup::poll::block_on;

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

/// Why event `number` is not taken.
fn rejected(store: &MemoryStore, number: usize) -> StoreErrorKind {
    block_on(store.claim(&event(number), 0, LEASE)).unwrap_err().kind()
}

fn fencing_token(claim: ClaimOutcome) -> FencingToken {
    match claim {
        ClaimOutcome::Acquired { fencing_token, .. } => fencing_token,
        other => panic!("{other:?} is no grant"),
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
    assert_eq!(rejected(&store, 100), StoreErrorKind::Full);
    assert_eq!(store.len(), 100);
}

#[test]
fn a_full_store_still_knows_its_events() {
    let (store, _) = store(100);
    (0..100).for_each(|number| handle(&store, number));
    assert_eq!(rejected(&store, 100), StoreErrorKind::Full);
    for number in 0..100 {
        assert_eq!(claim(&store, number), ClaimOutcome::Duplicate { same_body: true });
    }
}

#[test]
fn a_released_event_makes_room() {
    let (store, _) = store(1);
    let held = fencing_token(claim(&store, 0));
    assert_eq!(rejected(&store, 1), StoreErrorKind::Full);
    assert_eq!(release(&store, 0, held), UpdateOutcome::Applied);
    fencing_token(claim(&store, 1));
}

#[test]
fn an_expired_event_makes_room() {
    let (store, clock) = store(1);
    handle(&store, 0);
    clock.advance(RETENTION - TICK);
    assert_eq!(rejected(&store, 1), StoreErrorKind::Full);
    clock.advance(TICK);
    fencing_token(claim(&store, 1));
}

#[test]
fn an_event_in_progress_makes_room_a_day_after_its_lease() {
    let (store, clock) = store(1);
    claim(&store, 0);
    clock.advance(LEASE + DAY - TICK);
    assert_eq!(rejected(&store, 1), StoreErrorKind::Full);
    clock.advance(TICK);
    fencing_token(claim(&store, 1));
}

#[test]
fn claims_clear_expired_events_away() {
    let (store, clock) = store(2000);
    (0..1000).for_each(|number| handle(&store, number));
    clock.advance(RETENTION);
    assert_eq!(store.len(), 1000);
    (1000..2000).for_each(|number| handle(&store, number));
    assert_eq!(store.len(), 1000);
}

#[test]
fn one_claim_clears_few_events_away() {
    let (store, clock) = store(2000);
    (0..1000).for_each(|number| handle(&store, number));
    clock.advance(RETENTION);
    claim(&store, 1000);
    assert!((990..=1000).contains(&store.len()), "{} are left", store.len());
}

#[test]
fn a_release_among_many_gives_up_no_other_event() {
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
fn a_late_commit_applies_if_nobody_took_over() {
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
fn a_repeated_commit_remembers_no_longer() {
    let (store, clock) = store(1);
    let held = fencing_token(claim(&store, 0));
    commit(&store, 0, held);
    clock.advance(RETENTION - TICK);
    assert_eq!(commit(&store, 0, held), UpdateOutcome::Applied);
    clock.advance(TICK);
    fencing_token(claim(&store, 0));
}

#[test]
fn only_a_grant_after_a_lease_ran_out_is_a_takeover() {
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
fn a_busy_event_tells_how_long_its_lease_runs() {
    let (store, clock) = store(1);
    let held = fencing_token(claim(&store, 0));
    clock.advance(Duration::from_secs(20));
    assert_eq!(claim(&store, 0), ClaimOutcome::InProgress { retry_after: Duration::from_secs(10) });
    assert_eq!(block_on(store.renew(&event(0), held, LEASE)), Ok(UpdateOutcome::Applied));
    assert_eq!(claim(&store, 0), ClaimOutcome::InProgress { retry_after: LEASE });
}

#[test]
fn a_duplicate_tells_whether_the_body_is_the_same() {
    let (store, _) = store(1);
    handle(&store, 0);
    let again = |fingerprint| block_on(store.claim(&event(0), fingerprint, LEASE));
    assert_eq!(again(0), Ok(ClaimOutcome::Duplicate { same_body: true }));
    assert_eq!(again(1), Ok(ClaimOutcome::Duplicate { same_body: false }));
}

#[test]
fn clones_are_one_store() {
    let (store, _) = store(1);
    let clone = store.clone();
    let held = fencing_token(claim(&store, 0));
    assert_eq!(claim(&clone, 0), ClaimOutcome::InProgress { retry_after: LEASE });
    assert_eq!(commit(&clone, 0, held), UpdateOutcome::Applied);
    assert_eq!((store.len(), clone.len()), (1, 1));
}

#[test]
fn a_lease_without_end_is_given_up_by_release() {
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
fn of_many_claims_at_once_one_is_granted() {
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
fn of_many_threads_one_handles_each_event() {
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
fn threads_that_claim_and_release_hold_one_at_a_time_and_leave_nothing() {
    const EVENTS: usize = 40;
    let (store, _) = store(EVENTS);
    let held: Vec<_> = (0..EVENTS).map(|_| AtomicBool::new(false)).collect();
    thread::scope(|scope| {
        for stride in [1, 3, 7, 9] {
            let (store, held) = (&store, &held);
            scope.spawn(move || {
                for number in (0..4000).map(|turn| turn * stride % EVENTS) {
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
