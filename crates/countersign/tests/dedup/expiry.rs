//! When the memory store deletes events, and when it must not: regression tests.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreErrorKind,
};
use countersign::time::{Clock, FixedClock};
use countersign::{MemoryStore, Outcome, Timestamp};

use crate::poll::block_on;

const LEASE: Duration = Duration::from_secs(30);
fn store(capacity: usize) -> (MemoryStore, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    (MemoryStore::with_clock(capacity, clock.clone()).unwrap(), clock)
}
fn event(number: usize) -> EventKey {
    EventKey::new("e", "s", &Identity::id(&number.to_string()))
}
fn claim(
    store: &MemoryStore,
    number: usize,
    lease: Duration,
) -> Result<FencingToken, StoreErrorKind> {
    match block_on(store.claim(&event(number), 0, lease)) {
        Ok(ClaimOutcome::Acquired { fencing_token, .. }) => Ok(fencing_token),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn an_event_that_expires_before_its_lease_frees_a_slot() {
    let (store, clock) = store(1);
    let fencing_token = claim(&store, 0, Duration::from_secs(3600)).unwrap();
    block_on(store.commit(&event(0), fencing_token, Duration::from_secs(60))).unwrap();
    clock.advance(Duration::from_secs(60));
    assert!(claim(&store, 1, LEASE).is_ok());
}

#[test]
fn a_short_event_that_was_renewed_frees_a_slot() {
    let (store, clock) = store(1);
    let fencing_token = claim(&store, 0, LEASE).unwrap();
    block_on(store.renew(&event(0), fencing_token, LEASE * 2)).unwrap();
    clock.advance(LEASE);
    assert_eq!(claim(&store, 1, LEASE), Err(StoreErrorKind::Full)); // this reschedules event 0 by a day
    block_on(store.commit(&event(0), fencing_token, Duration::from_secs(900))).unwrap();
    clock.advance(Duration::from_secs(900));
    assert!(claim(&store, 1, LEASE).is_ok());
}

#[test]
fn expired_events_free_slots_at_once() {
    let (store, clock) = store(40_000);
    for number in 0..100 {
        let fencing_token = claim(&store, number, LEASE).unwrap();
        block_on(store.commit(&event(number), fencing_token, LEASE)).unwrap();
    }
    (100..40_000).for_each(|number| _ = claim(&store, number, LEASE).unwrap());
    clock.advance(LEASE);
    assert!(claim(&store, 40_000, LEASE).is_ok());
}

#[test]
fn each_event_frees_its_slot_when_it_expires_and_not_before() {
    let near_powers =
        |power: u32| [-1, 0, 1].map(|off_by| (1_u64 << power).saturating_add_signed(off_by));
    let retentions: BTreeSet<u64> = (1..40).flat_map(near_powers).collect();
    let (store, clock) = store(retentions.len());
    let start = clock.now();
    for (number, retention) in retentions.iter().rev().enumerate() {
        let fencing_token = claim(&store, number, LEASE).unwrap();
        let retention = Duration::from_secs(*retention);
        block_on(store.commit(&event(number), fencing_token, retention)).unwrap();
    }
    for (number, retention) in (1000..).zip(&retentions) {
        let due = start.saturating_add(Duration::from_secs(*retention));
        clock.set(due.saturating_sub(Duration::from_millis(1)));
        assert_eq!(claim(&store, number, LEASE), Err(StoreErrorKind::Full), "{retention} s");
        clock.set(due);
        assert!(claim(&store, number, Duration::MAX).is_ok(), "{retention} s");
    }
}

#[test]
fn under_churn_each_event_is_a_duplicate_until_it_expires() {
    const EACH_SECOND: usize = 200;
    let (store, clock) = store(1_000_000);
    let retention = |number: usize| Duration::from_secs(50 + number as u64 * 7919 % 200);
    let mut expires = Vec::new();
    for second in 1..400 {
        clock.advance(Duration::from_secs(1));
        let now = clock.now();
        let again = (second..expires.len()).step_by(97).filter(|number| expires[*number] <= now);
        let new = expires.len()..expires.len() + EACH_SECOND;
        for number in again.take(EACH_SECOND / 2).chain(new).collect::<Vec<_>>() {
            let fencing_token = claim(&store, number, LEASE).unwrap();
            block_on(store.commit(&event(number), fencing_token, retention(number))).unwrap();
            expires.resize(expires.len().max(number + 1), now);
            expires[number] = now.saturating_add(retention(number));
        }
        let released = claim(&store, usize::MAX - second, LEASE).unwrap();
        block_on(store.release(&event(usize::MAX - second), released)).unwrap();
        for number in (second..expires.len()).step_by(97) {
            if clock.now() < expires[number] {
                let again = block_on(store.claim(&event(number), 0, LEASE));
                assert_eq!(again, Ok(ClaimOutcome::Duplicate { same_body: true }), "{number}");
            }
        }
        let live = expires.iter().filter(|expires| clock.now() < **expires).count();
        let retained = live..=live + live / 20 + EACH_SECOND;
        assert!(retained.contains(&store.len()), "{} are retained, {live} are live", store.len());
    }
}

#[test]
fn released_events_free_their_slots_however_often_the_store_fills_and_empties() {
    const POOL: usize = 8_000;
    let (store, _) = store(POOL);
    for round in 0..100 {
        let count = 300 + round * 7919 % 3_000;
        let numbers = (0..count).map(|offset| (round * 1999 + offset) % POOL);
        let claimed: Vec<_> =
            numbers.map(|number| (number, claim(&store, number, LEASE).unwrap())).collect();
        for (number, fencing_token) in claimed {
            block_on(store.release(&event(number), fencing_token)).unwrap();
        }
        assert!(store.is_empty());
    }
}

#[test]
fn a_full_store_whose_clock_is_set_back_still_works() {
    let (store, clock) = store(64);
    let fencing_tokens: Vec<_> =
        (0..64).map(|number| claim(&store, number, LEASE).unwrap()).collect();
    let start = clock.now();
    clock.advance(LEASE * 100);
    assert_eq!(claim(&store, 64, LEASE), Err(StoreErrorKind::Full));
    clock.set(start.saturating_sub(LEASE));
    for (number, fencing_token) in fencing_tokens.into_iter().enumerate() {
        block_on(store.commit(&event(number), fencing_token, LEASE * 3)).unwrap();
    }
    assert_eq!(claim(&store, 64, LEASE), Err(StoreErrorKind::Full));
    clock.advance(LEASE * 101);
    assert!(claim(&store, 64, LEASE).is_ok());
}

#[test]
fn a_lease_renewed_for_a_shorter_time_frees_its_slot_sooner() {
    let (store, clock) = store(1);
    let fencing_token = claim(&store, 0, Duration::MAX).unwrap();
    block_on(store.renew(&event(0), fencing_token, LEASE)).unwrap();
    clock.advance(LEASE + Duration::from_secs(24 * 3600));
    assert!(claim(&store, 1, LEASE).is_ok());
}

#[test]
fn the_longest_retry_after_is_whole_seconds() {
    let outcome = Outcome::InProgress { retry_after: Duration::MAX };
    assert_eq!(outcome.retry_after(), Some(u64::MAX));
}

#[test]
fn a_lease_below_a_millisecond_is_in_progress() {
    let (store, _) = store(1);
    claim(&store, 0, Duration::from_micros(500)).unwrap();
    let again = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    assert!(matches!(again, ClaimOutcome::InProgress { .. }), "{again:?}");
}

#[test]
fn an_abandoned_event_is_deleted_after_a_day() {
    let (store, clock) = store(1);
    let day = Duration::from_secs(24 * 3600);
    let abandoned = claim(&store, 0, LEASE).unwrap();
    clock.advance(LEASE + day - Duration::from_millis(1));
    let again = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    assert!(matches!(again, ClaimOutcome::Acquired { takeover: true, .. }), "{again:?}");
    clock.advance(LEASE + day);
    let last = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    let ClaimOutcome::Acquired { fencing_token, takeover: false } = last else {
        panic!("{last:?}")
    };
    assert!(fencing_token > abandoned);
}
