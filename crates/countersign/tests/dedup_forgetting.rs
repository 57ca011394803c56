//! When a memory store forgets, and when it must not: cases that went wrong once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dedup {
    pub(crate) mod poll;
}

use std::time::Duration;

use countersign::{
    Claim, DedupStore, EventKey, Fence, FixedClock, Identity, MemoryStore, Outcome, StoreErrorKind,
    Timestamp,
};

use self::dedup::poll::block_on;

const LEASE: Duration = Duration::from_secs(30);
fn store(capacity: usize) -> (MemoryStore, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    (MemoryStore::with_clock(capacity, clock.clone()).unwrap(), clock)
}
fn event(number: usize) -> EventKey {
    EventKey::new("e", "s", &Identity::id(&number.to_string()))
}
fn claim(store: &MemoryStore, number: usize, lease: Duration) -> Result<Fence, StoreErrorKind> {
    match block_on(store.claim(&event(number), 0, lease)) {
        Ok(Claim::Acquired { fence, .. }) => Ok(fence),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn an_event_that_expired_before_its_leases_end_makes_room() {
    let (store, clock) = store(1);
    let fence = claim(&store, 0, Duration::from_secs(3600)).unwrap();
    block_on(store.commit(&event(0), fence, Duration::from_secs(60))).unwrap();
    clock.advance(Duration::from_secs(60));
    assert!(claim(&store, 1, LEASE).is_ok());
}

#[test]
fn a_brief_event_that_was_renewed_makes_room() {
    let (store, clock) = store(1);
    let fence = claim(&store, 0, LEASE).unwrap();
    block_on(store.renew(&event(0), fence, LEASE * 2)).unwrap();
    clock.advance(LEASE);
    assert_eq!(claim(&store, 1, LEASE), Err(StoreErrorKind::Full)); // looks, and moves it a day on
    block_on(store.commit(&event(0), fence, Duration::from_secs(900))).unwrap();
    clock.advance(Duration::from_secs(900));
    assert!(claim(&store, 1, LEASE).is_ok());
}

#[test]
fn due_events_make_room_at_once() {
    let (store, clock) = store(40_000);
    for number in 0..100 {
        let fence = claim(&store, number, LEASE).unwrap();
        block_on(store.commit(&event(number), fence, LEASE)).unwrap();
    }
    (100..40_000).for_each(|number| _ = claim(&store, number, LEASE).unwrap());
    clock.advance(LEASE);
    assert!(claim(&store, 40_000, LEASE).is_ok());
}

#[test]
fn the_longest_retry_after_is_whole_seconds() {
    let outcome = Outcome::InFlight { retry_after: Duration::MAX };
    assert_eq!(outcome.retry_after(), Some(u64::MAX));
}

#[test]
fn a_lease_below_a_millisecond_holds() {
    let (store, _) = store(1);
    claim(&store, 0, Duration::from_micros(500)).unwrap();
    let again = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    assert!(matches!(again, Claim::Busy { .. }), "{again:?}");
}

#[test]
fn an_abandoned_event_is_forgotten_after_a_day() {
    let (store, clock) = store(1);
    let day = Duration::from_secs(24 * 3600);
    let abandoned = claim(&store, 0, LEASE).unwrap();
    clock.advance(LEASE + day - Duration::from_millis(1));
    let again = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    assert!(matches!(again, Claim::Acquired { takeover: true, .. }), "{again:?}");
    clock.advance(LEASE + day);
    let last = block_on(store.claim(&event(0), 0, LEASE)).unwrap();
    let Claim::Acquired { fence, takeover: false } = last else { panic!("{last:?}") };
    assert!(fence > abandoned);
}
